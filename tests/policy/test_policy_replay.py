"""The past asked again: a replayed line comes out as the other rules would have decided it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise, product

import pytest

from davserver.domain.actions import Action, Category, Right, Strength, Zone
from davserver.domain.decisions import Denial, Permit
from davserver.domain.errors import Reason
from davserver.domain.tallies import Counted
from policies.decider import Judge
from policies.logged import Logged, lines_of, read_line
from policies.replay import HIDDEN, Replay, Said
from policies.snapshot import Snapshot
from policies.vocabulary import Column
from tests.policy.question import (
    ADDRESS,
    NOW,
    SUNDAY,
    Question,
    a_set,
    named,
    owner,
    shipped_files,
    structure,
    team,
    with_files,
)

SETS = ("shipped", "office-hours", "two-factor")
LYON = structure()
REUNION = structure("shelter", "foyer-sud", "Indian/Reunion")
KNOWN = {one.id: one for one in (LYON, REUNION)}


def logged(judge: Judge, asked: Question, now: datetime, count: int = 1) -> Logged:
    """The line that this request leaves: a blocked drive, a hidden thing, or the action itself."""
    who, target = asked.who, asked.target
    blocked = judge.drive_blocked(who, now)
    if blocked is not None:
        answer = judge.answered(*judge.drive_question(who, now), blocked)
    else:
        action = asked.action if judge.may_see(who, target, now) else Action.LIST
        decision = judge.decide(who, action, target, now)
        answer = judge.answered(*judge.question(who, action, target, now), decision)
    line = read_line(lines_of([Counted(answer, now, frozenset(), count)], "r"))
    assert isinstance(line, Logged)
    return line


def would_allow(judge: Judge, asked: Question, line: Logged, now: datetime) -> bool:
    who, target = asked.who, asked.target
    if judge.drive_blocked(who, now) is not None:
        return False
    if line.question.relation == "none":
        return True
    decision = judge.decide(who, Action(line.question.action), target, now)
    return isinstance(decision, Permit) and judge.may_see(who, target, now)


def questions() -> Iterator[Question]:
    grants = product((named, team), (Right.WRITE, Right.DEPOSIT))
    asked = [owner(), *(make(right=right, where=REUNION) for make, right in grants)]
    actions = (Action.LIST, Action.GET, Action.PUT, Action.DELETE, Action.REGRANT, Action.AUDIT)
    for one, action, category in product(asked, actions, (Category.HOUSING, Category.HEALTH)):
        yield one.doing(action).about(category)


@pytest.mark.parametrize(("old", "new"), list(pairwise((*SETS, SETS[0]))))
def test_each_line_comes_out_as_the_other_rules_would_have_decided(old: str, new: str) -> None:
    before, after = Judge(a_set(old)), Judge(a_set(new))
    circumstances = (
        (Zone.INTERNET, Strength.PASSWORD, NOW),
        (Zone.OFFICE, Strength.PASSWORD, NOW),
        (Zone.OFFICE, Strength.MFA, SUNDAY),
        (Zone.BLOCKED, Strength.MFA, NOW),
    )
    for asked in questions():
        for zone, auth, now in circumstances:
            who = replace(asked.who, address=ADDRESS[zone], strength=auth)
            one = replace(asked, who=who)
            line = logged(before, one, now)
            replay = Replay(after.snapshot, KNOWN)
            replay.add(line)
            expected = would_allow(after, one, line, now)
            assert bool(replay.differences) is (expected is not line.allowed), (line, expected)
            assert all(each.now.allowed is expected for each in replay.differences)


def test_rules_compared_with_themselves_differ_in_nothing() -> None:
    for name in SETS:
        judge = Judge(a_set(name))
        replay = Replay(judge.snapshot, KNOWN)
        for asked in questions():
            replay.add(logged(judge, asked, NOW))
        assert replay.seen is not None
        assert replay.seen.count == len(list(questions()))
        assert replay.differences == {}


def test_alike_decisions_are_one_group_with_its_count_and_span() -> None:
    judge, after = Judge(a_set("shipped")), a_set("office-hours")
    replay = Replay(after, KNOWN)
    for days, count in ((0, 3), (7, 4), (3, 5)):
        replay.add(logged(judge, team(), SUNDAY + timedelta(days=days), count))
    # The third is a Wednesday, inside of working hours, and refused for the network alone.
    (late, early) = replay.differences.values()
    assert (late.count, late.first, late.last) == (7, SUNDAY, SUNDAY + timedelta(days=7))
    assert early.count == 5
    assert {one.now.reason for one in replay.differences} == {"network"}
    assert {one.was for one in replay.differences} == {Said(True, None, "team-consult")}


def test_the_slot_is_that_of_the_structures_own_clock() -> None:
    """16:30 UTC is 17:30 in Lyon, and 20:30 on La Réunion."""
    judge, now = Judge(a_set("shipped")), NOW.replace(hour=16, minute=30)
    after = a_set("office-hours")
    for where, differs in ((LYON, False), (REUNION, True)):
        replay = Replay(after, KNOWN)
        replay.add(logged(judge, team(where=where, zone=Zone.OFFICE), now))
        assert bool(replay.differences) is differs


def of_one_structure() -> Snapshot:
    files = shipped_files()
    groups = files["groups.csv"].decode() + "structure, foyer-sud, shelter\n"
    rules = files["rules.csv"].decode() + (
        "p, no-south, deny, professional, *, use, *, foyer-sud, *, *, *\n"
    )
    return with_files(groups=groups, rules=rules)


def test_a_structure_that_only_the_other_rules_name_is_found_by_its_id() -> None:
    judge = Judge(a_set("shipped"))
    line = logged(judge, team(where=REUNION), NOW)
    assert line.question.structure == "shelter"
    replay = Replay(of_one_structure(), KNOWN)
    replay.add(line)
    (one,) = replay.differences
    assert (one.question.structure, one.now.rule) == ("foyer-sud", "no-south")


def test_words_that_the_other_rules_do_not_know_are_told_not_guessed() -> None:
    line = logged(Judge(of_one_structure()), named(where=REUNION), NOW, 3)
    replay = Replay(a_set("shipped"), {})
    replay.add(line)
    assert (replay.differences, replay.unasked) == ({}, 3)
    assert replay.unknown == {(Column.STRUCTURE, "foyer-sud"): 3}
    known = Replay(a_set("shipped"), KNOWN)
    known.add(line)
    assert known.unasked == 0, "the database tells its kind"


def test_what_the_other_rules_would_hide_is_hidden_not_only_refused() -> None:
    judge = Judge(a_set("shipped"))
    files = shipped_files()
    rules = files["rules.csv"].decode() + (
        "p, no-list, deny, professional, *, list, housing, *, *, *, *\n"
    )
    replay = Replay(with_files(rules=rules), KNOWN)
    replay.add(logged(judge, team(Action.GET), NOW))
    (one,) = replay.differences
    assert one.now == Said(allowed=False, reason=HIDDEN, rule=None)


def test_what_no_file_can_change_stays() -> None:
    judge = Judge(a_set("shipped"))
    asked = team(Action.PUT, right=Right.READ)
    line = logged(judge, asked, NOW)
    assert line.rule == "invariant/read-only-grant"
    refused = Denial(Action.MOVE, Reason.GRANT_ROOT, "drive/grant-root")
    root = judge.answered(*judge.question(asked.who, Action.MOVE, asked.target, NOW), refused)
    by_drive = read_line(lines_of([Counted(root, NOW, frozenset(), 1)], None))
    assert isinstance(by_drive, Logged)
    for name in SETS:
        replay = Replay(a_set(name), KNOWN)
        replay.add(line)
        replay.add(by_drive)
        assert replay.differences == {}


def test_memory_is_bounded_by_the_words_not_by_the_log() -> None:
    judge, replay = Judge(a_set("shipped")), Replay(a_set("office-hours"), KNOWN)
    line = logged(judge, team(), SUNDAY)
    for seconds in range(5000):
        replay.add(replace(line, at=line.at + timedelta(seconds=seconds)))
    assert replay.seen is not None
    assert replay.seen.count == 5000
    assert len(replay.differences) == 1
