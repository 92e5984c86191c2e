"""Any history of grants, ends, expiries, joins, leaves and writes ends with the drives and the
folder ETags that a simple oracle predicts; what was never granted is never reached.
"""

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from davserver.domain.actions import Action, Right
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Refused
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.paths import DrivePath
from davserver.gate.affiliations.affiliations import Affiliations
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping, safekeeping
from tests.support.sharing_model import Given, Place, Safe, Thing, World

pytestmark = pytest.mark.slow

OWNERS, STAFF, TEAMS = ("amina", "bilal"), ("karim", "zoe", "lea"), ("ccas", "asso")
TOPS = {"Logement": "housing", "Travail": "work", "Santé": "health"}
OWNER, STAFF_MEMBER, TEAM = (st.sampled_from(one) for one in (OWNERS, STAFF, TEAMS))
PICK = st.integers(0, 1000)
RIGHT = st.sampled_from(Right)
HOURS = st.sampled_from([None, 1, 2, 24])
_examples = count()


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path) as made:
        yield made


class Histories(RuleBasedStateMachine):
    """One example has people of its own, in one instance for all of them."""

    def __init__(self, real: Safekeeping) -> None:
        super().__init__()
        self.real = real
        self.model = World()
        self.drives: dict[str, Drive] = {}
        self.keys = count()
        self.ids: dict[bytes, int] = {}
        self.affiliated: set[tuple[str, str]] = set()
        self.etags: dict[tuple[object, ...], str] = {}

    @initialize()
    def everybody_arrives(self) -> None:
        mark = f"{next(_examples)}"
        self.teams = {slug: self.real.structure(f"{slug}-{mark}") for slug in TEAMS}
        for login in STAFF:
            self.drives[login] = self.real.professional(f"{login}-{mark}")
        for login in OWNERS:
            drive = self.drives[login] = self.real.beneficiary(f"{login}-{mark}", "fr")
            root = Thing(next(self.keys), None, "")
            safe = self.model.safes[login] = Safe(login, root, [root])
            for name, category in TOPS.items():
                thing = self._made(safe, root, name, category=category)
                self.ids[drive.look(thing.path).id] = thing.key

    @property
    def now(self) -> datetime:
        return self.real.clock()

    # ── owners' things ──────────────────────────────────────────────────────────────────────────

    def _made(self, safe: Safe, parent: Thing, name: str, **facts: Any) -> Thing:
        thing = Thing(next(self.keys), parent, name, **facts)
        safe.things.append(thing)
        return thing

    def _pick(self, things: list[Thing], number: int) -> Thing:
        return things[number % len(things)]

    def _folders(self, owner: str) -> list[Thing]:
        return [one for one in self.model.safes[owner].things if one.content is None][1:]

    @rule(owner=OWNER, where=PICK, name=st.sampled_from(["a.txt", "b.txt"]), text=st.binary())
    def put(self, owner: str, where: int, name: str, text: bytes) -> None:
        safe, folder = self.model.safes[owner], self._pick(self._folders(owner), where)
        there = next((one for one in safe.children(folder) if one.name == name), None)
        self.drives[owner].put(f"{folder.path}/{name}", text)
        thing = there or self._made(safe, folder, name, maker=owner, made=self.now)
        thing.content, thing.author = text, owner
        thing.changes += 1
        safe.changed(folder, thing.effective)
        self.ids[self.drives[owner].look(thing.path).id] = thing.key

    @rule(owner=OWNER, where=PICK, name=st.sampled_from(["c", "d"]))
    def make_folder(self, owner: str, where: int, name: str) -> None:
        safe, folder = self.model.safes[owner], self._pick(self._folders(owner), where)
        if len(folder.chain) > 4 or any(one.name == name for one in safe.children(folder)):
            return
        self.drives[owner].mkcol(f"{folder.path}/{name}")
        thing = self._made(safe, folder, name, maker=owner, author=owner, made=self.now)
        safe.changed(folder, thing.effective)
        self.ids[self.drives[owner].look(thing.path).id] = thing.key

    @rule(owner=OWNER, what=PICK, where=PICK)
    def move(self, owner: str, what: int, where: int) -> None:
        """Its category goes along, written on it from then on (DESIGN §2.3)."""
        safe = self.model.safes[owner]
        movable = [one for one in safe.things if len(one.chain) > 2]
        if not movable:
            return
        thing, folder = self._pick(movable, what), self._pick(self._folders(owner), where)
        taken = any(one.name == thing.name for one in safe.children(folder))
        if taken or thing in folder.chain or thing.parent is None:
            return
        before, category = thing.parent, thing.effective
        self.drives[owner].move(thing.path, f"{folder.path}/{thing.name}")
        thing.category, thing.parent = category, folder
        thing.changes += 1
        safe.changed(before, category)
        safe.changed(folder, category)

    @rule(owner=OWNER, what=PICK)
    def remove(self, owner: str, what: int) -> None:
        safe = self.model.safes[owner]
        removable = [one for one in safe.things if len(one.chain) > 2]
        if not removable:
            return
        thing = self._pick(removable, what)
        category, parent = thing.effective, thing.parent
        self.drives[owner].delete(thing.path)
        safe.remove(thing)
        assert parent is not None
        safe.changed(parent, category)

    # ── grants ──────────────────────────────────────────────────────────────────────────────────

    @rule(owner=OWNER, what=PICK, to=st.sampled_from(STAFF + TEAMS), right=RIGHT, ends=HOURS)
    def grant(self, owner: str, what: int, to: str, ends: int | None, right: Right) -> None:
        things = [one for one in self.model.safes[owner].things if one.parent]
        thing, team = self._pick(things, what), to in TEAMS
        grantee: Grantee
        grantee = ToStructure(self.teams[to].id) if team else ToPerson(self.drives[to].person.id)
        until = self.now + timedelta(hours=ends) if ends else None
        standing = any(
            one.thing is thing and one.to == to and not one.is_over(self.now)
            for one in self.model.grants
        )
        hidden = team and thing.effective not in {"identity", "housing", "income", "work"}
        try:
            view = self.real.sharing.add(
                self.drives[owner].who, to=grantee, path=DrivePath.parse(thing.path),
                right=right, until=until, now=self.now,
            )  # fmt: skip
        except AlreadyThere:
            assert standing
        except BadInput:
            assert right is Right.DEPOSIT
            assert thing.content is not None
        except Refused:
            assert hidden
        else:
            assert not standing
            assert not hidden
            if team:
                self.affiliated.add((owner, to))
            self.model.grants.append(
                Given(view.id, owner, thing, to, team, right.value, self.now, until)
            )

    @rule(which=PICK)
    def end_a_grant(self, which: int) -> None:
        if self.model.grants:
            given = self.model.grants[which % len(self.model.grants)]
            self.real.sharing.end(self.drives[given.owner].who, given.id, self.now)  # type: ignore[arg-type]
            given.ended = True

    @rule(owner=OWNER, slug=TEAM)
    def leave_a_structure(self, owner: str, slug: str) -> None:
        """Whatever the beneficiary ever granted to it ends; an affiliation comes by granting."""
        given = [one for one in self.model.grants if (one.owner, one.to) == (owner, slug)]
        if (owner, slug) not in self.affiliated:
            with pytest.raises(NotFound):
                self._leave(owner, slug)
            return
        self._leave(owner, slug)
        self.affiliated.remove((owner, slug))
        for one in given:
            one.ended = True

    def _leave(self, owner: str, slug: str) -> None:
        book = Affiliations(self.real.tools)
        book.leave(self.drives[owner].who, self.teams[slug].slug, self.now)

    # ── people and time ─────────────────────────────────────────────────────────────────────────

    @rule(login=STAFF_MEMBER, slug=TEAM, ends=HOURS)
    def join(self, login: str, slug: str, ends: int | None) -> None:
        until = self.now + timedelta(hours=ends) if ends else None
        inside = any(
            one.login == login and one.slug == slug and one.holds(self.now)
            for one in self.model.places
        )
        person, team = self.drives[login].person.login, self.teams[slug].slug
        if inside:
            with pytest.raises(AlreadyThere):
                self.real.people.add_membership(self.real.operator, person, team, self.now)
            return
        self.real.people.add_membership(self.real.operator, person, team, self.now, ends=until)
        self.model.places.append(Place(login, slug, self.now, until))

    @rule(login=STAFF_MEMBER, slug=TEAM)
    def leave(self, login: str, slug: str) -> None:
        inside = [
            one
            for one in self.model.places
            if one.login == login and one.slug == slug and one.holds(self.now)
        ]
        if inside:
            person, team = self.drives[login].person.login, self.teams[slug].slug
            self.real.people.end_membership(self.real.operator, person, team, self.now)
            for one in inside:
                one.ends = self.now

    @rule(login=STAFF_MEMBER)
    def block_or_unblock(self, login: str) -> None:
        person = self.drives[login].person.login
        if login in self.model.blocked:
            self.real.people.enable(self.real.operator, person, self.now)
            self.model.blocked.remove(login)
        else:
            self.real.people.disable(self.real.operator, person, self.now)
            self.model.blocked.add(login)

    @rule(hours=st.sampled_from([1, 1, 2, 23]))
    def time_passes(self, hours: int) -> None:
        self.real.clock.passes(hours=hours)

    # ── what staff do ───────────────────────────────────────────────────────────────────────────

    @rule(login=STAFF_MEMBER, where=PICK, text=st.binary())
    def staff_put(self, login: str, where: int, text: bytes) -> None:
        """A new file, wherever they may make one."""
        seen = self.model.drive_of(login, self.now).values()
        folders = [one.thing for one in seen if one.writable and one.thing.content is None]
        if not folders:
            return
        folder = self._pick(folders, where)
        safe = next(one for one in self.model.safes.values() if folder in one.things)
        name = f"{next(self.keys)}.txt"
        written = self.drives[login].put(f"{self._path(login, folder)}/{name}", text)
        made = {"maker": login, "author": login, "made": self.now}
        thing = self._made(safe, folder, name, content=text, **made)
        self.ids[written.entry.id] = thing.key
        safe.changed(folder, thing.effective)

    def _path(self, login: str, thing: Thing) -> str:
        return next(
            str(one.path) for one in self._everything(login) if self.ids[one.id] == thing.key
        )

    # ── what must hold ──────────────────────────────────────────────────────────────────────────

    @invariant()
    def everybody_sees_what_the_oracle_says(self) -> None:
        for login in STAFF if self.drives else ():
            expected = self.model.drive_of(login, self.now)
            seen = list(self._everything(login))
            assert {self.ids[one.id] for one in seen} == set(expected), login
            for entry in seen:
                one = expected[self.ids[entry.id]]
                assert (Action.PUT in entry.may) is one.writable
                self._etag_is_as_told(login, entry, one)

    def _etag_is_as_told(self, login: str, entry: Any, one: Any) -> None:
        """A folder's ETag moves exactly when this viewer could see why."""
        if entry.is_folder:
            state = (login, *one.state)
            assert self.etags.setdefault(state, entry.etag) == entry.etag
            same = [state for state, etag in self.etags.items() if etag == entry.etag]
            assert same == [state]

    @rule(login=STAFF_MEMBER, what=PICK)
    def nothing_else_opens(self, login: str, what: int) -> None:
        """Whoever knows where a file lies does not reach it for that; what is seen opens, or was
        only deposited.
        """
        files = [
            t for safe in self.model.safes.values() for t in safe.things if t.content is not None
        ]
        if not files:
            return
        thing, drive = self._pick(files, what), self.drives[login]
        seen = self.model.drive_of(login, self.now).get(thing.key)
        if seen is not None:
            with nullcontext() if seen.readable else pytest.raises(Refused):
                assert drive.get(self._path(login, thing)) == thing.content
            return
        owner = next(o for o, safe in self.model.safes.items() if thing in safe.things)
        for guess in (thing.path, "/" + thing.name):
            with suppress(NotFound):
                found = drive.look(f"/{self.drives[owner].person.name}{guess}")
                assert self.ids[found.id] != thing.key

    def _everything(self, login: str) -> Iterator[Any]:
        """All entries of vaults that this viewer can list their way to."""
        drive = self.drives[login]
        waiting = [
            f"/{name}/{item}" for name in drive.names("/") for item in drive.names(f"/{name}")
        ]
        while waiting:
            entry, children = drive.list(waiting.pop())
            yield entry
            waiting += [str(child.path) for child in children if child.is_folder]
            yield from (child for child in children if not child.is_folder)


def test_any_history_ends_with_the_drives_that_the_oracle_predicts(world: Safekeeping) -> None:
    run_state_machine_as_test(
        lambda: Histories(world),
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
