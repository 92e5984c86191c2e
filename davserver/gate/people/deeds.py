"""What somebody opened and changed in the vaults of others, for whoever must know after they left:
counts, people, days and categories. No document is named, and none is opened.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import Connection, select

from authn.register import Register
from authn.registered import Registered
from davserver.db.tables import grant as grant_table
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Target
from davserver.domain.errors import NotFound
from davserver.domain.grants import ToStructure
from davserver.domain.ids import NodeId, PersonId, StructureId, VaultId
from davserver.domain.people import Membership, Person, Principal, Role, Structure
from davserver.gate.people.desk import Barred, Desk, Front
from davserver.gate.tools import Tools
from davserver.trail import Deed, Event, What
from davserver.trail.story import ERASED
from davserver.vault import affiliations
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import category_of

OPENING = frozenset({What.READ})
CHANGING = frozenset(
    {
        What.WRITE, What.MAKE_FOLDER, What.REMOVE, What.MOVE, What.COPY, What.RESTORE, What.ERASE,
        What.PROPERTIES, What.CATEGORY, What.RECALL, What.UNDO, What.SCRATCH_OUT,
    }
)  # fmt: skip
"""Words of the trail that are about documents. Locks, grants and refusals open and change none."""

Tell = Callable[[int, int], None]
"""Is told how many of how many vaults are done."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` (included) to `now`. Days are counted on the clocks of `zone`."""

    since: datetime
    now: datetime
    zone: tzinfo | None


@dataclass(frozen=True, slots=True)
class Day:
    """One beneficiary's documents of one category on one day. `owner` None: the vault does not
    open. `category` None: the document was erased since, or the trail has lost which it was.
    """

    day: date
    owner: Person | None
    category: Category | None
    documents: int
    opened: int
    changed: int


@dataclass(frozen=True, slots=True)
class Account:
    """What `person` did, by day and beneficiary. `lost`: entries whose content was erased."""

    person: Person
    period: Period
    days: tuple[Day, ...]
    lost: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """`vaults` may be told of. `teams` None: of everything in them; otherwise not of what was
    reached through a grant to another structure than these.
    """

    person: Person
    vaults: tuple[VaultId, ...]
    teams: frozenset[StructureId] | None


