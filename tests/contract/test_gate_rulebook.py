"""A change of the policy files: examined, approved, put in force, told, brought back."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, update

from authn.credentials import Password, password_bytes
from davserver.db import tables as t
from davserver.domain.actions import Right
from davserver.domain.errors import NotFound, Refused
from davserver.domain.people import Principal, Role, Structure
from davserver.gate.people.notices import NoticeKind
from davserver.gate.people.people import PersonToAdd
from davserver.gate.policy.notices import PolicyNotices
from davserver.gate.policy.rulebook import Rulebook, Terms, Verdict
from davserver.trail import What
from davserver.trail.words import INSTANCE
from davserver.vault.check.findings import Flaw
from policies.folder import Folder
from policies.generations import KEPT, Origin
from policies.loader import load_bytes
from tests.support.affiliating import PASSWORD
from tests.support.drive import Drive
from tests.support.rules import shipped_files
from tests.support.safekeeping import Safekeeping

TEAM_HEALTH = "p, team-health, allow, professional, via-structure, consult, health, *, *, *, *"
NO_GET = "p, no-get, deny, professional, *, get, *, *, *, *, *"
WRONG = b"""
[[case]]
name = "the team reads what is sensitive"
role = "professional"
relation = "via-structure"
structure = "ccas"
action = "get"
category = "health"
expect = "allow"
"""


def folder(*lines: str, tests: Mapping[str, bytes] | None = None) -> Folder:
    """The shipped rules and these."""
    files = shipped_files()
    files["rules.csv"] += "\n".join(["", *lines, ""]).encode()
    return Folder(files, tests or {}, None)


@dataclass
class Desk:
    world: Safekeeping

    def book(self, **terms: object) -> Rulebook:
        return Rulebook(self.world.tools, Terms(**terms))  # type: ignore[arg-type]

    def follow(self, book: Rulebook, what: Folder) -> tuple[Verdict, int]:
        found = book.follow(what, Origin.FILES, self.world.clock())
        return found.verdict, found.number

    def administrator(self, login: str) -> Principal:
        new = PersonToAdd(login, Role.ADMINISTRATOR, login.title(), password=PASSWORD)
        self.world.people.add_person(self.world.operator, new, self.world.clock())
        secret = Password(login, password_bytes(PASSWORD))
        return self.world.tools.login.sign_in(secret, None, self.world.clock())

    def in_force(self) -> frozenset[str]:
        with self.world.db.read() as tx:
            return frozenset(r.id for r in self.world.tools.policy.current(tx).snapshot.rules)

    def policy_words(self) -> list[str]:
        with self.world.db.read() as tx:
            found = self.world.tools.trail.entries(
                tx, INSTANCE, limit=1000, names=lambda _: {}, full=True
            )
        return [one.what for one in found if one.what in {What.POLICY, What.POLICY_APPROVE}]


@pytest.fixture
def desk(world: Safekeeping) -> Desk:
    return Desk(world)


def test_a_case_that_comes_out_otherwise_keeps_the_change_out(desk: Desk) -> None:
    book = desk.book()
    what = folder(NO_GET, tests={"tests/team.toml": WRONG})
    found = book.follow(what, Origin.FILES, desk.world.clock())
    assert (found.verdict, found.number) == (Verdict.FAILED, 1)
    assert found.problems[0].startswith("tests/team.toml:2: ")
    assert "no-get" not in desk.in_force()
    # An explicit wish does not get around it.
    assert book.apply(what, desk.world.operator, desk.world.clock()).verdict is Verdict.FAILED
    assert desk.follow(book, folder(NO_GET)) == (Verdict.IN_FORCE, 2)


def test_two_who_put_the_same_files_in_force_at_once_make_one_generation(desk: Desk) -> None:
    book, what, now = desk.book(), folder(NO_GET), desk.world.clock()
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: book.apply(what, desk.world.operator, now), range(4))
        assert {(one.verdict, one.number) for one in found} == {(Verdict.IN_FORCE, 2)}


def test_too_little_coverage_keeps_the_change_out(desk: Desk) -> None:
    found = desk.book(coverage=50).follow(folder(NO_GET), Origin.FILES, desk.world.clock())
    assert found.verdict is Verdict.FAILED
    assert "policy.coverage asks for 50 %" in found.problems[0]


@pytest.mark.slow
def test_what_was_never_in_force_and_what_is_are_told_apart_from_the_last_twenty(
    desk: Desk,
) -> None:
    book = desk.book()
    for number in range(2, KEPT + 4):
        assert desk.follow(book, folder(f"# {number}")) == (Verdict.IN_FORCE, number)
    status = book.status(folder(f"# {KEPT + 3}"))
    assert [one.number for one in status.kept] == list(range(KEPT + 3, 3, -1))
    assert status.folder.verdict is Verdict.IN_FORCE
    with pytest.raises(NotFound):
        book.bring_back(3, folder(), desk.world.operator, desk.world.clock())
    back = book.bring_back(4, folder(), desk.world.operator, desk.world.clock())
    assert (back.number, back.brought_back) == (KEPT + 4, 4)
    assert desk.world.troubles() == []


def test_going_back_twice_goes_further_back(desk: Desk) -> None:
    book, now = desk.book(), desk.world.clock()
    for name in ("a", "b"):
        desk.follow(book, folder(f"# {name}"))
    again = [book.bring_back(None, folder("# b"), desk.world.operator, now) for _ in range(2)]
    assert [one.brought_back for one in again] == [2, 1]
    with pytest.raises(NotFound):
        book.bring_back(None, folder("# b"), desk.world.operator, now)


def test_what_widens_access_waits_for_two_administrators(desk: Desk) -> None:
    book, now = desk.book(four_eyes=True), desk.world.clock()
    # What only narrows needs nobody.
    assert desk.follow(book, folder(NO_GET)) == (Verdict.IN_FORCE, 2)
    assert desk.follow(book, folder()) == (Verdict.NEEDS_APPROVAL, 2)
    proposed = book.proposed()
    assert proposed is not None
    digest = proposed[0].digest
    assert proposed[1].widens
    ana, ben = desk.administrator("ana"), desk.administrator("ben")
    with pytest.raises(Refused):
        book.approve(digest, desk.world.operator, now)
    with pytest.raises(NotFound):
        book.approve("0" * 12, ana, now)
    assert book.approve(digest[:12], ana, now).number is None
    assert book.approve(digest[:12], ana, now).approvals == 1
    assert "no-get" in desk.in_force()
    done = book.approve(digest[:12], ben, now)
    assert (done.approvals, done.number) == (2, 3)
    assert "no-get" not in desk.in_force()
    assert book.proposed() is None
    assert desk.policy_words()[-4:] == ["policy-approve"] * 3 + ["policy"]
    assert desk.world.troubles() == []


def test_an_administrators_wish_is_the_first_of_two(desk: Desk) -> None:
    book, now = desk.book(four_eyes=True), desk.world.clock()
    ana, ben = desk.administrator("ana"), desk.administrator("ben")
    wider = folder(TEAM_HEALTH)
    assert book.apply(wider, ana, now).verdict is Verdict.NEEDS_APPROVAL
    assert book.apply(wider, ben, now).verdict is Verdict.IN_FORCE
    assert "team-health" in desk.in_force()


def test_an_approval_counts_for_the_set_that_was_seen_and_while_its_giver_is_one(
    desk: Desk,
) -> None:
    book, now = desk.book(four_eyes=True), desk.world.clock()
    ana, ben = desk.administrator("ana"), desk.administrator("ben")
    assert book.apply(folder(TEAM_HEALTH), ana, now).verdict is Verdict.NEEDS_APPROVAL
    # Another text takes its place, and starts anew.
    other = folder(TEAM_HEALTH, "# and this")
    assert desk.follow(book, other) == (Verdict.NEEDS_APPROVAL, 1)
    assert book.approve(other.generation, ben, now).number is None
    # One whose account is blocked meanwhile does not count.
    desk.world.people.disable(desk.world.operator, "ben", now)
    assert book.approve(other.generation, ana, now).number is None
    assert "team-health" not in desk.in_force()


def test_forged_approvals_do_not_count_and_are_found(desk: Desk) -> None:
    book, now = desk.book(four_eyes=True), desk.world.clock()
    ana, ben = desk.administrator("ana"), desk.administrator("ben")
    book.apply(folder(TEAM_HEALTH), ana, now)
    proposed = book.proposed()
    assert proposed is not None
    table = t.policy_approval

    def forge(tx: object) -> None:
        row = dict(tx.execute(select(table)).mappings().one())  # type: ignore[attr-defined]
        changed = {**row, "id": bytes(16), "person_id": ben.id}
        tx.execute(table.insert().values(changed))  # type: ignore[attr-defined]

    desk.world.db.write(forge)
    assert book.approve(proposed[0].digest, ana, now).number is None
    assert desk.world.troubles() == [(Flaw.FORGED, table.name)]


def test_owners_are_told_once_what_others_gain(
    desk: Desk, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    world, book = desk.world, desk.book()
    world.share(amina, ccas, "/Logement", Right.READ)
    bilal = world.beneficiary("bilal")
    assert desk.follow(book, folder(NO_GET))[0] is Verdict.IN_FORCE
    assert [one for one in world.notices() if one.kind is NoticeKind.POLICY_WIDENED] == []
    assert desk.follow(book, folder())[0] is Verdict.IN_FORCE
    (told,) = (one for one in world.notices() if one.kind is NoticeKind.POLICY_WIDENED)
    assert told.person == amina.person.id
    assert told.person != bilal.person.id
    assert PolicyNotices(world.tools).run(world.clock()) == 0


def test_a_process_that_ended_before_telling_leaves_it_to_the_next_round(
    desk: Desk, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    world, book = desk.world, desk.book()
    world.share(amina, ccas, "/Logement", Right.READ)
    for what in (folder(NO_GET), folder()):
        desk.follow(book, what)
    before = len(world.notices())
    # As if the last one had been put in force and nothing after it had been done.
    table = t.policy_generation
    untold = update(table).where(table.c.number == 3).values(told_at=None)
    world.db.write(lambda tx: tx.execute(untold))
    assert PolicyNotices(world.tools).run(world.clock()) == 1
    assert len(world.notices()) == before + 1


def test_an_altered_set_serves_owners_only_until_a_good_one_is_there(
    desk: Desk, amina: Drive, tmp_path: Path
) -> None:
    book, table = desk.book(), t.policy_generation
    files = folder("p, all, allow, *, *, *, *, *, *, *, *")
    changed = update(table).values(digest=files.generation)
    desk.world.db.write(lambda tx: tx.execute(changed))
    fresh = type(desk.world.tools.policy)(desk.world.keys)
    with desk.world.db.read() as tx:
        assert {r.id for r in fresh.current(tx).snapshot.rules} < {
            r.id for r in load_bytes(shipped_files()).rules
        }
    status = book.status(folder())
    assert (status.number, status.serving) == (1, None)
    assert desk.follow(book, folder()) == (Verdict.IN_FORCE, 2)
