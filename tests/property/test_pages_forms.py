"""Forms with files: whatever is sent arrives, whole, whatever the pieces; nothing else does."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from davserver.domain.errors import AbriError, BadInput, Truncated
from davserver.http.streams import Body
from davserver.web.forms import fields_of
from davserver.web.uploads import Arriving
from tests.support.browser import BOUNDARY, multipart

NAMES = some.text(
    some.characters(exclude_categories=["C"], exclude_characters='"%\\'), min_size=1, max_size=40
)
BEGINNINGS = [f"\r\n--{BOUNDARY}"[:length].encode() for length in range(1, len(BOUNDARY) + 4)]
CONTENTS = some.binary(max_size=2000) | some.lists(
    some.sampled_from([*BEGINNINGS, b"\r", b"\n", b"-", b"x"]), max_size=8
).map(b"".join)
"""Beginnings of the boundary too; a browser chooses one that is in none of its files."""


class InPieces(io.RawIOBase):
    """Gives as many bytes at a time as it was told to, as a network does."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._left = content
        self._sizes = iter(sizes)

    def read(self, size: int = -1) -> bytes:
        piece = self._left[: min(size, next(self._sizes, size))]
        self._left = self._left[len(piece) :]
        return piece


def taken(content: bytes, sizes: list[int], length: int | None = None) -> list[tuple[str, bytes]]:
    body = Body(InPieces(content, sizes), len(content) if length is None else length)
    arriving = Arriving(body, BOUNDARY)
    assert arriving.fields().text("mark") == "m"
    return [(part.name, b"".join(iter(lambda p=part: p.read(1), b""))) for part in arriving.parts()]


@given(some.lists(some.tuples(NAMES, CONTENTS), max_size=4), some.lists(some.integers(1, 300)))
def test_every_file_arrives_as_it_was(files: list[tuple[str, bytes]], sizes: list[int]) -> None:
    assert taken(multipart({"mark": "m"}, tuple(files)), sizes) == files


@given(some.binary(max_size=500), some.integers(0, 700))
def test_a_form_without_its_end_is_an_error(content: bytes, cut: int) -> None:
    whole = multipart({"mark": "m"}, (("a", content),))
    start = len(multipart({"mark": "m"}, ())) - len(f"--{BOUNDARY}--\r\n")
    part = whole[: max(start, len(whole) - 4 - cut)]
    with pytest.raises((Truncated, BadInput)):
        taken(part, [])


@given(some.binary(max_size=300))
def test_anything_else_is_an_error_or_nothing(content: bytes) -> None:
    try:
        arriving = Arriving(Body(io.BytesIO(content), len(content)), "x")
        arriving.fields()
        for part in arriving.parts():
            part.skip()
    except AbriError:
        pass


@given(some.dictionaries(some.text(min_size=1), some.text(), max_size=10))
def test_fields_come_as_they_were_filled_in(values: dict[str, str]) -> None:
    from urllib.parse import urlencode

    pairs = urlencode(values, errors="replace")
    found = fields_of(pairs).values
    assert set(found) == {name.encode(errors="replace").decode() for name in values}
