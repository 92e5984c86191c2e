"""Looking after directories: what is known of each, synchronising, saying yes to what waits.

For somebody at the machine and for administrators, by the rule for accounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select

from authn.directory_accounts import Standing
from authn.directory_syncs import SyncState, Turns, digest_of, states
from authn.register import Register
from authn.registered import Registered
from davserver.config.directory_settings import DirectorySettings
from davserver.db import tables as t
from davserver.domain.errors import BadInput, NotFound, Unavailable
from davserver.domain.people import Person, Principal, Structure
from davserver.gate.people.desk import Change, Desk, Front
from davserver.gate.staff.roster import Roster
from davserver.gate.staff.sync_guard import Held
from davserver.gate.staff.synchronising import Run, Synchronising, Tell
from davserver.gate.tools import Tools
from davserver.trail import What
from policies.directory_groups import Place


class Freshness(StrEnum):
    """FRESH: everybody was looked at within the term. GONE: its people are here, and its section is
    not in config.yaml any more: nobody of them can sign in.
    """

    FRESH = "fresh"
    LATE = "late"
    NEVER = "never"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a yes: whose places in which structure (None: no structure), of how many."""

    digest: str
    since: datetime
    structures: tuple[tuple[Structure | None, int, int], ...]
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """`standings`: how many people of each. `places`: what its groups give, None where no policy
    says so. `settings` None: it is not in config.yaml.
    """

    name: str
    freshness: Freshness
    standings: Mapping[Standing, int]
    synced: datetime | None
    settings: DirectorySettings | None
    places: tuple[Place, ...] | None
    waiting: Waiting | None

    @property
    def people_in(self) -> int:
        return self.standings.get(Standing.ACTIVE, 0)

    @property
    def people_out(self) -> int:
        return sum(self.standings.values()) - self.people_in


