"""Whatever an administrator writes: Casbin and the table agree, and the invariants hold."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address, ip_network
from itertools import product

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from davserver.domain.actions import (
    Action,
    Category,
    Relation,
    Right,
    Strength,
    Zone,
)
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import Reason
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.people import AccountState, Role
from policies.changes import nearest_change, way_out
from policies.decider import Judge
from policies.engine import Engine
from policies.groups import GROUPED, parse_groups
from policies.invariants import CONTENT, possible
from policies.loader import load_bytes
from policies.networks import Networks
from policies.problems import PolicyProblems, Report
from policies.rules import Rule
from policies.sheet import read_sheet
from policies.table import Table
from policies.vocabulary import ANY, CIRCUMSTANCES, Column, Point, build_vocabulary
from tests.policy.question import (
    ADDRESS,
    NETWORKS,
    NOW,
    OPEN_RULES,
    OTHER_VAULT,
    SUNDAY,
    VAULT,
    grant,
    membership,
    named,
    owner,
    principal,
    shipped_files,
    structure,
    team,
)

BOUNDED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
SLOW = settings(BOUNDED, max_examples=25)
SLOTS = ("work-hours", "saturday")
FILES = {
    **shipped_files(),
    "groups.csv": shipped_files()["groups.csv"]
    + b"structure, lyon, ccas\nstructure, lyon, towns\nstructure, shelter, towns\n"
    + b"category, justice, papers\ncategory, identity, papers\n",
    "networks.csv": NETWORKS,
    "calendars.csv": b"work-hours, mon-fri, 08:00, 19:00\nsaturday, sat, 09:00, 12:00\n",
}
REPORT = Report()
GROUPS = parse_groups(read_sheet("groups.csv", FILES["groups.csv"], REPORT), REPORT)
VOCABULARY = build_vocabulary(GROUPS.edges, tuple(GROUPS.slugs), SLOTS)
PAIRS = {column: GROUPS.pairs(column) for column in GROUPED}
MODEL = FILES["model.conf"].decode()

any_word = st.just(ANY)
words = st.tuples(
    *(
        # Mostly `*`, or hardly any two rules would ever speak of the same point.
        st.one_of(any_word, any_word, any_word, st.sampled_from(sorted(VOCABULARY.accepts[column])))
        for column in Column
    )
)
points = st.builds(
    Point,
    *(st.sampled_from([str(word) for word in VOCABULARY.values[column]]) for column in Column),
)
blocks = st.builds(
    lambda role, *circumstances: (False, (role, ANY, ANY, ANY, ANY, *circumstances)),
    st.sampled_from([*VOCABULARY.values[Column.ROLE]]),
    *(
        st.sampled_from(sorted(VOCABULARY.accepts[c]))
        for c in (Column.ZONE, Column.AUTH, Column.SLOT)
    ),
)
bodies = st.lists(st.one_of(st.tuples(st.booleans(), words), blocks), max_size=12)


mostly_allows = st.lists(
    st.tuples(st.sampled_from([True, True, True, True, False]), words), max_size=12
)


def points_of(rule: Rule):
    """Points of which this rule speaks: no group of these tests is empty."""
    accepted = [sorted(VOCABULARY.accepts[c][rule.word(c)]) for c in Column]
    return st.builds(Point, *(st.sampled_from([str(word) for word in those]) for those in accepted))


def rules_of(pairs) -> tuple[Rule, ...]:
    return tuple(
        Rule(f"r{number}", allows, those, number) for number, (allows, those) in enumerate(pairs, 1)
    )


def acceptable(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The same rules without what the loader refuses: circumstances in a rule for `list`, an
    allow that no file can give, and one by which too much could be shared on.
    """
    kept = (rule for rule in rules if _is_honoured(rule) and not _shares_on(rule))
    return tuple(_without_circumstances(rule) for rule in kept)


def _shares_on(rule: Rule) -> bool:
    passes_on = rule.covers(Column.ACTION, Action.REGRANT, VOCABULARY)
    given_ = {Relation.GRANTEE, Relation.VIA_STRUCTURE}
    relations = VOCABULARY.accepts[Column.RELATION][rule.word(Column.RELATION)]
    return rule.allows and passes_on and bool(relations & given_)


def _is_honoured(rule: Rule) -> bool:
    stands_for = [
        VOCABULARY.accepts[column][rule.word(column)]
        for column in (Column.ROLE, Column.RELATION, Column.ACTION)
    ]
    return not rule.allows or any(
        possible(Role(role), Relation(relation), Action(action))
        for role, relation, action in product(*stands_for)
    )


def _without_circumstances(rule: Rule) -> Rule:
    if rule.blocks_drive or not rule.covers(Column.ACTION, Action.LIST, VOCABULARY):
        return rule
    these = zip(Column, rule.words, strict=True)
    return replace(rule, words=tuple(ANY if c in CIRCUMSTANCES else word for c, word in these))


