"""What administrators see of the instance: who may, what is told of the rules, what is counted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from authn.credentials import Password, from_login_and_secret, password_bytes
from davserver.domain.actions import Action, Category, Relation, Zone
from davserver.domain.decisions import Denial, Permit
from davserver.domain.errors import NotFound, Reason, Refused
from davserver.domain.health import Sighting, Sign
from davserver.domain.ids import GenerationId
from davserver.domain.people import Principal, Role
from davserver.domain.tallies import Tally
from davserver.gate.people.people import PersonToAdd
from davserver.gate.policy.decision_files import LogState
from davserver.gate.policy.decision_log import DecisionLog
from davserver.gate.policy.oversight import Oversight, Sources
from davserver.gate.policy.refused import Bounds, Refusal, Source, Span, from_log
from davserver.gate.policy.rulebook import Rulebook, Terms, Verdict
from policies import generations
from policies.folder import Folder
from policies.generations import Origin, Proposed
from policies.vocabulary import Point
from tests.support.affiliating import PASSWORD
from tests.support.logged import YES, answered
from tests.support.rules import put_in_force, shipped_files
from tests.support.safekeeping import Safekeeping, safekeeping

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAM_HEALTH = "p, team-health, allow, professional, via-structure, consult, health, *, *, *, *"


@dataclass
class Office:
    world: Safekeeping
    log: Path
    folder: Folder
    terms: Terms

    @property
    def book(self) -> Rulebook:
        return Rulebook(self.world.tools, self.terms)

    def oversight(self, log: Path | None = None) -> Oversight:
        sources = Sources(
            folder=lambda: self.folder,
            log=log,
            checkup=lambda _: [Sighting(Sign.DISK_ENOUGH, number=1)],
        )
        return Oversight(self.world.tools, self.book, sources)

    def somebody(self, login: str, role: Role, *structures: str) -> Principal:
        now = self.world.clock()
        new = PersonToAdd(login, role, f"Name of {login}", structures, password=PASSWORD)
        self.world.people.add_person(self.world.operator, new, now)
        secret = Password(login, password_bytes(PASSWORD))
        return self.world.accounts.login.sign_in(secret, None, now)

    # ── the log ─────────────────────────────────────────────────────────────────────────────────

    def decided(
        self,
        at: datetime,
        reason: Reason | None = Reason.READ_ONLY,
        request: str | None = None,
        action: Action = Action.PUT,
        relation: Relation = Relation.GRANTEE,
    ) -> None:
        """A line of the log, written at that moment as the drive writes it."""
        log = DecisionLog(self.log, 90 * DAY, lambda: at)
        point = Point("professional", relation, action, Category.HEALTH, "ccas", "vpn", "password",
                      "open")  # fmt: skip
        decision: Permit | Denial = YES if reason is None else Denial(action, reason, "a-rule")
        who = replace(self.world.operator, tally=Tally())
        assert who.tally is not None
        who.tally.count(answered(decision, None, point), "thing", at, None)
        log.write(who, request)
        log.close()


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    with safekeeping(database_url, tmp_path) as world:
        yield Office(world, tmp_path / "log", Folder(shipped_files(), {}, None), Terms())


def test_only_administrators_see_it_as_far_as_the_rules_let_them(office: Office) -> None:
    world, now = office.world, office.world.clock()
    world.structure("ccas")
    ana, oversight = office.somebody("ana", Role.ADMINISTRATOR), office.oversight(office.log)
    asked = (oversight.rules, oversight.generations, oversight.refused, oversight.health)
    seen = world.statements()
    for ask in asked:
        ask(ana, now)
        ask(world.operator, now)
    words = {text.split()[0].upper() for text in seen}
    assert not words & {"INSERT", "UPDATE", "DELETE"}, "nothing writes"
    others = [
        office.somebody("mireille", Role.MANAGER, "ccas"),
        office.somebody("karim", Role.PROFESSIONAL, "ccas"),
        office.somebody("amina", Role.BENEFICIARY),
    ]
    made = world.people.add_app_password(ana, "ana", "phone", now).text
    device = world.accounts.login.sign_in(from_login_and_secret("ana", made), None, now)
    for ask in asked:
        for who in others:
            with pytest.raises(NotFound):
                ask(who, now)
        with pytest.raises(Refused) as error:
            ask(device, now)
        assert error.value.reason is Reason.AUTH_TOO_WEAK


def test_what_is_in_force_and_what_the_files_say(office: Office) -> None:
    world = office.world
    status = office.oversight().rules(world.operator, world.clock())
    assert (status.number, status.folder.verdict, status.pending) == (1, Verdict.IN_FORCE, None)
    with world.db.read() as tx:
        assert status.rules == len(world.tools.policy.current(tx).snapshot.rules)
    files = shipped_files()
    files["rules.csv"] += b"p, x1, dney, *, *, *, *, *, *, *, *\n"
    office.folder = Folder(files, {}, None)
    status = office.oversight().rules(world.operator, world.clock())
    assert status.folder.verdict is Verdict.REFUSED
    (problem,) = status.folder.problems
    line = len(files["rules.csv"].splitlines())
    assert problem.startswith(f"rules.csv:{line}:8: P023")


def test_a_change_that_waits_says_how_many_agreed(office: Office) -> None:
    world, now = office.world, office.world.clock()
    office.terms = Terms(four_eyes=True)
    files = shipped_files()
    files["rules.csv"] += f"{TEAM_HEALTH}\n".encode()
    office.folder = Folder(files, {}, None)
    ana, oversight = office.somebody("ana", Role.ADMINISTRATOR), office.oversight()
    office.book.follow(office.folder, Origin.FILES, now)
    for agreed in (0, 1):
        status = oversight.rules(ana, now)
        assert status.folder.verdict is Verdict.NEEDS_APPROVAL
        assert status.pending is not None
        assert (status.pending.approvals, status.pending.needed) == (agreed, 2)
        office.book.approve(status.pending.proposal.digest, ana, now)
    put_in_force(world.tools, shipped_files() | {"groups.csv": files["groups.csv"] + b"#\n"})
    assert oversight.rules(ana, now).pending is None, "of a time that is over"


def test_a_set_that_this_version_cannot_use_has_no_rules(office: Office) -> None:
    world = office.world
    files = shipped_files() | {"model.conf": b"[another]\n"}

    new, one = Proposed(files, Origin.APPLY), GenerationId(world.tools.entropy(16))
    put, now = generations.put_in_force, world.clock()
    world.db.write(lambda tx: put(tx, world.keys, new, 1, one, now))
    status = office.oversight().rules(world.operator, world.clock())
    assert (status.number, status.rules) == (2, None)
    assert status.serving is not None
    kept = office.oversight().generations(world.operator, world.clock())
    assert [one.number for one in kept] == [2, 1]


def test_refusals_are_counted_by_reason_and_span_and_the_last_are_shown(office: Office) -> None:
    now = office.world.clock()
    for back in (8 * DAY, 2 * DAY, 2 * HOUR, HOUR / 2):
        office.decided(now - back)
        office.decided(now - back, None)
    office.decided(now - HOUR / 2, Reason.CATEGORY)
    found = office.oversight(office.log).refused(office.world.operator, now)
    assert (found.source, found.log) == (Source.LOG, LogState.KEPT)
    assert [(one.reason, list(one.requests.values())) for one in found.told] == [
        (Reason.READ_ONLY, [1, 2, 3]),
        (Reason.CATEGORY, [1, 1, 1]),
    ]
    assert found.last[0].at >= found.last[-1].at
    assert found.last[-1] == Refusal(
        now - 2 * DAY, Action.PUT, Reason.READ_ONLY, "a-rule", Role.PROFESSIONAL, Zone.VPN
    )
    assert (found.since, found.lost, found.damaged, found.hidden) == (None, 0, 0, ())
    hour = office.oversight(office.log).refused(office.world.operator, now, Span.HOUR)
    assert hour.requests(Span.HOUR) == 2


def test_a_request_counts_once_for_a_reason_and_what_is_hidden_apart(office: Office) -> None:
    now = office.world.clock()
    for _ in range(3):
        office.decided(now, Reason.CATEGORY, "one", Action.LIST)
        office.decided(now, Reason.READ_ONLY, "one")
        office.decided(now, Reason.NO_GRANT, "two", Action.LIST, Relation.NONE)
    office.decided(now, Reason.NETWORK, "three", Action.LIST, Relation.NONE)
    found = office.oversight(office.log).refused(office.world.operator, now)
    told = {one.reason: one.requests[Span.HOUR] for one in found.told}
    hidden = {one.reason: one.requests[Span.HOUR] for one in found.hidden}
    assert told == {Reason.READ_ONLY: 1, Reason.NETWORK: 1}
    assert hidden == {Reason.CATEGORY: 1, Reason.NO_GRANT: 1}
    assert {one.reason for one in found.last} == set(told), "hidden things are not listed"


def test_lines_that_are_lost_damaged_or_of_another_version(office: Office) -> None:
    now = office.world.clock()
    office.decided(now)
    file = next(office.log.iterdir())
    line = file.read_bytes()
    with file.open("ab") as more:
        more.write(line.replace(b"read-only", b"phase-of-the-moon").replace(b"vpn", b"orbit"))
        more.write(b'{"decision":"refuse"}\n\xff"decision":"refuse"\n' + b"[" * 100_000 + b"\n")
        more.write(line.replace(b'"a-rule"', b'"<b>"') + line[:-1])
        more.write(b'\n{"at":"2026-01-01T00:00:00.000Z","lost":1000}\n')
        more.write(b'{"at":"%s","lost":7}\n' % now.isoformat().encode())
    found = office.oversight(office.log).refused(office.world.operator, now)
    assert {one.reason: one.requests[Span.HOUR] for one in found.told} == {
        None: 1,
        Reason.READ_ONLY: 2,
    }
    assert next(one for one in found.last if one.reason is None).zone is None
    assert (found.damaged, found.lost) == (3, 7)
    assert "<b>" not in {one.rule for one in found.last}


def test_no_page_reads_more_than_it_may_and_it_says_so(office: Office) -> None:
    now = office.world.clock()
    office.decided(now - DAY)
    for back in range(50, 0, -1):
        office.decided(now - timedelta(minutes=back))
    size = len(max(office.log.iterdir()).read_bytes()) // 50
    little = Bounds(size=10 * size)
    found = from_log(office.log, LogState.KEPT, now, Span.WEEK, little)
    assert found.requests(Span.WEEK) == 9
    assert found.since == now - timedelta(minutes=9)
    found = from_log(office.log, LogState.KEPT, now, Span.WEEK, Bounds(lines=20))
    assert (found.requests(Span.WEEK), len(found.last)) == (20, 20)
    assert found.since == now - timedelta(minutes=20)


def test_without_a_log_the_instances_trail_is_counted(office: Office) -> None:
    world = office.world
    ana, now = office.somebody("ana", Role.ADMINISTRATOR), world.clock()
    made = world.people.add_app_password(ana, "ana", "phone", now).text
    device = world.accounts.login.sign_in(from_login_and_secret("ana", made), None, now)
    for _ in range(2):
        with pytest.raises(Refused):
            office.oversight().health(device, now)
    (office.log.with_name("file")).write_text("no folder")
    for log, state in ((None, LogState.OFF), (office.log.with_name("file"), LogState.NO_FOLDER)):
        found = office.oversight(log).refused(ana, now)
        assert (found.source, found.log, found.since) == (Source.TRAIL, state, None)
        (told,) = found.told
        assert (told.reason, told.requests[Span.HOUR]) == (Reason.AUTH_TOO_WEAK, 2)
        assert found.last[0] == Refusal(now, Action.AUDIT, Reason.AUTH_TOO_WEAK, "", None, None)
