"""The small parts of the serving layer, each by itself."""

import io
import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davserver.domain.errors import BadInput, Truncated, Unavailable
from davserver.serving.binding import bind, plain_address, url_of
from davserver.serving.chunked import ChunkedBody
from davserver.serving.compute import ComputeSlots, Turn
from davserver.serving.gateway import CUT_ANSWERS
from davserver.serving.health import Health, HealthPage, Phase
from davserver.serving.input import Input
from davserver.serving.logs import Log, describe, network_class, open_log
from davserver.serving.rates import Pace
from davserver.serving.settings import Listener
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
    reads=st.lists(st.integers(1, 300), min_size=1, max_size=4),
)
@settings(deadline=None)
def test_chunks_come_back_as_one_body(pieces: list[bytes], reads: list[int]):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces))
        theirs.sendall(b"0\r\n\r\nnext")
        wire = Wire(ours, Turn(ComputeSlots(1)))
        body = Input(ChunkedBody(wire, 10_000, Pace(1000, 5)), None)
        got = b"".join(iter(lambda: body.read(reads[0]), b""))
        assert got == b"".join(pieces)
        assert bytes(wire.buffer) == b"next"


@given(st.integers(0, 60))
@settings(deadline=None)
def test_a_chunked_body_cut_anywhere_is_truncated(end: int):
    whole = b"5;x=y\r\nabcde\r\n1a\r\n" + b"z" * 26 + b"\r\n0\r\nA: b\r\n\r\n"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(whole[: min(end, len(whole) - 1)])
        theirs.shutdown(socket.SHUT_WR)
        body = Input(ChunkedBody(Wire(ours, Turn(ComputeSlots(1))), 10_000, Pace(1000, 5)), None)
        with pytest.raises(Truncated):
            body.read()
        assert body.cut is Cut.EOF


def test_every_kind_of_cut_has_an_answer():
    assert set(CUT_ANSWERS) == set(Cut)


# compute slots


def test_no_more_threads_than_slots_compute_at_once():
    slots = ComputeSlots(2)
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        turn = Turn(slots)
        turn.begin()
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        turn.end()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == 2


def test_a_slot_is_free_while_its_thread_waits():
    slots = ComputeSlots(1)
    first, second = Turn(slots), Turn(slots)
    first.begin()
    with first.waiting():
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


# health


@pytest.mark.parametrize(
    ("phase", "ok", "status", "word"),
    [
        (Phase.SERVING, True, 200, "ok"),
        (Phase.SERVING, False, 503, "failing"),
        (Phase.LEAVING, True, 503, "leaving"),
        (Phase.DRAINING, True, 503, "draining"),
        (Phase.DRAINING, False, 503, "failing"),
    ],
)
def test_the_health_page(phase: Phase, ok: object, status: int, word: str):
    page = HealthPage(lambda: Health(ok=bool(ok), parts={"database": bool(ok)}), workers=2)
    code, body = page.answer(phase)
    facts = json.loads(body)
    assert code == status
    assert facts["status"] == word
    assert facts["workers"] == 2
    assert facts["pid"] == os.getpid()
    assert facts["parts"] == {"database": ok}
    assert set(facts) == {"status", "version", "workers", "pid", "parts"}


def test_a_health_check_that_fails_is_not_well_and_tells_nothing():
    def broken() -> Health:
        raise OSError("secret")

    code, body = HealthPage(broken, workers=1).answer(Phase.SERVING)
    assert code == 503
    assert b"secret" not in body


def test_asking_often_does_not_ask_the_parts_often():
    asked = []

    def look() -> Health:
        asked.append(1)
        return Health(ok=True)

    page = HealthPage(look, workers=1)
    for _ in range(50):
        page.answer(Phase.SERVING)
    assert len(asked) <= 2


# settings and binding


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(BadInput) as refused:
        Listener(port=70000, threads=0, drain_seconds=-1, host="192.0.2.1", plain_http=True).check()
    for word in ("port", "threads", "drain_seconds", "192.0.2.1"):
        assert word in str(refused.value)


def test_https_needs_certificate_and_key():
    with pytest.raises(BadInput) as refused:
        Listener(certificate=Path("/nowhere/c.pem")).check()
    assert "/nowhere/c.pem" in str(refused.value)
    assert "key is missing" in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_plain_http_is_accepted_on_the_loopback(host: str):
    Listener(host=host, plain_http=True).check()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "drive.example"])
def test_plain_http_is_refused_elsewhere(host: str):
    with pytest.raises(BadInput, match="plain HTTP"):
        Listener(host=host, plain_http=True).check()


def test_workers_share_a_port_and_nobody_else_gets_in():
    sockets = bind(Listener(port=0, plain_http=True), 3)
    port = sockets[0].getsockname()[1]
    assert {one.getsockname()[1] for one in sockets} == {port}
    with pytest.raises(Unavailable, match="already in use"):
        bind(Listener(port=port, plain_http=True), 2)
    for one in sockets:
        one.close()


def test_an_address_of_another_machine_is_a_clear_error():
    with pytest.raises(BadInput, match=r"192\.0\.2\.1"):
        bind(Listener(host="192.0.2.1"), 1)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_addresses_are_told_as_rules_expect_them(address: str, plain: str):
    assert plain_address(address) == plain


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "https://127.0.0.1:1"), ("::1", "https://[::1]:1")]
)
def test_urls(host: str, url: str):
    assert url_of(Listener(host=host), 1) == url
