"""Every defect found in stock pycasbin 2.8.0: none of them can reach a decision of Abri."""

import ast
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from davserver.domain.actions import Action, Category, Strength, Zone
from davserver.domain.decisions import Denial, Permit
from policies import engine
from policies.decider import Judge
from policies.engine import Engine
from policies.loader import load_bytes
from policies.problems import Code, PolicyProblems
from policies.vocabulary import Point
from tests.policy.question import (
    a_set,
    named,
    owner,
    shipped_files,
    team,
    with_files,
)

ALLOW = "p, a, allow, professional, grantee, consult, *, *, *, *, *"
DENY = "p, x, deny, professional, grantee, get, health, *, *, *, *"


def codes(rules: str) -> list[tuple[Code, int, int]]:
    with pytest.raises(PolicyProblems) as found:
        with_files(rules=rules)
    return [(p.code, p.line, p.column) for p in found.value.problems if p.is_error]


@pytest.mark.parametrize("key", ["P", "q", "p2", "policy", "g"])
def test_1_a_line_with_an_unknown_key_is_refused_not_dropped(key):
    assert codes(f"{ALLOW}\n{key}{DENY[1:]}") == [(Code.UNKNOWN_KEY, 2, 1)]


def test_1_a_byte_order_mark_is_refused_not_made_part_of_the_first_key():
    assert codes(f"\ufeff{DENY}\n{ALLOW}") == [(Code.BYTE_ORDER_MARK, 1, 1)]


@pytest.mark.parametrize("effect", ["dney", "Deny", "DENY", "denied", "block"])
def test_2_a_misspelt_effect_is_refused(effect):
    assert codes(f"{ALLOW}\n{DENY.replace('deny', effect)}") == [(Code.UNKNOWN_EFFECT, 2, 7)]


def test_3_a_trailing_comment_is_refused_not_made_part_of_the_last_word():
    assert codes(f"{ALLOW} # everybody") == [(Code.TRAILING_COMMENT, 1, len(ALLOW) + 2)]


@pytest.mark.parametrize("question", [owner(), named(), team()])
def test_4_an_empty_policy_answers_no(question):
    decider = Judge(with_files(rules="# nothing\n"))
    for action in set(Action) - {Action.REVOKE}:
        answer = decider.decide(question.who, action, question.target, question.now)
        assert isinstance(answer, Denial), action
    assert decider.visible_categories(question.who, question.target, question.now) == frozenset()


def test_4_the_engine_itself_says_no_without_rules():
    snapshot = a_set("shipped")
    files = snapshot.files
    empty = Engine(files["model.conf"].decode(), (), {}, snapshot.vocabulary)
    point = Point("beneficiary", "owner", "get", "work", "none", "office", "cert", "closed")
    assert empty.ask(point) == (False, None)


def test_5_no_role_has_a_condition_that_a_reload_could_lose():
    assert b"(" not in _section(shipped_files()["model.conf"], b"role_definition")


def test_6_a_snapshot_is_never_loaded_twice():
    """Two snapshots share no enforcer, no role manager and no memo."""
    one, two = a_set("shipped"), a_set("shipped")
    assert one.generation == two.generation
    point = Point("beneficiary", "owner", "get", "work", "none", "office", "cert", "closed")
    one.answer(point)
    assert one.engine is not two.engine
    assert two.engine.names_held == a_set("shipped").engine.names_held


def test_6_threads_decide_rightly_while_snapshots_are_swapped():
    """A deny that works through a group never vanishes, not even for a moment."""
    files = shipped_files()
    rule = b"p, never-health, deny, professional, *, use, sensitive, *, *, *, *\n"
    with_deny = load_bytes({**files, "rules.csv": files["rules.csv"] + rule})
    also = load_bytes({**files, "rules.csv": rule + files["rules.csv"]})
    in_turn = InTurn(Judge(with_deny))
    question = named(Action.GET, Category.HEALTH)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(_ask_often, in_turn, question) for _ in range(3)]
            for _ in range(200):
                in_turn.judge = Judge(load_bytes(also.files) if _ % 50 == 0 else also)
                in_turn.judge = Judge(with_deny)
            wrong = sum(one.result() for one in asked)
    finally:
        sys.setswitchinterval(interval)
    assert wrong == 0


@dataclass
class InTurn:
    """The judge of the moment, for threads that take it while another one changes it."""

    judge: Judge


