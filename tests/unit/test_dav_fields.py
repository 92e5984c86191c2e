"""Small header fields."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from davserver.dav import fields
from davserver.dav.fields import Depth
from davserver.http.dates import from_unix, http_date, iso_date, parsed_http_date
from davserver.http.malformed import Malformed
from davserver.http.ranges import Span, Unsatisfiable, asked_span

BODY = b"bonjour"
SHA256 = hashlib.sha256(BODY).digest()
SHA1 = hashlib.sha1(BODY, usedforsecurity=False).digest()
MD5 = hashlib.md5(BODY, usedforsecurity=False).digest()


@pytest.mark.parametrize(
    ("value", "depth"),
    [(None, Depth.INFINITY), ("0", Depth.ZERO), ("Infinity", Depth.INFINITY), (" 1 ", Depth.ONE)],
)
def test_depth(value: str | None, depth: Depth) -> None:
    assert fields.depth(value, frozenset(Depth)) is depth


@pytest.mark.parametrize("value", ["", "2", "1,noroot", "infinit", "-1"])
def test_a_depth_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(Malformed):
        fields.depth(value, frozenset(Depth))


def test_a_depth_that_the_method_does_not_take_is_refused() -> None:
    with pytest.raises(Malformed, match="infinity"):
        fields.depth("0", frozenset({Depth.INFINITY}))


def test_overwrite_is_yes_unless_said_otherwise() -> None:
    assert fields.overwrite(None)
    assert fields.overwrite("T")
    assert fields.overwrite("t")
    assert not fields.overwrite("F")


@pytest.mark.parametrize("value", ["", "no", "TRUE", "T, F"])
def test_an_overwrite_that_is_neither_is_refused(value: str) -> None:
    with pytest.raises(Malformed):
        fields.overwrite(value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 600),
        ("Second-180", 180),
        ("second-30", 30),
        ("Second-0", 1),
        ("Infinite", 3600),
        ("Infinite, Second-4100000000", 3600),
        ("Extended, Second-99", 99),
        ("Second-9999999999", 3600),
        ("Second-99999999999999999999999", 600),
        ("soon", 600),
    ],
)
def test_a_lock_lasts_as_wished_up_to_the_cap(value: str | None, seconds: int) -> None:
    assert fields.timeout(value, usual=600, longest=3600) == seconds


@pytest.mark.parametrize("value", ["<urn:uuid:1>", "urn:uuid:1", " <urn:uuid:1> "])
def test_a_lock_token_may_come_without_its_brackets(value: str) -> None:
    assert fields.lock_token(value) == "urn:uuid:1"


@pytest.mark.parametrize("value", [None, "", "<>", "<a> <b>", "<a", "a b"])
def test_a_lock_token_that_is_none_is_refused(value: str | None) -> None:
    with pytest.raises(Malformed):
        fields.lock_token(value)


@pytest.mark.parametrize("value", ["-1", "+1", "0x10", "1.5", "", " ", "٣", "1_0", "9" * 20])
def test_a_length_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(Malformed):
        fields.length(value)


@pytest.mark.parametrize(
    ("prefer", "brief", "minimal"),
    [
        (None, None, False),
        ("return=minimal", None, True),
        ("respond-async, Return=Minimal", None, True),
        ("return=representation", "f", False),
        (None, "t", True),
    ],
)
def test_a_client_can_ask_for_less(prefer: str | None, brief: str | None, *, minimal: bool) -> None:
    assert fields.minimal(prefer, brief) is minimal


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def test_checksums_are_read_from_every_header_that_carries_them() -> None:
    found = fields.digests(
        checksum=f"SHA1:{SHA1.hex()} SHA256:{SHA256.hex().upper()} ADLER32:0a",
        content_md5=_b64(MD5),
        dictionaries=(f"sha-256=:{_b64(SHA256)}:, sha-512=:AAAA:", None, f"SHA-256={_b64(SHA256)}"),
    )
    assert found == {"sha1": SHA1, "sha256": SHA256, "md5": MD5}


@pytest.mark.parametrize(
    "wrong",
    [
        {"checksum": "SHA256:xyz"},
        {"checksum": f"SHA256:{SHA1.hex()}"},
        {"content_md5": "not base64"},
        {"dictionaries": ("sha-256=:AAAA:",)},
        {"checksum": f"SHA256:{bytes(32).hex()}", "dictionaries": (f"sha-256=:{_b64(SHA256)}:",)},
    ],
)
def test_a_checksum_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        fields.digests(**{"checksum": None, "content_md5": None, "dictionaries": (), **wrong})


def test_dates_are_written_as_http_and_rfc_3339_want_them() -> None:
    at = datetime(2024, 2, 29, 7, 5, 9, 999999, tzinfo=UTC)
    assert http_date(at) == "Thu, 29 Feb 2024 07:05:09 GMT"
    assert iso_date(at) == "2024-02-29T07:05:09Z"
    assert parsed_http_date(http_date(at)) == at.replace(microsecond=0)


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "inf", "-5", "0", "1e300", "99999999999999", "0x5f"]
)
def test_a_time_that_is_none_is_passed_over(text: str) -> None:
    assert from_unix(text) is None


def test_a_time_may_have_a_fraction() -> None:
    assert from_unix("1700000000.5") == datetime(2023, 11, 14, 22, 13, 20, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "span"),
    [
        (None, None),
        ("bytes=0-", Span(0, 10)),
        ("bytes=2-4", Span(2, 3)),
        ("bytes=0-0", Span(0, 1)),
        ("bytes=9-9", Span(9, 1)),
        ("bytes=8-99", Span(8, 2)),
        ("bytes=-3", Span(7, 3)),
        ("bytes=-99", Span(0, 10)),
        ("bytes= 2-4 ", Span(2, 3)),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("pages=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_one_range_is_served_and_what_is_not_understood_is_the_whole(
    value: str | None, span: Span | None
) -> None:
    assert asked_span(value, None, etag="e", size=10) == span


@pytest.mark.parametrize(("value", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_after_the_end_cannot_be_satisfied(value: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        asked_span(value, None, etag="e", size=size)


def test_a_range_of_another_version_is_the_whole() -> None:
    assert asked_span("bytes=1-2", '"e"', etag="e", size=10) == Span(1, 2)
    for other in ('"f"', 'W/"e"', "e", "Sun, 06 Nov 1994 08:49:37 GMT"):
        assert asked_span("bytes=1-2", other, etag="e", size=10) is None


def test_a_content_range_counts_from_zero_and_includes_its_end() -> None:
    assert Span(2, 3).content_range(10) == "bytes 2-4/10"
