"""A certificate that is renewed while the server runs: shown to whoever comes next, by every
worker, and nobody who is connected notices.
"""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cards import DAY, Card, Issuer
from tests.support.served_process import Program, programs
from tests.support.serving import eventually, request

pytestmark = [pytest.mark.server, pytest.mark.slow]

ISSUER = Issuer()


@pytest.fixture
def first() -> Card:
    return ISSUER.card("localhost", life=(-DAY, 10 * DAY))


@pytest.fixture
def second() -> Card:
    return ISSUER.card("localhost", life=(-DAY, 90 * DAY))


@pytest.fixture
def program(tmp_path: Path, first: Card) -> Iterator[Program]:
    certificate, key = first.written(tmp_path, "server")
    listener = {"plain_http": False, "certificate": str(certificate), "key": str(key)}
    with programs(tmp_path) as start:
        yield start("upload", workers=2, listener=listener).wait_until_ready()


def shown(program: Program) -> set[bytes]:
    """By several new connections: one worker takes this, the other that."""
    address = ("127.0.0.1", program.port)
    return {ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(address)) for _ in range(20)}


def test_every_worker_shows_the_new_one_and_whoever_is_connected_goes_on(
    program: Program, tmp_path: Path, first: Card, second: Card
) -> None:
    assert shown(program) == {first.der}
    with program.connect(tls=True) as connection:
        connection.send(request("PUT", "/", "Content-Length: 10") + b"12345")
        assert program.has("reading")
        second.written(tmp_path, "server")
        assert eventually(lambda: shown(program) == {second.der}, within=60)
        connection.send(b"67890")
        assert connection.answer().text() == "stored"
    program.workers[0].kill()
    assert eventually(lambda: len(program.workers) == 2)
    assert shown(program) == {second.der}


def test_half_a_renewal_is_an_alarm_until_it_is_whole(
    program: Program, tmp_path: Path, first: Card, second: Card
) -> None:
    """Somebody has put the certificate there, and not its key: no worker could start with that."""
    (tmp_path / "server.crt").write_bytes(second.pem)
    assert eventually(lambda: alarms(program, "certificate-unusable") != [], within=60)
    assert shown(program) == {first.der}
    second.written(tmp_path, "server")
    assert eventually(lambda: shown(program) == {second.der}, within=60)
    assert eventually(lambda: alarms(program, "alarm-over") != [])


def alarms(program: Program, event: str) -> list[object]:
    return [one for one in program.log() if one["event"] == event]