def _ask_often(in_turn, question):
    wrong = 0
    for _ in range(1500):
        decider = in_turn.judge
        refused = decider.decide(question.who, question.action, question.target, question.now)
        allowed = decider.decide(question.who, Action.LIST, question.target, question.now)
        wrong += not isinstance(refused, Denial) or not isinstance(allowed, Permit)
    return wrong


def test_7_rules_keep_their_order_and_a_deny_for_anybody_is_seen():
    snapshot = with_files(rules=f"{ALLOW}\np, w, deny, *, *, *, *, *, *, *, *")
    question = named()
    answer = Judge(snapshot).decide(question.who, Action.GET, question.target, question.now)
    assert isinstance(answer, Denial)
    assert answer.rule == "w"


def test_8_nothing_in_policies_can_switch_enforcing_off():
    words = {"enable_enforce", "load_policy", "FastEnforcer", "SyncedEnforcer", "add_policies"}
    found = _names_used_by_the_engine() & words
    assert found == set()


@pytest.mark.parametrize("cut", range(2, 11))
def test_9_a_missing_field_is_told_when_the_file_is_loaded(cut):
    fields = ALLOW.split(", ")
    line = ", ".join(fields[:cut] + fields[cut + 1 :])
    assert [code for code, *_ in codes(line)] == [Code.FIELD_COUNT]


def test_8_only_one_module_knows_casbin():
    folder = Path(engine.__file__).parent
    knowing = {
        path.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        if name and name.split(".")[0] == "casbin"
    }
    assert knowing == {"engine.py"}


def test_9_a_field_too_many_is_told_too():
    assert [code for code, *_ in codes(f"{ALLOW}, *")] == [Code.FIELD_COUNT]


def test_10_an_edited_matcher_is_refused():
    files = shipped_files()
    for old, new in ((b"&&", b"||"), (b"g(", b"!g("), (b"allow))", b"allow)) || true")):
        assert old in files["model.conf"]
        changed = files["model.conf"].replace(old, new, 1)
        with pytest.raises(PolicyProblems) as found:
            load_bytes({**files, "model.conf": changed})
        assert [p.code for p in found.value.problems] == [Code.MODEL_CHANGED]


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        (ALLOW.replace("consult", '"consult"'), Code.QUOTE, 37),
        (ALLOW.replace("consult", "consult)"), Code.UNKNOWN_WORD, 37),
        (ALLOW.replace("consult", "(consult"), Code.UNKNOWN_WORD, 37),
        (ALLOW.replace("p, a", "p, (a"), Code.BAD_ID, 4),
    ],
)
def test_11_quotes_and_brackets_are_refused_where_they_stand(line, code, column):
    assert codes(line)[0] == (code, 1, column)


def test_12_there_are_no_priorities_whose_order_could_be_guessed():
    model = shipped_files()["model.conf"]
    assert b"priority" not in model
    assert b"some(where (p.eft == allow)) && !some(where (p.eft == deny))" in model


def test_13_unknown_names_never_grow_the_role_managers():
    decider = Judge(a_set("shipped"))
    question = named()
    decider.decide(question.who, Action.GET, question.target, question.now)
    held = decider.snapshot.engine.names_held
    point = Point("professional", "grantee", "get", "work", "none", "office", "cert", "closed")
    for column in Point._fields:
        for number in range(200):
            stranger = point._replace(**{column: f"name-{number}"})
            assert decider.snapshot.answer(stranger).allowed is False
            assert decider.snapshot.engine.ask(stranger) == (False, None)
    assert decider.snapshot.engine.names_held == held


def test_13_unknown_names_are_not_remembered_either():
    snapshot = a_set("shipped")
    point = Point("professional", "grantee", "get", "work", "none", "office", "cert", "closed")
    for number in range(100):
        snapshot.answer(point._replace(structure=f"name-{number}"))
    assert snapshot.remembered == 0


def test_14_addresses_are_not_matched_by_casbin_at_all():
    assert b"ipMatch" not in shipped_files()["model.conf"]
    decider = Judge(a_set("shipped"))
    for address in ("::ffff:203.0.113.66", "203.0.113.066", "not an address", ""):
        who = replace(owner().who, address=address)
        assert decider.drive_blocked(who, owner().now) is not None, address


def test_15_no_pattern_takes_part_in_a_decision():
    model = shipped_files()["model.conf"]
    assert not [name for name in (b"Match", b"eval", b"regex") if name in model]


