"""Looking at all of a structure's directory, and making everybody what it says they are.

Everybody is heard before anything is done. Where the directory does not say all of it, nothing is
known: nothing changes for anybody, and nobody counts as confirmed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from authn.arrivals import Heard
from authn.directory_syncs import state_of
from authn.ldap.port import DirectoryAway, StaffDirectory
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Unavailable
from davserver.domain.events import Events
from davserver.domain.ids import PersonId
from davserver.gate.staff.roster import Became, Roster, Settled
from davserver.gate.staff.sync_guard import Held, too_many
from davserver.gate.staff.sync_roll import Found, Roll, call_roll, everybody
from davserver.gate.staff.sync_turn import Turn, TurnLost, take_turn
from davserver.gate.tools import Tools

AT_ONCE = 25
"""People who are changed in one transaction: whoever else writes waits no longer than that."""

OFTEN = 0.6
"""Of the term, after which a directory is looked at again: what is left is for looking at it."""

log = Events("abri.directory")

Tell = Callable[[int, int], None]
"""Is told how many of how many people are done."""

_REMARKS = {Became.LOGIN_KEPT, Became.OTHER_ROLE, Became.NO_SUCH_STRUCTURE}


class Outcome(StrEnum):
    """HELD: some of it waits for a yes. BUSY: somebody else is at it."""

    DONE = "done"
    HELD = "held"
    UNKNOWN = "unknown"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one look at `directory`. `people`: how many its groups named; None where the
    policy names no group of it. `done`: what was changed, or would be; `remarks`: what is not as it
    should be. For administrators: `problems`, of whom nothing could be decided; `why`, what kept
    all of it from being known.
    """

    directory: str
    outcome: Outcome
    at: datetime
    people: int | None = 0
    done: tuple[Settled, ...] = ()
    held: Held | None = None
    remarks: tuple[Settled, ...] = ()
    problems: tuple[str, ...] = ()
    why: str = ""


