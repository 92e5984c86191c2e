"""Slow is allowed, a trickle is not, and nobody who waits keeps others from being served."""

import threading
import time

import pytest

from davserver.domain.errors import Truncated
from tests.support.serving import (
    Recorder,
    endless,
    eventually,
    get,
    hello,
    is_closed_by_server,
    request,
    served,
    small_window,
    trickling,
)

pytestmark = pytest.mark.server

FAST = {"min_rate": 2000, "grace_seconds": 0.5, "head_seconds": 0.5}
PATIENT = {"min_rate": 2000, "grace_seconds": 2.0}
"""A client of these tests may be held up for a moment by whatever else the machine does."""
FOR_EVER = 600


def test_a_trickled_body_is_cut_as_an_error():
    recorder = Recorder()
    with served(recorder, **FAST) as running, running.connect() as connection:
        began = time.monotonic()
        connection.send(request("PUT", "/", "Content-Length: 100000"))
        # 50 bytes a second would take half an hour.
        assert eventually(lambda: connection.send(b"x") or recorder.over.wait(0.02))
        assert time.monotonic() - began > FAST["grace_seconds"] / 2
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (408, "close")
    assert [type(error) for error in recorder.errors] == [Truncated]


def test_a_trickled_chunked_body_is_cut_as_an_error():
    recorder = Recorder()
    with served(recorder, **FAST) as running, running.connect() as connection:
        connection.send(request("PUT", "/", "Transfer-Encoding: chunked") + b"5")
        for piece in b";extension-without-end" * 100:
            if recorder.over.is_set():
                break
            connection.send(bytes([piece]))
            time.sleep(0.02)
        assert connection.answer().status == 408
    assert [type(error) for error in recorder.errors] == [Truncated]


def test_a_slow_upload_above_the_minimum_passes_however_long_it_takes():
    recorder = Recorder()
    with served(recorder, **PATIENT) as running, running.connect() as connection:
        began = time.monotonic()
        connection.send(request("PUT", "/", "Content-Length: 18000"))
        for _ in range(30):  # 4 000 bytes a second, for more than twice the grace
            connection.send(b"x" * 600)
            time.sleep(0.15)
        assert connection.answer().status == 200
        assert time.monotonic() - began > 2 * PATIENT["grace_seconds"]
    assert recorder.bodies == [b"x" * 18000]


def test_the_application_s_own_time_is_not_the_client_s():
    def slow_reader(environ, start_response):
        body = environ["wsgi.input"]
        for _ in range(4):
            body.read(1000)
            time.sleep(0.3)
        start_response("200 OK", [])
        return []

    with served(slow_reader, **FAST) as running:
        data = request("PUT", "/", "Content-Length: 4000") + b"x" * 4000
        assert running.ask(data).status == 200


