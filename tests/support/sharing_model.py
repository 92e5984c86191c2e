"""What everybody sees, said once more: a small oracle of sharing that knows no line of Abri's code.

Owners have trees; whoever has a live grant on a node sees it and all below whose category the
grant's kind shows: everything for a person, ordinary things for a structure's team. A grant to
deposit shows its folder, and below it what the viewer made alone within the last 24 hours.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

ORDINARY = frozenset({"identity", "housing", "income", "work"})
SENSITIVE = frozenset({"health", "justice", "family", "unclassified"})


RECALL = timedelta(hours=24)


@dataclass
class Thing:
    """A folder (`content` None) or a file. `category` is its own, None where it inherits."""

    key: int
    parent: "Thing | None"
    name: str
    category: str | None = None
    content: bytes | None = None
    maker: str = ""
    author: str = ""
    made: datetime | None = None
    changes: int = 0

    def is_deposit_of(self, login: str, now: datetime) -> bool:
        recent = self.made is not None and now - self.made < RECALL
        return recent and self.maker == self.author == login

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
    right: str
    starts: datetime
    until: datetime | None
    ended: bool = False

    def is_over(self, now: datetime) -> bool:
        return self.ended or (self.until is not None and self.until <= now)

    @property
    def shows(self) -> frozenset[str]:
        return ORDINARY if self.to_team else ORDINARY | SENSITIVE

    @property
    def deposits(self) -> bool:
        return self.right == "deposit"


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
    there has changed: it stands for a folder's ETag. What somebody only deposited is not readable.
    """

    thing: Thing
    readable: bool
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
        view = View(self, login, now, live)
        found: dict[int, Seen] = {}
        for grant in live:
            for thing in view.below(grant.owner, grant.thing):
                found[thing.key] = view.seen(grant.owner, thing)
        return found


@dataclass
class View:
    """One viewer at one moment."""

    world: World
    login: str
    now: datetime
    live: list[Given]

    def below(self, owner: str, top: Thing) -> Iterator[Thing]:
        shown = any(top.effective in one.shows for one in self._covering(top))
        if top not in self.world.safes[owner].things or not shown:
            return
        waiting = [top]
        while waiting:
            thing = waiting.pop()
            yield thing
            waiting += self._inside(owner, thing)

    def _inside(self, owner: str, folder: Thing) -> list[Thing]:
        over = self._covering(folder)
        children = self.world.safes[owner].children(folder)
        return [child for child in children if any(self._shows(one, child) for one in over)]

    def _shows(self, grant: Given, child: Thing) -> bool:
        mine = not grant.deposits or child.is_deposit_of(self.login, self.now)
        return mine and child.effective in grant.shows

    def seen(self, owner: str, thing: Thing) -> Seen:
        over = self._covering(thing)
        shown_by = [one for one in over if thing.effective in one.shows]
        readable = any(not one.deposits for one in shown_by)
        writable = any(one.right != "read" for one in shown_by)
        if thing.content is not None:
            return Seen(thing, readable, writable, ())
        noticed = frozenset().union(*(one.shows for one in over if not one.deposits))
        counts = self.world.safes[owner].changes
        found = ((category, counts[thing.key, category]) for category in sorted(noticed))
        seen = tuple((category, count) for category, count in found if count)
        ids = tuple(sorted(one.id for one in over))
        state = (thing.key, ids, seen, self._deposits(owner, thing))
        return Seen(thing, readable, writable, state)

    def _deposits(self, owner: str, folder: Thing) -> tuple[tuple[int, int], ...]:
        """What they put below the folder and still see, where they may put something there."""
        if not any(one.deposits for one in self._covering(folder)):
            return ()
        inside = list(self.below(owner, folder))
        mine = [one for one in inside if one.is_deposit_of(self.login, self.now)]
        return tuple(sorted((one.key, one.changes) for one in mine))

    def _covering(self, thing: Thing) -> list[Given]:
        return [one for one in self.live if self._covers(one, thing.chain)]

    def _covers(self, grant: Given, chain: list[Thing]) -> bool:
        at = next((i for i, one in enumerate(chain) if one is grant.thing), None)
        if at is None:
            return False
        below = chain[at + 1 :]
        return not grant.deposits or all(one.is_deposit_of(self.login, self.now) for one in below)
