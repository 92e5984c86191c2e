"""What the words of two sets of files stand for, where it is not the same."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from policies import calendars, groups, networks
from policies.hours import Days
from policies.pair_space import TOGETHER, PairSpace
from policies.pairs_of_hours import ARROW
from policies.snapshot import Snapshot
from policies.vocabulary import ANY, Column

USUAL = "those of its time zone, if any"


@dataclass(frozen=True, slots=True)
class Fact:
    """`file` is where it comes from; `says`: `203.0.113.0/24: internet → office`."""

    file: str
    says: str


def facts_of(old: Snapshot, new: Snapshot, space: PairSpace) -> tuple[Fact, ...]:
    return (
        *(Fact(groups.FILE, says) for says in _groups(old, new)),
        *(Fact(groups.FILE, says) for says in _structures(old, new)),
        *(
            Fact(networks.FILE, f"{part.says}: {part.pair.old} → {part.pair.new}")
            for part in space.zones
            if part.pair.is_change
        ),
        *(Fact(calendars.FILE, says) for says in _hours(old, new, space)),
    )


def _groups(old: Snapshot, new: Snapshot) -> Iterator[str]:
    """Structures by themselves are told of apart."""
    for column in Column:
        before, after = old.vocabulary.accepts[column], new.vocabulary.accepts[column]
        for word in dict.fromkeys([*before, *after]):
            if word == ANY or column is Column.SLOT:
                continue
            was, now = before.get(word, frozenset()), after.get(word, frozenset())
            if column is Column.STRUCTURE:
                both = {*old.slugs} & {*new.slugs}
                if word in {*old.slugs, *new.slugs}:
                    continue
                was, now = was - (old.slugs.keys() - both), now - (new.slugs.keys() - both)
            told = [f"+ {one}" for one in sorted(now - was)]
            told += [f"- {one}" for one in sorted(was - now)]
            if told:
                yield f"{column.value} {word}: {', '.join(told)}"


def _structures(old: Snapshot, new: Snapshot) -> Iterator[str]:
    for slug in dict.fromkeys([*old.slugs, *new.slugs]):
        was, now = old.slugs.get(slug), new.slugs.get(slug)
        if was is None and now is not None:
            yield f"structure {slug}, a {now.value}, has a name of its own"
        elif now is None and was is not None:
            yield f"structure {slug} is a {was.value} like the others"
        elif was is not now and was is not None and now is not None:
            yield f"structure {slug}: {was.value} → {now.value}"


def _hours(old: Snapshot, new: Snapshot, space: PairSpace) -> Iterator[str]:
    """The week, then what dates are, then whose clock counts."""
    was, now = old.calendar, new.calendar
    for part in space.hours[TOGETHER]:
        if part.pair.is_change and ARROW not in part.says:  # dates of another kind come next
            yield f"{part.says}: {part.pair.old}{ARROW}{part.pair.new}"
    yield from _days(was.days, now.days)
    if was.time_zone != now.time_zone:
        zones = f"{was.time_zone}{ARROW}{now.time_zone}"
        yield f"time zone of people who act for no structure: {zones}"


def _days(old: Days, new: Days) -> Iterator[str]:
    if old.by_time_zone is not new.by_time_zone:
        yield f"public holidays: {'kept' if new.by_time_zone else 'not kept'} by each structure"
    for slug in sorted(old.territories.keys() | new.territories.keys()):
        was, now = old.territories.get(slug), new.territories.get(slug)
        if was is not now:
            yield f"public holidays of {slug}: {was or USUAL}{ARROW}{now or USUAL}"
    for whose in sorted({*old.closings, *new.closings}, key=lambda slug: slug or ""):
        before, after = old.closings.get(whose, frozenset()), new.closings.get(whose, frozenset())
        of = f" ({whose})" if whose else ""
        for span in _spans(after - before):
            yield f"{span}: a day of closing{of}"
        for span in _spans(before - after):
            yield f"{span}: no day of closing{of}"


def _spans(days: AbstractSet[date]) -> Iterator[str]:
    """Dates in a row are told as one span."""
    ordered = sorted(days)
    for _, run in groupby(enumerate(ordered), key=lambda one: one[1].toordinal() - one[0]):
        dates = [day for _, day in run]
        yield f"{dates[0]}" if len(dates) == 1 else f"{dates[0]}–{dates[-1]}"
