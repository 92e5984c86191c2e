"""docs/tour.md leads where it says: a GET and a PUT are played, and go the way that it tells. The
words of docs/glossary.md stand in the files that it names.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.support.cast import Casts
from tests.support.in_process import Front, front_of

ROOT = Path(__file__).parents[2]
TOUR = (ROOT / "docs/tour.md").read_text()
GLOSSARY = (ROOT / "docs/glossary.md").read_text()
BASES = ("", "davserver")
"""The glossary names files of `davserver` without it."""
STEP = re.compile(r"^\d+\. `((?:davserver|authn|policies)/\S+\.py)` `([\w.]+)`", re.MULTILINE)

Step = tuple[str, str]


@pytest.fixture
def front(casts: Casts, tmp_path: Path) -> Iterator[Front]:
    with casts.copy("sqlite", tmp_path / "abri") as instance, front_of(instance) as front:
        assert front.ask("amina", "MKCOL", "/dav/Logement")[0] == 201
        for at in ("one", "two", "bail"):
            assert front.ask("amina", "PUT", f"/dav/Logement/{at}.pdf", b"%PDF")[0] == 201
        # Somebody who was here a moment ago, in a folder that they have looked at.
        assert front.ask("amina", "GET", "/dav/Logement/one.pdf")[0] == 200
        assert front.ask("amina", "GET", "/dav/Logement/two.pdf")[0] == 200
        yield front


def test_a_get_goes_the_way_that_is_told(front: Front) -> None:
    with stepped() as steps:
        assert front.ask("amina", "GET", "/dav/Logement/bail.pdf")[0] == 200
    told = told_in("One GET")
    assert len(told) > 15
    assert strays(told, steps) == []


def test_a_put_goes_the_way_that_is_told(front: Front) -> None:
    with stepped() as steps:
        assert front.ask("amina", "PUT", "/dav/Logement/note.txt", b"to do")[0] == 201
    told = told_in("One PUT")
    assert len(told) > 10
    assert strays(told, steps) == []


def test_every_file_that_is_named_is_there() -> None:
    folders = ("davserver", "authn", "policies", "admin")
    there = {path.name for folder in folders for path in (ROOT / folder).rglob("*.py")}
    named = set(re.findall(r"`(?:[\w/]+/)?(\w+\.py)`", TOUR))
    named |= set(re.findall(r"`(?:[\w/]+/)?(\w+\.py)`", GLOSSARY))
    assert len(named) > 60
    assert named - there == set()


def test_every_function_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:davserver|authn|policies)/\S+\.py)` `([\w.]+)`", TOUR)
    assert len(named) > 40
    assert [(file, name) for file, name in named if not is_defined(file, name)] == []


def is_defined(file: str, name: str) -> bool:
    """Each part of a dotted name in that file."""
    source = (ROOT / file).read_text()
    return all(re.search(rf"\b(?:def|class) {part}\b", source) for part in name.split("."))


def test_every_word_of_the_glossary_is_used_where_it_says() -> None:
    rows = re.findall(r"^\| ([^|`]+) \| [^|]+ \| (`[^|]+) \|$", GLOSSARY, re.MULTILINE)
    assert len(rows) > 40
    assert [words for words, where in rows if not are_used(words, where)] == []


def are_used(words: str, where: str) -> bool:
    """Each in one of the files, or of those in a folder; also as the beginning of another word."""
    paths = [ROOT / base / one for one in re.findall(r"`([^`]+)`", where) for base in BASES]
    files = [file for path in paths for file in ([path] if path.is_file() else path.glob("*.py"))]
    text = _apart(" ".join(f"{file.stem} {file.read_text()}" for file in files))
    return all(re.search(rf"\b{_apart(word)}", text) for word in words.split(", "))


def _apart(text: str) -> str:
    return re.sub(r"[_\s-]+", " ", text.lower())


def told_in(title: str) -> list[Step]:
    section = TOUR.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [(found[1], found[2]) for found in STEP.finditer(section)]


def strays(told: list[Step], steps: list[Step]) -> list[Step]:
    """Those that are not called, or not after those before them."""
    found, at = [], 0
    for one in told:
        if one in steps[at:]:
            at = steps.index(one, at) + 1
        else:
            found.append(one)
    return found


@contextmanager
def stepped() -> Iterator[list[Step]]:
    """Every function of Abri that this thread calls, in order."""
    steps: list[Step] = []

    def note(frame: FrameType, what: str, _argument: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if what == "call" and path.is_relative_to(ROOT):
            steps.append((str(path.relative_to(ROOT)), frame.f_code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield steps
    finally:
        sys.setprofile(before)
