"""The circumstances under which two sets of rules are compared, and words for some of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from davserver.domain.actions import Strength, Zone
from policies.pair_space import space_of
from policies.pairs import Pair
from policies.snapshot import Snapshot
from policies.vocabulary import CLOSED, Column


class Moment(NamedTuple):
    """One sign-in from one place at one hour: each set of files has its own word for place and
    hour, for it has its own networks and calendars.
    """

    auth: str
    zone_before: str
    zone_after: str
    slot_before: str
    slot_after: str


class Often(StrEnum):
    """`ALWAYS`: from every network that is not blocked, with every sign-in, at every hour."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class When:
    """All combinations of these words, in the order of the vocabulary; empty for any: of networks,
    any that is not blocked.
    """

    zones: tuple[str, ...]
    auths: tuple[str, ...]
    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Some of the circumstances: how often that is, and (where it is sometimes) when."""

    often: Often
    when: tuple[When, ...] = ()
    from_blocked: bool = False
    """Always, and from blocked networks too."""


Circumstance = tuple[str, str, str]
"""Zone, strength, slot."""


class Moments:
    """Every combination of circumstances that somebody can be in, numbered. Sets of them are bits:
    bit *i* is the moment number *i*.
    """

    def __init__(self, old: Snapshot, new: Snapshot) -> None:
        self._space = space_of(old, new)
        zones, slots = (self._space.values[column] for column in (Column.ZONE, Column.SLOT))
        self.every = tuple(
            Moment(auth.value, *zone, *slot) for auth, zone, slot in product(Strength, zones, slots)
        )
        self._before = [(one.zone_before, one.auth, one.slot_before) for one in self.every]
        self._after = [(one.zone_after, one.auth, one.slot_after) for one in self.every]

    def of(self, structure: Pair) -> int:
        """Those of people who act for it: it may have days of its own."""
        slots = self._space.slots[self._space.place(structure)]
        held = [Pair(one.slot_before, one.slot_after) in slots for one in self.every]
        return sum(1 << number for number, yes in enumerate(held) if yes)

    def numbered(self, bits: int) -> Iterator[tuple[int, Moment]]:
        for number, moment in enumerate(self.every):
            if bits >> number & 1:
                yield number, moment

    def before(self, bits: int, possible: int) -> Span:
        """In the words of the old set. `possible`: all that these people can be in."""
        return _span(self._before, bits, possible)

    def after(self, bits: int, possible: int) -> Span:
        """In the words of the new set."""
        return _span(self._after, bits, possible)

    def moved(self, bits: int) -> tuple[str, ...]:
        """Where all of these have another word in the new set, for place or hour: `internet →
        office`. Empty where some have not: then the words are not what makes the difference.
        """
        found: dict[str, None] = {}
        for _, one in self.numbered(bits):
            pairs = ((one.zone_before, one.zone_after), (one.slot_before, one.slot_after))
            other = [f"{before} → {after}" for before, after in pairs if before != after]
            if not other:
                return ()
            found |= dict.fromkeys(other)
        return tuple(found)


def _span(every: list[Circumstance], bits: int, possible: int) -> Span:
    held, whole = (
        {one for number, one in enumerate(every) if those >> number & 1}
        for those in (bits, possible)
    )
    if not held:
        return Span(Often.NEVER)
    calm = {one for one in whole if one[0] != Zone.BLOCKED}
    if held in (whole, calm):
        return Span(Often.ALWAYS, from_blocked=held == whole and whole != calm)
    return Span(Often.SOMETIMES, tuple(_rectangles(held, whole)))


def _rectangles(held: set[Circumstance], whole: set[Circumstance]) -> Iterator[When]:
    """Few that together are exactly `held`: zones that have the same hours and strengths stand
    together, and of one zone the slots with the same strengths.
    """
    by_zone: dict[str, dict[str, frozenset[str]]] = {}
    for zone, auth, slot in held:
        slots = by_zone.setdefault(zone, {})
        slots[slot] = slots.get(slot, frozenset()) | {auth}
    alike: dict[frozenset[tuple[str, frozenset[str]]], set[str]] = {}
    for zone, slots in by_zone.items():
        alike.setdefault(frozenset(slots.items()), set()).add(zone)
    for pairs, zones in sorted(alike.items(), key=lambda pair: _first(tuple(Zone), pair[1])):
        by_auths: dict[frozenset[str], set[str]] = {}
        for slot, auths in pairs:
            by_auths.setdefault(auths, set()).add(slot)
        for auths, those in sorted(by_auths.items(), key=lambda pair: sorted(pair[1])):
            yield _when(zones, set(auths), those, whole)


def _when(zones: set[str], auths: set[str], slots: set[str], whole: set[Circumstance]) -> When:
    calm = {one[0] for one in whole} - {Zone.BLOCKED}
    return When(
        () if zones == calm else tuple(one.value for one in Zone if one in zones),
        () if len(auths) == len(Strength) else tuple(one.value for one in Strength if one in auths),
        () if slots == {one[2] for one in whole} else tuple(sorted(slots, key=_closed_last)),
    )


def _first(order: tuple[str, ...], words: set[str]) -> int:
    return min(order.index(word) for word in words)


def _closed_last(slot: str) -> tuple[bool, str]:
    return slot == CLOSED, slot


def in_words(span: Span) -> str:
    """`never`, `always`, `from vpn with mfa or stronger`."""
    if span.often is Often.ALWAYS and span.from_blocked:
        return "always, from blocked networks too"
    if span.often is not Often.SOMETIMES:
        return span.often.value
    return "; or ".join(_phrase(when) for when in span.when)


def _phrase(when: When) -> str:
    parts = []
    if when.zones:
        parts.append(f"from {' or '.join(when.zones)}")
    if when.auths:
        upward = when.auths == tuple(Strength)[-len(when.auths) :]
        more = " or stronger" if upward and len(when.auths) > 1 else ""
        parts.append(f"with {when.auths[0] + more if upward else ' or '.join(when.auths)}")
    if when.slots == (CLOSED,):
        parts.append("outside of all hours")
    elif when.slots:
        hours = [slot if slot != CLOSED else "no hours of the calendar" for slot in when.slots]
        parts.append(f"in {' or '.join(hours)}")
    return " ".join(parts)
