"""What an administrator sees of the instance: its rules, what they refuse, and how it is.

Nothing writes. No document, no name of one and nobody's name is in it; it is judged by the rule
for reading the instance's own trail.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from authn.register import Register
from authn.registered import Registered
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Target
from davserver.domain.health import Sighting
from davserver.domain.people import Principal
from davserver.gate.people.desk import Barred, Desk, Front
from davserver.gate.policy.decision_files import LogState, state_of_log
from davserver.gate.policy.refused import RefusedLately, Span, from_log, from_trail
from davserver.gate.policy.rulebook import Generation, Rulebook, Status
from davserver.gate.tools import Tools
from davserver.trail import INSTANCE
from policies.folder import Folder

_ENTRIES = 500
"""Of the instance's trail that are looked through where no decision log is kept."""
_READABLE = frozenset(
    {LogState.KEPT, LogState.TO_COME, LogState.SEEN_BY_OTHERS, LogState.NOT_WRITABLE}
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look. `folder`: the policy files as they are now; `log`: the decision log, None
    where none is kept; `checkup`: the parts of this process.
    """

    folder: Callable[[], Folder]
    log: Path | None
    checkup: Callable[[datetime], Iterable[Sighting]]


class Oversight:
    """All raise Refused with its reason, or NotFound for whom none of it exists."""

    def __init__(self, tools: Tools, rulebook: Rulebook, sources: Sources) -> None:
        self._tools = tools
        self._rulebook = rulebook
        self._sources = sources
        register = Register(tools.keys, tools.entropy)
        self._front = Front(tools, Registered(tools.keys), register)

    def rules(self, who: Principal, now: datetime) -> Status:
        """What is in force, what the files say now, what waits for approval."""
        self._allow(who, now)
        return self._rulebook.status(self._sources.folder())

    def generations(self, who: Principal, now: datetime) -> tuple[Generation, ...]:
        """All that are kept, newest first."""
        self._allow(who, now)
        return self._rulebook.kept()

    def refused(self, who: Principal, now: datetime, back: Span = Span.WEEK) -> RefusedLately:
        """Counted over `back` at most."""
        self._allow(who, now)
        log = self._sources.log
        try:
            state = state_of_log(log)
            if log is not None and state in _READABLE:
                return from_log(log, state, now, back)
        except OSError:
            state = LogState.NOT_WRITABLE
        return self._from_trail(state, now)

    def health(self, who: Principal, now: datetime) -> tuple[Sighting, ...]:
        """Of this process and what it stands on."""
        self._allow(who, now)
        return tuple(self._sources.checkup(now))

    def _from_trail(self, state: LogState, now: datetime) -> RefusedLately:
        with self._tools.db.read() as tx:
            found = self._tools.trail.entries(tx, INSTANCE, limit=_ENTRIES, names=lambda _: {})
        return from_trail(found, state, now, is_cut=len(found) == _ENTRIES)

    def _allow(self, who: Principal, now: datetime) -> None:
        self._front.look(who, now, _require)


def _require(desk: Desk) -> None:
    """Raises Barred."""
    target = Target(None, Relation.NONE, Category.UNCLASSIFIED)
    decision = desk.judged(Action.AUDIT, target)
    if isinstance(decision, Denial):
        raise Barred(desk.who, decision)
