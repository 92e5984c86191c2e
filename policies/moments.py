"""The circumstances under which two sets of rules are compared, and words for some of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from davserver.domain.actions import Strength, Zone
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
    """All combinations of these words, in the order of the vocabulary."""

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


def moments_of(old: Snapshot, new: Snapshot) -> tuple[Moment, ...]:
    """Every combination of circumstances. The same address and hour has the same word in both
    sets, except that a slot which only one of them knows is outside of every slot in the other.
    """
    before, after = (one.vocabulary.values[Column.SLOT] for one in (old, new))
    slots = [
        (
            slot if slot in before else CLOSED,
            slot if slot in after else CLOSED,
        )
        for slot in dict.fromkeys((*before, *after))
    ]
    return tuple(
        Moment(auth, zone, zone, *slot) for auth, zone, slot in product(Strength, Zone, slots)
    )


class Spans:
    """Words for sets of moments, given as bits: bit *i* is the moment number *i*."""

    def __init__(self, moments: tuple[Moment, ...]) -> None:
        self._before = [(one.zone_before, one.auth, one.slot_before) for one in moments]
        self._after = [(one.zone_after, one.auth, one.slot_after) for one in moments]

    def before(self, bits: int) -> Span:
        """In the words of the old set."""
        return _span(self._before, bits)

    def after(self, bits: int) -> Span:
        """In the words of the new set."""
        return _span(self._after, bits)


def _span(every: list[Circumstance], bits: int) -> Span:
    held = {one for number, one in enumerate(every) if bits >> number & 1}
    if not held:
        return Span(Often.NEVER)
    whole = set(every)
    calm = {one for one in whole if one[0] != Zone.BLOCKED}
    if held >= calm and held in (whole, calm):
        return Span(Often.ALWAYS, from_blocked=held == whole and whole != calm)
    return Span(Often.SOMETIMES, tuple(_rectangles(held)))


def _rectangles(held: set[Circumstance]) -> Iterator[When]:
    """Few that together are exactly `held`: zones that have the same hours and strengths stand
    together, and of one zone the slots with the same strengths.
    """
    by_zone: dict[str, dict[str, frozenset[str]]] = {}
    for zone, auth, slot in held:
        slots = by_zone.setdefault(zone, {})
        slots[slot] = slots.get(slot, frozenset()) | {auth}
    alike: dict[frozenset[tuple[str, frozenset[str]]], list[str]] = {}
    for zone in sorted(by_zone, key=tuple(Zone).index):
        alike.setdefault(frozenset(by_zone[zone].items()), []).append(zone)
    for pairs, zones in alike.items():
        by_auths: dict[frozenset[str], list[str]] = {}
        for slot, auths in sorted(pairs, key=lambda pair: (pair[0] == CLOSED, pair[0])):
            by_auths.setdefault(auths, []).append(slot)
        for auths, slots_alike in by_auths.items():
            ordered = tuple(one.value for one in Strength if one.value in auths)
            yield When(tuple(zones), ordered, tuple(slots_alike))