@pytest.mark.parametrize("data", [b"G", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
def test_a_trickled_head_gets_408_at_the_deadline(data: bytes):
    with served(hello, **FAST) as running, running.connect() as connection:
        began = time.monotonic()
        connection.send(data)
        with trickling(connection, b"a", 0.05):
            assert connection.answer().status == 408, "while it still trickles"
            assert time.monotonic() - began > FAST["head_seconds"] / 2


def test_a_silent_connection_is_closed_without_a_word():
    with served(hello, **FAST) as running, running.connect() as connection:
        began = time.monotonic()
        connection.open()
        assert is_closed_by_server(connection)
        assert time.monotonic() - began > FAST["head_seconds"] / 2


def test_an_idle_kept_connection_is_closed_at_its_own_deadline():
    with served(hello, **FAST, idle_seconds=FOR_EVER) as running, running.connect() as connection:
        connection.send(get())
        connection.answer()
        time.sleep(0.7)  # beyond the deadline for heads
        connection.send(get())
        assert connection.answer().status == 200
    soon = {"idle_seconds": 0.5, "head_seconds": FOR_EVER}
    with served(hello, **soon) as running, running.connect() as connection:
        began = time.monotonic()
        connection.send(get())
        assert connection.answer().status == 200
        assert is_closed_by_server(connection)
        assert time.monotonic() - began > soon["idle_seconds"] / 2


@pytest.mark.parametrize("first", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_silent_and_trickling_clients_hold_no_thread(first: bytes):
    with served(hello, threads=2, compute_slots=1, head_seconds=FOR_EVER) as running:
        crowd = [running.connect() for _ in range(60)]
        for one in crowd:
            one.send(first) if first else one.open()
        for _ in range(5):
            assert running.ask(get()).status == 200
        assert len(running.server.open) >= 60, "none of them was given up meanwhile"
        for one in crowd:
            one.close()


def test_uploads_that_wait_hold_a_thread_but_no_compute_slot():
    recorder = Recorder()
    with served(recorder, threads=8, compute_slots=1, grace_seconds=FOR_EVER) as running:
        uploads = [running.connect() for _ in range(6)]
        for one in uploads:
            one.send(request("PUT", "/", "Content-Length: 10") + b"x")
        assert eventually(lambda: len(recorder.environs) == 6)
        for _ in range(10):
            assert running.ask(get()).status == 200
        assert recorder.bodies == [b""] * 10, "the uploads wait"
        for one in uploads:
            one.send(b"x" * 9)
            assert one.answer().status == 200
            one.close()


def test_an_application_that_waits_with_its_slot_held_does_not_stop_the_others():
    go_on = threading.Event()
    inside = threading.Event()

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/wait":
            inside.set()
            assert go_on.wait(60)
        start_response("200 OK", [])
        return [b"done"]

    with served(app, threads=4, compute_slots=1) as running, running.connect() as waiting:
        waiting.send(get("/wait"))
        assert inside.wait(30)
        assert running.ask(get("/other")).status == 200
        go_on.set()
        assert waiting.answer().status == 200


def test_an_application_can_say_that_it_waits():
    go_on = threading.Event()
    inside = threading.Event()
    had_a_slot: list[bool] = []

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/wait":
            with environ["abri.compute"].waiting():
                inside.set()
                assert go_on.wait(60)
        else:
            had_a_slot.append(environ["abri.compute"].computing)
        start_response("200 OK", [])
        return [b"done"]

    with served(app, threads=4, compute_slots=1) as running, running.connect() as waiting:
        waiting.send(get("/wait"))
        assert inside.wait(30)
        for _ in range(20):
            assert running.ask(get("/other")).status == 200
        assert any(had_a_slot), "the one that waits gave it back"
        go_on.set()
        assert waiting.answer().status == 200


def test_a_reader_that_stops_is_cut():
    over = threading.Event()
    with served(endless(over), **FAST) as running, small_window(running.port) as connection:
        connection.send(get())
        assert over.wait(30)
        assert eventually(lambda: bool(running.events("answer-cut")))
        assert running.events("answer-cut")[0]["why"] == "too-slow"


def test_a_reader_that_trickles_is_cut():
    over = threading.Event()
    with served(endless(over), **FAST) as running, small_window(running.port) as connection:
        connection.send(get())
        # 500 bytes a second would take a fortnight.
        assert eventually(lambda: over.wait(0.02) or not connection.open().recv(10))
        assert over.wait(30)


def test_a_slow_reader_above_the_minimum_is_served_to_the_end():
    size = 400_000

    def app(_environ, start_response):
        start_response("200 OK", [("Content-Length", str(size))])
        for _ in range(size // 50_000):
            yield b"x" * 50_000

    limits = {"min_rate": 10_000, "grace_seconds": 2.0}
    with served(app, **limits) as running, small_window(running.port, 16384) as connection:
        began = time.monotonic()
        connection.send(get())
        received = 0
        while received < size:
            piece = connection.open().recv(4096)
            assert piece, f"cut after {received} bytes"
            received += len(piece)
            time.sleep(0.05)  # at most 80 KB a second
        assert time.monotonic() - began > 2 * limits["grace_seconds"]