class Synchronising:
    """Shared between threads. Names are those of `directories` in config.yaml."""

    def __init__(
        self,
        tools: Tools,
        roster: Roster,
        directories: Mapping[str, StaffDirectory],
        settings: Mapping[str, DirectorySettings],
    ) -> None:
        self._tools = tools
        self._roster = roster
        self._directories = directories
        self._settings = settings
        self._not_before: dict[str, datetime] = {}

    def run(self, name: str, tell: Tell = lambda _done, _all: None) -> Run:
        """Looks at it now. Raises NotFound for a name that is not in config.yaml."""
        directory, at = self._directory(name), self._tools.clock()
        turn = take_turn(self._tools, name, self._longest_silence(name))
        if turn is None:
            return Run(name, Outcome.BUSY, at)
        try:
            found = self._looked(directory, turn, at, tell)
        except DirectoryAway as error:
            found = Run(name, Outcome.UNKNOWN, at, why=str(error))
        except TurnLost:
            found = Run(name, Outcome.BUSY, at)
        finally:
            turn.give_back()
        _log(found)
        return found

    def foresee(self, name: str) -> Run:
        """What `run` would do. Changes nothing, and keeps nobody from running it."""
        directory, at = self._directory(name), self._tools.clock()
        try:
            roll, people = self._heard(directory, at, _nothing)
            held = _waiting(roll, None)
            heard = self._asked(directory, _allowed(roll, held), _nothing)
        except DirectoryAway as error:
            return Run(name, Outcome.UNKNOWN, at, why=str(error))
        with self._tools.db.read() as tx:
            done = [one for each in heard for one in self._roster.foreseen(tx, each)]
        return _run(name, at, people, roll, done, held)

    def keep_up(self, name: str, now: datetime) -> Run | None:
        """Looks at it if that is due; None when it is not. Every process asks every few seconds,
        and one of them does it.
        """
        if now < self._not_before.get(name, now):
            return None
        with self._tools.db.read() as tx:
            state = state_of(tx, self._tools.keys, name)
        every = self.every(name)
        if state.synced is not None and now < state.synced + every:
            return None
        found = self.run(name)
        if found.outcome in {Outcome.UNKNOWN, Outcome.HELD}:
            # Asking on and on would help neither a directory that is down nor who must say yes.
            self._not_before[name] = now + every / 2
        return found

    def _longest_silence(self, name: str) -> timedelta:
        """Of one question, whichever of its servers are down."""
        settings = self._settings[name]
        return (settings.connecting + settings.answering) * len(settings.servers)

    def every(self, name: str) -> timedelta:
        """How often everybody is looked at."""
        return self._settings[name].term * OFTEN

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────

    def _directory(self, name: str) -> StaffDirectory:
        if name not in self._directories:
            raise NotFound(f"there is no directory “{name}” in config.yaml")
        return self._directories[name]

    def _heard(
        self, directory: StaffDirectory, at: datetime, between: Callable[[], None]
    ) -> tuple[Roll, int | None]:
        """Outside of any transaction: nobody waits for a directory. Raises DirectoryAway."""
        name, tools = directory.name, self._tools
        groups = self._groups(name)
        named = everybody(directory, groups, between)
        with tools.db.read() as tx:
            chart = self._roster.chart(tx, name)
            roll = call_roll(tx, tools.keys, chart, named, at, tools.clock())
        return roll, len(named) if groups else None

    def _groups(self, name: str) -> frozenset[str]:
        """Raises DirectoryAway: without a policy nobody knows who has a place."""
        try:
            return self._roster.groups(name)
        except Unavailable as error:
            raise DirectoryAway(str(error)) from error

    def _asked(
        self, directory: StaffDirectory, wanted: Iterable[Found], between: Callable[[], None]
    ) -> list[Heard]:
        """Whoever no group named is asked about by their id before they lose anything: they may be
        blocked there, gone, or in no group that counts. Raises DirectoryAway.
        """
        groups, heard = self._groups(directory.name), []
        for one in wanted:
            if one.was_named:
                heard.append(one.heard)
                continue
            at = self._tools.clock()
            said = directory.fetch(one.heard.entry, groups)
            heard.append(replace(one.heard, said=said, at=at))
            between()
        return heard

    # ── doing ───────────────────────────────────────────────────────────────────────────────────

    def _looked(self, directory: StaffDirectory, turn: Turn, at: datetime, tell: Tell) -> Run:
        """Raises DirectoryAway, TurnLost."""
        roll, people = self._heard(directory, at, turn.keep)
        held = _waiting(roll, turn.confirmed)
        heard = self._asked(directory, _allowed(roll, held), turn.keep)
        done: list[Settled] = []
        problems: list[str] = []
        for begin in range(0, len(heard), AT_ONCE):
            tell(begin, len(heard))
            turn.keep()
            done += self._settled(heard[begin : begin + AT_ONCE], problems)
        turn.end(at, held)
        return _run(directory.name, at, people, roll, done, held, problems)

    def _settled(self, some: Sequence[Heard], problems: list[str]) -> list[Settled]:
        """In one transaction; where somebody else was faster with one of them, in one for each."""
        try:
            done, wrong = self._tools.db.write(lambda tx: self._settle(tx, some))
        except IntegrityError:
            if len(some) == 1:
                problems.append(_problem(some[0], "somebody else changed them at that moment"))
                return []
            return [one for each in some for one in self._settled([each], problems)]
        problems += wrong
        return done

    def _settle(self, tx: Connection, some: Sequence[Heard]) -> tuple[list[Settled], list[str]]:
        done: list[Settled] = []
        wrong: list[str] = []
        for one in some:
            try:
                done += self._roster.settle(tx, one)
            except (BadInput, AlreadyThere) as error:
                wrong.append(_problem(one, str(error)))
        return done, wrong


def _nothing() -> None:
    """Between two questions there is no turn to keep."""


def _waiting(roll: Roll, confirmed: str | None) -> Held | None:
    """What must not be done: too much at once, which nobody has said yes to."""
    held = too_many(roll.losses, roll.places)
    return None if held is not None and held.digest == confirmed else held


def _allowed(roll: Roll, held: Held | None) -> list[Found]:
    """Whoever would lose something that waits stays altogether as they are."""
    waiting = held.persons if held else frozenset[PersonId]()
    return [one for one in roll.found if not one.plan.is_empty and one.person not in waiting]


def _run(
    name: str,
    at: datetime,
    people: int | None,
    roll: Roll,
    done: Iterable[Settled],
    held: Held | None,
    problems: Iterable[str] = (),
) -> Run:
    return Run(
        directory=name,
        outcome=Outcome.HELD if held else Outcome.DONE,
        at=at,
        people=people,
        done=tuple(one for one in done if one.became not in _REMARKS),
        held=held,
        remarks=tuple(one for found in roll.found for one in found.remarks),
        problems=(*roll.problems, *problems),
    )


def _problem(heard: Heard, text: str) -> str:
    return f"entry {heard.entry}: {text}"


def _log(found: Run) -> None:
    """Counts only: a log names nobody."""
    match found.outcome:
        case Outcome.UNKNOWN:
            log.warning("directory-unknown", directory=found.directory, why=found.why)
        case Outcome.HELD:
            held = found.held.by_structure if found.held else {}
            log.warning("directory-held", directory=found.directory, endings=sum(held.values()))
        case Outcome.DONE if found.done or found.problems:
            changes, problems = len(found.done), len(found.problems)
            log.info(
                "directory-synchronised",
                directory=found.directory,
                changes=changes,
                problems=problems,
            )
