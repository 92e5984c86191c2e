"""Answers arrive whole or are visibly broken off, and `Connection: close` closes."""

import gc
import threading

import pytest

from davserver.serving.gateway import Exchange
from tests.support.http import Cut
from tests.support.serving import eventually, get, hello, is_closed_by_server, request, served

pytestmark = pytest.mark.server


def answering(*parts, status="200 OK", headers=(), fails=None):
    """An application that yields those parts, then perhaps raises."""

    def app(_environ, start_response):
        start_response(status, list(headers))
        yield from parts
        if fails is not None:
            raise fails

    return app


def raw_answer(connection) -> bytes:
    """Everything up to the end of the connection; raises ConnectionError for a reset."""
    connection.open().settimeout(5)
    pieces = []
    while piece := connection.open().recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def test_a_single_part_gets_its_length():
    with served(hello) as running, running.connect() as connection:
        connection.send(get() + get())
        for _ in range(2):
            answer = connection.answer()
            assert answer.header("Content-Length") == "5"
            assert answer.body == b"hello"


def test_unknown_length_is_chunked_and_the_connection_kept():
    app = answering(b"one", b"", b"x" * 100_000, b"three")
    with served(app) as running, running.connect() as connection:
        connection.send(get() + get())
        for _ in range(2):
            answer = connection.answer()
            assert answer.header("Transfer-Encoding") == "chunked"
            assert answer.header("Content-Length") is None
            assert answer.body == b"one" + b"x" * 100_000 + b"three"


def test_unknown_length_for_http_1_0_ends_with_the_connection():
    app = answering(b"one", b"two")
    with served(app) as running, running.connect() as connection:
        connection.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        head, _, body = raw_answer(connection).partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert b"chunked" not in head
    assert body == b"onetwo"


@pytest.mark.parametrize("headers", [[], [("Content-Length", "300003")]])
def test_views_of_memory_are_sent_like_bytes(headers):
    """More than WSGI asks: what was just decrypted goes out without a copy."""
    large = memoryview(b"x" * 300_000)
    app = answering(large, memoryview(b"end"), headers=headers)
    with served(app) as running, running.connect() as connection:
        connection.send(get() + get())
        for _ in range(2):
            assert connection.answer().body == b"x" * 300_000 + b"end"


def test_parts_are_sent_as_they_come():
    go_on = threading.Event()

    def app(_environ, start_response):
        start_response("200 OK", [("Content-Length", "6")])
        yield b"one"
        assert go_on.wait(30)
        yield b"two"

    with served(app) as running, running.connect() as connection:
        connection.send(get())
        seen = b""
        while not seen.endswith(b"one"):
            seen += connection.open().recv(1000)
        go_on.set()
        assert connection.open().recv(1000) == b"two"


def test_the_write_callable_works():
    def app(_environ, start_response):
        write = start_response("200 OK", [])
        write(b"one")
        write(b"two")
        return [b"three"]

    with served(app) as running:
        assert running.ask(get()).body == b"onetwothree"


def test_an_empty_answer_has_length_zero():
    with served(answering()) as running:
        assert running.ask(get()).header("Content-Length") == "0"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_that_has_no_body_gets_none(status: str):
    app = answering(b"stray", status=status, headers=[("ETag", '"x"')])
    with served(app) as running, running.connect() as connection:
        connection.send(get() + get())
        for _ in range(2):
            answer = connection.answer()
            assert answer.status == int(status[:3])
            assert answer.header("Transfer-Encoding") is None
            assert answer.header("Content-Length") is None


@pytest.mark.parametrize("headers", [[("Content-Length", "5")], []])
def test_head_gives_the_headers_of_get_and_no_body(headers):
    with served(answering(b"hello", headers=headers)) as running:
        with running.connect() as connection:
            connection.send(request("HEAD", "/") * 2)
            for _ in range(2):
                answer = connection.answer("HEAD")
                assert answer.header("Content-Length") == (headers[0][1] if headers else None)
        with running.connect() as connection:
            connection.send(request("HEAD", "/", "Connection: close"))
            assert raw_answer(connection).endswith(b"\r\n\r\n")


def test_head_does_not_make_the_application_produce_the_whole_body():
    made = []

    def app(_environ, start_response):
        start_response("200 OK", [("Content-Length", "1000")])
        for number in range(1000):
            made.append(number)
            yield b"x"

    with served(app) as running, running.connect() as connection:
        connection.send(request("HEAD", "/") + get())
        assert connection.answer("HEAD").header("Content-Length") == "1000"
        assert len(connection.answer().body) == 1000
    assert len(made) == 1001


@pytest.mark.parametrize("value", ["close", "Close", "CLOSE"])
def test_connection_close_from_the_application_is_obeyed(value: str):
    app = answering(b"bye", headers=[("connection", value)])
    with served(app) as running, running.connect() as connection:
        connection.send(get() + get())
        answer = connection.answer()
        assert [v for n, v in answer.headers if n.lower() == "connection"] == ["close"]
        assert is_closed_by_server(connection)
    assert len(running.events("request")) == 1


