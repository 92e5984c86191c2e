"""What another set of rules would do to the people of this instance: who gains or loses what.

Everything is summed up over vaults as it comes: the report grows with the structures and with the
differences between rules. It changes nothing and leaves no entry: no document is opened, and no
name of one is read.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from authn.workforce import Workforce, active_by_role
from davserver.domain.actions import Action, Category, Relation
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.people import Role
from davserver.gate.effects import Change
from davserver.gate.pseudonyms import Speaker
from davserver.gate.survey import Reached, Survey, VaultChange, counts
from davserver.gate.tools import Tools
from policies.moments import Moments, Span
from policies.snapshot import Snapshot
from policies.ways import Comparison, Way

__all__ = ["Impact", "Line", "Report", "Span", "Things", "Turn"]

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


class _Sort(NamedTuple):
    role: Role
    relation: Relation
    structure: str | None
    changes: tuple[Change, ...]
    by_category: bool
    possible: int


@dataclass(slots=True)
class _Sum:
    people: set[frozenset[PersonId]] = field(default_factory=set)
    vaults: list[VaultId] = field(default_factory=list)
    documents: int = 0
    folders: int = 0
    categories: Counter[Category] = field(default_factory=Counter)

    def add(self, vaults: Sequence[VaultId], several: list[Reached]) -> None:
        """As much in each of these."""
        self.vaults += vaults
        documents, folders = counts(several)
        self.documents += documents * len(vaults)
        self.folders += folders * len(vaults)
        nodes = {key: one for reached in several for key, one in reached.nodes.items()}
        for one in nodes.values():
            if one.category is not None and not one.is_folder:
                self.categories[one.category] += one.alike * len(vaults)
        for reached in several:
            self.people |= reached.people


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
    ) -> Report:
        """`names`: logins in place of pseudonyms, which are the same in every report. `owners`: so
        many of each line are told at most; None: all.
        """
        comparison = Comparison(old, new)
        moments = comparison.moments
        with self._tools.db.read() as tx:
            survey = Survey(tx, self._tools, comparison, now)
            speaker = Speaker(tx, self._tools.keys, names=names, most=owners)
            lines = [
                *_of_grants(survey, moments, speaker),
                *_of_owners(survey, moments),
                *_of_accounts(tx, survey.workforce, comparison),
            ]
        return Report(old.generation, new.generation, tuple(sorted(lines, key=_rank)))


def _of_grants(survey: Survey, moments: Moments, speaker: Speaker) -> Iterator[Line]:
    sums: dict[_Sort, _Sum] = {}
    for change in survey.vaults(Comparison.changes):
        for sort, several in _sorted_out(change).items():
            sums.setdefault(sort, _Sum()).add(change.vaults, several)
    for sort, one in sums.items():
        people = frozenset().union(*one.people)
        yield Line(
            sort.role,
            sort.relation,
            sort.structure,
            turns_of(sort.changes, moments, sort.possible),
            len(people),
            speaker.people(people),
            Things(
                len(one.vaults),
                one.documents,
                one.folders,
                dict(one.categories) if sort.by_category else {},
                speaker.owners(sorted(one.vaults)),
            ),
        )


def _sorted_out(change: VaultChange) -> dict[_Sort, list[Reached]]:
    """Effects that differ in nothing that a reader is told, together."""
    found: dict[_Sort, list[Reached]] = {}
    for effect, reached in change.effects.items():
        way = effect.way
        slug = way.structure.slug if way.structure else None
        sort = _Sort(
            way.role, way.relation, slug, effect.changes, effect.by_category, effect.possible
        )
        found.setdefault(sort, []).append(reached)
    return found


def _of_owners(survey: Survey, moments: Moments) -> Iterator[Line]:
    sums: dict[_Sort, _Sum] = {}
    for change in survey.owners(Comparison.changes):
        for sort, several in _sorted_out(change).items():
            sums.setdefault(sort, _Sum()).add(change.vaults, several)
    for sort, one in sums.items():
        number = len(one.vaults)
        things = Things(number, one.documents, one.folders, dict(one.categories))
        turns = turns_of(sort.changes, moments, sort.possible)
        yield Line(sort.role, sort.relation, None, turns, number, (), things)


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
