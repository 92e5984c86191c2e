"""What another set of rules would do to the people of this instance: who gains or loses what.

Everything is summed up over vaults as it comes: the report grows with the structures and with the
differences between rules. It changes nothing and leaves no entry: no document is opened, and no
name of one is read.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from authn.workforce import Workforce, active_by_role
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.people import Role
from davserver.gate.policy.effects import Change
from davserver.gate.policy.impact_sums import Sort, Sum, Summing, summed
from davserver.gate.policy.pseudonyms import Speaker
from davserver.gate.tools import Tools
from policies.moments import Moments, Span
from policies.snapshot import Snapshot
from policies.ways import Comparison, Way

__all__ = ["Impact", "Line", "Report", "Span", "Summing", "Things", "Turn"]

_ALONE = Summing()
_ABOUT_ACCOUNTS = (Action.AUDIT, Action.ACCOUNT)


@dataclass(frozen=True, slots=True)
class Turn:
    """These actions are allowed in other circumstances than before. `moved`: the places and hours
    behind it that have another word in the new set.
    """

    actions: tuple[Action, ...]
    before: Span
    after: Span
    gains: bool
    loses: bool
    moved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Things:
    """What of how many vaults. `categories`: of how many documents, empty where categories make no
    difference. `owners` are some of theirs, as asked for.
    """

    vaults: int
    documents: int
    folders: int
    categories: Mapping[Category, int]
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One change, for all whom it meets alike. `structure` is the slug of the one that they act
    for. `named` are the people; empty for owners and holders of accounts. `things` None: it is
    about accounts.
    """

    role: Role
    relation: Relation
    structure: str | None
    turns: tuple[Turn, ...]
    people: int
    named: tuple[str, ...] = ()
    things: Things | None = None

    @property
    def gains(self) -> bool:
        return any(turn.gains for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Report:
    """`old` and `new` are generations. What is about visibility comes first."""

    old: str
    new: str
    lines: tuple[Line, ...]

    @property
    def gains(self) -> bool:
        return any(line.gains for line in self.lines)


class Impact:
    """Reads only."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def of(
        self,
        old: Snapshot,
        new: Snapshot,
        now: datetime,
        *,
        names: bool = False,
        owners: int | None = None,
        how: Summing = _ALONE,
    ) -> Report:
        """`names`: logins in place of pseudonyms, which are the same in every report. `owners`: so
        many of each line are told at most; None: all.
        """
        comparison = Comparison(old, new)
        with summed(self._tools, comparison, now, how) as (tx, parties, sums):
            speaker = Speaker(tx, self._tools.keys, names=names, most=owners)
            lines = [
                *(_line(sort, sums[sort], comparison.moments, speaker) for sort in _ordered(sums)),
                *_of_accounts(tx, parties.workforce, comparison),
            ]
        return Report(old.generation, new.generation, tuple(sorted(lines, key=_rank)))


def _ordered(sums: Iterable[Sort]) -> list[Sort]:
    """The same in every report, whichever of them `_rank` puts side by side."""
    return sorted(sums, key=lambda one: (one.changes, one.by_category, one.possible))


def _line(sort: Sort, one: Sum, moments: Moments, speaker: Speaker) -> Line:
    vaults = sorted(one.vaults)
    own = sort.relation is Relation.OWNER
    people = frozenset().union(*one.people)
    things = Things(
        len(vaults),
        one.documents,
        one.folders,
        dict(one.categories) if sort.by_category or own else {},
        () if own else speaker.owners(vaults),
    )
    return Line(
        sort.role,
        sort.relation,
        sort.structure,
        turns_of(sort.changes, moments, sort.possible),
        len(vaults) if own else len(people),
        speaker.people(people),
        things,
    )


def _of_accounts(tx: Connection, workforce: Workforce, comparison: Comparison) -> Iterator[Line]:
    """Accounts and logs: people's own, those of a structure's people, all of them."""
    for way, people in _account_ways(tx, workforce):
        changes = tuple(
            (action, pair)
            for action in _ABOUT_ACCOUNTS
            if (pair := comparison.of(way, action, Category.UNCLASSIFIED)).before != pair.after
        )
        if changes and people:
            slug = way.structure.slug if way.structure else None
            turns = turns_of(changes, comparison.moments, comparison.possible(way))
            yield Line(way.role, way.relation, slug, turns, people)


def _account_ways(tx: Connection, workforce: Workforce) -> Iterator[tuple[Way, int]]:
    for role, people in active_by_role(tx).items():
        yield Way(role, Relation.OWNER), people
        if role is Role.ADMINISTRATOR:
            yield Way(role, Relation.NONE), people
    for structure in workforce.structures.values():
        for team in workforce.teams(frozenset({structure.id})):
            if team.role is Role.MANAGER:
                yield Way(team.role, Relation.MANAGES, structure), len(team.people)


def turns_of(changes: tuple[Change, ...], moments: Moments, possible: int) -> tuple[Turn, ...]:
    """Actions that turn alike, together; in the order of `Action`."""
    alike: dict[tuple[int, int], list[Action]] = {}
    for action, pair in changes:
        alike.setdefault((pair.before, pair.after), []).append(action)
    return tuple(
        Turn(
            tuple(actions),
            moments.before(before, possible),
            moments.after(after, possible),
            gains=bool(after & ~before),
            loses=bool(before & ~after),
            moved=moments.moved(before ^ after),
        )
        for (before, after), actions in alike.items()
    )


def _rank(line: Line) -> tuple[object, ...]:
    """What is seen, then what is read, then the rest; gains before losses; the widest first."""
    actions = {action for turn in line.turns for action in turn.actions}
    first = min(tuple(Action).index(action) for action in actions)
    wide = line.things.documents if line.things else 0
    who = (line.role.value, line.relation.value, line.structure or "")
    return (line.things is None, min(first, 2), not line.gains, -wide, first, who, line.named)
