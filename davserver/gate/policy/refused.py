"""What was refused lately, and why: counted, and the last ones one by one. Nobody's name, no place.

From the decision log, as far back as a bounded number of bytes goes; where none is kept, from the
instance's own trail, which has the refusals about accounts and rules alone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import TypeVar

from davserver.domain.actions import Action, Relation, Zone
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import Reason
from davserver.domain.people import Role
from davserver.gate.policy.decision_files import LogState
from davserver.gate.policy.decision_tail import Tail
from davserver.trail import What
from policies.logged import Gap, Logged, read_line

SHOWN = 50
_MARKS = (b'"decision":"refuse"', b'"lost":')

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of what is read for one page. `size` in bytes; `lines`: of refusals that are taken apart."""

    size: int = 16 * 1024 * 1024
    lines: int = 5_000


_BOUNDS = Bounds()


class Span(Enum):
    HOUR = timedelta(hours=1)
    DAY = timedelta(days=1)
    WEEK = timedelta(days=7)


class Source(StrEnum):
    LOG = "log"
    TRAIL = "trail"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer to one request. None for what is not known, such as a word of another version."""

    at: datetime
    action: Action | None
    reason: Reason | None
    rule: str
    role: Role | None
    zone: Zone | None


@dataclass(frozen=True, slots=True)
class ByReason:
    """`requests`: how many were answered so, for each span."""

    reason: Reason | None
    requests: dict[Span, int]


@dataclass(frozen=True, slots=True)
class RefusedLately:
    """`told` to whoever asked; `hidden`: what did not exist for them, in listings and by its name.
    `since`: counted from then on only, if not for the whole of the longest span. `lost`: lines that
    the log could not write; `damaged`: lines that could not be read.
    """

    source: Source
    log: LogState
    told: tuple[ByReason, ...] = ()
    hidden: tuple[ByReason, ...] = ()
    last: tuple[Refusal, ...] = ()
    since: datetime | None = None
    lost: int = 0
    damaged: int = 0

    def requests(self, span: Span) -> int:
        return sum(one.requests[span] for one in self.told)


def from_log(
    folder: Path, log: LogState, now: datetime, back: Span, bounds: Bounds = _BOUNDS
) -> RefusedLately:
    """Raises OSError."""
    tail = Tail(folder, now - back.value, bounds.size)
    count = _Count(now)
    for line in tail:
        count.read_to = line
        if any(mark in line for mark in _MARKS):
            count.take(line)
        if count.taken == bounds.lines:
            break
    is_cut = tail.is_cut or count.taken == bounds.lines
    since = _moment_of(count.read_to) if is_cut else None
    return count.result(Source.LOG, log, since)


def from_trail(
    entries: Sequence[TrailEntry], log: LogState, now: datetime, *, is_cut: bool
) -> RefusedLately:
    """`entries`: the last ones of the instance's trail, oldest first."""
    count = _Count(now)
    for one in reversed(entries):
        if one.what == What.REFUSED:
            action = _known(Action, one.details.get("action"))
            reason = _known(Reason, one.reason)
            is_hidden = reason is Reason.NO_GRANT
            count.add(Refusal(one.at, action, reason, "", None, None), None, is_hidden=is_hidden)
    since = entries[0].at if is_cut and entries else None
    return count.result(Source.TRAIL, log, since)


@dataclass
class _Count:
    """While lines are read, the last one first."""

    now: datetime
    read_to: bytes = b""
    told: Counter[tuple[Reason | None, Span]] = field(default_factory=Counter)
    hidden: Counter[tuple[Reason | None, Span]] = field(default_factory=Counter)
    last: list[Refusal] = field(default_factory=list)
    lost: int = 0
    damaged: int = 0
    taken: int = 0
    seen: set[tuple[str, Reason | None, bool]] = field(default_factory=set)

    def take(self, line: bytes) -> None:
        self.taken += 1
        try:
            read = read_line(line)
        except (ValueError, RecursionError):
            self.damaged += 1
            return
        match read:
            case Gap(at=at, lost=lost):
                self.lost += lost if self.now - at <= Span.WEEK.value else 0
            case Logged():
                self.add(_refusal(read), read.request, is_hidden=_is_hidden(read))

    def add(self, one: Refusal, request: str | None, *, is_hidden: bool = False) -> None:
        """A request that is refused in several ways for one reason counts once."""
        spans = [span for span in Span if self.now - one.at <= span.value]
        key = (request or "", one.reason, is_hidden)
        if not spans or (request and key in self.seen):
            return
        self.seen.add(key)
        (self.hidden if is_hidden else self.told).update((one.reason, span) for span in spans)
        if not is_hidden and len(self.last) < SHOWN:
            self.last.append(one)

    def result(self, source: Source, log: LogState, since: datetime | None) -> RefusedLately:
        return RefusedLately(
            source=source,
            log=log,
            told=_by_reason(self.told),
            hidden=_by_reason(self.hidden),
            last=tuple(sorted(self.last, key=lambda one: one.at, reverse=True)),
            since=since,
            lost=self.lost,
            damaged=self.damaged,
        )


def _by_reason(counted: Counter[tuple[Reason | None, Span]]) -> tuple[ByReason, ...]:
    """The most frequent first."""
    reasons: Iterable[Reason | None] = dict.fromkeys(reason for reason, _ in counted)
    found = [ByReason(one, {span: counted[one, span] for span in Span}) for one in reasons]
    return tuple(sorted(found, key=lambda one: (-one.requests[Span.WEEK], one.reason or "")))


def _refusal(line: Logged) -> Refusal:
    asked = line.question
    return Refusal(
        at=line.at,
        action=_known(Action, asked.action),
        reason=_known(Reason, line.reason),
        rule=line.rule or "",
        role=_known(Role, asked.role),
        zone=_known(Zone, asked.zone),
    )


def _is_hidden(line: Logged) -> bool:
    """Whether it was answered like something absent: all of `list`, but for a block of the whole
    drive, which is told (DESIGN §2.2); and what nothing ties to the person.
    """
    if line.reason == Reason.NO_GRANT:
        return True
    return line.question.action == Action.LIST and line.question.relation != Relation.NONE


def _known(words: type[E], word: str | None) -> E | None:
    return next((one for one in words if one == word), None)


def _moment_of(line: bytes) -> datetime | None:
    try:
        return read_line(line).at
    except (ValueError, RecursionError):
        return None