@dataclass(frozen=True, slots=True)
class DirectoryState:
    """Of a directory in config.yaml; `waits`: something wants somebody's yes."""

    name: str
    freshness: Freshness
    synced: datetime | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Of directories in config.yaml: not looked at within their term; with something that waits."""

    late: int
    waiting: int


class DirectoryCare:
    """Raises Refused and NotSignedIn as all that administers accounts."""

    def __init__(
        self,
        tools: Tools,
        roster: Roster,
        synchronising: Synchronising,
        settings: Mapping[str, DirectorySettings],
    ) -> None:
        self._tools = tools
        self._roster = roster
        self._synchronising = synchronising
        self._settings = settings
        register = Register(tools.keys, tools.entropy)
        self._front = Front(tools, Registered(tools.keys), register)

    @property
    def names(self) -> tuple[str, ...]:
        """Those in config.yaml."""
        return tuple(sorted(self._settings))

    def show(self, who: Principal, now: datetime) -> list[DirectoryView]:
        """Every directory that is in config.yaml or has people here, by name."""
        return self._front.look(who, now, self._views)

    def synchronise(
        self, who: Principal, name: str, now: datetime, tell: Tell = lambda _done, _all: None
    ) -> Run:
        """Now, and not when it is due. Raises NotFound."""
        self._allow(who, now)
        return self._synchronising.run(name, tell)

    def foresee(self, who: Principal, name: str, now: datetime) -> Run:
        """What a synchronisation would do. Raises NotFound."""
        self._allow(who, now)
        return self._synchronising.foresee(name)

    def confirm(self, who: Principal, name: str, now: datetime, digest: str = "") -> None:
        """Says yes to what waits; the next run does it, unless it finds anything else by then.
        `digest`: the beginning of its digest, so that nobody says yes to what they have not seen.

        Raises NotFound, and BadInput where nothing waits, or something else.
        """
        self._front.change(who, now, lambda desk: self._say_yes(desk, name, digest))

    def mapped(
        self, who: Principal, name: str, settings: DirectorySettings, now: datetime
    ) -> tuple[str, ...]:
        """The groups that give a place by the policy in force, if the directory of these settings
        has that name; none where no policy says so.
        """
        self._allow(who, now)
        try:
            return tuple(sorted(Roster(self._tools, {name: settings}).groups(name)))
        except Unavailable:
            return ()

    def counts(self, now: datetime) -> Counts:
        """For whoever watches over the server: without names, and asked by nobody in particular."""
        found = self.states(now)
        late = sum(one.freshness is not Freshness.FRESH for one in found)
        return Counts(late, sum(one.waits for one in found))

    def states(self, now: datetime) -> list[DirectoryState]:
        """As `counts`, one by one: not for everybody."""
        if not self._settings:
            return []
        with self._tools.db.read() as tx:
            known = states(tx, self._tools.keys)
        found = [known.get(name, SyncState(name)) for name in self.names]
        return [
            DirectoryState(
                one.directory, self._freshness(one, now), one.synced, one.held is not None
            )
            for one in found
        ]

    def _allow(self, who: Principal, now: datetime) -> None:
        self._front.look(who, now, lambda desk: desk.allow())

    def _say_yes(self, desk: Desk, name: str, meant: str) -> None:
        rule = desk.allow()
        if name not in self._settings:
            raise NotFound(f"there is no directory “{name}” in config.yaml")
        keys = desk.tools.keys
        state = states(desk.tx, keys).get(name, SyncState(name))
        digest = digest_of(state.held)
        if digest is None:
            raise BadInput(f"nothing of “{name}” waits: see `abri directory show {name}`")
        if not digest.startswith(meant.lower()):
            raise BadInput(f"what waits is another change by now: `abri directory show {name}`")
        Turns(keys, desk.tools.entropy, name).confirm(desk.tx, digest)
        details = {"directory": name, "digest": digest}
        desk.record(Change(What.DIRECTORY_CONFIRM, rule, (), details))

    # ── what is known ───────────────────────────────────────────────────────────────────────────

    def _views(self, desk: Desk) -> list[DirectoryView]:
        desk.allow()
        known = states(desk.tx, desk.tools.keys)
        standings = _standings(desk)
        names = sorted({*self._settings, *standings})
        return [
            DirectoryView(
                name=name,
                freshness=self._freshness(known.get(name, SyncState(name)), desk.now),
                standings=standings.get(name, {}),
                synced=known[name].synced if name in known else None,
                settings=self._settings.get(name),
                places=self._places(desk, name),
                waiting=_waiting(desk, known.get(name)),
            )
            for name in names
        ]

    def _freshness(self, state: SyncState, now: datetime) -> Freshness:
        settings = self._settings.get(state.directory)
        if settings is None:
            return Freshness.GONE
        if state.synced is None:
            return Freshness.NEVER
        return Freshness.FRESH if now < state.synced + settings.term else Freshness.LATE

    def _places(self, desk: Desk, name: str) -> tuple[Place, ...] | None:
        if name not in self._settings:
            return None
        try:
            return self._roster.places(desk.tx, name)
        except Unavailable:
            return None


def _standings(desk: Desk) -> dict[str, dict[Standing, int]]:
    """As the columns say, for a count gives nobody a right."""
    table = t.directory_account
    counted = select(table.c.directory, table.c.state, func.count())
    found: dict[str, dict[Standing, int]] = {}
    grouped = counted.group_by(table.c.directory, table.c.state).order_by(table.c.state)
    for name, state, number in desk.tx.execute(grouped):
        found.setdefault(name, {})[Standing(state)] = number
    return found


def _waiting(desk: Desk, state: SyncState | None) -> Waiting | None:
    """Raises Damaged for a plan that was altered."""
    if state is None or state.held is None or state.held_at is None:
        return None
    held = Held.decode(state.held)
    structures = desk.registered.structures(desk.tx, {one for one in held.people if one})
    people = desk.registered.people(desk.tx, held.persons)
    return Waiting(
        held.digest,
        state.held_at,
        tuple(
            (structures.get(one) if one else None, lost, held.people[one])
            for one, lost in held.by_structure.items()
        ),
        tuple(sorted(people.values(), key=lambda one: one.login)),
    )
