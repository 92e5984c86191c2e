"""How a shared folder or item is called on the other side's drive: /folder/name (DESIGN §4).

Names are chosen once, so that nothing on any viewer's drive has the same one. A viewer who joins a
structure later may still meet two of one name: then the older keeps it, and the other is numbered
for as long as both live.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from davserver.domain.grants import Grant
from davserver.domain.paths import MAX_SEGMENT_BYTES, clean_name

Numbered = Callable[[str, int], str]

_FOLDER_BYTES = 200
_LONGEST_ENDING = 12
_UNNAMED = "Abri"
_NUMBERED = re.compile(r"^(?P<base>.+) \((?P<number>[1-9]\d?)\)$")


@dataclass(frozen=True, slots=True)
class Claim:
    """Something wants a name: `thing` is a vault's or a node's id, `since` orders the claims."""

    name: str
    thing: bytes
    since: tuple[datetime, bytes]


def folder_name(owner: str) -> str:
    """An owner's name as the name of a folder on any system, with room left for a number."""
    normal = unicodedata.normalize("NFC", owner)
    safe = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "-" for c in normal)
    # Windows cannot open names that end in a dot or a space.
    return clean_name(_cut(safe, _FOLDER_BYTES).strip(" .") or _UNNAMED)


def numbered_folder(name: str, number: int) -> str:
    return name if number == 1 else f"{name} ({number})"


def numbered_item(name: str, number: int) -> str:
    """`scan (2).pdf`: the ending stays last, or the other side's computer cannot open the file."""
    if number == 1:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or not ending.isalnum() or len(ending) > _LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    mark = f" ({number}){dot}{ending}"
    return _cut(stem, MAX_SEGMENT_BYTES - len(mark.encode())) + mark


def numbers(name: str, numbered: Numbered) -> Iterator[str]:
    """First the name itself, then `name (2)`, `name (3)` and so on, without end."""
    return (numbered(name, number) for number in count(1))


def could_be_stored_as(shown: str) -> list[str]:
    """Every name under which the folders are stored that decide what `shown` means."""
    match = _NUMBERED.match(shown)
    if match is None:
        return [shown]
    below = range(1, int(match["number"]))
    return [shown, *(numbered_folder(match["base"], number) for number in below)]


def first_free(candidates: Iterable[str], taken: Collection[str]) -> str:
    return next(name for name in candidates if name not in taken)


def settle(claims: Iterable[Claim], numbered: Numbered) -> dict[tuple[str, bytes], str]:
    """What is shown, by stored name and thing: different things never get one name."""
    wanted = {(claim.name, claim.thing): None for claim in sorted(claims, key=lambda c: c.since)}
    holders: dict[str, bytes] = {}
    for name, thing in wanted:
        holders.setdefault(name, thing)
    shown = {(name, thing): name for name, thing in holders.items()}
    for name, thing in wanted:
        if (name, thing) not in shown:
            free = first_free(numbers(name, numbered), holders)
            holders[free] = thing
            shown[name, thing] = free
    return shown


def with_folders_settled(grants: Collection[Grant]) -> list[Grant]:
    """The grants of one viewer with the folder names that this viewer sees."""
    shown = settle((Claim(g.folder, g.vault, (g.created, g.id)) for g in grants), numbered_folder)
    late = {key: name for key, name in shown.items() if key[0] != name}
    if not late:
        return list(grants)
    return [replace(g, folder=late.get((g.folder, g.vault), g.folder)) for g in grants]


def with_items_settled(grants: Collection[Grant]) -> list[Grant]:
    """The grants of one folder with the item names that this viewer sees."""
    shown = settle((Claim(g.name, g.node, (g.created, g.id)) for g in grants), numbered_item)
    late = {key: name for key, name in shown.items() if key[0] != name}
    if not late:
        return list(grants)
    return [replace(g, name=late.get((g.name, g.node), g.name)) for g in grants]


def _cut(text: str, most: int) -> str:
    """At most `most` bytes of UTF-8, whole characters only."""
    return text.encode()[:most].decode(errors="ignore")