def decider_of(rules: tuple[Rule, ...], *more: str) -> Judge:
    """The rules as a file, through the loader. One rule more uses the groups that must be used."""
    lines = [", ".join(("p", rule.id, rule.effect, *rule.words)) for rule in acceptable(rules)]
    lines += more
    lines.append("p, uses-groups, deny, administrator, none, get, papers, towns, *, *, *")
    return Judge(load_bytes({**FILES, "rules.csv": "\n".join(lines).encode()}))


def test_the_vocabulary_of_these_tests_is_sound():
    assert REPORT.problems == ()
    assert {"lyon", "towns", "papers", "use"} <= set().union(
        *(VOCABULARY.accepts[column] for column in Column)
    )


@pytest.mark.slow
@BOUNDED
@given(st.data())
def test_casbin_and_the_table_agree_on_answer_and_rule(data):
    pairs = data.draw(st.one_of(bodies, mostly_allows))
    rules = rules_of(pairs)
    engine, table = Engine(MODEL, rules, PAIRS, VOCABULARY), Table(rules, VOCABULARY)
    for point in data.draw(st.lists(points, min_size=1, max_size=15)):
        assert engine.ask(point) == table.decide(point)
    for rule in rules:
        point = data.draw(points_of(rule))
        assert rule in table.matching(point)
        assert engine.ask(point) == table.decide(point)


@BOUNDED
@given(bodies, points)
def test_matching_rules_are_those_whose_every_word_accepts(pairs, point):
    rules = rules_of(pairs)
    expected = [
        rule.id
        for rule in rules
        if all(
            rule.covers(column, word, VOCABULARY)
            for column, word in zip(Column, point, strict=True)
        )
    ]
    assert [rule.id for rule in Table(rules, VOCABULARY).matching(point)] == expected


@BOUNDED
@given(bodies, points)
def test_the_change_that_is_told_does_help_and_nothing_smaller_does(pairs, point):
    table = Table(rules_of(pairs), VOCABULARY)
    assume(not table.decide(point)[0])
    change = nearest_change(point, VOCABULARY, lambda one: table.decide(one)[0])
    changed = point
    for one in change:
        changed = changed.with_word(one.column, one.word)
    assert table.decide(changed)[0] is bool(change)
    if len(change) > 1:
        assert not any(table.decide(point.with_word(one.column, one.word))[0] for one in change)


@BOUNDED
@given(bodies, points)
def test_the_way_out_that_is_told_leads_out(pairs, point):
    table = Table(rules_of(pairs), VOCABULARY)
    assume(not table.decide(point)[0])
    way = way_out(point, VOCABULARY, lambda one: table.decide(one)[0])
    remedy = way.remedy
    assert (way.reason in {Reason.POLICY, Reason.CATEGORY}) is (remedy is None)
    if remedy is None:
        return
    for column, word in ((Column.AUTH, remedy.strength), (Column.ZONE, remedy.zone)):
        point = point if word is None else point.with_word(column, word)
    assert remedy.hours is bool(way.slots)
    for slot in way.slots or {point.slot}:
        assert table.decide(point.with_word(Column.SLOT, slot))[0]
    assert remedy.zone is not Zone.BLOCKED


@BOUNDED
@given(bodies, st.tuples(words), st.lists(points, min_size=1, max_size=25))
def test_one_more_deny_never_opens_anything(pairs, deny, asked):
    before = Engine(MODEL, rules_of(pairs), PAIRS, VOCABULARY)
    after = Engine(MODEL, rules_of([(False, deny[0]), *pairs]), PAIRS, VOCABULARY)
    for point in asked:
        assert before.ask(point)[0] or not after.ask(point)[0]


people = st.builds(
    lambda role, auth, zone, vault, member, read_only: replace(
        principal(role, *member, auth=auth, zone=zone, vault=vault, name="pro"),
        read_only=read_only,
    ),
    st.sampled_from(Role),
    st.sampled_from(Strength),
    st.sampled_from(Zone),
    st.sampled_from([None, VAULT, OTHER_VAULT]),
    st.sampled_from(
        [
            (),
            (membership(structure()),),
            (membership(structure(slug="other")),),
            (membership(structure(), ends=NOW),),
        ]
    ),
    st.booleans(),
)
grants = st.one_of(
    st.none(),
    st.builds(
        lambda to, right, vault, until, ended: replace(grant(to, right, vault, until), ended=ended),
        st.sampled_from(
            [
                ToPerson(named().who.id),
                ToPerson(owner().who.id),
                ToStructure(structure().id),
                ToStructure(structure(slug="other").id),
            ]
        ),
        st.sampled_from(Right),
        st.sampled_from([VAULT, OTHER_VAULT]),
        st.sampled_from([None, NOW, NOW + timedelta(days=1)]),
        st.sampled_from([None, None, NOW]),
    ),
)
targets = st.builds(
    lambda vault, relation, category, given_, place: Target(
        vault, relation, category, grant=given_, structure=place
    ),
    st.sampled_from([None, VAULT, OTHER_VAULT]),
    st.sampled_from(Relation),
    st.sampled_from(Category),
    grants,
    st.sampled_from([None, structure(), structure(slug="other")]),
)


