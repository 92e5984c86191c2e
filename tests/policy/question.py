"""Builds questions for the decider out of policy words: the people, grants and vaults of a test."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from davserver.domain.actions import Action, Category, Relation, Right, Strength, Zone
from davserver.domain.decisions import Target
from davserver.domain.grants import Grant, Grantee, ToPerson, ToStructure
from davserver.domain.ids import GrantId, MembershipId, NodeId, PersonId, StructureId, VaultId
from davserver.domain.people import (
    AccountState,
    Epoch,
    Membership,
    Person,
    Principal,
    Role,
    Structure,
    StructureKind,
)
from policies.loader import load, load_bytes, shipped
from policies.snapshot import Snapshot

# A Wednesday, 10:00 in Paris in winter: inside of every usual working hour.
NOW = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 1, 18, 9, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)

VAULT = VaultId(b"vault".ljust(16, b"."))
OTHER_VAULT = VaultId(b"other-vault".ljust(16, b"."))
NODE = NodeId(b"node".ljust(16, b"."))

ADDRESS = {
    Zone.OFFICE: "192.0.2.7",
    Zone.VPN: "198.51.100.9",
    Zone.INTERNET: "93.184.216.34",
    Zone.BLOCKED: "203.0.113.66",
}
NETWORKS = (
    b"192.0.2.0/24, office\n198.51.100.0/25, vpn\n203.0.113.66/32, blocked\n"
    b"2001:db8:12::/48, office\n"
)


OPEN_RULES = "\n".join(
    [
        *(f"p, {a}, allow, *, *, {a}, *, *, *, *, *" for a in Action if a is not Action.REGRANT),
        "p, regrant-own, allow, *, owner, regrant, *, *, *, *, *",
        "p, regrant-on, allow, *, grantee, regrant, ordinary, *, *, password, *",
        "",
    ]
)
"""The most that a file can allow."""


def shipped_files() -> dict[str, bytes]:
    """The shipped set, as name → bytes, to be changed by a test."""
    return dict(load(shipped()).files)


def with_files(**changed: str | bytes) -> Snapshot:
    """The shipped set with some files replaced: `with_files(rules="p, …")`."""
    files = shipped_files()
    for stem, content in changed.items():
        files[f"{stem}.csv"] = content.encode() if isinstance(content, str) else content
    return load_bytes(files)


def a_set(name: str) -> Snapshot:
    """The shipped set or an example, with networks in which every zone has an address."""
    folder = shipped() if name == "shipped" else shipped() / "examples" / name
    return load_bytes({**load(folder).files, "networks.csv": NETWORKS})


def person(role: Role, name: str = "somebody") -> Person:
    return Person(
        PersonId(name.encode().ljust(16, b".")), name, name, role, AccountState.ACTIVE, "fr"
    )


def structure(kind: str = "ccas", slug: str = "lyon", time_zone: str = "Europe/Paris") -> Structure:
    return Structure(
        StructureId(slug.encode().ljust(16, b".")), slug, slug, StructureKind(kind), time_zone
    )


def membership(
    where: Structure, starts: datetime = LONG_AGO, ends: datetime | None = None
) -> Membership:
    return Membership(MembershipId(where.id), where, starts, ends)


def principal(
    role: Role,
    *members: Membership,
    auth: Strength = Strength.PASSWORD,
    zone: Zone = Zone.INTERNET,
    vault: VaultId | None = None,
    name: str = "somebody",
) -> Principal:
    return Principal(
        person=person(role, name),
        credential=None,
        strength=auth,
        read_only=False,
        memberships=members,
        vault=vault,
        epoch=Epoch(1, 1, 1),
        address=ADDRESS[zone],
    )


def grant(
    to: Grantee,
    right: Right = Right.WRITE,
    vault: VaultId = VAULT,
    until: datetime | None = None,
) -> Grant:
    return Grant(
        id=GrantId(b"grant".ljust(16, b".")),
        vault=vault,
        node=NODE,
        to=to,
        right=right,
        starts=LONG_AGO,
        until=until,
        ended=None,
        folder="Amina",
        name="Logement",
        allowance=0,
        created=LONG_AGO,
    )


@dataclass(frozen=True)
class Question:
    """Who wants to do what to which target, and when."""

    who: Principal
    action: Action
    target: Target
    now: datetime = NOW

    def doing(self, action: Action) -> "Question":
        return replace(self, action=action)

    def about(self, category: Category) -> "Question":
        return replace(self, target=replace(self.target, category=category))


def owner(
    action: Action = Action.GET,
    category: Category = Category.HOUSING,
    auth: Strength = Strength.PASSWORD,
    zone: Zone = Zone.INTERNET,
) -> Question:
    who = principal(Role.BENEFICIARY, auth=auth, zone=zone, vault=VAULT, name="amina")
    return Question(who, action, Target(VAULT, Relation.OWNER, category))


def named(
    action: Action = Action.GET,
    category: Category = Category.HOUSING,
    right: Right = Right.WRITE,
    where: Structure | None = None,
    auth: Strength = Strength.PASSWORD,
    zone: Zone = Zone.INTERNET,
) -> Question:
    """A professional of one structure, with a grant to them by name."""
    place = where or structure()
    who = principal(Role.PROFESSIONAL, membership(place), auth=auth, zone=zone, name="pro")
    target = Target(VAULT, Relation.GRANTEE, category, grant=grant(ToPerson(who.id), right))
    return Question(who, action, target)


def team(
    action: Action = Action.GET,
    category: Category = Category.HOUSING,
    right: Right = Right.WRITE,
    where: Structure | None = None,
    auth: Strength = Strength.PASSWORD,
    zone: Zone = Zone.INTERNET,
) -> Question:
    """A professional of one structure, with a grant to the structure."""
    place = where or structure()
    who = principal(Role.PROFESSIONAL, membership(place), auth=auth, zone=zone, name="pro")
    target = Target(
        VAULT,
        Relation.VIA_STRUCTURE,
        category,
        grant=grant(ToStructure(place.id), right),
        structure=place,
    )
    return Question(who, action, target)
