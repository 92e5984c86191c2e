"""What lint says of random rules is what asking every question one by one says."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from davserver.domain.actions import Action, Relation
from davserver.domain.people import Role
from policies.invariants import possible
from policies.loader import load_bytes
from policies.rules import Rule
from policies.snapshot import Snapshot
from policies.table import Table
from policies.vocabulary import ANY, Column
from policies.worth import Worth, weigh
from tests.policy.question import shipped_files

BASE = load_bytes(
    {
        **shipped_files(),
        "groups.csv": shipped_files()["groups.csv"] + b"structure, lyon, ccas\n",
        "calendars.csv": b"day, mon, 08:00, 19:00\n",
        "rules.csv": b"p, x, allow, *, *, get, *, *, *, *, *\n",
    }
)
VOCABULARY = BASE.vocabulary
WORDS = {
    Column.ROLE: ("professional", "beneficiary"),
    Column.RELATION: ("owner", "grantee", "via-structure"),
    Column.ACTION: ("get", "put", "revoke", "account", "modify"),
    Column.CATEGORY: ("health", "ordinary", "sensitive"),
    Column.STRUCTURE: ("ccas", "lyon", "none"),
    Column.ZONE: ("office", "vpn", "internet", "blocked"),
    Column.AUTH: ("password", "mfa"),
    Column.SLOT: ("day", "closed"),
}
ASKED = {
    Column.CATEGORY: ("health", "housing", "family"),
    Column.STRUCTURE: ("none", "ccas", "lyon", "shelter"),
    Column.ZONE: ("office", "internet", "blocked"),
    Column.AUTH: ("app-password", "password", "cert"),
    Column.SLOT: ("day", "closed"),
}
"""One word of each kind that no rule above can tell apart. No network is `vpn` here."""

TIES = [
    (role, relation, action)
    for role, relation, action in product(Role, Relation, Action)
    if possible(role, relation, action) and (relation, action) != ("owner", "revoke")
]
POINTS = [
    (*tie, *rest)
    for tie in TIES
    for rest in product(*ASKED.values())
    if not (tie[1] in {"owner", "none"} and rest[1] != "none")
    and not (tie[1] in {"via-structure", "manages"} and rest[1] == "none")
]

words = st.tuples(
    *(st.one_of(st.just(ANY), st.just(ANY), st.sampled_from(WORDS[column])) for column in Column)
)


@st.composite
def close(draw):
    """Words in two columns only, or hardly any rule would ever repeat what others say together."""
    two = draw(st.lists(st.sampled_from(list(Column)), min_size=2, max_size=2, unique=True))
    of = {column: st.sampled_from([ANY, *WORDS[column]]) for column in two}
    rule = st.tuples(*(of.get(column, st.just(ANY)) for column in Column))
    return draw(st.lists(st.tuples(st.sampled_from([True, False]), rule), min_size=2, max_size=9))


loose = st.lists(st.tuples(st.sampled_from([True, True, False]), words), min_size=1, max_size=8)
bodies = st.one_of(loose, close())


def snapshot_of(pairs) -> Snapshot:
    rules = tuple(Rule(f"r{n}", allows, those, n) for n, (allows, those) in enumerate(pairs, 1))
    return replace(BASE, rules=rules, table=Table(rules, VOCABULARY))


def spoken_of(rules: tuple[Rule, ...]) -> set[frozenset[Rule]]:
    """Every set of rules that speak of one and the same question."""
    speak = [
        {
            word: frozenset(rule for rule in rules if rule.covers(column, word, VOCABULARY))
            for word in VOCABULARY.values[column]
        }
        for column in Column
    ]
    return {
        frozenset.intersection(*(of[word] for of, word in zip(speak, point, strict=True)))
        for point in POINTS
    }


def allowed(rules) -> bool:
    return bool(rules) and all(rule.allows for rule in rules)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(bodies)
def test_the_worth_of_each_rule_is_what_asking_every_question_tells(pairs):
    snapshot = snapshot_of(pairs)
    together = spoken_of(snapshot.rules)
    for one in weigh(snapshot):
        rule, others = one.rule, set(one.others)
        mine = [those for those in together if rule in those]
        open_ = [those for those in mine if all(other.allows for other in those)]
        decisive = any(allowed(those) is not allowed(those - {rule}) for those in mine)
        assert (one.worth is Worth.DECISIVE) is decisive
        assert (one.worth is Worth.DEAD) is (not mine)
        if one.worth is Worth.SHADOWED:
            assert rule.allows
            assert open_ == []
            assert not any(other.allows for other in others)
            assert all(those & others for those in mine)
        if one.worth is Worth.GUARD:
            assert not rule.allows
            assert any(all(o.allows for o in those - {rule}) for those in mine)
        if one.worth in {Worth.REPEATED, Worth.REPEATED_IN_PARTS}:
            where = open_ if rule.allows else mine
            assert where
            assert all(those & others for those in where)
            assert {other.allows for other in others} == {rule.allows}
        if len(others) > 1:
            where = open_ if one.worth is not Worth.SHADOWED and rule.allows else mine
            assert not any(
                all(other in those for those in where)
                for other in snapshot.rules
                if other != rule and other.allows is next(iter(others)).allows
            )
            for left_out in others:
                assert any(not those & (others - {left_out}) for those in where)
