"""A survey summed up, in some processes at once where it is about many grants."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from davserver.db.shared_snapshot import WorkQueue, shared_snapshot
from davserver.domain.actions import Category, Relation
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.people import Role
from davserver.gate.policy.effects import Change
from davserver.gate.policy.survey import Parties, Reached, Survey, VaultChange, counts
from davserver.gate.tools import Tools
from davserver.vault.grants import living
from policies.ways import Comparison

_PARTS = 64
"""Into which vaults are divided: whichever process is free takes the next."""
_MANY = 4000
"""Living grants from which on it pays to begin processes."""

Progress = Callable[[int, int], None]


class Sort(NamedTuple):
    """What a reader is told apart."""

    role: Role
    relation: Relation
    structure: str | None
    changes: tuple[Change, ...]
    by_category: bool
    possible: int


@dataclass(slots=True)
class Sum:
    """`people` of an owner's own changes are not kept: they are as many as the vaults."""

    people: set[frozenset[PersonId]] = field(default_factory=set)
    vaults: list[VaultId] = field(default_factory=list)
    documents: int = 0
    folders: int = 0
    categories: Counter[Category] = field(default_factory=Counter)

    def add(self, change: VaultChange, sort: Sort, several: list[Reached]) -> None:
        """As much in each of its vaults."""
        times = len(change.vaults)
        self.vaults += change.vaults
        documents, folders = counts(several)
        self.documents += documents * times
        self.folders += folders * times
        nodes = {key: one for reached in several for key, one in reached.nodes.items()}
        for one in nodes.values():
            if one.category is not None and not one.is_folder:
                self.categories[one.category] += one.alike * times
        if sort.relation is not Relation.OWNER:
            self.people.update(*(reached.people for reached in several))

    def merge(self, other: "Sum") -> None:
        self.people |= other.people
        self.vaults += other.vaults
        self.documents += other.documents
        self.folders += other.folders
        self.categories += other.categories


Sums = dict[Sort, Sum]


@dataclass(frozen=True, slots=True)
class Summing:
    """`processes`: how many may work at once (`davserver.db.shared_snapshot.processes`), where
    there are `many` living grants. `told`: how much of how much is done.
    """

    processes: int = 1
    many: int = _MANY
    told: Progress = lambda _done, _total: None


@contextmanager
def summed(
    tools: Tools, comparison: Comparison, now: datetime, how: Summing
) -> Iterator[tuple[Connection, Parties, Sums]]:
    """Everything in one state of the database, in which `Connection` goes on reading."""
    others = how.processes - 1
    if others:
        with tools.db.read() as tx:
            others = others if living.are_many(tx, how.many) else 0
    with closing(WorkQueue(_PARTS)) as queue, _uncollected():

        def work(tx: Connection, parties: Parties) -> Sums:
            survey = Survey(tx, tools, comparison, now, parties)
            return _sums(survey, queue, how.told)

        with shared_snapshot(tools.db, others, work) as all_of_them:
            parties = Parties.of(all_of_them.tx, tools, now)
            yield all_of_them.tx, parties, _merged(all_of_them.each(parties))


def _sums(survey: Survey, queue: Iterable[int], told: Progress) -> Sums:
    sums: Sums = {}
    parts = living.parts(_PARTS)
    for number in queue:
        told(number, _PARTS)
        matters, part = Comparison.changes, parts[number]
        for changes in (survey.vaults(matters, part), survey.owners(matters, part)):
            for change in changes:
                for sort, several in _sorted_out(change).items():
                    sums.setdefault(sort, Sum()).add(change, sort, several)
    return sums


def _merged(several: list[Sums]) -> Sums:
    whole: Sums = {}
    for sums in several:
        for sort, one in sums.items():
            whole.setdefault(sort, Sum()).merge(one)
    return whole


def _sorted_out(change: VaultChange) -> dict[Sort, list[Reached]]:
    """Effects that differ in nothing that a reader is told, together."""
    found: dict[Sort, list[Reached]] = {}
    for effect, reached in change.effects.items():
        way = effect.way
        slug = way.structure.slug if way.structure else None
        sort = Sort(
            way.role, way.relation, slug, effect.changes, effect.by_category, effect.possible
        )
        found.setdefault(sort, []).append(reached)
    return found


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing that is read here holds itself; to look for that among millions of values would take
    a fifth of the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
