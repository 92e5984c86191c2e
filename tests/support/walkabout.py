"""What everybody's drive answers, found out by walking it: slow, and obviously right.

Each person goes through their whole drive in each of some circumstances, by the program's own
`Sight`, and asks the judge about everything that they find.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy import Connection

from davserver.domain.actions import Action, Strength, Zone
from davserver.domain.decisions import Permit
from davserver.domain.ids import PersonId
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState, Principal
from davserver.gate.denied import Denied
from davserver.gate.entries.members import children
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from policies.invariants import CONTENT
from policies.moments import Moment
from policies.snapshot import Snapshot
from tests.support.rules import OneSet
from tests.support.safekeeping import Safekeeping

ADDRESSES = {
    Zone.OFFICE: "192.0.2.9",
    Zone.VPN: "198.51.100.9",
    Zone.INTERNET: "233.252.0.9",
    Zone.BLOCKED: "203.0.113.66",
}
NETWORKS = "192.0.2.0/24, office\n198.51.100.0/25, vpn\n203.0.113.66/32, blocked\n"
CALENDAR = "work-hours, mon-fri, 08:00, 19:00\n"
HOURS = {"work-hours": timedelta(0), "closed": timedelta(hours=8)}
"""After a Monday's noon. Nothing may begin or end in between."""

ZONES = (Zone.VPN, Zone.INTERNET, Zone.BLOCKED)
STRENGTHS = (Strength.APP_PASSWORD, Strength.MFA)

Node = tuple[bytes, bytes]
"""Vault and node."""
Circumstance = tuple[str, str, str]
Answers = Mapping[tuple[PersonId, Node, Action], frozenset[Circumstance]]


@dataclass(frozen=True, slots=True)
class Seen:
    """`answers`: in which circumstances who may do what; `folders`, `categories`: of nodes."""

    answers: Answers
    folders: Mapping[Node, bool]
    categories: Mapping[Node, str]


def walked(world: Safekeeping, policy: Snapshot, now: datetime) -> Seen:
    tools = replace(world.tools, policy=OneSet(world.keys, policy.files))
    answers: dict[tuple[PersonId, Node, Action], set[Circumstance]] = {}
    folders: dict[Node, bool] = {}
    categories: dict[Node, str] = {}
    with world.db.read() as tx:
        for who in _everybody(world, tx, now):
            for at, here, when in _circumstances(who, now):
                for sight, place in _drive(tools, tx, here, when):
                    node = _node(place)
                    folders[node], categories[node] = place.is_folder, place.category
                    for action in CONTENT:
                        if isinstance(sight.decide(action, place), Permit):
                            answers.setdefault((who.id, node, action), set()).add(at)
    return Seen({k: frozenset(v) for k, v in answers.items()}, folders, categories)


def is_walked(moment: Moment, new: Snapshot, now: datetime) -> bool:
    """Whether somebody was there, at that address and hour, under these new rules too."""
    if moment.auth not in STRENGTHS or moment.zone_before not in ZONES:
        return False
    span = new.calendar.span(now + HOURS[moment.slot_before], None)
    zone = new.networks.zone_of(ADDRESSES[Zone(moment.zone_before)])
    return span is not None and (zone, span.slot) == (moment.zone_after, moment.slot_after)


def told(moment: Moment) -> Circumstance:
    """By the words that the old set has for it."""
    return moment.zone_before, moment.auth, moment.slot_before


def _everybody(world: Safekeeping, tx: Connection, now: datetime) -> Iterator[Principal]:
    for person in world.registered.everybody(tx):
        who = world.registered.operator_for(tx, person.login, "tests", now)
        yield replace(who, operator=None)


def _circumstances(
    who: Principal, now: datetime
) -> Iterator[tuple[Circumstance, Principal, datetime]]:
    for zone, strength, (slot, later) in product(ZONES, STRENGTHS, HOURS.items()):
        here = replace(who, address=ADDRESSES[zone], strength=strength)
        yield (zone.value, strength.value, slot), here, now + later


def _drive(
    tools: Tools, tx: Connection, who: Principal, now: datetime
) -> Iterator[tuple[Sight, Place]]:
    """Everything that this person finds on their drive."""
    if who.person.state is not AccountState.ACTIVE:
        return  # they cannot sign in
    try:
        sight = Sight(tools, tx, who, now)
    except Denied:
        return
    if who.vault is not None:
        waiting = list(children(sight, sight.place(DrivePath())))
    else:
        grantees = (who.id, *who.structures)
        folders = tools.grants.folders_for(tx, grantees, now)
        shared = [sight.place(DrivePath((one.name,))) for one in folders]
        waiting = [
            item for one in shared if one.kind is PlaceKind.SHARED for item in sight.items(one)
        ]
    while waiting:
        place = waiting.pop()
        yield sight, place
        if place.is_folder:
            waiting += children(sight, place)


def _node(place: Place) -> Node:
    assert place.vault is not None
    assert place.node is not None
    return place.vault.id, place.node.id
