"""The small parts of the serving layer, each by itself."""

import io
import json
import os
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davserver.domain.errors import Truncated
from davserver.serving.bodies import LengthBody
from davserver.serving.chunked import ChunkedBody
from davserver.serving.compute import ComputeSlots, Turn
from davserver.serving.gateway import CUT_ANSWERS
from davserver.serving.input import Input
from davserver.serving.logs import Log, describe, network_class, open_log
from davserver.serving.numbers import Numbers
from davserver.serving.rates import Pace
from davserver.serving.replies import refusal
from davserver.serving.wire import Cut, Wire

# rates


def test_waiting_uses_patience_up_and_bytes_earn_it_back():
    pace = Pace(rate=1000, grace=10)
    pace.waited(9)
    assert not pace.lost
    pace.moved(5000)
    assert pace.left == pytest.approx(6)
    pace.waited(6)
    assert pace.lost


def test_patience_never_grows_beyond_the_grace():
    pace = Pace(rate=1000, grace=10)
    pace.moved(10**9)
    assert pace.left == 10


def test_300_mib_at_1_mbit_pass_and_a_trickle_does_not():
    fast_enough, trickle = Pace(2048, 30), Pace(2048, 30)
    for _ in range(300 * 1024 * 1024 // 125_000):
        fast_enough.waited(1)
        fast_enough.moved(125_000)
        assert not fast_enough.lost
    for _ in range(31):
        trickle.waited(1)
        trickle.moved(1)
    assert trickle.lost


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 100_000)), max_size=30))
def test_whoever_is_above_the_rate_in_every_step_is_never_lost(steps: list[tuple[float, int]]):
    pace = Pace(rate=1000, grace=30)
    for seconds, count in steps:
        pace.waited(seconds)
        pace.moved(max(count, int(seconds * 1000) + 1))
        assert not pace.lost


# chunks


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=200), max_size=8),
    size=st.integers(1, 300),
    into=st.booleans(),
)
@settings(deadline=None)
def test_chunks_come_back_as_one_body(pieces: list[bytes], size: int, *, into: bool):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces))
        theirs.sendall(b"0\r\n\r\nnext")
        wire = Wire(ours, Turn(ComputeSlots(1)))
        body = Input(ChunkedBody(wire, 10_000, Pace(1000, 60)), None)
        got = b"".join(iter(lambda: _into_a_room(body, size) if into else body.read(size), b""))
        assert got == b"".join(pieces)
        assert bytes(wire.buffer) == b"next"


@given(st.integers(0, 60), st.booleans())
@settings(deadline=None)
def test_a_chunked_body_cut_anywhere_is_truncated(end: int, into: bool):  # noqa: FBT001
    whole = b"5;x=y\r\nabcde\r\n1a\r\n" + b"z" * 26 + b"\r\n0\r\nA: b\r\n\r\n"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(whole[: min(end, len(whole) - 1)])
        theirs.shutdown(socket.SHUT_WR)
        body = Input(ChunkedBody(Wire(ours, Turn(ComputeSlots(1))), 10_000, Pace(1000, 60)), None)
        for _ in range(2):  # once cut, cut for good
            with pytest.raises(Truncated):
                list(iter(lambda: _into_a_room(body, 9) if into else body.read(), b""))
        assert body.cut is Cut.EOF


def _into_a_room(body: Input, size: int) -> bytes:
    room = bytearray(b"?" * size)
    count = body.readinto(memoryview(room))
    assert set(room[count:]) <= {ord("?")}
    return bytes(room[:count])


def test_a_room_gets_what_a_line_left_over_first():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"line\nrest and more")
        body = Input(LengthBody(Wire(ours, Turn(ComputeSlots(1))), 18, Pace(1000, 60)), None)
        assert body.readline() == b"line\n"
        assert _into_a_room(body, 4) == b"rest"
        assert body.read(5) == b" and "
        assert _into_a_room(body, 100) == b"more"
        assert _into_a_room(body, 100) == b""


def test_a_room_gets_what_arrived_with_the_head_before_what_the_kernel_has():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire = Wire(ours, Turn(ComputeSlots(1)))
        wire.buffer += b"with it"
        theirs.sendall(b", after it, next")
        body = Input(LengthBody(wire, 17, Pace(1000, 60)), None)
        assert [_into_a_room(body, 5), _into_a_room(body, 9)] == [b"with ", b"it"]
        assert _into_a_room(body, 100) == b", after it"


def test_every_kind_of_cut_has_an_answer():
    assert set(CUT_ANSWERS) == set(Cut)


