"""For whom an answer is written: what their program asks for, else their own language."""

import pytest

from davserver.http.reader import Reader, reader_of


@pytest.mark.parametrize(
    ("wished", "own", "language"),
    [
        (None, None, "fr"),
        (None, "fr", "fr"),
        (None, "en", "en"),
        (None, "tlh", "fr"),
        ("", "en", "en"),
        ("en", "fr", "en"),
        ("fr", "en", "fr"),
        ("FR", "en", "fr"),
        ("fr-CA", "en", "fr"),
        ("en-GB,en;q=0.9", "fr", "en"),
        ("en;q=0.5, fr;q=0.8", "en", "fr"),
        ("en;q=0.8,fr;q=0.8", "fr", "en"),
        ("de, fr;q=0.1", "en", "fr"),
        ("de", "en", "en"),
        ("*", "en", "en"),
        ("de, *;q=0.5", "en", "en"),
        ("fr;q=0", "en", "en"),
        ("fr;q=0.000, en;q=0.001", "fr", "en"),
        ("fr;q=lots", "en", "en"),
        ("fr;q=-1", "en", "en"),
        ("fr;q=1e9", "en", "en"),
        ("fr;q=.", "en", "en"),
        ("fr ; q=1", "en", "fr"),
        ("french", "en", "en"),
        (",,;;q=,fr", "en", "fr"),
        ("\xe9\xff;q=\xb2", "en", "en"),
    ],
)
def test_the_language_is_the_programs_wish_else_the_persons(
    wished: str | None, own: str | None, language: str
) -> None:
    assert reader_of(wished, None, own).language == language


@pytest.mark.parametrize(
    ("accept", "plain"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("text/*", False),
        ("text/plain", True),
        ("TEXT/PLAIN", True),
        ("text/plain, */*;q=0.8", True),
        ("text/plain;q=0", False),
        ("text/plain, application/xml", False),
        ("text/plain, application/xml;q=0.5", True),
        ("text/plain;q=0.5, text/xml", False),
        ("application/json, text/plain, */*", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ],
)
def test_plain_text_is_for_whoever_names_it(accept: str | None, *, plain: bool) -> None:
    assert reader_of(None, accept, "en") == Reader("en", plain=plain)
