"""A body that ends early is an error for the application, however it ends; never an end of file."""

import contextlib
import time

import pytest

from davserver.domain.errors import BadInput, TooLarge, Truncated
from tests.support.http import chunked
from tests.support.serving import (
    Recorder,
    Running,
    eventually,
    get,
    is_closed_by_server,
    refuse,
    request,
    served,
)

pytestmark = pytest.mark.server

SIZED = request("PUT", "/", "Content-Length: 1000")
CHUNKED = request("PUT", "/", "Transfer-Encoding: chunked")

CUT_BODIES = {
    "sized, nothing": SIZED,
    "sized, half": SIZED + b"x" * 500,
    "sized, all but one": SIZED + b"x" * 999,
    "chunked, nothing": CHUNKED,
    "in a size line": CHUNKED + b"1",
    "after a size line": CHUNKED + b"5\r\n",
    "in a chunk": CHUNKED + b"5\r\nab",
    "after the data of a chunk": CHUNKED + b"5\r\nabcde",
    "between chunks": CHUNKED + b"5\r\nabcde\r\n",
    "after the last size": CHUNKED + b"5\r\nabcde\r\n0\r\n",
    "in a trailer": CHUNKED + b"5\r\nabcde\r\n0\r\nA: b\r\n",
}


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def running(recorder):
    with served(recorder) as one:
        yield one


@pytest.mark.parametrize("how", ["FIN", "RST"])
@pytest.mark.parametrize("name", CUT_BODIES)
def test_a_cut_body_is_truncated(name: str, how: str, running: Running, recorder: Recorder):
    with running.connect() as connection:
        connection.send(CUT_BODIES[name])
        assert recorder.called.wait(30)
        if how == "RST":
            connection.reset()
        else:
            connection.finish_sending()
            answer = connection.answer()
            assert (answer.status, answer.header("Connection")) == (400, "close")
        assert recorder.over.wait(30)
    assert recorder.bodies == []
    assert [type(error) for error in recorder.errors] == [Truncated]
    assert eventually(lambda: bool(running.events("request")))
    assert running.events("request")[0]["cut"] in {"closed-early", "reset"}


@pytest.mark.parametrize("size", [1, 100, 8192])
def test_every_way_of_reading_a_cut_body_raises_and_goes_on_raising(size: int):
    seen = []

    def stubborn(environ, start_response):
        reads = [
            lambda body: body.read(size),
            lambda body: body.readline(),
            lambda body: body.readlines(),
            lambda body: next(iter(body)),
            lambda body: body.read(),
        ]
        for read in reads * 2:
            try:
                while read(environ["wsgi.input"]):
                    pass
                seen.append("end")
            except Truncated:
                seen.append("truncated")
        start_response("200 OK", [])
        return [b""]

    with served(stubborn) as running, running.connect() as connection:
        connection.send(SIZED + b"line\n" * 20)
        connection.finish_sending()
        connection.answer()
        assert is_closed_by_server(connection)
    assert seen == ["truncated"] * 10


def test_reading_never_goes_past_the_announced_length(running: Running, recorder: Recorder):
    with running.connect() as connection:
        connection.send(request("PUT", "/", "Content-Length: 3") + b"abc" + get("/next"))
        assert connection.answer().status == 200
        assert connection.answer().status == 200
    assert recorder.bodies == [b"abc", b""]


def test_a_body_comes_back_in_lines_pieces_and_whole():
    seen = []

    def reader(environ, start_response):
        body = environ["wsgi.input"]
        seen.append([body.readline(), body.readline(2), body.read(3), body.readlines(1)])
        seen.append([list(body), body.read(), body.read(5), body.readline()])
        start_response("200 OK", [])
        return []

    data = b"first\nsecond\nthird\nfourth\nfifth"
    with served(reader) as running:
        for sent in (
            request("PUT", "/", f"Content-Length: {len(data)}") + data,
            CHUNKED + chunked(data[:3], data[3:20], data[20:]),
        ):
            assert running.ask(sent).status == 200
    expected = [
        [b"first\n", b"se", b"con", [b"d\n"]],
        [[b"third\n", b"fourth\n", b"fifth"], b"", b"", b""],
    ]
    assert seen == expected * 2