# answers


@pytest.mark.parametrize("size", [0, 10, 40_000, 3_000_000])
def test_head_and_body_arrive_in_this_order_however_little_the_kernel_takes(size: int):
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with ours, theirs:
        head, body = b"h" * 20_000, bytes(range(256)) * (size // 256) + b"z" * (size % 256)
        wire = Wire(ours, Turn(ComputeSlots(1)))
        sending = threading.Thread(target=wire.write_both, args=(head, body, Pace(1000, 60)))
        sending.start()
        theirs.settimeout(60)
        got = bytearray()
        while len(got) < len(head) + size:
            got += theirs.recv(10_000)
        sending.join()
        assert got == head + body
        assert wire.sent == len(got)


# compute slots


def test_no_more_threads_than_slots_compute_at_once():
    slots = ComputeSlots(2)
    turns = [Turn(slots) for _ in range(6)]
    all_began = threading.Barrier(len(turns))

    def work(turn: Turn) -> bool:
        turn.begin()
        all_began.wait(30)
        return turn.computing

    with ThreadPoolExecutor(len(turns)) as threads:
        assert sum(threads.map(work, turns)) == 2
    for one in turns:
        one.end()
    with ThreadPoolExecutor(len(turns)) as threads:
        assert sum(threads.map(work, turns)) == 2, "no more were given back than were taken"


def test_a_slot_is_free_while_its_thread_waits():
    slots = ComputeSlots(1)
    first, second = Turn(slots), Turn(slots)
    first.begin()
    with first.waiting():
        second.begin()
        assert second.computing
        second.end()
    assert first.computing


def test_a_slot_stays_free_when_something_short_is_waited_for_in_between():
    slots = ComputeSlots(1)
    first, second = Turn(slots), Turn(slots)
    first.begin()
    with first.waiting():
        with first.waiting():
            pass
        second.begin()
        assert second.computing
        second.end()
    assert first.computing


def test_who_finds_no_slot_goes_on_without():
    slots = ComputeSlots(1)
    first, second = Turn(slots), Turn(slots)
    first.begin()
    second.begin()
    assert not second.computing
    second.end()
    first.end()
    second.begin()
    assert second.computing


# logs


def test_an_error_is_described_by_classes_and_places():
    def inner() -> None:
        raise KeyError("Jeanne")

    try:
        try:
            inner()
        except KeyError as error:
            raise ValueError("Moreau") from error
    except ValueError as error:
        facts = describe(error)
    assert facts["error"] == "ValueError"
    assert facts["causes"] == ["KeyError"]
    assert "Jeanne" not in str(facts)
    assert "Moreau" not in str(facts)
    assert facts["where"][0].split(":")[:2] == [
        "tests.unit.test_serving_parts",
        "test_an_error_is_described_by_classes_and_places",
    ]


def test_a_line_is_json():
    stream = io.StringIO()
    Log(stream).info("hello", answer=42)
    (line,) = stream.getvalue().splitlines()
    facts = json.loads(line)
    assert (facts["event"], facts["answer"], facts["level"]) == ("hello", 42, "info")
    assert facts["timestamp"].endswith("Z")


def test_numbers_of_requests_are_drawn_together_and_none_comes_twice():
    drawn: list[int] = []
    numbers = Numbers(lambda size: (drawn.append(size), os.urandom(size))[1])
    assert drawn == [], "what is forked now shares none"
    found = [numbers.next() for _ in range(300)]
    assert len(drawn) == 2
    assert len(set(found)) == 300
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in found)


def test_a_log_file_is_for_its_owner_only(tmp_path: Path):
    path = tmp_path / "log"
    for event in ("one", "two"):
        log = open_log(path)
        log.info(event)
        log.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("192.168.1.5", "private"),
        ("fd00::1", "private"),
        ("fe80::1%eth0", "private"),
        ("8.8.8.8", "public"),
        ("::ffff:8.8.8.8", "public"),
        ("", "unknown"),
    ],
)
def test_network_classes(address: str, kind: str):
    assert network_class(address) == kind


def test_the_date_of_answers_turns_with_the_clock():
    """Told late, it was before the Last-Modified of what had just been put."""
    turn = int(datetime.now(UTC).timestamp()) + 1
    while datetime.now(UTC).timestamp() < turn:
        refusal(HTTPStatus.BAD_REQUEST, "")
    date = re.search(rb"Date: (.*)\r\n", refusal(HTTPStatus.BAD_REQUEST, ""))
    assert date is not None
    assert parsedate_to_datetime(date[1].decode()).timestamp() >= turn
