"""What people read when something is refused: complete in both languages, and of one form."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from davserver.dav.answers import ANSWERS, BY_METHOD
from davserver.dav.french import FRENCH, said
from davserver.dav.patching import Wrong
from davserver.domain import paths
from davserver.domain.advice import advice
from davserver.domain.errors import BadPath, Reason
from davserver.domain.languages import LANGUAGES
from davserver.domain.paths import DrivePath, clean_name
from davserver.domain.refusals import REASONS

FRONT = Path(paths.__file__).parents[1] / "dav"
HTTP = FRONT.parent / "http"
_RAISED = {"Malformed": 0, "Declined": 1}
"""Which argument is the sentence."""


def _sentences() -> Iterator[str]:
    """Every one that the front can say, read from its source."""
    for file in sorted([*FRONT.rglob("*.py"), *HTTP.rglob("*.py")]):
        tree = ast.parse(file.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                at = _RAISED.get(node.func.id)
                if at is not None:
                    told = node.args[at]
                    yield told.value if isinstance(told, ast.Constant) else constants[told.id]
    yield from (row.sentence for row in (*ANSWERS.values(), *BY_METHOD.values()) if row.sentence)
    yield from (one.about for one in Wrong if not isinstance(one.about, Reason))


WAYS = [
    *((DrivePath.from_url, text) for text in ("a%2Fb", "%ff")),
    *((DrivePath.parse, text) for text in ("x/" * 70, "..", "a\x00", "é" * 200)),
    (clean_name, "\udcff"),
]


def _flaws() -> set[str]:
    """What the domain says of names and paths that cannot be, by trying each."""
    found = set()
    for way, text in WAYS:
        with pytest.raises(BadPath) as bad:
            way(text)
        found.add(str(bad.value))
    return found


def test_every_sentence_of_the_front_has_its_french_and_no_french_is_left_over() -> None:
    source = Path(paths.__file__).read_text()
    assert source.count("raise BadPath(") == len(_flaws()) == 7
    assert {*_sentences(), *_flaws()} == set(FRENCH)


def test_both_languages_have_the_same_gaps() -> None:
    for english, french in FRENCH.items():
        assert english.count("{}") == french.count("{}")


def test_what_fills_a_gap_is_not_read_as_one() -> None:
    gap = "The body must be a DAV: {} element."
    assert said(gap, "fr", "{0}") == "Le contenu doit être un élément DAV: {0}."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_words(language) -> None:
    assert set(REASONS[language]) == set(Reason)
    assert len({one.advice for one in REASONS[language].values()}) == len(Reason)


ADVICE = {
    # what happened : what to do.
    "fr": re.compile(r"[A-ZÉ][^:;]+ : [^:;]+\."),
    "en": re.compile(r"[A-Z][^:;]+: [^:;]+\."),
}
JARGON = re.compile(
    r"\b(grant|policy|zone|slot|principal|token|vault|scratch|401|403|http|dav|credential)s?\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_an_advice_says_what_happened_and_what_to_do_in_plain_words(reason, language) -> None:
    told = advice(reason, language)
    assert ADVICE[language].fullmatch(told), told
    assert not JARGON.search(told), told
    assert len(told) <= 200, told


@pytest.mark.parametrize("reason", Reason)
def test_the_documentation_shows_each_reason_with_its_sentences(reason) -> None:
    page = (FRONT.parents[1] / "docs" / "webdav.md").read_text()
    assert f"| `{reason.value}` | {advice(reason, 'en')} | {advice(reason, 'fr')} |" in page
