"""Codes for sharing: a professional shows one, and whoever types it shares with the right person or
structure, without spelling a name. It names somebody for a day and gives no right.

One of somebody who is blocked, no professional any more, or no longer in that structure is as
unknown as one that never was, in as many statements.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.facts import Genuine, facts_of_person
from authn.register import Register
from authn.registered import NOBODY, Registered
from authn.standing import is_open
from authn.texts import quoted
from davserver.domain.errors import NotFound
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.ids import ID_BYTES, SharingCodeId, StructureId
from davserver.domain.people import Principal, Role
from davserver.domain.sharing_codes import (
    ENTROPY,
    LIVES,
    SharingCode,
    grouped,
    letters_from,
    letters_in,
)
from davserver.gate.acting import row_stamps
from davserver.gate.people.desk import Desk, Front
from davserver.gate.people.memberships import STAFF
from davserver.gate.tools import Tools
from davserver.trail import Event, What
from davserver.vault import sharing_codes as rows
from davserver.vault.stamps import Stamp


@dataclass(frozen=True, slots=True)
class CodeView:
    """For whom a code is or could be made: `slug` empty for the person themselves. `code` is empty
    where there is none that holds.
    """

    slug: str
    name: str
    code: str = ""
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Side:
    structure: StructureId | None
    slug: str
    name: str


class SharingCodes:
    """For professionals, for themselves and where they work, and for managers where they work.

    All raise Refused once that is recorded, NotFound for a structure that is not theirs.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        registered = Registered(tools.keys)
        self._front = Front(tools, registered, Register(tools.keys, tools.entropy))

    def list(self, who: Principal, now: datetime) -> list[CodeView]:
        """One for each side that `who` can show a code for. Empty for everybody else."""
        return self._front.look(who, now, _list)

    def make(self, who: Principal, slug: str, now: datetime) -> CodeView:
        """A new one for a day; the one before names nobody any more. Raises AlreadyThere where
        somebody was given the same letters, which chance does not do.
        """
        return self._front.change(who, now, lambda desk: _make(desk, slug))

    def end(self, who: Principal, slug: str, now: datetime) -> None:
        """Nothing happens where there is none."""
        self._front.change(who, now, lambda desk: _end(desk, slug))

    def sweep(self, now: datetime) -> None:
        """Forgets those that are over. Raises Unavailable."""
        with self._tools.db.read() as tx:
            anything = rows.anything_expired(tx, now)
        if anything:
            self._tools.db.write(lambda tx: rows.forget_expired(tx, now))


def named_by(
    tx: Connection, tools: Tools, genuine: Genuine, typed: str, now: datetime
) -> Grantee | None:
    """Two statements for whatever could be a code."""
    letters = letters_in(typed)
    if letters is None:
        return None
    code = rows.lettered(tx, tools.keys, letters)
    facts = facts_of_person(tx, genuine, code.person if code else NOBODY, None, now)
    person = facts.person
    if code is None or person is None or not code.holds(now) or not is_open(facts):
        return None
    if code.structure is None:
        return ToPerson(person.id) if person.role is Role.PROFESSIONAL else None
    works_at = {one.structure.id for one in facts.memberships}
    there = person.role in STAFF and code.structure in works_at
    return ToStructure(code.structure) if there else None


# ── making and ending ───────────────────────────────────────────────────────────────────────────


def _list(desk: Desk) -> list[CodeView]:
    desk.allow(desk.who.person)
    living = {
        one.structure: one
        for one in rows.of_person(desk.tx, desk.tools.keys, desk.who.id)
        if one.holds(desk.now)
    }
    return [_view(side, living.get(side.structure)) for side in _sides(desk.who)]


def _make(desk: Desk, slug: str) -> CodeView:
    rule = desk.allow(desk.who.person)
    side = _side(desk.who, slug)
    gone = _removed(desk, side)
    code = SharingCode(
        id=SharingCodeId(desk.tools.entropy(ID_BYTES)),
        person=desk.who.id,
        structure=side.structure,
        letters=letters_from(desk.tools.entropy(ENTROPY)),
        created=desk.now,
        expires=desk.now + LIVES,
    )
    stamp = rows.add(desk.tx, desk.tools.keys, code)
    says = {"until": code.expires.isoformat()}
    _record(desk, What.SHARING_CODE, rule, side, [*gone, stamp], says)
    return _view(side, code)


def _end(desk: Desk, slug: str) -> None:
    rule = desk.allow(desk.who.person)
    side = _side(desk.who, slug)
    gone = _removed(desk, side)
    if gone:
        _record(desk, What.SHARING_CODE_END, rule, side, gone, {})


def _removed(desk: Desk, side: _Side) -> list[Stamp]:
    """All that they made for this side, expired ones too."""
    mine = rows.of_person(desk.tx, desk.tools.keys, desk.who.id)
    ids = [one.id for one in mine if one.structure == side.structure]
    return rows.remove(desk.tx, ids) if ids else []


def _sides(who: Principal) -> list[_Side]:
    role = who.person.role
    mine = [_Side(None, "", who.person.name)] if role is Role.PROFESSIONAL else []
    if role in STAFF:
        places = {one.structure.id: one.structure for one in who.memberships}
        mine += [_Side(one.id, one.slug, one.name) for one in places.values()]
    return mine


def _side(who: Principal, slug: str) -> _Side:
    """Raises NotFound, the same for a structure that does not exist."""
    for side in _sides(who):
        if side.slug == slug:
            return side
    raise NotFound(f"{quoted(slug)} is no structure that you can act for")


def _view(side: _Side, code: SharingCode | None) -> CodeView:
    if code is None:
        return CodeView(side.slug, side.name)
    return CodeView(side.slug, side.name, grouped(code.letters), code.expires)


def _record(
    desk: Desk, what: What, rule: str, side: _Side, stamps: list[Stamp], says: dict[str, str]
) -> None:
    """In the instance's trail, without the code."""
    details = ({"structure": side.slug} if side.slug else {}) | says
    event = Event(
        vault=None, what=what, who=desk.who, rule=rule, rows=row_stamps(stamps), details=details
    )
    desk.tools.trail.record(desk.tx, event, desk.now)