def test_16_groups_deeper_than_casbin_follows_are_refused():
    chain = [f"g{number}" for number in range(11)]
    lines = [f"action, {low}, {high}" for low, high in pairwise(chain)]
    groups = shipped_files()["groups.csv"].decode() + "\n".join(["action, get, g0", *lines])
    rules = ALLOW.replace("consult", "g10").replace("grantee", "owner")
    with pytest.raises(PolicyProblems) as found:
        with_files(groups=groups, rules=rules.replace("professional", "beneficiary"))
    assert {p.code for p in found.value.problems if p.is_error} == {Code.GROUP_TOO_DEEP}


def test_16_hours_are_those_of_the_structure_whatever_the_zone_of_the_machine(monkeypatch):
    asked = replace(team(zone=Zone.OFFICE), now=datetime(2026, 1, 14, 17, 30, tzinfo=UTC))
    try:
        for zone in ("Pacific/Auckland", "America/Martinique", "UTC"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            decider = Judge(a_set("office-hours"))
            answer = decider.decide(asked.who, Action.GET, asked.target, asked.now)
            assert isinstance(answer, Permit), zone
            assert answer.valid_until == datetime(2026, 1, 14, 18, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_16_nothing_in_the_model_knows_the_time():
    assert b"timeMatch" not in shipped_files()["model.conf"]


def test_17_the_matcher_is_parsed_once_whatever_the_number_of_questions():
    snapshot = a_set("shipped")
    point = Point("professional", "grantee", "get", "work", "none", "office", "cert", "closed")
    parsed = []
    sys.setprofile(lambda _, event, what: event == "c_call" and parsed.append(what is compile))
    try:
        for auth in Strength:
            for category in Category:
                snapshot.answer(point._replace(auth=auth.value, category=category.value))
        in_answers = sum(parsed)
        ast.parse("1")
    finally:
        sys.setprofile(None)
    assert snapshot.remembered == len(Strength) * len(Category)
    assert (in_answers, sum(parsed)) == (0, 1)


def test_casbin_writes_nothing_to_any_log_even_if_its_loggers_are_enabled_again(caplog):
    caplog.set_level(logging.DEBUG)
    decider = Judge(a_set("shipped"))
    loggers = [logging.getLogger(f"casbin{part}") for part in ("", ".enforcer", ".policy", ".role")]
    assert all(logger.disabled for logger in loggers)
    for logger in loggers:
        logger.disabled = False
        logger.addHandler(caplog.handler)
    for question in (owner(), named(), team(category=Category.HEALTH)):
        decider.decide(question.who, Action.GET, question.target, question.now)
    for logger in loggers:
        logger.removeHandler(caplog.handler)
    assert decider.snapshot.remembered == 3
    assert [record for record in caplog.records if record.name.startswith("casbin")] == []


def test_threads_with_new_questions_get_each_its_own_answer():
    """Without a lock around the evaluator, a question is answered with another one's words."""
    snapshot = a_set("office-hours")
    values = snapshot.vocabulary.values
    points = [
        Point("professional", "grantee", action, category, "ccas", zone, auth, "work-hours")
        for action in values["action"]
        for category in values["category"]
        for zone in values["zone"]
        for auth in ("password", "mfa")
    ]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(snapshot.answer, points))
    finally:
        sys.setswitchinterval(interval)
    told = [(answer.allowed, answer.rule) for answer in answers]
    assert told == [snapshot.table.decide(point) for point in points]
    assert snapshot.remembered == len(points)


def test_a_question_that_breaks_the_engine_is_refused():
    snapshot = a_set("shipped")
    broken = Engine(
        "[request_definition]\nr = role\n[policy_definition]\np = id, eft, role, rel, act, cat,"
        " struct, zone, auth, slot\n[role_definition]\ng = _, _\n[policy_effect]\n"
        "e = some(where (p.eft == allow)) && !some(where (p.eft == deny))\n"
        "[matchers]\nm = r.role == p.role\n",
        snapshot.rules,
        {},
        snapshot.vocabulary,
    )
    point = Point("beneficiary", "owner", "get", "work", "none", "office", "cert", "closed")
    assert broken.ask(point) == (False, None)


def _section(model: bytes, name: bytes) -> bytes:
    return model.split(b"[" + name + b"]")[1].split(b"[")[0]


def _names_used_by_the_engine() -> set[str]:
    tree = ast.parse(Path(engine.__file__).read_text())
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
    }
