"""Whatever a directory said of somebody, and whatever was shared with them meanwhile: they reach
what a simple oracle says, and to leave and come back changes nothing at all.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from authn.ldap.port import EntryState
from davserver.domain.errors import AlreadyThere
from davserver.domain.people import AccountState
from tests.support.drive import Drive
from tests.support.staffing import OTHERS, STAFF, Office, office_on

pytestmark = pytest.mark.slow

GROUP = {"ccas": STAFF, "other": OTHERS}
ACCOMPANIES = {"amina": "ccas", "bilal": "other"}
FOLDERS = ("Logement", "Santé", "Famille")
_examples = count()

PLACES = st.frozensets(st.sampled_from(sorted(GROUP)))
OUT = st.sampled_from([None, EntryState.LOCKED, EntryState.DISABLED, EntryState.ACTIVE])
"""Not there; there, and blocked; there, and in no group."""
OWNER = st.sampled_from(sorted(ACCOMPANIES))
STEP = st.one_of(
    st.tuples(st.just("works"), PLACES),
    st.tuples(st.just("out"), OUT),
    st.tuples(st.just("by hand"), st.sampled_from(sorted(GROUP))),
    st.tuples(st.just("shares"), OWNER, st.sampled_from(FOLDERS)),
    st.tuples(st.just("ends"), OWNER, st.sampled_from(FOLDERS)),
)


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with office_on(database_url, tmp_path) as made:
        yield made


@dataclass
class Example:
    """Two owners, each accompanied by one structure with which they shared a folder, and one person
    of the directory. `rests` is what the oracle knows of each folder that was shared by name.
    """

    office: Office
    entry: str = field(init=False)
    owners: dict[str, Drive] = field(default_factory=dict)
    rests: dict[tuple[str, str], bool] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    is_in: bool = False

    def __post_init__(self) -> None:
        mark, world = next(_examples), self.office.world
        self.entry = f"karim{mark}"
        for login, structure in ACCOMPANIES.items():
            owner = self.owners[login] = world.beneficiary(f"{login}{mark}", "fr")
            world.share(owner, self.office.structure(structure), "/Travail")
        self.works(frozenset(GROUP))

    @property
    def login(self) -> str:
        return f"{self.entry}@lyon.example"

    def step(self, what: str, *how: object) -> None:
        self.office.world.clock.passes(minutes=1)
        getattr(self, what.replace(" ", "_"))(*how)

    # ── what happens, and what the oracle makes of it ───────────────────────────────────────────

    def works(self, places: frozenset[str]) -> None:
        self.office.says(self.entry, *(GROUP[one] for one in sorted(places)))
        if not places:
            return self._is_out()
        before, here = self.places or self.last, places | self.joined
        begins = bool(places - self.places)
        for key, rests in self.rests.items():
            tied = ACCOMPANIES[key[0]]
            falls = rests or tied in before - here
            self.rests[key] = falls and not (begins and tied in here)
        self.places, self.is_in = places, True
        return None

    def out(self, how: EntryState | None) -> None:
        if how is None:
            self.office.misses(self.entry)
        elif how is EntryState.ACTIVE:
            self.office.says(self.entry)
        else:
            self.office.says(self.entry, STAFF, state=how)
        self._is_out()

    def _is_out(self) -> None:
        if self.places:
            self.last = self.places
        self.places, self.is_in = frozenset(), False

    def by_hand(self, slug: str) -> None:
        world = self.office.world
        with suppress(AlreadyThere):
            world.people.add_membership(world.operator, self.login, slug, world.clock())
            self.joined |= {slug}
            self.rests |= {one: False for one in self.rests if ACCOMPANIES[one[0]] == slug}

    def shares(self, owner: str, folder: str) -> None:
        drive = self.office.drive(self.login)
        with suppress(AlreadyThere):
            self.office.world.share(self.owners[owner], drive, f"/{folder}")
            self.rests[owner, folder] = False

    def ends(self, owner: str, folder: str) -> None:
        world = self.office.world
        who = self.owners[owner].who
        for one in world.sharing.list(who, world.clock()):
            if one.ended is None and one.path == f"/{folder}":
                world.sharing.end(who, one.id, world.clock())
        self.rests.pop((owner, folder), None)

    # ── what they reach ─────────────────────────────────────────────────────────────────────────

    def predicted(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for owner, structure in ACCOMPANIES.items():
            named = [
                folder for (one, folder), rests in self.rests.items() if one == owner and not rests
            ]
            team = ["Travail"] if structure in self.places | self.joined else []
            if named or team:
                found[self.owners[owner].person.name] = sorted([*named, *team])
        return found

    def reached(self) -> dict[str, list[str]]:
        drive = self.office.drive(self.login)
        mine = self._names & set(drive.names("/"))
        return {one: sorted(drive.names(f"/{one}")) for one in mine}

    def etags(self) -> list[str]:
        drive = self.office.drive(self.login)
        entry, folders = drive.list("/")
        return [entry.etag, *(one.etag for one in folders if one.path.name in self._names)]

    @property
    def _names(self) -> set[str]:
        """The structures are the same in all examples, and others share with them too."""
        return {one.person.name for one in self.owners.values()}


def _plays(office: Office, steps: list[tuple[str, ...]]) -> Example:
    made = Example(office)
    for what, *how in steps:
        made.step(what, *how)
        if made.is_in:
            assert made.reached() == made.predicted()
        else:
            assert made.reached() == {}
    return made


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEP, max_size=8), ways=st.lists(OUT, min_size=1, max_size=3))
def test_to_leave_and_come_back_changes_nothing(
    office: Office, steps: list[tuple[str, ...]], ways: list[EntryState | None]
) -> None:
    made = _plays(office, steps)
    if not made.is_in:
        made.step("works", frozenset(GROUP))
    places, before, etags = made.places, made.reached(), made.etags()
    for way in ways:
        made.step("out", way)
        assert office.state(made.login) is AccountState.DIRECTORY_BLOCKED
    made.step("works", places)
    assert (made.reached(), made.etags()) == (before, etags)
    assert office.world.troubles(made.owners["amina"].person.login, deep=False) == []
