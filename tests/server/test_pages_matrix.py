"""Each row of `davserver.web.routes.ROUTES`, played as each role and as nobody: the page decides as
the drive does for the same person and thing. How a row is played is said in
tests/support/pages_plays.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from davserver.config import load
from davserver.domain.people import Role
from davserver.gate.policy.rulebook import Verdict
from davserver.web.routes import ROUTES, Route
from davserver.wiring.services import Services, build
from policies import loader as policies
from tests.policy.specification import Scene
from tests.support.cast import CCAS, EITHER, Casts
from tests.support.http import Answer
from tests.support.instance import serving
from tests.support.matrix_player import Spot
from tests.support.matrix_stage import Stage, staged
from tests.support.pages_plays import PLAYS, decided
from tests.support.pages_visitor import (
    ABSENT,
    ALLOWED,
    HERE,
    NOBODY,
    Decision,
    Visitor,
    of_drive,
    of_page,
)
from tests.support.reloading import applied

pytestmark = [pytest.mark.server, pytest.mark.slow]

BLOCKED = "127.0.0.2"
"""An address of this machine that the policy lets nobody in from."""

OWNER = Scene("beneficiary", "owner", "all", "ordinary")
READER = Scene("professional", "named", "read", "ordinary")
TEAM = Scene("professional", "via-structure", "write", "ordinary")
TEAM_SENSITIVE = Scene("professional", "via-structure", "write", "sensitive")
VISITORS: dict[str, tuple[Scene, str]] = {
    "owner": (OWNER, HERE),
    "owner, from a blocked network": (OWNER, BLOCKED),
    "other beneficiary": (Scene("beneficiary", "stranger", "none", "ordinary"), HERE),
    "may read": (READER, HERE),
    "may read, sensitive": (Scene("professional", "named", "read", "sensitive"), HERE),
    "may read, from a blocked network": (READER, BLOCKED),
    "may write": (Scene("professional", "named", "write", "ordinary"), HERE),
    "may deposit": (Scene("professional", "named", "deposit", "ordinary"), HERE),
    "by structure": (TEAM, HERE),
    "by structure, sensitive": (TEAM_SENSITIVE, HERE),
    "shared no longer": (Scene("professional", "ended", "none", "ordinary"), HERE),
    "left the structure": (Scene("professional", "left", "none", "ordinary"), HERE),
    "of another structure": (Scene("professional", "other-structure", "none", "ordinary"), HERE),
    "manager": (Scene("manager", "manages", "none", "ordinary"), HERE),
    "administrator": (Scene("administrator", "none", "none", "ordinary"), HERE),
    "nobody": (Scene("nobody", "none", "none", "ordinary"), HERE),
}


STRICTER = [
    "p, named-see,  allow, professional, grantee,       list,   *,        *, *, *,   *",
    "p, named-open, allow, professional, grantee,       get,    ordinary, *, *, mfa, *",
    "p, named-put,  allow, professional, grantee,       modify, *,        *, *, *,   *",
    "p, team-later, deny,  professional, via-structure, use,    *,        *, *, *,   closed",
]
ON_POSTGRESQL = 6
"""Every sixth thing of a row: a change takes ten times as long there, and the gate is the same."""

NOTHING_SHARED = {"stranger", "ended", "left", "other-structure"}
"""Whoever stands so finds nothing, whatever it is."""

PARIS = ZoneInfo("Europe/Paris")
SCENES = dict.fromkeys(scene for scene, _ in VISITORS.values())
NOTHING = Spot("", "")


@dataclass(frozen=True)
class House:
    stage: Stage
    services: Services


@pytest.fixture(scope="module", params=EITHER)
def house(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[House]:
    """Where nobody is paused for doing so much, and nobody is let in from one address."""
    folder = tmp_path_factory.mktemp("pages") / "abri"
    with casts.copy(request.param, folder) as instance:
        instance.set("vaults.changes_per_minute", "100000")
        (folder / "policies" / "networks.csv").write_text(f"{BLOCKED}/32, blocked\n")
        with serving(instance), staged(instance, SCENES) as stage:
            services = build(load(instance.config))
            yield House(stage, services)
            services.close()


def test_every_page_is_played() -> None:
    rows = {route.name for route in ROUTES}
    new, gone = sorted(rows - set(PLAYS)), sorted(set(PLAYS) - rows)
    assert not new, (
        f"no play for {new}: say in PLAYS of tests/support/pages_plays.py what a browser sends and "
        "what that is compared with, such as `Play(get('/counts'), as_what=Relation.MANAGES)`"
    )
    assert not gone, f"a play without a page: {gone}"


@pytest.mark.parametrize("who", VISITORS)
def test_each_page_decides_as_the_drive_does(house: House, who: str) -> None:
    scene, source = VISITORS[who]
    with Visitor(house.stage, scene, house.services, source) as visitor:
        require_alike(visitor)


def require_alike(visitor: Visitor) -> None:
    wrong = []
    for route in ROUTES:
        for thing in things_for(visitor, route):
            wrong += differences(visitor, route, thing)
    assert not wrong, f"{len(wrong)} answers are not the drive's:\n" + "\n".join(wrong)


@pytest.fixture
def stricter(house: House) -> Iterator[None]:
    """Other rules, until the test is over: professionals open with a second factor only, those of a
    structure not before the day after tomorrow, and whatever asked for the password itself asks for
    a second factor.
    """
    usual = dict(policies.load(house.stage.instance.folder / "policies").files)
    kept = usual["rules.csv"].decode().replace("password, *", "mfa,      *").splitlines()
    rules = [one for one in kept if not one.startswith("p, named-consult")] + STRICTER
    later = datetime.now(PARIS) + timedelta(days=2)
    hours = f"later, {later:%a}, 08:00, 19:00\n".lower()
    changed = {"rules.csv": "\n".join([*rules, ""]).encode(), "calendars.csv": hours.encode()}
    assert applied(house.services, usual | changed).verdict is Verdict.IN_FORCE
    yield
    assert applied(house.services, usual).verdict is Verdict.IN_FORCE


@pytest.mark.parametrize(
    "who", ["owner", "may read", "may write", "by structure", "manager", "administrator"]
)
@pytest.mark.usefixtures("stricter")
def test_a_change_of_the_rules_changes_the_pages_as_it_changes_the_drive(
    house: House, who: str
) -> None:
    scene, source = VISITORS[who]
    with Visitor(house.stage, scene, house.services, source, makes=False) as visitor:
        require_alike(visitor)
        refused = {of_page(visitor.get(page)).outcome for page in ("/devices", "/password")}
    assert refused == {"refused"}


def test_whoever_was_blocked_is_a_stranger_on_every_page(house: House) -> None:
    house.stage.instance.add_person("barred", "professional", "Barred", CCAS)
    with Visitor(house.stage, READER, house.services, login="barred") as visitor:
        assert of_page(visitor.get("/devices")) == ALLOWED
        to, now = house.services.people, house.services.clock()
        to.disable(to.operator("tests", now), "barred", now)
        pages = [one for one in ROUTES if one.audience is not None]
        assert {of_page(visitor.tries(one)) for one in pages} == {NOBODY}
        assert of_drive(visitor.finds("/")) == NOBODY


STAFF = [name for name, (scene, _) in VISITORS.items() if scene.role == "professional"]


@pytest.mark.parametrize("who", [one for one in STAFF if "blocked" not in one])
def test_whoever_looks_who_shares_with_them_finds_what_is_on_their_drive(
    house: House, who: str
) -> None:
    """Nor less, nor more: what the rules hide from them has no name there either."""
    with Visitor(house.stage, VISITORS[who][0], house.services) as visitor:
        visitor.get("/people")
        on_page = set(visitor.browser.page.xpath("//main//bdi/text()"))
        folders = visitor.drive.names("/")
        inside = [visitor.drive.names(f"/{one}") for one in folders]
    assert on_page == folders.union(*inside)


def things_for(visitor: Visitor, route: Route) -> list[str]:
    """What the page is asked about; one thing where the answer does not depend on it."""
    if not is_for(visitor, route):
        return [""]
    play = PLAYS[route.name]
    found = [one for one in play.things or [""] if visitor.meets(one)]
    if not play.by(visitor):
        return []
    if visitor.scene.relation in NOTHING_SHARED or visitor.scene == TEAM_SENSITIVE:
        return found[:2]
    if not visitor.stage.whole:
        return found[::ON_POSTGRESQL]
    return found if visitor.makes else found[::2]


def is_for(visitor: Visitor, route: Route) -> bool:
    role = visitor.scene.role
    return route.audience is None or (role != "nobody" and Role(role) in route.audience)


def differences(visitor: Visitor, route: Route, thing: str) -> list[str]:
    if is_for(visitor, route):
        expected, answer = played(visitor, route, thing)
    else:
        expected = NOBODY if visitor.scene.role == "nobody" else ABSENT
        answer = visitor.tries(route)
    came = of_page(answer)
    if came == expected:
        return []
    return [f"{route.name} on {thing or 'nothing'}: {came}, and not {expected} ({answer.status})"]


def played(visitor: Visitor, route: Route, thing: str) -> tuple[Decision, Answer]:
    """What the drive decided, and what the page answered."""
    play = PLAYS[route.name]
    expected = ALLOWED if route.audience is None else decided(visitor, route, play, thing)
    spot = visitor.spot(thing, anew=play.uses_up) if thing else NOTHING
    answer = play.page(visitor, spot)
    visitor.player.unlock_all()
    return expected, answer