BROKEN = {
    "raises, sized": answering(b"x" * 10, headers=[("Content-Length", "100")], fails=OSError()),
    "raises, chunked": answering(b"x" * 10, fails=OSError()),
    "raises after all announced bytes": answering(
        b"x" * 10, headers=[("Content-Length", "11")], fails=OSError()
    ),
    "too few bytes": answering(b"x" * 10, headers=[("Content-Length", "100")]),
    "too many bytes": answering(b"x" * 10, b"y" * 10, headers=[("Content-Length", "15")]),
    "exits": answering(b"x" * 10, fails=SystemExit()),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_fails_midway_never_looks_complete(name: str):
    with served(BROKEN[name]) as running:
        with running.connect() as connection:
            connection.send(get())
            with pytest.raises((Cut, ConnectionError)):
                connection.answer()
        assert eventually(lambda: len(running.events("application-error")) == 1)
        with running.connect() as connection:  # and the thread has survived
            connection.send(get())
            with pytest.raises((Cut, ConnectionError)):
                connection.answer()


def test_without_any_framing_a_failure_is_a_reset():
    app = answering(b"x" * 10, fails=OSError())
    with served(app) as running, running.connect() as connection:
        connection.send(b"GET / HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw_answer(connection)


class FailsOnClose:
    def __iter__(self):
        return iter([b"all", b"of it"])

    def close(self):
        raise OSError


def test_an_application_that_fails_on_closing_has_failed():
    def app(_environ, start_response):
        start_response("200 OK", [])
        return FailsOnClose()

    with served(app) as running, running.connect() as connection:
        connection.send(get())
        with pytest.raises((Cut, ConnectionError)):
            connection.answer()


BAD_APPS = {
    "raises": answering(fails=OSError()),
    "no start_response": lambda _environ, _start: [b"x"],
    "header with a line break": answering(b"x", headers=[("A", "b\r\nSet-Cookie: c")]),
    "name with a space": answering(b"x", headers=[("A B", "c")]),
    "two lengths": answering(b"x", headers=[("Content-Length", "1"), ("content-length", "1")]),
    "bad length": answering(b"x", headers=[("Content-Length", "-1")]),
    "bad status": answering(b"x", status="OK"),
    "status with a line break": answering(b"x", status="200 OK\r\nA: b"),
    "too long at once": answering(b"xyz", headers=[("Content-Length", "2")]),
    "calls start_response twice": lambda _environ, start: [
        start("200 OK", []),
        start("200 OK", []),
    ],
    "text for bytes": answering("text"),
    "no latin-1": answering(b"x", headers=[("A", "日本")]),
}


@pytest.mark.parametrize("name", BAD_APPS)
def test_an_application_that_fails_before_its_answer_gives_500_and_closes(name: str):
    with served(BAD_APPS[name]) as running, running.connect() as connection:
        connection.send(get())
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (500, "close")
        assert answer.header("X-Request-ID")
        assert is_closed_by_server(connection)
        assert len(running.events("application-error")) == 1


def test_start_response_may_be_replaced_before_anything_was_sent():
    def app(_environ, start_response):
        start_response("200 OK", [("A", "old"), ("Content-Length", "99")])
        start_response("503 Sorry", [("A", "new")], (ValueError, ValueError(), None))
        return [b"sorry"]

    with served(app) as running:
        answer = running.ask(get())
        assert (answer.status, answer.header("A"), answer.body) == (503, "new", b"sorry")


def test_close_is_called_whatever_happens():
    closed = []

    class Parts:
        def __iter__(self):
            yield b"x" * 10
            raise OSError

        def close(self):
            closed.append(True)

    def app(_environ, start_response):
        start_response("200 OK", [])
        return Parts()

    with served(app) as running, running.connect() as connection:
        connection.send(get())
        with pytest.raises((Cut, ConnectionError)):
            connection.answer()
        assert eventually(lambda: closed == [True])


def test_a_client_that_leaves_during_the_answer_ends_the_application_s_work():
    over = threading.Event()

    def app(_environ, start_response):
        start_response("200 OK", [])
        try:
            while True:
                yield b"x" * 100_000
        finally:
            over.set()

    with served(app) as running:
        with running.connect() as connection:
            connection.send(get())
            connection.open().recv(1000)
            connection.reset()
        assert over.wait(30)
        assert eventually(lambda: len(running.events("answer-cut")) == 1)
        assert running.events("application-error") == []


def test_every_answer_carries_date_server_and_id():
    with served(hello) as running:
        answer = running.ask(get())
        assert answer.header("Date").endswith("GMT")
        assert answer.header("Server") == "Abri"
        assert len(answer.header("X-Request-ID")) == 16


def test_the_application_s_own_headers_win():
    app = answering(b"x", headers=[("Server", "other"), ("Date", "Mon, 01 Jan 2024 00:00:00 GMT")])
    with served(app) as running:
        answer = running.ask(get())
        assert answer.header("Server") == "other"
        assert answer.header("Date") == "Mon, 01 Jan 2024 00:00:00 GMT"


def test_a_request_leaves_nothing_to_the_collector():
    """Objects that know each other stay until it runs, with all that a request brought along."""
    gc.collect()
    kept_by_others = len(_exchanges())
    gc.disable()
    try:
        with served(hello) as running, running.connect() as connection:
            for _ in range(5):
                connection.send(get())
                assert connection.answer().body == b"hello"
            assert eventually(lambda: len(_exchanges()) == kept_by_others)
    finally:
        gc.enable()


def _exchanges() -> list[Exchange]:
    return [one for one in gc.get_objects() if isinstance(one, Exchange)]


def test_a_lone_client_whose_next_request_is_there_already_keeps_its_thread():
    """Another would begin it with a cold processor, and more slowly."""
    threads, begun, sent = set(), threading.Semaphore(0), threading.Semaphore(0)

    def app(environ, start_response):
        threads.add(threading.get_ident())
        begun.release()
        assert sent.acquire(timeout=5)
        return hello(environ, start_response)

    with served(app) as running, running.connect() as connection:
        connection.send(get())
        for _ in range(30):
            assert begun.acquire(timeout=5)
            connection.send(get())
            sent.release()
            assert connection.answer().status == 200
        sent.release()
        assert connection.answer().status == 200
    assert len(threads) == 1
