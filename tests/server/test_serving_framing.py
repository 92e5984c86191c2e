"""Heads that two readers could understand in two ways are refused, and the connection closed."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.serving import Recorder, Running, get, is_closed_by_server, request, served

pytestmark = pytest.mark.server

SMALL = {"target_bytes": 2048, "head_bytes": 8192, "head_lines": 20}

REFUSED = {
    "Content-Length twice": (request("PUT", "/", "Content-Length: 5", "Content-Length: 5"), 400),
    "two different lengths": (request("PUT", "/", "Content-Length: 5", "Content-Length: 6"), 400),
    "a list of lengths": (request("PUT", "/", "Content-Length: 5, 5"), 400),
    "Host twice": (get("/", "Host: y"), 400),
    "Transfer-Encoding twice": (
        request("PUT", "/", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        400,
    ),
    "length and coding": (
        request("PUT", "/", "Content-Length: 5", "Transfer-Encoding: chunked"),
        400,
    ),
    "coding and length": (
        request("PUT", "/", "Transfer-Encoding: chunked", "Content-Length: 5"),
        400,
    ),
    "negative length": (request("PUT", "/", "Content-Length: -1"), 400),
    "signed length": (request("PUT", "/", "Content-Length: +5"), 400),
    "length in hexadecimal": (request("PUT", "/", "Content-Length: 0x5"), 400),
    "length with underscore": (request("PUT", "/", "Content-Length: 1_0"), 400),
    "length in foreign digits": (request("PUT", "/", "Content-Length: ٥"), 400),
    "empty length": (request("PUT", "/", "Content-Length:"), 400),
    "length of 30 digits": (request("PUT", "/", "Content-Length: " + "9" * 30), 400),
    "gzip, chunked": (request("PUT", "/", "Transfer-Encoding: gzip, chunked"), 400),
    "chunked, chunked": (request("PUT", "/", "Transfer-Encoding: chunked, chunked"), 400),
    "identity": (request("PUT", "/", "Transfer-Encoding: identity"), 400),
    "chunked with parameter": (request("PUT", "/", "Transfer-Encoding: chunked;q=1"), 400),
    "empty coding": (request("PUT", "/", "Transfer-Encoding:"), 400),
    "vertical tab before chunked": (request("PUT", "/", "Transfer-Encoding: \x0bchunked"), 400),
    "chunked in HTTP/1.0": (b"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "folded header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    "folded first header": (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    "bare LF after a header": (b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
    "bare LF everywhere": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    "bare CR in a value": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
    "NUL in a value": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
    "escape in a value": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x1bc\r\n\r\n", 400),
    "NUL in a name": (b"GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", 400),
    "space before the colon": (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "tab before the colon": (b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 5\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400),
    "empty name": (b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400),
    "underscore in a name": (request("PUT", "/", "Content_Length: 5"), 400),
    "high byte in a name": (b"GET / HTTP/1.1\r\nHost: x\r\nA\xe9: b\r\n\r\n", 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "empty Host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "two names in Host": (b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n", 400),
    "path in Host": (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    "sign-in twice": (get("/", "Authorization: Basic YTpi", "Authorization: Basic Yzpk"), 400),
    "Destination twice": (request("MOVE", "/a", "Destination: /b", "Destination: /c"), 400),
    "no version": (b"GET /\r\nHost: x\r\n\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "space in the target": (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "tab as separator": (b"GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "control in the target": (b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "relative target": (get("a"), 400),
    "fragment": (get("/a#b"), 400),
    "star for GET": (get("*"), 400),
    "authority form": (request("CONNECT", "x:443"), 400),
    "other scheme": (get("ftp://x/a"), 400),
    "name and password in the target": (get("http://u:p@x/a"), 400),
    "small letters in the version": (b"GET / http/1.1\r\nHost: x\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505),
    "garbage": (b"\x00\xff\x00\xff\r\n\r\n", 400),
    "two empty lines before": (b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "unknown expectation": (request("PUT", "/", "Expect: miracle", "Content-Length: 5"), 417),
    "long request line": (get("/" + "a" * 3000), 414),
    "endless request line": (b"GET /" + b"a" * 5000, 414),
    "too many headers": (get("/", *(f"A{i}: b" for i in range(21))), 431),
    "too large a header": (get("/", "A: " + "b" * 9000), 431),
    "endless headers": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000, 431),
}


@pytest.fixture(scope="module")
def recorder():
    return Recorder()


@pytest.fixture(scope="module")
def running(recorder):
    with served(recorder, **SMALL) as one:
        yield one


@pytest.mark.parametrize("name", REFUSED)
def test_an_ambiguous_or_malformed_head_is_refused_before_the_application(
    name: str, running: Running, recorder: Recorder
):
    data, status = REFUSED[name]
    before = len(recorder.environs)
    with running.connect() as connection:
        # What follows would be a second request, if anybody disagreed about where the first ends.
        connection.send(data + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = connection.answer()
        assert answer.status == status, answer
        assert answer.header("Connection") == "close"
        assert is_closed_by_server(connection)
    assert len(recorder.environs) == before


@given(st.lists(st.binary(max_size=80), max_size=5))
@settings(max_examples=60, deadline=None)
def test_whatever_bytes_arrive_the_server_goes_on(running: Running, pieces: list[bytes]):
    with running.connect() as connection, contextlib.suppress(ConnectionError):
        for piece in pieces:
            connection.send(piece)
    assert running.ask(get()).status == 200
    assert running.events("server-error") == []
    assert running.events("accept-loop") == []


def test_a_refused_head_is_logged_by_code_only(running: Running):
    running.ask(get("/secret-name", "Bad Header: secret-value"))
    line = running.events("refused")[-1]
    assert line["flaw"] == "header"
    assert line["status"] == 400
    assert "secret" not in running.stream.getvalue()


GOOD = {
    "CHUNKED in capitals": (
        request("PUT", "/", "Transfer-Encoding: CHUNKED") + b"3\r\nabc\r\n0\r\n\r\n",
        b"abc",
    ),
    "no space after the colon": (
        b"PUT / HTTP/1.1\r\nHost:x\r\nContent-Length:3\r\n\r\nabc",
        b"abc",
    ),
    "spaces around the value": (request("PUT", "/", "Content-Length: \t 3 \t") + b"abc", b"abc"),
    "one empty line before": (b"\r\n" + request("PUT", "/", "Content-Length: 3") + b"abc", b"abc"),
    "leading zeros": (request("PUT", "/", "Content-Length: 003") + b"abc", b"abc"),
    "high bytes in a value": (b"GET / HTTP/1.1\r\nHost: x\r\nA: \xc3\xa9\r\n\r\n", b""),
    "absolute target": (get("http://drive.example/a"), b""),
    "numeric host with port": (b"GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", b""),
    "HTTP/1.0 without Host": (b"GET / HTTP/1.0\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", GOOD)
def test_an_unusual_but_clear_request_is_served(name: str, running: Running, recorder: Recorder):
    data, body = GOOD[name]
    assert running.ask(data).status == 200
    assert recorder.bodies[-1] == body


def test_a_head_may_arrive_byte_by_byte(running: Running):
    with running.connect() as connection:
        for byte in get("/slowly"):
            connection.send(bytes([byte]))
        assert connection.answer().status == 200


def test_the_authority_of_an_absolute_target_wins_over_host(running: Running, recorder: Recorder):
    running.ask(get("http://drive.example:81/a?b"))
    environ = recorder.environs[-1]
    assert environ["HTTP_HOST"] == "drive.example:81"
    assert environ["REQUEST_URI"] == "http://drive.example:81/a?b"
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/a", "b")


@pytest.mark.parametrize("target", ["/a%20b/", "/a%2Fb", "/caf%C3%A9", "/q%3Fmark;x"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PROPFIND"])
def test_the_target_reaches_the_application_undamaged(
    method: str, target: str, running: Running, recorder: Recorder
):
    running.ask(request(method, target))
    environ = recorder.environs[-1]
    assert environ["REQUEST_URI"] == target
    assert environ["REQUEST_METHOD"] == method


def test_path_info_is_decoded_for_options_as_for_any_method(running: Running, recorder: Recorder):
    running.ask(request("OPTIONS", "/a%20b/"))
    assert recorder.environs[-1]["PATH_INFO"] == "/a b/"


def test_options_on_the_whole_server_keeps_its_star(running: Running, recorder: Recorder):
    running.ask(request("OPTIONS", "*"))
    assert recorder.environs[-1]["PATH_INFO"] == "*"
    assert recorder.environs[-1]["REQUEST_URI"] == "*"


def test_pipelined_requests_are_answered_in_order(running: Running, recorder: Recorder):
    first = request("PUT", "/1", "Content-Length: 3") + b"one"
    second = request("PUT", "/2", "Transfer-Encoding: chunked") + b"3\r\ntwo\r\n0\r\n\r\n"
    with running.connect() as connection:
        connection.send(first + second + get("/3"))
        assert [connection.answer().status for _ in range(3)] == [200, 200, 200]
    assert recorder.bodies[-3:] == [b"one", b"two", b""]
    assert [one["PATH_INFO"] for one in recorder.environs[-3:]] == ["/1", "/2", "/3"]


@pytest.mark.parametrize("word", ["close", "Close", "CLOSE", "keep-alive, Close"])
def test_the_client_s_wish_to_close_is_read_in_any_case(word: str, running: Running):
    with running.connect() as connection:
        connection.send(get("/", f"Connection: {word}"))
        answer = connection.answer()
        assert answer.header("Connection") == "close"
        assert is_closed_by_server(connection)


def test_an_http_1_0_connection_is_kept_only_on_request(running: Running):
    with running.connect() as connection:
        connection.send(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        assert connection.answer().header("Connection") == "keep-alive"
        connection.send(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.answer().header("Connection") == "close"


def test_the_environ_tells_the_truth(running: Running, recorder: Recorder):
    answer = running.ask(get("/", "X-Two: a", "x-two: b", "Cookie: a=1", "Cookie: b=2"))
    environ = recorder.environs[-1]
    assert environ["wsgi.multithread"] is True
    assert environ["wsgi.multiprocess"] is False
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["SERVER_PORT"] == str(running.port)
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["HTTP_X_TWO"] == "a, b"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["abri.request_id"] == answer.header("X-Request-ID")


def test_request_ids_differ(running: Running):
    ids = {running.ask(get()).header("X-Request-ID") for _ in range(5)}
    assert len(ids) == 5
