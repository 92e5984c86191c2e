"""However many slow clients there are, the others are served, and no form keeps a thread."""

import threading
import time
from contextlib import ExitStack

import pytest

from tests.support.serving import (
    Recorder,
    Running,
    endless,
    eventually,
    get,
    is_closed_by_server,
    request,
    served,
    small_window,
    trickling,
)

pytestmark = pytest.mark.server

FAST = {"min_rate": 2000, "grace_seconds": 0.5, "head_seconds": 0.5}

SLOWLY = {"threads": 2, "compute_slots": 1}
FRAMINGS = ("Content-Length: 1000000", "Transfer-Encoding: chunked")


def kept_by_slow_clients(running: Running) -> int:
    return running.server.requests.slow


def idle_in(running: Running) -> int:
    return running.server.requests.idle


@pytest.mark.parametrize("framing", FRAMINGS)
def test_more_slow_uploads_than_threads_keep_nobody_from_being_served(framing: str):
    recorder = Recorder()
    with served(recorder, **SLOWLY) as running, ExitStack() as crowd:
        for _ in range(10):
            one = crowd.enter_context(running.connect())
            one.send(request("PUT", "/", framing) + b"1")
        assert eventually(lambda: kept_by_slow_clients(running) == 10)
        assert running.ask(get()).status == 200
        assert running.ask(get("/healthz")).status == 200


def test_more_slow_downloads_than_threads_keep_nobody_from_being_served():
    def app(environ, start_response):
        return endless(threading.Event())(environ, start_response)

    with served(app, **SLOWLY) as running, ExitStack() as crowd:
        for _ in range(10):
            crowd.enter_context(small_window(running.port)).send(get())
        assert eventually(lambda: kept_by_slow_clients(running) == 10)
        assert running.ask(get("/healthz")).status == 200


def test_a_thread_that_a_slow_client_kept_goes_home_afterwards():
    others = set(threading.enumerate())

    def own() -> int:
        """Threads of this server: those that another test has left may end meanwhile."""
        return len(set(threading.enumerate()) - others)

    with served(Recorder(), **SLOWLY) as running:
        before = own()
        for _ in range(2):
            with ExitStack() as crowd:
                slow = [crowd.enter_context(running.connect()) for _ in range(5)]
                for one in slow:
                    one.send(request("PUT", "/", "Content-Length: 100000"))
                assert eventually(lambda: kept_by_slow_clients(running) == 5)
                assert own() == before + 5
                for one in slow:
                    one.send(b"x" * 100_000)
                    assert one.answer().status == 200
            assert eventually(lambda: own() == before)
        assert kept_by_slow_clients(running) == 0
        assert len(running.server.stats["Worker Threads"]) == SLOWLY["threads"]


def test_beyond_the_number_of_slow_clients_they_keep_the_threads_of_others():
    with served(Recorder(), **SLOWLY, slow=3, queue=1) as running, ExitStack() as crowd:
        slow = []
        for replaced, idle in ((1, 2), (2, 2), (3, 2), (3, 1), (3, 0)):
            # One by one: of several at once all but one would be sent away, as nobody is slow yet.
            slow.append(crowd.enter_context(running.connect()))
            slow[-1].send(request("PUT", "/", FRAMINGS[0]) + b"x")
            now = replaced, idle
            assert eventually(
                lambda now=now: (kept_by_slow_clients(running), idle_in(running)) == now
            )
        crowd.enter_context(running.connect()).open()  # the one that may wait
        assert eventually(lambda: len(running.server.open) == 6)
        assert running.ask(get()).status == 503
        slow[0].close()
        slow[1].close()
        assert eventually(lambda: running.ask(get()).status == 200)


# a form is awaited by nobody

FORM = "Content-Type: application/x-www-form-urlencoded"


def cuts_in(running: Running) -> list[str]:
    return [line["cut"] for line in running.events("request")]


def form(size: int) -> bytes:
    return request("POST", "/", FORM, f"Content-Length: {size}")


def test_forms_that_trickle_in_hold_no_thread():
    recorder = Recorder()
    with served(recorder, **SLOWLY, slow=0) as running, ExitStack() as crowd:
        forms = [crowd.enter_context(running.connect()) for _ in range(30)]
        for one in forms:
            one.send(form(3) + b"a")
        assert running.ask(get()).status == 200
        for one in forms:
            one.send(b"b")
        assert running.ask(get("/healthz")).status == 200
        assert recorder.bodies == [b""]
        for one in forms:
            one.send(b"c")
            assert one.answer().status == 200
    assert recorder.bodies == [b""] + [b"abc"] * 30


def test_a_form_that_trickles_below_the_least_rate_is_cut_and_the_application_never_called():
    recorder = Recorder()
    with served(recorder, **FAST) as running, running.connect() as connection:
        connection.send(form(1000))
        with trickling(connection, b"x", 0.02):
            assert connection.answer().status == 408
        assert recorder.environs == []
        assert eventually(lambda: cuts_in(running) == ["too-slow"])


def test_a_form_whose_sender_falls_silent_is_cut_too():
    recorder = Recorder()
    with served(recorder, **FAST) as running, running.connect() as connection:
        connection.send(form(1000) + b"x")
        assert connection.answer().status == 408
        assert is_closed_by_server(connection)
        assert recorder.environs == []
        assert eventually(lambda: cuts_in(running) == ["too-slow"])


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_form_whose_sender_leaves_is_never_taken_for_whole(how: str):
    recorder = Recorder()
    with served(recorder) as running:
        connection = running.connect()
        connection.send(form(3) + b"ab")
        time.sleep(0.05)
        getattr(connection, how)()
        assert eventually(lambda: not running.server.open)
    assert recorder.bodies == []


NOT_AWAITED = (
    ("PUT", "Content-Length: 3"),
    ("POST", "Content-Length: 3", "Content-Type: multipart/form-data; boundary=x"),
    ("POST", "Content-Length: 70000", FORM),
    ("POST", "Content-Length: 3", FORM, "Expect: 100-continue"),
)


@pytest.mark.parametrize("what", NOT_AWAITED)
def test_whatever_is_no_small_form_is_let_in_by_its_head(what: tuple[str, ...]):
    """The application may refuse it before it is sent."""
    recorder = Recorder()
    with served(recorder) as running, running.connect() as connection:
        connection.send(request(what[0], "/", *what[1:]))
        assert recorder.called.wait(30)


def test_requests_after_a_form_that_trickled_in_are_served():
    recorder = Recorder()
    with served(recorder) as running, running.connect() as connection:
        connection.send(form(4) + b"12")
        time.sleep(0.05)
        connection.send(b"34" + request("PUT", "/", "Content-Length: 2") + b"56")
        assert connection.answer().status == 200
        assert connection.answer().status == 200
    assert recorder.bodies == [b"1234", b"56"]


def test_a_form_that_is_awaited_hears_that_the_server_stops():
    recorder = Recorder()
    with served(recorder) as running, running.connect() as connection:
        connection.send(form(1000) + b"x" * 500)
        assert eventually(lambda: any(one.begun for one in running.server.open))
        running.server.stop_accepting()
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (503, "close")
    assert recorder.environs == []