MALFORMED_CHUNKS = {
    "not hexadecimal": b"5g\r\n",
    "0x prefix": b"0x5\r\nabcde\r\n0\r\n\r\n",
    "negative": b"-5\r\nabcde\r\n0\r\n\r\n",
    "plus": b"+5\r\nabcde\r\n0\r\n\r\n",
    "underscore": b"1_0\r\n" + b"a" * 16 + b"\r\n0\r\n\r\n",
    "empty size": b"\r\nabcde\r\n0\r\n\r\n",
    "space before": b" 5\r\nabcde\r\n0\r\n\r\n",
    "space after": b"5 \r\nabcde\r\n0\r\n\r\n",
    "bare LF": b"5\nabcde\r\n0\r\n\r\n",
    "bare CR": b"5\r;a\r\nabcde\r\n0\r\n\r\n",
    "NUL in an extension": b"5;a\0\r\nabcde\r\n0\r\n\r\n",
    "longer than its size": b"5\r\nabcdef\r\n0\r\n\r\n",
    "LF alone after the data": b"5\r\nabcde\n0\r\n\r\n",
    "17 digits": b"0" * 16 + b"5\r\nabcde\r\n0\r\n\r\n",
    "endless size line": b"5;" + b"a" * 3000,
    "bare LF in the trailers": b"0\r\nA: b\n\r\n",
    "endless trailers": b"0\r\n" + b"A: b\r\n" * 3000 + b"\r\n",
    "too many extensions": (b"1;" + b"x" * 900 + b"\r\na\r\n") * 30 + b"0\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED_CHUNKS)
def test_malformed_chunks_are_bad_input_and_end_the_connection(
    name: str, running: Running, recorder: Recorder
):
    with running.connect() as connection:
        connection.send(CHUNKED + MALFORMED_CHUNKS[name])
        answer = connection.answer()
        assert answer.status == 400
        assert is_closed_by_server(connection)
    assert recorder.bodies == []
    assert [type(error) for error in recorder.errors] == [BadInput]


def test_extensions_are_ignored_and_trailers_dropped(running: Running, recorder: Recorder):
    body = b'3;a=b\r\nabc\r\n2 ; c="d"\r\nde\r\n0;end\r\nHost: evil\r\nX: y\r\n\r\n'
    with running.connect() as connection:
        connection.send(CHUNKED + body + get("/next"))
        assert connection.answer().status == 200
        assert connection.answer().status == 200
    assert recorder.bodies == [b"abcde", b""]
    assert "HTTP_X" not in recorder.environs[1]


def test_a_large_chunk_is_streamed():
    sizes = []

    def reader(environ, start_response):
        while piece := environ["wsgi.input"].read(65536):
            sizes.append(len(piece))
        start_response("200 OK", [])
        return []

    with served(reader) as running, running.connect() as connection:
        connection.send(CHUNKED + b"%x\r\n" % 8_000_000)
        connection.send(b"x" * 4_000_000)
        assert eventually(lambda: sum(sizes) > 3_000_000)
        connection.send(b"x" * 4_000_000 + b"\r\n0\r\n\r\n")
        assert connection.answer().status == 200
    assert sum(sizes) == 8_000_000
    assert max(sizes) <= 65536


def test_a_body_larger_than_allowed_is_refused_in_both_forms():
    recorder = Recorder()
    with served(recorder, body_bytes=1000) as running:
        assert running.ask(request("PUT", "/", "Content-Length: 1001")).status == 413
        assert recorder.environs == []
        assert running.ask(CHUNKED + b"100\r\n" + b"x" * 256 + b"\r\n3e9\r\n").status == 413
    assert [type(error) for error in recorder.errors] == [TooLarge]


# Expect: 100-continue


def test_the_client_is_asked_to_go_on_only_when_the_application_reads(running: Running):
    with running.connect() as connection:
        connection.send(request("PUT", "/", "Content-Length: 3", "Expect: 100-Continue"))
        connection.open().settimeout(5)
        assert connection.open().recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(b"abc")
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (200, None)
        connection.send(get())
        assert connection.answer().status == 200


@pytest.mark.parametrize("framing", ["Content-Length: 3", "Transfer-Encoding: chunked"])
def test_a_refusal_comes_without_100_and_closes(framing: str):
    with served(refuse) as running, running.connect() as connection:
        connection.send(request("PUT", "/", framing, "Expect: 100-continue"))
        answer = connection.answer()
        assert (answer.status, answer.interim) == (401, ())
        assert answer.header("Connection") == "close"
        assert is_closed_by_server(connection)


def test_an_expectation_without_a_body_changes_nothing(running: Running):
    with running.connect() as connection:
        connection.send(get("/", "Expect: 100-continue") + get())
        assert connection.answer().interim == ()
        assert connection.answer().status == 200


def test_no_100_when_the_body_is_already_here(running: Running):
    data = request("PUT", "/", "Content-Length: 3", "Expect: 100-continue") + b"abc"
    answer = running.ask(data)
    assert (answer.status, answer.interim) == (200, ())


# unread bodies


def test_a_small_unread_body_is_skipped_and_the_connection_kept():
    with served(refuse) as running, running.connect() as connection:
        connection.send(request("PUT", "/", "Content-Length: 60000"))
        assert connection.answer().status == 401
        connection.send(b"GET /evil HTTP/1.1\r\n\r\n".ljust(60000, b"x"))
        connection.send(get())
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (401, None)
    assert eventually(lambda: len(running.events("request")) == 2)
    assert running.events("refused") == []


def test_a_large_unread_body_closes():
    with served(refuse) as running, running.connect() as connection:
        connection.send(request("PUT", "/", "Content-Length: 70000") + b"x" * 1000)
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (401, "close")
        assert is_closed_by_server(connection)


def test_an_unread_chunked_body_always_closes():
    with served(refuse) as running, running.connect() as connection:
        connection.send(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + get("/smuggled"))
        answer = connection.answer()
        assert (answer.status, answer.header("Connection")) == (401, "close")
        assert is_closed_by_server(connection)
    assert len(running.events("request")) == 1


def test_a_client_that_goes_on_sending_still_gets_to_read_the_refusal():
    with served(refuse) as running, running.connect() as connection:
        connection.send(request("PUT", "/", "Content-Length: 9000000"))
        for _ in range(20):
            connection.send(b"x" * 100_000)
            time.sleep(0.005)
        assert connection.answer().status == 401


def test_lingering_for_a_refused_sender_ends_in_time():
    with served(refuse, linger_seconds=0.3) as running, running.connect() as connection:
        began = time.monotonic()
        connection.send(request("PUT", "/", "Content-Length: 900000"))
        assert connection.open().recv(12) == b"HTTP/1.1 401"
        while running.server.open:
            assert time.monotonic() - began < 60
            with contextlib.suppress(ConnectionError):
                connection.send(b"x")
            time.sleep(0.02)
        assert time.monotonic() - began > 0.15
