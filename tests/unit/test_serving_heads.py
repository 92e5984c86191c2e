"""Reading heads and framing, without a socket."""

import itertools
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davserver.serving.framing import Framing, frame
from davserver.serving.head import FLAW_STATUS, BadHead, Flaw, HeadCutter, parse_head
from davserver.serving.settings import Listener

LIMITS = Listener(head_bytes=4096, target_bytes=1024, head_lines=10)


def head(*headers: str, line: str = "GET / HTTP/1.1"):
    return parse_head("\r\n".join([line, "Host: x", *headers]).encode("latin-1"), LIMITS)


def test_every_flaw_has_a_status():
    assert set(FLAW_STATUS) == set(Flaw)
    assert all(400 <= status < 600 for status in FLAW_STATUS.values())


def test_codes_are_told_and_logged_so_they_hold_no_spaces():
    assert all(flaw.value.replace("-", "").isalpha() for flaw in Flaw)


@given(st.binary(max_size=300))
def test_whatever_arrives_becomes_a_head_or_a_flaw(raw: bytes):
    try:
        result = parse_head(raw, LIMITS)
    except BadHead:
        return
    assert result.version in {"HTTP/1.0", "HTTP/1.1"}
    assert result.path == "*" or result.path.startswith("/")


NAMES = st.text("ABCdef-123", min_size=1, max_size=10)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@given(st.dictionaries(NAMES.map(str.lower), VALUES, max_size=8))
def test_good_headers_come_back_as_sent(headers: dict[str, str]):
    for ours in ("host", "if", "range", "depth", "expect"):
        headers.pop(ours, None)
    sent = [f"{name}: {value}" for name, value in headers.items()]
    assert head(*sent).headers == {"host": "x", **headers}


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6))
def test_a_head_is_cut_alike_however_it_arrives(rest: bytes, cuts: list[int]):
    stream = b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n" + rest
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    cutter, buffer, found = HeadCutter(LIMITS), bytearray(), None
    for begin, end in itertools.pairwise(edges):
        buffer += stream[begin:end]
        if found is None:
            found = cutter.cut(buffer)
    assert found == b"GET / HTTP/1.1\r\nHost: x\r\nA: b"
    assert bytes(buffer) == rest


@pytest.mark.parametrize("last", [b"\n", b"\r\nA: b\n", b"\r\n\n"])
def test_a_lone_line_feed_is_noticed_before_the_head_is_complete(last: bytes):
    cutter, buffer = HeadCutter(LIMITS), bytearray()
    for byte in b"GET / HTTP/1.1" + last[:-1]:
        buffer.append(byte)
        assert cutter.cut(buffer) is None
    buffer += last[-1:]
    with pytest.raises(BadHead) as refused:
        cutter.cut(buffer)
    assert refused.value.flaw is Flaw.LINE_END


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Framing(0, asks_first=False)),
        (["Content-Length: 12"], Framing(12, asks_first=False)),
        (["Content-Length: 12", "Expect: 100-continue"], Framing(12, asks_first=True)),
        (["Content-Length: 0", "Expect: 100-continue"], Framing(0, asks_first=False)),
        (["Transfer-Encoding: Chunked"], Framing(None, asks_first=False)),
        (["Transfer-Encoding: chunked", "Expect: 100-CONTINUE"], Framing(None, asks_first=True)),
    ],
)
def test_framing(headers: list[str], expected: Framing):
    assert frame(head(*headers), 100) == expected


def test_http_1_0_knows_no_100():
    asked = head("Content-Length: 5", "Expect: 100-continue", line="PUT / HTTP/1.0")
    assert frame(asked, 100).asks_first is False


@pytest.mark.parametrize(
    ("flaw", "headers"),
    [
        (Flaw.BODY_LARGE, ["Content-Length: 101"]),
        (Flaw.LENGTH, ["Content-Length: ¹"]),
        (Flaw.CODING, ["Transfer-Encoding: xchunked"]),
        (Flaw.LENGTH_AND_CODING, ["Transfer-Encoding: chunked", "Content-Length: 0"]),
        (Flaw.EXPECTATION, ["Expect: 200-ok"]),
    ],
)
def test_framing_refuses(flaw: Flaw, headers: list[str]):
    with pytest.raises(BadHead) as refused:
        frame(head(*headers), 100)
    assert refused.value.flaw is flaw


def test_a_body_too_large_is_413():
    assert FLAW_STATUS[Flaw.BODY_LARGE] is HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize(
    ("line", "headers", "kept"),
    [
        ("GET / HTTP/1.1", [], True),
        ("GET / HTTP/1.1", ["Connection: close"], False),
        ("GET / HTTP/1.1", ["Connection: TE, Close"], False),
        ("GET / HTTP/1.1", ["Connection: closed"], True),
        ("GET / HTTP/1.0", [], False),
        ("GET / HTTP/1.0", ["Connection: Keep-Alive"], True),
        ("GET / HTTP/1.0", ["Connection: keep-alive, close"], False),
    ],
)
def test_persistence(line: str, headers: list[str], kept):
    assert head(*headers, line=line).persistent is kept
