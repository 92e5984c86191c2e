"""What everybody sees, said once more: a small oracle of sharing that knows no line of Abri's code.

Owners have trees; whoever has a live grant on a node sees it and all below whose category the
grant's kind shows: everything for a person, ordinary things for a structure's team.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

ORDINARY = frozenset({"identity", "housing", "income", "work"})
SENSITIVE = frozenset({"health", "justice", "family", "unclassified"})


@dataclass
class Thing:
    """A folder (`content` None) or a file. `category` is its own, None where it inherits."""

    key: int
    parent: "Thing | None"
    name: str
    category: str | None = None
    content: bytes | None = None

    @property
    def chain(self) -> "list[Thing]":
        return [*(self.parent.chain if self.parent else []), self]

    @property
    def path(self) -> str:
        return "/" + "/".join(one.name for one in self.chain[1:])

    @property
    def effective(self) -> str:
        own = (one.category for one in reversed(self.chain))
        return next((category for category in own if category), "unclassified")


@dataclass
class Given:
    """A grant. `to` is a login or a structure's slug."""

    id: bytes
    owner: str
    thing: Thing
    to: str
    to_team: bool
    write: bool
    starts: datetime
    until: datetime | None
    ended: bool = False

    def is_over(self, now: datetime) -> bool:
        return self.ended or (self.until is not None and self.until <= now)

    @property
    def shows(self) -> frozenset[str]:
        return ORDINARY if self.to_team else ORDINARY | SENSITIVE


@dataclass
class Place:
    """Somebody's time in a structure."""

    login: str
    slug: str
    starts: datetime
    ends: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.starts <= now and (self.ends is None or now < self.ends)


@dataclass
class Safe:
    """One owner's things, and how often something of each category changed below each folder."""

    owner: str
    root: Thing
    things: list[Thing] = field(default_factory=list)
    changes: Counter[tuple[int, str]] = field(default_factory=Counter)

    def children(self, folder: Thing) -> list[Thing]:
        return [one for one in self.things if one.parent is folder]

    def changed(self, folder: Thing, category: str) -> None:
        for one in folder.chain:
            self.changes[one.key, category] += 1

    def remove(self, thing: Thing) -> None:
        for child in self.children(thing):
            self.remove(child)
        self.things.remove(thing)


@dataclass(frozen=True)
class Seen:
    """One thing as one viewer sees it. `state` is equal exactly when nothing that they can see
    there has changed: it stands for a folder's ETag.
    """

    thing: Thing
    writable: bool
    state: tuple[object, ...]


@dataclass
class World:
    safes: dict[str, Safe] = field(default_factory=dict)
    grants: list[Given] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)

    def live_for(self, login: str, now: datetime) -> list[Given]:
        if login in self.blocked:
            return []
        teams = {one.slug for one in self.places if one.login == login and one.holds(now)}
        return [
            one
            for one in self.grants
            if not one.is_over(now)
            and one.starts <= now
            and (one.to in teams if one.to_team else one.to == login)
        ]

    def drive_of(self, login: str, now: datetime) -> dict[int, Seen]:
        """Everything that this viewer reaches, by key."""
        live = self.live_for(login, now)
        found: dict[int, Seen] = {}
        for grant in live:
            for thing in self._below(grant.owner, grant.thing, live):
                found[thing.key] = self._seen(grant.owner, thing, live)
        return found

    def _below(self, owner: str, top: Thing, live: list[Given]) -> Iterator[Thing]:
        if top not in self.safes[owner].things or top.effective not in _shown(top, live):
            return
        waiting = [top]
        while waiting:
            thing = waiting.pop()
            yield thing
            shown = _shown(thing, live)
            waiting += [c for c in self.safes[owner].children(thing) if c.effective in shown]

    def _seen(self, owner: str, thing: Thing, live: list[Given]) -> Seen:
        over = _covering(thing, live)
        writable = any(one.write and thing.effective in one.shows for one in over)
        if thing.content is not None:
            return Seen(thing, writable, ())
        counts = self.safes[owner].changes
        noticed = sorted((c, counts[thing.key, c]) for c in _shown(thing, live))
        seen = tuple((category, count) for category, count in noticed if count)
        return Seen(thing, writable, (thing.key, tuple(sorted(one.id for one in over)), seen))


def _covering(thing: Thing, live: list[Given]) -> list[Given]:
    return [one for one in live if any(one.thing is above for above in thing.chain)]


def _shown(thing: Thing, live: list[Given]) -> frozenset[str]:
    return frozenset().union(*(one.shows for one in _covering(thing, live)))
