"""A structure as its manager sees it, for tests of their use cases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from davserver.domain.ids import PersonId
from davserver.domain.people import Principal
from davserver.gate.people.teams import Member, Teams
from davserver.trail import INSTANCE
from tests.support.affiliating import House
from tests.support.rules import put_in_force, shipped_files
from tests.support.safekeeping import Safekeeping, safekeeping


class Agency(House):
    """The house, as its manager sees it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.teams = Teams(self.world.tools)

    @property
    def now(self) -> datetime:
        return self.world.clock()

    @property
    def boss(self) -> Principal:
        return self.who("mireille")

    def id(self, login: str) -> PersonId:
        return self.drives[login].person.id

    def members(self, by: str = "mireille", slug: str = "ccas") -> dict[str, Member]:
        found = self.teams.show(self.who(by), slug, self.now).members
        assert len({one.login for one in found}) == len(found)
        return {one.login: one for one in found}

    def add(self, login: str, starts: datetime | None = None, ends: datetime | None = None) -> None:
        self.teams.add(self.boss, "ccas", login, self.now, starts=starts, ends=ends)

    def end(self, login: str, on: datetime | None = None) -> None:
        self.teams.end(self.boss, "ccas", self.id(login), self.now, on=on)

    def told(self) -> list[tuple[str, str, dict[str, str]]]:
        """The instance's trail."""
        with self.world.db.read() as tx:
            names = self.world.registered.logins
            entries = self.world.tools.trail.entries(
                tx, INSTANCE, limit=500, names=lambda ids: names(tx, ids)
            )
        return [(one.what, one.who_login, one.details) for one in entries]


def without(world: Safekeeping, rule: bytes) -> None:
    """The shipped rules but this one."""
    files = shipped_files()
    lines = files["rules.csv"].splitlines()
    files["rules.csv"] = b"\n".join(one for one in lines if rule not in one)
    put_in_force(world.tools, files)


@contextmanager
def agency_in(url: str, folder: Path) -> Iterator[Agency]:
    """Where everybody has worked for a day."""
    with safekeeping(url, folder) as world:
        made = Agency(world)
        world.clock.passes(days=1)
        # Once, so that what is kept in memory is there when statements are counted.
        assert made.members()
        yield made
