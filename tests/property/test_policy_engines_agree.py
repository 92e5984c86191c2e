"""Casbin and the table give one answer and name one rule, for any set of files that loads."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from davserver.domain.actions import Action
from davserver.domain.decisions import Permit
from policies.changes import nearest_change
from policies.decider import Judge
from policies.rules import Rule
from policies.snapshot import Snapshot
from policies.vocabulary import Column, Point
from tests.policy.question import NOW
from tests.policy.random_sets import sets
from tests.property.test_policy_against_any_rule_file import people, targets

BOUNDED = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def any_point(snapshot: Snapshot):
    values = snapshot.vocabulary.values
    return st.builds(Point, *(st.sampled_from([str(w) for w in values[c]]) for c in Column))


def point_of(snapshot: Snapshot, rule: Rule):
    """One of which this rule speaks; none where a group of it is empty."""
    accepts = snapshot.vocabulary.accepts
    those = [sorted(str(word) for word in accepts[c][rule.word(c)]) for c in Column]
    return st.builds(Point, *map(st.sampled_from, those)) if all(those) else None


@BOUNDED
@given(st.data(), sets())
def test_any_set_of_files_is_judged_alike_by_both(data, snapshot):
    points = data.draw(st.lists(any_point(snapshot), min_size=10, max_size=10))
    points += [
        data.draw(one) for rule in snapshot.rules if (one := point_of(snapshot, rule)) is not None
    ]
    for point in points:
        assert snapshot.engine.ask(point) == snapshot.table.decide(point)
        matching = snapshot.table.matching(point)
        denies = [one for one in matching if not one.allows]
        decisive = denies[0] if denies else (matching[-1] if matching else None)
        assert snapshot.engine.ask(point) == (bool(matching) and not denies, decisive)
        answer = snapshot.answer(point)
        assert (answer.allowed, answer.rule) == snapshot.table.decide(point)
        assert (answer.reason is None) is answer.allowed


@BOUNDED
@given(st.data(), sets())
def test_a_word_of_another_set_is_a_no_that_nobody_remembers(data, snapshot):
    column = data.draw(st.sampled_from(Column))
    foreign = data.draw(st.sampled_from(["", "*", "use", "towns", "Lyon", "office\n", "p"]))
    point = data.draw(any_point(snapshot)).with_word(column, foreign)
    before = snapshot.remembered
    names = snapshot.engine.names_held
    assert snapshot.table.decide(point) == (False, None) == snapshot.engine.ask(point)
    assert not snapshot.answer(point).allowed
    assert (snapshot.remembered, snapshot.engine.names_held) == (before, names)


@BOUNDED
@given(st.data(), sets())
def test_what_would_help_helps_with_casbin_too(data, snapshot):
    point = data.draw(any_point(snapshot))
    changes = nearest_change(point, snapshot.vocabulary, lambda one: snapshot.table.decide(one)[0])
    for change in changes:
        point = point.with_word(change.column, change.word)
    if changes:
        assert snapshot.engine.ask(point)[0]


@BOUNDED
@given(sets(), st.lists(st.tuples(people, targets), min_size=1, max_size=6))
def test_permissions_that_are_shown_are_those_that_would_be_given(snapshot, asked):
    judge = Judge(snapshot)
    for who, target in asked:
        given_ = {a for a in Action if isinstance(judge.decide(who, a, target, NOW), Permit)}
        assert judge.allowed(who, Action, target, NOW) == given_
        assert judge.allowed(who, (Action.REVOKE, Action.GET), target, NOW) == given_ & {
            Action.REVOKE, Action.GET,
        }  # fmt: skip
