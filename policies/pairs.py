"""Which words two sets of files can have for one and the same fact: the pairs that requests meet.

A word may mean other addresses, hours or structures in the one set than in the other. So each fact
is cut into the parts that both sets take whole: ranges of addresses, structures, and parts of the
week (pairs_of_hours.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from itertools import pairwise
from typing import NamedTuple

from davserver.domain.actions import Zone
from davserver.domain.people import StructureKind
from policies.networks import MAPPED, Networks
from policies.snapshot import UNKNOWN
from policies.vocabulary import NO_STRUCTURE

ON_THE_MACHINE = "a command on the machine"
NO_ADDRESS = "what is no address"
_MOST_NETWORKS = 3
"""More than that are told as a range."""


class Pair(NamedTuple):
    """The words of one fact in the old set and in the new one."""

    old: str
    new: str

    @property
    def is_change(self) -> bool:
        return self.old != self.new


def same(word: str) -> Pair:
    return Pair(word, word)


@dataclass(frozen=True, slots=True)
class Part:
    """Facts that have this pair of words, as people write them: `203.0.113.0/24`."""

    pair: Pair
    says: str


def zone_parts(old: Networks, new: Networks) -> tuple[Part, ...]:
    """Every range of addresses that both sets take whole, as wide as can be, in order."""
    parts = [Part(same(Zone.OFFICE), ON_THE_MACHINE), Part(same(Zone.BLOCKED), NO_ADDRESS)]
    for kind in (IPv4Address, IPv6Address):
        cuts = _cuts(old, new, kind)
        runs: list[tuple[int, int, Pair]] = []
        for start, stop in pairwise(cuts):
            first = kind(start)
            if first in MAPPED:
                continue  # counts as IPv4
            pair = Pair(old.zone_of(str(first)), new.zone_of(str(first)))
            if runs and runs[-1][1:] == (start, pair):
                runs[-1] = (runs[-1][0], stop, pair)
            else:
                runs.append((start, stop, pair))
        parts += [Part(pair, _range(kind(start), kind(stop - 1))) for start, stop, pair in runs]
    return tuple(parts)


def _cuts(old: Networks, new: Networks, kind: type[IPv4Address | IPv6Address]) -> list[int]:
    """Where a network begins or ends: between two of them nothing changes."""
    bits = kind(0).max_prefixlen
    cuts = {0, 1 << bits}
    for network in (*old.zones, *new.zones, MAPPED):
        if network.max_prefixlen == bits:
            cuts |= {int(network.network_address), int(network.broadcast_address) + 1}
    return sorted(cuts)


def _range(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> str:
    networks = []
    for network in summarize_address_range(first, last):
        networks.append(str(network))
        if len(networks) > _MOST_NETWORKS:
            return f"{first}–{last}"
    return ", ".join(networks)


def structure_pairs(
    old: Mapping[str, StructureKind], new: Mapping[str, StructureKind]
) -> tuple[Pair, ...]:
    """None, each kind for those that neither set names, and each structure that one of them names.

    A structure is taken to be of the kind that a set says. Where the two say different kinds, both
    are possible: the set that is wrong refuses it everything (`Snapshot.structure_word`).
    """
    pairs = [same(NO_STRUCTURE), *(same(kind) for kind in StructureKind)]
    for slug in dict.fromkeys([*old, *new]):
        said = (old.get(slug), new.get(slug))
        kinds = dict.fromkeys(kind for kind in said if kind is not None)
        pairs += [Pair(_word(slug, kind, old), _word(slug, kind, new)) for kind in kinds]
    return tuple(pairs)


def _word(slug: str, kind: StructureKind, slugs: Mapping[str, StructureKind]) -> str:
    declared = slugs.get(slug)
    if declared is None:
        return kind.value
    return slug if declared is kind else UNKNOWN