READS = {Action.LIST, Action.GET, Action.REGRANT}
PUTS_IN = {Action.LIST, Action.PUT, Action.MKCOL, Action.LOCK, Action.MOVE, Action.RECALL}
GOOD_FOR = {Right.READ: READS, Right.WRITE: READS | PUTS_IN, Right.DEPOSIT: PUTS_IN}


def entitled(who, action, target) -> bool:
    """Ownership, or a live grant with the right: said once more, without a line of policies/."""
    if who.person.state is not AccountState.ACTIVE or who.person.role in {
        Role.MANAGER,
        Role.ADMINISTRATOR,
    }:
        return False
    if who.vault is not None and who.vault == target.vault:
        return True
    given_ = target.grant
    if given_ is None or given_.vault != target.vault:
        return False
    live = given_.ended is None and (given_.until is None or given_.until > NOW)
    mine = given_.to in (
        ToPerson(who.id),
        *(ToStructure(m.structure.id) for m in who.memberships if m.holds(NOW)),
    )
    return live and mine and action in GOOD_FOR[given_.right]


@SLOW
@given(bodies, st.lists(st.tuples(people, targets), min_size=1, max_size=12))
def test_no_access_without_ownership_or_a_live_grant_for_any_rule_file(pairs, asked):
    decider = decider_of(rules_of(pairs), *OPEN_RULES.splitlines())
    for who, target in asked:
        for action in CONTENT:
            answer = decider.decide(who, action, target, NOW)
            if isinstance(answer, Permit):
                assert entitled(who, action, target)
                assert answer.target is target
        if not entitled(who, Action.LIST, target):
            assert not decider.may_see(who, target, NOW)


@SLOW
@given(bodies)
def test_what_is_seen_never_depends_on_circumstances_for_any_rule_file(pairs):
    decider = decider_of(rules_of(pairs))
    for asked in (owner(), named(), team()):
        seen = {
            decider.visible_categories(
                replace(asked.who, address=ADDRESS[zone], strength=auth), asked.target, now
            )
            for zone in Zone
            for auth in Strength
            for now in (NOW, SUNDAY)
        }
        assert len(seen) == 1


@pytest.mark.slow
@SLOW
@given(bodies)
def test_seen_and_not_blocked_is_listed_for_any_rule_file(pairs):
    decider = decider_of(rules_of(pairs))
    for asked in (owner(), named(), team()):
        for zone, category in ((z, c) for z in Zone for c in Category):
            who = replace(asked.who, address=ADDRESS[zone])
            target = replace(asked.target, category=category)
            answer = decider.decide(who, Action.LIST, target, NOW)
            if decider.drive_blocked(who, NOW):
                assert isinstance(answer, Denial)
            else:
                assert decider.may_see(who, target, NOW) is isinstance(answer, Permit)


@BOUNDED
@given(
    st.sampled_from(["rules.csv", "groups.csv", "networks.csv", "calendars.csv", "model.conf"]),
    st.one_of(
        st.binary(max_size=200),
        st.text(alphabet="p,*# allowdeny\t\n\"';ab-09:/", max_size=200).map(str.encode),
    ),
)
def test_any_bytes_load_or_are_explained(name, content):
    for problem in problems_of({**FILES, name: content}):
        assert problem.message
        assert problem.file in FILES


def problems_of(files):
    """Warnings of a set that loads, problems with at least one error of one that does not."""
    try:
        return load_bytes(files).warnings
    except PolicyProblems as found:
        told = found.problems
    assert any(problem.is_error for problem in told)
    return told


v4 = st.builds(
    lambda value, length: ip_network((value >> (32 - length) << (32 - length), length)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@BOUNDED
@given(st.dictionaries(v4, st.sampled_from(Zone), max_size=20), st.integers(0, 2**32 - 1))
def test_the_longest_prefix_is_found_as_by_looking_at_each(zones, value):
    address = ip_address(value)
    holding = [network for network in zones if address in network]
    longest = max(holding, key=lambda network: network.prefixlen, default=None)
    expected = zones[longest] if longest is not None else Zone.INTERNET
    networks = Networks(zones)
    assert networks.zone_of(str(address)) is expected
    assert networks.zone_of(f"::ffff:{address}") is expected
