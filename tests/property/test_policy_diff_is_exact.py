"""A difference holds each request whose answer changes, and no other: for any two sets of files."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from davserver.domain.actions import Action, Category, Relation, Strength
from davserver.domain.decisions import Permit, Target
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.people import Role, StructureKind
from policies.decider import Judge
from policies.diff import Change, differences
from policies.diff_texts import as_lines
from policies.invariants import refusal
from policies.pair_space import ruled, space_of, tied
from policies.pairs import Pair
from policies.snapshot import Snapshot
from policies.ties import tie_of
from policies.vocabulary import Column, Point
from tests.policy.question import VAULT, Question, grant, membership, principal, structure
from tests.policy.random_sets import ADDRESSES, SLUGS, ZONES, edited, sets

BOUNDED = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
LIST_FIRST = [Action.LIST, *Action]

people = st.tuples(
    st.sampled_from(Role),
    st.sampled_from(Relation),
    st.sampled_from(LIST_FIRST),
    st.sampled_from(Category),
    st.sampled_from([*SLUGS, "elsewhere", "unnamed", None]),
    st.sampled_from(StructureKind),
    st.sampled_from(ADDRESSES),
    st.sampled_from(Strength),
    st.sampled_from(ZONES),
    st.booleans(),
)
special = st.sampled_from(  # closings, public holidays, the day after one
    [datetime(2026, month, day, tzinfo=UTC)
     for month, day in ((12, 24), (5, 4), (5, 5), (3, 2), (4, 3), (5, 1), (7, 14), (12, 20))]
)  # fmt: skip
any_day = st.builds(
    lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days), st.integers(0, 364)
)
moments = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.one_of(special, any_day),
    st.integers(0, 24 * 60),
)


def asked(one, now: datetime, old: Snapshot, new: Snapshot) -> Question:
    """A real question. A structure is of the kind that one of the sets says it is."""
    role, relation, action, category, slug, kind, address, auth, zone, by_old = one
    first, second = (old.slugs, new.slugs) if by_old else (new.slugs, old.slugs)
    kind = first.get(slug, second.get(slug, kind)) if slug else kind
    place = structure(kind, slug, zone) if slug else None
    member = [membership(place, starts=datetime(2000, 1, 1, tzinfo=UTC))] if place else []
    who = principal(role, *member, auth=auth)
    who = replace(who, address=address)
    target = Target(VAULT, relation, category)
    match relation:
        case Relation.OWNER:
            who = replace(who, vault=VAULT)
        case Relation.GRANTEE:
            target = replace(target, grant=grant(ToPerson(who.id)))
        case Relation.VIA_STRUCTURE if place:
            target = replace(target, grant=grant(ToStructure(place.id)), structure=place)
        case Relation.MANAGES if place:
            target = replace(target, vault=None, structure=place)
        case _:
            target = replace(target, vault=None, relation=Relation.NONE)
    return Question(who, action, target, now)


def answers(snapshot: Snapshot, question: Question) -> tuple[bool, bool, Point]:
    """Whether it may be done, whether the thing is seen, and the words."""
    judge = Judge(snapshot)
    who, action, target, now = question.who, question.action, question.target, question.now
    point = judge.point(who, action, target, tie_of(who, target, now), now)
    may = isinstance(judge.decide(who, action, target, now), Permit)
    return may, judge.may_see(who, target, now), point


def expected(question: Question, old: Snapshot, new: Snapshot) -> tuple[Change | None, ...]:
    (was, saw, before), (now, sees, after) = answers(old, question), answers(new, question)
    if question.action is Action.LIST and saw is not sees:
        return (Change.SEEN if sees else Change.HIDDEN), before, after
    if was is now:
        return None, before, after
    return (Change.GAIN if now else Change.LOSS), before, after


@pytest.mark.slow
@BOUNDED
@given(st.data(), st.one_of(edited(), st.tuples(sets(), sets())))
def test_a_request_is_in_a_box_exactly_when_its_answer_changes(data, pair):
    old, new = pair
    diff = differences(old, new)
    for one in data.draw(st.lists(people, min_size=20, max_size=20)):
        question = asked(one, data.draw(moments), old, new)
        tie = tie_of(question.who, question.target, question.now)
        change, before, after = expected(question, old, new)
        if refusal(question.who, question.action, tie.relation, tie.grant) is not None:
            assert change is None
            continue
        found = {box.change for box in diff.boxes if box.holds(before, after)}
        assert found == ({change} if change else set()), (question, before, after)


@pytest.mark.slow
@BOUNDED
@given(st.data(), edited())
def test_whatever_is_in_a_box_changes_and_is_decided_by_a_rule_that_it_names(data, pair):
    old, new = pair
    space = space_of(old, new)
    for box in differences(old, new).boxes:
        for _ in range(3):
            words = {c: data.draw(st.sampled_from(box.values[c])) for c in Column}
            if not possible(space, words):
                continue
            before = Point(*(words[column].old for column in Column))
            after = Point(*(words[column].new for column in Column))
            about_sight = box.change in {Change.SEEN, Change.HIDDEN}
            for snapshot, point, allowed, rules in (
                (old, before, not box.change.widens, box.before),
                (new, after, box.change.widens, box.after),
            ):
                moment = calm(snapshot, point) if about_sight else point
                assert snapshot.table.decide(moment)[0] is allowed
                assert about_sight or snapshot.table.decide(moment)[1] in rules


def possible(space, words: dict[Column, Pair]) -> bool:
    relation, place = words[Column.RELATION].new, words[Column.STRUCTURE]
    return (
        ruled(words[Column.ROLE].new, relation, words[Column.ACTION].new)
        and tied(relation, place)
        and words[Column.SLOT] in space.slots[space.place(place)]
    )


def calm(snapshot: Snapshot, point: Point) -> Point:
    """The same at a moment at which no rule blocks the whole drive, if there is one."""
    moment = snapshot.calm_moment(point.role)
    if moment is None:
        return point
    return point._replace(zone=moment.zone, auth=moment.auth, slot=moment.slot)


@pytest.mark.slow
@BOUNDED
@given(sets(), sets())
def test_the_way_back_takes_what_the_way_there_gives(one, other):
    there, back = differences(one, other), differences(other, one)
    assert (there.widens, there.narrows) == (back.narrows, back.widens)
    assert differences(one, one).boxes == ()
    assert list(as_lines(differences(one, one))) == ["Nobody sees or may do anything more or less."]
    assert all(line for diff in (there, back) for line in as_lines(diff))
