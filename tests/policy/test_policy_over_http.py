"""Every row of table.csv, asked of a running server; and what listings say one may do. Not every
scene is played whole on PostgreSQL (`sample`).
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from tests.conftest import EITHER
from tests.policy.matrix import TABLE
from tests.policy.specification import FOLDER, SCENES, THINGS, Scene
from tests.support.cast import Casts
from tests.support.dav import DAV, OC, Listed
from tests.support.instance import serving
from tests.support.matrix_player import Player
from tests.support.matrix_stage import Stage, staged

pytestmark = [pytest.mark.server, pytest.mark.slow]

PRIVILEGES = f"{DAV}current-user-privilege-set"
SUPPORTED_LOCK = f"{DAV}supportedlock"
IS_READ_ONLY = "{http://ucb.openoffice.org/dav/props/}IsReadOnly"
ASKED = (f"{OC}permissions", PRIVILEGES, SUPPORTED_LOCK, IS_READ_ONLY)

FREE_IN = {
    "drive root": "free in drive root",
    "person folder": "beside",
    "granted folder": "free",
    "folder": "free in folder",
    "own folder": "free in own folder",
    "mixed folder": "free in own folder",
    "sensitive folder": "free in sensitive folder",
}
LOCKED = {"locked file"}
"""Rights stay what they are while somebody has locked a thing; its verbs answer 423 meanwhile."""
SAID_BUT_REFUSED = {("mixed folder", "D")}
"""The one exception (DESIGN §2.2): a folder of one's own with other people's things in it, which
one may not even know of, says that it can be removed and answers 403.
"""


@pytest.fixture(scope="module", params=EITHER)
def stage(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    """Where nobody is paused for asking so much."""
    folder = tmp_path_factory.mktemp("served") / "abri"
    with casts.copy(request.param, folder) as instance:
        instance.set("vaults.changes_per_minute", "100000")
        with serving(instance) as server, staged(server.instance) as made:
            yield made


Row = dict[str, str]


@cache
def rows_by_scene() -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    with TABLE.open() as file:
        for row in csv.DictReader(file, strict=True):
            found.setdefault(tuple(row.values())[:4], []).append(row)
    return found


def rows_of(scene: Scene) -> list[Row]:
    return rows_by_scene()[scene.role, scene.relation, scene.right, scene.category]


@cache
def sample() -> frozenset[tuple[str, ...]]:
    """Each question with its answer in one scene, by turns in one or another; and in each scene
    each verb with each of its answers.
    """
    scenes: dict[tuple[str, ...], list[Row]] = {}
    for row in (row for rows in rows_by_scene().values() for row in rows):
        scenes.setdefault(tuple(row.values())[4:], []).append(row)
    chosen = [rows[number % len(rows)] for number, rows in enumerate(scenes.values())]
    said = {_verb_and_answer(row) for row in chosen}
    for row in (row for rows in rows_by_scene().values() for row in rows):
        if _verb_and_answer(row) not in said:
            said.add(_verb_and_answer(row))
            chosen.append(row)
    return frozenset(tuple(row.values()) for row in chosen)


def _verb_and_answer(row: Row) -> tuple[str, ...]:
    *who, _, verb, _, _, status, reason = row.values()
    return (*who, verb, status, reason)


def asked_on(stage: Stage, scene: Scene) -> list[Row]:
    """In the order of the table."""
    return [row for row in rows_of(scene) if stage.whole or tuple(row.values()) in sample()]


every_scene = pytest.mark.parametrize(
    "scene", SCENES, ids=lambda scene: "-".join(vars(scene).values())
)


@every_scene
def test_each_row_is_answered_as_the_table_says(stage: Stage, scene: Scene) -> None:
    player = Player(stage, scene)
    wrong = []
    for row in asked_on(stage, scene):
        status, reason, answer = player.play(row)
        if (str(status), reason) != (row["status"], row["reason"]):
            wrong.append(f"{','.join(row.values())}\n    came: {status} {reason} {answer.body!r}")
    player.close()
    assert not wrong, f"{len(wrong)} rows are answered otherwise:\n" + "\n".join(wrong)


@dataclass(frozen=True)
class Said:
    """What one person may do to one thing, in the four ways of saying it."""

    letters: frozenset[str]
    privileges: frozenset[str]
    locks: bool
    read_only: bool


@every_scene
def test_listings_promise_what_the_table_accepts(stage: Stage, scene: Scene) -> None:
    player = Player(stage, scene)
    accepted, wrong = accepted_in(rows_of(scene)), []
    for thing in THINGS:
        if (thing, "PROPFIND", "Depth 0", "-") in accepted and thing not in LOCKED:
            path = player.spot(thing).viewer
            (listed,) = player.viewer.listing(path, "0", *ASKED).values()
            if said(listed) != promised(thing, accepted):
                wrong.append(f"{thing}\n  {said(listed)}\n  {promised(thing, accepted)}")
    player.close()
    assert not wrong, "said, and to be said:\n" + "\n".join(wrong)


def accepted_in(rows: list[Row]) -> set[tuple[str, str, str, str]]:
    return {
        (row["thing"], row["verb"], row["headers"], row["destination"])
        for row in rows
        if row["status"].startswith("2") and row["reason"] == "-"
    }


def promised(thing: str, accepted: set[tuple[str, str, str, str]]) -> Said:
    """Worked out from the table's rows alone."""
    folder = THINGS[thing].kind == FOLDER
    free = FREE_IN.get(thing, "")
    accepts: Mapping[str, bool] = {
        "G": (thing, "PROPFIND", "Depth 1", "-") in accepted
        if folder
        else (thing, "GET", "-", "-") in accepted,
        "D": (thing, "DELETE", "-", "-") in accepted or (thing, "D") in SAID_BUT_REFUSED,
        "N": (thing, "MOVE", "-", "free") in accepted,
        "V": (thing, "MOVE", "-", "free") in accepted,
        "W": not folder and (thing, "PUT", "-", "-") in accepted,
        "C": (free, "PUT", "-", "-") in accepted,
        "K": (free, "MKCOL", "-", "-") in accepted,
    }
    properties = (thing, "PROPPATCH", "-", "-") in accepted
    privileges = {
        "read": accepts["G"],
        "unbind": accepts["D"],
        "write-content": accepts["W"],
        "bind": accepts["C"] or accepts["K"],
        "write-properties": properties,
        "read-current-user-privilege-set": True,
    }
    return Said(
        letters=frozenset(letter for letter, yes in accepts.items() if yes),
        privileges=frozenset(name for name, yes in privileges.items() if yes),
        locks=(thing, "LOCK", "Depth 0", "-") in accepted,
        read_only=not (accepts["W"] or accepts["C"]),
    )


def said(listed: Listed) -> Said:
    shown = listed.properties[PRIVILEGES].iterfind(f"{DAV}privilege/*")
    return Said(
        letters=frozenset(listed.text(f"{OC}permissions") or ""),
        privileges=frozenset(str(one.tag).removeprefix(DAV) for one in shown),
        locks=len(listed.properties[SUPPORTED_LOCK]) > 0,
        read_only=listed.text(IS_READ_ONLY) == "booleantrue",
    )
