"""What a change of the rules would do, against everybody walking their drive before and after."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from davserver.domain.actions import Action, Category, Right
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.ids import PersonId
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState, StructureKind
from davserver.gate.classifying import Classifying
from davserver.gate.notices import NoticeKind
from davserver.gate.survey import Survey
from davserver.gate.widened import made_more_visible, tell_owners
from policies.loader import load, load_bytes, shipped
from policies.moments import Moment
from policies.snapshot import Snapshot
from policies.ways import Comparison
from tests.support.accounts import NOON
from tests.support.drive import Drive
from tests.support.rules import SHARE_ON
from tests.support.safekeeping import Safekeeping, safekeeping
from tests.support.walkabout import CALENDAR, NETWORKS, Seen, is_walked, told, walked

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

RESHARE = [
    SHARE_ON.format("grantee"),
    SHARE_ON.format("via-structure").replace("share-on", "team-share-on"),
]
TEAM_ALL = "p, team-all, allow, professional, via-structure, {}, {}, {}, *, {}, *"


def policy(*lines: str, groups: str = "", without: str = "") -> Snapshot:
    files = dict(load(shipped()).files)
    rules = files["rules.csv"].decode().splitlines()
    kept = [line for line in rules if not without or f" {without}," not in line]
    files["rules.csv"] = "\n".join([*kept, *RESHARE, *lines, ""]).encode()
    files["groups.csv"] += groups.encode()
    files["networks.csv"] += NETWORKS.encode()
    files["calendars.csv"] += CALENDAR.encode()
    return load_bytes(files)


CHANGES = {
    "a team sees what is sensitive": policy(TEAM_ALL.format("consult", "sensitive", "*", "*")),
    "one structure does": policy(
        TEAM_ALL.format("consult", "health", "clinic-lyon", "*"),
        groups="structure, clinic-lyon, health-structure\n",
    ),
    "reading asks for more": policy(
        "p, a, allow, professional, grantee, list, *, *, *, *, *",
        "p, b, allow, professional, grantee, get, *, *, office, *, *",
        "p, c, allow, professional, grantee, get, *, *, *, mfa, work-hours",
        without="named-consult",
    ),
    "no deposits": policy("p, d, deny, professional, via-structure, put, *, *, *, *, *"),
    "a category disappears": policy("p, d, deny, *, via-structure, list, housing, *, *, *, *"),
    "owners lose a category": policy(
        "p, d, deny, beneficiary, owner, list, health, *, *, *, *",
        "p, e, deny, beneficiary, owner, get, *, *, internet, *, *",
    ),
    "nobody shares on": policy("p, d, deny, *, grantee, regrant, *, *, *, *, *"),
    "another block": policy("p, d, deny, professional, *, *, *, *, internet, *, *"),
}
BEFORE = policy()


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path) as made:
        made.decider.swap(BEFORE)
        made.clock.now = NOON - 2 * DAY
        furnish(made)
        made.clock.now = NOON
        yield made


def furnish(world: Safekeeping) -> None:
    """Grants of every kind and state, folders within folders, categories of their own."""
    ccas = world.structure("ccas-lyon")
    clinic = world.people.add_structure(
        world.operator, "clinic-lyon", "Clinic", StructureKind.HEALTH_STRUCTURE, world.clock()
    )
    amina, bilal = world.beneficiary("amina", "fr"), world.beneficiary("bilal", "fr")
    karim, paul = world.professional("karim", ccas), world.professional("paul", ccas, clinic)
    zoe, ivan = world.professional("zoe", clinic), world.professional("ivan")
    left, blocked = world.professional("left", ccas), world.professional("blocked", ccas)
    world.manager("mireille", ccas)
    make_documents(amina)
    bilal.put("/Identité/carte.txt", b"card")
    bilal.put("/Santé/soins.txt", b"care")
    world.share(amina, ccas, "/Logement", Right.WRITE)
    world.share(amina, clinic, "/Logement/Soins", Right.READ)
    world.share(amina, ccas, "/Travail", Right.DEPOSIT)
    world.share(amina, zoe, "/Santé", Right.READ)
    world.share(amina, karim, "/Logement/Soins/bail.txt", Right.READ)
    world.share(amina, zoe, "/Justice", Right.DEPOSIT)
    world.share(bilal, karim, "/Identité", Right.WRITE)
    world.share(bilal, clinic, "/Identité", Right.WRITE)
    world.share(bilal, blocked, "/Identité", Right.READ)
    give(world, bilal, ToPerson(ivan.person.id), "/Santé", starts=NOON + DAY)
    give(world, bilal, ToPerson(paul.person.id), "/Santé", until=NOON - HOUR)
    give(world, karim, ToPerson(ivan.person.id), "/Name of bilal/Identité/carte.txt")
    give(world, karim, ToPerson(ivan.person.id), "/Name of amina/Logement/bail.txt")
    classify(world, amina, "/Logement/Soins", Category.HEALTH)
    classify(world, amina, "/Logement/Soins/bail.txt", Category.HOUSING)
    world.clock.now = NOON - HOUR
    karim.put("/Name of amina/Travail/note.txt", b"mine")
    zoe.put("/Name of amina/Justice/avis.txt", b"hers")
    leave(world, left)
    state = AccountState.ADMINISTRATOR_BLOCKED
    register = world.accounts.register
    world.db.write(lambda tx: register.set_state(tx, blocked.person.id, state, world.clock()))


def make_documents(amina: Drive) -> None:
    amina.mkcol("/Logement/Soins")
    amina.mkcol("/Logement/Soins/vide")
    for path in (
        "/Logement/bail.txt",
        "/Logement/Soins/ordonnance.txt",
        "/Logement/Soins/bail.txt",
        "/Santé/analyse.txt",
        "/Travail/contrat.txt",
        "/Justice/jugement.txt",
        "/libre.txt",
    ):
        amina.put(path, path.encode())
    amina.put("/Logement/vieux.txt", b"gone")
    amina.delete("/Logement/vieux.txt")


def classify(world: Safekeeping, owner: Drive, path: str, category: Category) -> None:
    Classifying(world.tools).set(owner.who, DrivePath.parse(path), category, world.clock())


def give(
    world: Safekeeping, by: Drive, to: ToPerson | ToStructure, path: str, **wish: object
) -> None:
    usual = {"right": Right.READ, "until": None}
    place = DrivePath.parse(path)
    world.sharing.add(by.who, to=to, path=place, now=world.clock(), **usual | wish)


def leave(world: Safekeeping, one: Drive) -> None:
    (membership,) = one.who.memberships
    register = world.accounts.register
    world.db.write(lambda tx: register.end_membership(tx, membership.id, world.clock()))


Turn = tuple[tuple[str, frozenset[object], frozenset[object]], ...]
"""For each action that changes: when it was allowed, and when it will be."""


def from_survey(world: Safekeeping, new: Snapshot) -> dict[tuple[bytes, Turn], object]:
    """By vault and turn: people, and nodes with what they are."""
    comparison = Comparison(BEFORE, new)
    with world.db.read() as tx:
        survey = Survey(tx, world.tools, comparison, world.clock())
        found: dict[tuple[bytes, Turn], tuple[set[PersonId], dict[bytes, bool]]] = {}
        for one in (*survey.vaults(Comparison.changes), *survey.owners(Comparison.changes)):
            for effect, reached in one.effects.items():
                turn = tuple(
                    (action.value, sets[0], sets[1])
                    for action, pair in effect.changes
                    if (sets := (_set(comparison, pair.before), _set(comparison, pair.after)))
                    and sets[0] != sets[1]
                )
                if turn:
                    people, nodes = found.setdefault((one.vault, turn), (set(), {}))
                    people.update(*reached.people)
                    nodes.update({node: n.is_folder for node, n in reached.nodes.items()})
    return found


def _set(comparison: Comparison, bits: int) -> frozenset[object]:
    moments: list[Moment] = list(comparison.moments)
    return frozenset(
        told(one) for number, one in enumerate(moments) if bits >> number & 1 and is_walked(one)
    )


def from_walks(before: Seen, after: Seen) -> dict[tuple[bytes, Turn], object]:
    pairs = {(who, node) for seen in (before, after) for who, node, _ in seen.answers}
    folders = before.folders | after.folders
    found: dict[tuple[bytes, Turn], tuple[set[PersonId], dict[bytes, bool]]] = {}
    never: frozenset[object] = frozenset()
    for who, (vault, node) in pairs:
        turn = tuple(
            (action.value, *sets)
            for action in Action
            if action is not Action.REVOKE  # no rule takes it away
            and (
                sets := (
                    before.answers.get((who, (vault, node), action), never),
                    after.answers.get((who, (vault, node), action), never),
                )
            )
            and sets[0] != sets[1]
        )
        if turn:
            people, nodes = found.setdefault((vault, turn), (set(), {}))
            people.add(who)
            nodes[node] = folders[vault, node]
    return found


def test_it_says_what_everybody_would_find(world: Safekeeping) -> None:
    before = walked(world, BEFORE, world.clock())
    for name, new in CHANGES.items():
        wanted = from_walks(before, walked(world, new, world.clock()))
        assert wanted, name
        assert from_survey(world, new) == wanted, name
        gaining = {vault for vault, turn in wanted if any(c - b for _, b, c in turn)}
        assert {world.vault_of(one) for one in owners_to_tell(world, new)} == gaining, name
    assert from_survey(world, policy()) == {}


def owners_to_tell(world: Safekeeping, new: Snapshot) -> list[Drive]:
    with world.db.read() as tx:
        found = made_more_visible(tx, world.tools, BEFORE, new, world.clock())
        people = world.directory.people(tx, {one.owner for one in found})
    return [Drive(world, person) for person in people.values()]


def test_owners_are_told_what_others_gain_and_no_name(world: Safekeeping) -> None:
    new = CHANGES["a team sees what is sensitive"]
    with world.db.read() as tx:
        found = made_more_visible(tx, world.tools, BEFORE, new, world.clock())
    world.db.write(lambda tx: tell_owners(tx, world.tools, found, world.clock()))
    told_now = [one for one in world.notices() if one.kind is NoticeKind.POLICY_WIDENED]
    with world.db.read() as tx:
        amina = world.directory.find_person(tx, "amina").id
    assert [(one.person, dict(one.says)) for one in told_now] == [
        (
            amina,
            {
                "people": "3",
                "documents": "2",
                "folders": "2",
                "more": "see,read,change,share-on",
                "how": "new",
            },
        )
    ]
