"""docs/tour.md leads where it says: a GET and a PUT are played, and go the way that it tells."""

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
    assert len(named) > 30
    assert named - there == set()


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