class Deeds:
    """For administrators and somebody at the machine; and for managers, of people of their own
    structure in vaults that are affiliated with it. Raises NotFound, Refused.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        register = Register(tools.keys, tools.entropy)
        self._front = Front(tools, Registered(tools.keys), register)

    def report(
        self, who: Principal, login: str, period: Period, tell: Tell = lambda _done, _all: None
    ) -> Account:
        """Looking is an entry in the trail of each vault that it tells of, and of the instance."""
        now = period.now
        self._tools.readings.settle(now)
        asked = self._front.look(who, now, lambda desk: _asked(desk, login, period)[0])
        days: list[Day] = []
        vaults: list[VaultId] = []
        lost = 0
        for done, vault in enumerate(asked.vaults):
            tell(done, len(asked.vaults))
            found, gone = self._in_vault(asked, vault, period)
            lost += gone
            days += found
            vaults += [vault] if found or gone else []
        self._front.change(who, now, lambda desk: _record(desk, login, period, vaults))
        days.sort(key=lambda one: (one.day, _name(one), one.category or ""))
        return Account(asked.person, period, tuple(days), lost)

    def _in_vault(self, asked: _Asked, vault: VaultId, period: Period) -> tuple[list[Day], int]:
        """One transaction for each vault: a long report keeps nobody waiting."""
        tools = self._tools
        with tools.db.read() as tx:
            done = tools.trail.done_by(tx, vault, asked.person.id, period.since)
            told = _told(tx, tools, asked, vault, [one for one in done if one.at >= period.since])
            lost = sum(one.what == ERASED for one in told)
            told = [one for one in told if one.what in OPENING | CHANGING]
            if not told:
                return [], lost
            owner, categories = self._opened(tx, vault, told, period.now)
            return _by_day(told, owner, categories, period.zone), lost

    def _opened(
        self, tx: Connection, vault: VaultId, deeds: Collection[Deed], now: datetime
    ) -> tuple[Person | None, Mapping[NodeId, Category]]:
        registered = self._front.registered
        keys = registered.instance_operator(tx, "", now).epoch.keys
        try:
            opened = self._tools.vaults.open(tx, vault, keys, now)
        except NotFound:
            return None, {}
        ids = {one.node for one in deeds if one.node is not None}
        nodes = index.ancestors(tx, {vault: opened}, ids)
        chains = {one: tuple(index.chain_to(nodes, one)) for one in ids}
        whole = {one: chain for one, chain in chains.items() if chain and chain[0].parent is None}
        owner = registered.people(tx, {opened.owner}).get(opened.owner)
        return owner, {one: category_of(chain) for one, chain in whole.items()}


def _asked(desk: Desk, login: str, period: Period) -> tuple[_Asked, str]:
    """Of whom and of which vaults it may be told, and by which rule. Raises Barred, NotFound."""
    who = desk.who
    if who.operator is None and who.person.role is Role.MANAGER:
        return _by_manager(desk, login, period)
    rule = _require(desk, Relation.NONE, None, None)
    person = desk.registered.find_person(desk.tx, login)
    theirs = desk.registered.memberships(desk.tx, person.id)
    return _Asked(person, _reached(desk.tx, person.id, theirs), None), rule


def _by_manager(desk: Desk, login: str, period: Period) -> tuple[_Asked, str]:
    """Somebody who is not of theirs is answered like somebody who does not exist."""
    try:
        person = desk.registered.find_person(desk.tx, login)
    except NotFound:
        _require(desk, Relation.NONE, None, None)
        raise
    theirs = desk.registered.memberships(desk.tx, person.id)
    team = _in_common(desk.who, theirs, period)
    relation = Relation.MANAGES if team else Relation.NONE
    rule = _require(desk, relation, team[0] if team else None, person.id)
    ids = frozenset(one.id for one in team)
    found = affiliations.of_structures(desk.tx, desk.tools.keys, ids)
    live = {one.vault for one in found if one.is_live(desk.now)}
    reached = _reached(desk.tx, person.id, theirs)
    return _Asked(person, tuple(one for one in reached if one in live), ids), rule


def _in_common(who: Principal, theirs: Collection[Membership], period: Period) -> list[Structure]:
    """Where `who` works now and they worked at some moment of the period."""
    during = {
        one.structure.id
        for one in theirs
        if one.starts <= period.now and (one.ends is None or one.ends > period.since)
    }
    return [one.structure for one in who.memberships if one.structure.id in during]


def _require(
    desk: Desk, relation: Relation, structure: Structure | None, person: PersonId | None
) -> str:
    target = Target(None, relation, Category.UNCLASSIFIED, structure=structure, person=person)
    decision = desk.judged(Action.AUDIT, target)
    if isinstance(decision, Denial):
        raise Barred(desk.who, decision)
    return decision.rule


def _reached(
    tx: Connection, person: PersonId, memberships: Collection[Membership]
) -> tuple[VaultId, ...]:
    """Where anything was ever granted to them, or to a structure of theirs: nobody reads elsewhere.
    The trail of each says what they did.
    """
    to = [person, *(one.structure.id for one in memberships)]
    wanted = select(grant_table.c.vault_id).where(grant_table.c.to_id.in_(to)).distinct()
    return tuple(sorted(VaultId(one) for one in tx.execute(wanted).scalars()))


def _told(
    tx: Connection, tools: Tools, asked: _Asked, vault: VaultId, deeds: list[Deed]
) -> list[Deed]:
    if asked.teams is None or not deeds:
        return deeds
    rows = tools.grants.of_vault(tx, vault, ended=True)
    elsewhere = {
        row.grant.id
        for row in rows
        if isinstance(row.grant.to, ToStructure) and row.grant.to.id not in asked.teams
    }
    return [one for one in deeds if one.grant not in elsewhere]


def _by_day(
    deeds: Collection[Deed],
    owner: Person | None,
    categories: Mapping[NodeId, Category],
    zone: tzinfo | None,
) -> list[Day]:
    sorts: dict[tuple[date, Category | None], list[Deed]] = {}
    for one in deeds:
        category = categories.get(one.node) if one.node else None
        sorts.setdefault((one.at.astimezone(zone).date(), category), []).append(one)
    return [
        Day(
            day=day,
            owner=owner,
            category=category,
            documents=len({one.node for one in some}),
            opened=sum(one.count for one in some if one.what in OPENING),
            changed=sum(one.count for one in some if one.what in CHANGING),
        )
        for (day, category), some in sorts.items()
    ]


def _name(one: Day) -> tuple[str, str]:
    return (one.owner.name, one.owner.login) if one.owner else ("", "")


def _record(desk: Desk, login: str, period: Period, vaults: Collection[VaultId]) -> None:
    """Decided again: they may have lost the right while it was worked out."""
    asked, rule = _asked(desk, login, period)
    details = {"person": asked.person.id.hex(), "since": period.since.isoformat()}
    event = [
        Event(vault, What.REPORT, desk.who, rule=rule, details=details) for vault in (None, *vaults)
    ]
    desk.tools.trail.record_all(desk.tx, event, desk.now)
