"""Per-viewer folder ETags move, up to the viewer's root, whenever what they may see changes: by
grant, end, expiry, membership, affiliation, category or policy; and for nobody else (DESIGN §4).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from davserver.domain.actions import Category
from davserver.domain.drive import GrantView
from davserver.domain.errors import NotFound
from davserver.domain.paths import DrivePath
from davserver.domain.people import Structure
from davserver.gate.affiliations.affiliations import Affiliations
from davserver.gate.drive.classifying import Classifying
from tests.support.drive import Drive
from tests.support.rules import more_rules
from tests.support.safekeeping import Safekeeping, safekeeping

FOLDER = "/Name of amina"
ITEM = f"{FOLDER}/Logement"
HOUR = timedelta(hours=1)


@dataclass
class Scene:
    """/Logement of amina is shared with lea by name, and with karim's structure: he is in it for
    two hours. zoe has /Travail.
    """

    world: Safekeeping
    amina: Drive
    karim: Drive
    lea: Drive
    zoe: Drive
    team: Structure
    given: dict[str, GrantView]

    def etags(self, drive: Drive) -> dict[str, str | None]:
        return {path: _etag(drive, path) for path in ("/", FOLDER, ITEM)}


def _etag(drive: Drive, path: str) -> str | None:
    """None where this viewer sees nothing."""
    try:
        return drive.look(path).etag
    except NotFound:
        return None


@pytest.fixture
def scene(database_url: str, tmp_path: Path) -> Iterator[Scene]:
    with safekeeping(database_url, tmp_path) as world:
        team = world.structure("ccas")
        amina = world.beneficiary("amina", "fr")
        karim, lea, zoe = (world.professional(login) for login in ("karim", "lea", "zoe"))
        until = world.clock() + 2 * HOUR
        world.people.add_membership(world.operator, "karim", "ccas", world.clock(), ends=until)
        amina.put("/Logement/bail.txt", b"bail")
        amina.put("/Travail/cv.txt", b"cv")
        given = {
            "lea": world.share(amina, lea, "/Logement"),
            "team": world.share(amina, team, "/Logement"),
            "zoe": world.share(amina, zoe, "/Travail"),
        }
        yield Scene(world, amina, karim, lea, zoe, team, given)


def _end(scene: Scene) -> None:
    scene.world.sharing.end(scene.amina.who, scene.given["lea"].id, scene.world.clock())


def _shorten(scene: Scene) -> None:
    until = scene.world.clock() + HOUR
    scene.world.sharing.renew(scene.amina.who, scene.given["lea"].id, until, scene.world.clock())
    scene.world.clock.passes(hours=1)


def _one_more(scene: Scene) -> None:
    scene.world.share(scene.amina, scene.lea, "/Travail")


def _leaves(scene: Scene) -> None:
    scene.world.people.end_membership(scene.world.operator, "karim", "ccas", scene.world.clock())


def _time_in_the_structure_is_over(scene: Scene) -> None:
    scene.world.clock.passes(hours=2)


def _amina_leaves_the_structure(scene: Scene) -> None:
    book = Affiliations(scene.world.tools)
    book.leave(scene.amina.who, "ccas", scene.world.clock())


def _is_medical_from_now_on(scene: Scene) -> None:
    book, place = Classifying(scene.world.tools), DrivePath.parse("/Logement")
    book.set(scene.amina.who, place, Category.HEALTH, scene.world.clock())


def _policy_hides_housing_from_teams(scene: Scene) -> None:
    rule = "p, no-housing, deny, professional, via-structure, *, housing, *, *, *, *"
    more_rules(scene.world, rule)


CHANGES: dict[str, tuple[Callable[[Scene], None], str]] = {
    "a grant ends": (_end, "lea"),
    "a grant runs out": (_shorten, "lea"),
    "another grant is given": (_one_more, "lea"),
    "a member leaves": (_leaves, "karim"),
    "a membership runs out": (_time_in_the_structure_is_over, "karim"),
    "the owner leaves the structure": (_amina_leaves_the_structure, "karim"),
    "the category changes": (_is_medical_from_now_on, "karim"),
    "the policy changes": (_policy_hides_housing_from_teams, "karim"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_etags_move_up_to_the_root_for_whoever_gains_or_loses_and_for_nobody_else(
    scene: Scene, change: str
) -> None:
    happens, concerned = CHANGES[change]
    drives = {"karim": scene.karim, "lea": scene.lea, "zoe": scene.zoe}
    before = {login: scene.etags(drive) for login, drive in drives.items()}
    assert all(before["lea"].values())
    assert all(before["karim"].values())
    happens(scene)
    after = {login: scene.etags(drive) for login, drive in drives.items()}
    assert after[concerned]["/"] != before[concerned]["/"]
    assert after[concerned][FOLDER] != before[concerned][FOLDER]
    assert after["zoe"] == before["zoe"]
    others = drives.keys() - {concerned, "zoe"}
    if change != "the category changes":  # who still sees it sees that, too
        assert {login: after[login] for login in others} == {o: before[o] for o in others}


def test_nobody_finds_the_instances_people_by_the_way(scene: Scene) -> None:
    """The root of a drive counts the folders of those who share, and nobody else."""
    before = scene.etags(scene.zoe)
    scene.world.beneficiary("bilal", "fr")
    scene.world.share(scene.amina, scene.lea, "/Santé")
    assert scene.etags(scene.zoe) == before
