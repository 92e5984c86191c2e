"""Grants of every kind and state, folders within folders, categories of their own; and changes of
the rules that concern some of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from davserver.domain.actions import Category, Right
from davserver.domain.grants import ToPerson
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState, Structure, StructureKind
from davserver.gate.drive.classifying import Classifying
from davserver.vault import affiliations
from policies.loader import load, load_bytes, shipped
from policies.snapshot import Snapshot
from tests.support.accounts import NOON
from tests.support.drive import Drive
from tests.support.rules import SHARE_ON, put_in_force
from tests.support.safekeeping import Safekeeping, safekeeping
from tests.support.walkabout import CALENDAR, NETWORKS

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

TEAM_ALL = "p, team-all, allow, professional, via-structure, {}, {}, {}, *, {}, *"


def policy(*lines: str, groups: str = "", networks: str = "", without: str = "") -> Snapshot:
    files = dict(load(shipped()).files)
    rules = files["rules.csv"].decode().splitlines()
    kept = [line for line in rules if not without or f" {without}," not in line]
    files["rules.csv"] = "\n".join([*kept, SHARE_ON, *lines, ""]).encode()
    files["groups.csv"] += groups.encode()
    files["networks.csv"] += (NETWORKS + networks).encode()
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
    "an office grew": policy(
        "p, a, allow, professional, grantee, list, *, *, *, *, *",
        "p, b, allow, professional, grantee, get, *, *, office, *, *",
        without="named-consult",
        networks="233.252.0.0/24, office\n",
    ),
    "another block": policy("p, d, deny, professional, *, *, *, *, internet, *, *"),
}
BEFORE = policy()


@contextmanager
def neighbourhood(url: str, folder: Path) -> Iterator[Safekeeping]:
    with safekeeping(url, folder) as made:
        put_in_force(made.tools, BEFORE.files)
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
    celia, dora = world.beneficiary("celia", "fr"), world.beneficiary("dora", "fr")
    make_documents(amina)
    make_documents(celia)
    make_documents(dora)
    celia.delete("/Logement/Soins")
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
    world.share(celia, karim, "/Logement", Right.WRITE)
    world.share(celia, zoe, "/Santé", Right.READ)
    emile = world.beneficiary("emile", "fr")
    emile.mkcol("/Travail/Contrats")
    emile.put("/Travail/Contrats/un.txt", b"one")
    world.share(emile, ccas, "/Travail/Contrats/un.txt", Right.READ)
    world.share(dora, clinic, "/Travail", Right.READ)
    world.share(dora, karim, "/Logement", Right.READ)
    world.share(dora, karim, "/Logement/Soins", Right.WRITE)
    give(world, bilal, ToPerson(ivan.person.id), "/Santé", starts=NOON + DAY)
    give(world, bilal, ToPerson(paul.person.id), "/Santé", until=NOON - HOUR)
    give(world, karim, ToPerson(ivan.person.id), "/Name of bilal/Identité/carte.txt")
    give(world, karim, ToPerson(ivan.person.id), "/Name of amina/bail.txt")
    give(world, karim, ToPerson(ivan.person.id), "/Name of dora/Logement/bail.txt")
    dora.move("/Logement/bail.txt", "/Travail/bail.txt")
    karim.put("/Name of amina/Travail/old.txt", b"too long ago")
    classify(world, amina, "/Logement/Soins", Category.HEALTH)
    classify(world, amina, "/Logement/Soins/bail.txt", Category.HOUSING)
    world.clock.now = NOON - HOUR
    karim.put("/Name of amina/Travail/note.txt", b"mine")
    zoe.put("/Name of amina/Justice/avis.txt", b"hers")
    leave(world, left)
    let_run_out(world, dora, clinic)
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


def give(world: Safekeeping, by: Drive, to: ToPerson, path: str, **wish: object) -> None:
    usual = {"right": Right.READ, "until": None}
    place = DrivePath.parse(path)
    world.sharing.add(by.who, to=to, path=place, now=world.clock(), **usual | wish)


def leave(world: Safekeeping, one: Drive) -> None:
    (membership,) = one.who.memberships
    register = world.accounts.register
    world.db.write(lambda tx: register.end_membership(tx, membership.id, world.clock()))


def let_run_out(world: Safekeeping, owner: Drive, structure: Structure) -> None:
    """Their affiliation has an end, which is past now; nobody has cleaned up yet."""

    def work(tx: Connection) -> None:
        vault = world.vault_of(owner)
        found = affiliations.between(tx, world.keys, vault, structure.id)
        assert found is not None
        affiliations.store(tx, world.keys, replace(found, ends=world.clock()))

    world.db.write(work)
