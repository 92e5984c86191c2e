"""Rights that end while bytes are under way: a download breaks off, an upload comes to nothing
(DESIGN §2.1). Rights that run out by the clock: tests/contract/test_gate_running_out.py.
"""

import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.support.dav import Drive
from tests.support.http import Answer, Connection, Cut
from tests.support.instance import Server

pytestmark = [pytest.mark.server, pytest.mark.slow]

MIB = 1 << 20
LARGE = 48 * MIB
ON_THE_WAY = 12 * MIB
"""What the two kernels' buffers of one connection may hold, and the 4 MiB that may follow."""


@dataclass
class Sharing:
    """A folder of amina's that karim may write, and how he loses it."""

    server: Server
    folder: str
    grant: str

    @property
    def karim(self) -> Drive:
        return self.server.instance.drive("karim")

    def seen(self, name: str) -> str:
        return f"{self.server.instance.seen_at(self.grant)}/{name}"

    def end(self) -> None:
        self.server.instance.abri("grant", "end", self.grant)

    def block(self) -> None:
        self.server.instance.abri("person", "disable", "karim")


Lost = Callable[[Sharing], None]
LOST: dict[str, Lost] = {
    "the grant is ended": Sharing.end,
    "the person is blocked": Sharing.block,
}


@pytest.fixture(params=LOST)
def lost(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sharing(served: Server, lost: str) -> Iterator[Sharing]:
    instance = served.instance
    folder = f"/{lost} {time.monotonic_ns()}"
    assert instance.drive("amina").mkcol(folder).status == 201
    yield Sharing(served, folder, instance.grant("amina", "karim", folder, "write"))
    if lost == "the person is blocked":
        instance.abri("person", "enable", "karim")


def test_a_download_breaks_off(sharing: Sharing, lost: str) -> None:
    amina = sharing.server.instance.drive("amina")
    plain = os.urandom(LARGE)
    assert amina.put(f"{sharing.folder}/large.bin", plain).status == 201
    karim, path = sharing.karim, sharing.seen("large.bin")
    with Connection(karim.caller.port) as connection:
        connection.send(karim.caller.head("GET", karim.url(path)))
        raw = connection.open()
        got = len(raw.recv(MIB))
        assert got > 0
        LOST[lost](sharing)
        # The epoch is looked at twice a second, and this transfer when we let it go on.
        while not _has_ended(raw):
            got += len(raw.recv(MIB // 16))
            assert got < LARGE // 2
        on_the_way = 0
        with suppress(ConnectionError):
            while piece := raw.recv(MIB):
                on_the_way += len(piece)
    assert on_the_way < ON_THE_WAY
    assert sharing.karim.get(path).status in {401, 404}


def _has_ended(raw: socket.socket) -> bool:
    """Whether the other side has ended it, whatever is still to be read; seen within a moment."""
    ended = select.poll()
    ended.register(raw, select.POLLRDHUP)
    return bool(ended.poll(100))


def test_an_upload_comes_to_nothing(sharing: Sharing, lost: str) -> None:
    amina = sharing.server.instance.drive("amina")
    assert amina.put(f"{sharing.folder}/there.bin", b"amina's").status == 201
    body = os.urandom(2 * MIB)
    karim = sharing.karim
    paths = [sharing.seen("there.bin"), sharing.seen("new.bin")]
    waiting = []
    for path in paths:
        connection = Connection(karim.caller.port)
        connection.send(karim.caller.head("PUT", karim.url(path), body=body) + body[:MIB])
        waiting.append(connection)
    LOST[lost](sharing)
    for connection in waiting:
        answer = _rest(connection, body[MIB:])
        assert answer is None or answer.status in {401, 403, 404, 409}, answer
        connection.close()
    assert amina.names(sharing.folder) == {"there.bin"}
    assert amina.get(f"{sharing.folder}/there.bin").body == b"amina's"


def _rest(connection: Connection, rest: bytes) -> Answer | None:
    """What the server says to the rest of the body; None where it has hung up."""
    try:
        connection.send(rest)
        return connection.answer("PUT")
    except (Cut, ConnectionError):
        return None


def test_a_lock_goes_with_the_right_that_it_was_taken_by(sharing: Sharing, lost: str) -> None:
    amina = sharing.server.instance.drive("amina")
    assert amina.put(f"{sharing.folder}/letter.odt", b"first").status == 201
    assert sharing.karim.lock(sharing.seen("letter.odt")).status == 200
    assert amina.put(f"{sharing.folder}/letter.odt", b"second").status == 423
    LOST[lost](sharing)
    assert amina.put(f"{sharing.folder}/letter.odt", b"second").status == 204
