"""What no file can change: asked with a rule file that allows everything to everybody."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from davserver.domain.actions import GRANTABLE, Action, Category, Relation, Right, Strength
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import Reason
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.ids import MembershipId, PersonId
from davserver.domain.people import AccountState, Role
from policies.decider import Judge
from policies.invariants import CONTENT, ON_A_READ_ONLY_DEVICE, possible, reachable
from tests.policy.question import (
    NOW,
    OPEN_RULES,
    OTHER_VAULT,
    VAULT,
    a_set,
    membership,
    named,
    owner,
    principal,
    structure,
    team,
    with_files,
)

WRITES = {
    Action.PUT,
    Action.MKCOL,
    Action.LOCK,
    Action.MOVE,
    Action.RECALL,
}
OWNERS_ONLY = {
    Action.DELETE,
    Action.GRANT,
    Action.REVOKE,
    Action.AUDIT,
    Action.ACCOUNT,
}


@pytest.fixture(scope="module")
def decider() -> Judge:
    return Judge(with_files(rules=OPEN_RULES))


def ask(decider, question, action=None):
    return decider.decide(question.who, action or question.action, question.target, question.now)


def hidden(decider, question) -> bool:
    """Not visible, and nothing is allowed."""
    nothing = decider.visible_categories(question.who, question.target, question.now)
    answers = [ask(decider, question, action) for action in CONTENT]
    return (
        nothing == frozenset()
        and not decider.may_see(question.who, question.target, question.now)
        and all(isinstance(a, Denial) and a.reason is Reason.NO_GRANT for a in answers)
    )


def with_target(question, **changes):
    return replace(question, target=replace(question.target, **changes))


def with_grant(question, **changes):
    return with_target(question, grant=replace(question.target.grant, **changes))


def with_who(question, **changes):
    return replace(question, who=replace(question.who, **changes))


def test_the_open_rules_do_allow_an_owner_everything(decider):
    assert {a for a in Action if isinstance(ask(decider, owner(), a), Permit)} == set(Action)


@pytest.mark.parametrize("asked", [named(), team()])
def test_a_live_grant_to_write_allows_what_needs_a_right_and_nothing_else(decider, asked):
    allowed = {action for action in Action if isinstance(ask(decider, asked, action), Permit)}
    by_team = {Action.REGRANT} if asked.target.relation is Relation.VIA_STRUCTURE else set()
    assert allowed == set(GRANTABLE) - by_team
    for action in OWNERS_ONLY | by_team:
        assert ask(decider, asked, action) == Denial(
            action, Reason.OWNER_ONLY, "invariant/owner-only"
        )


@pytest.mark.parametrize("asked", [named(right=Right.READ), team(right=Right.READ)])
def test_a_grant_to_read_refuses_writing_with_its_reason(decider, asked):
    for action in WRITES:
        answer = ask(decider, asked, action)
        assert answer == Denial(action, Reason.READ_ONLY, "invariant/read-only-grant")
    assert isinstance(ask(decider, asked, Action.GET), Permit)


@pytest.mark.parametrize("asked", [named(right=Right.DEPOSIT), team(right=Right.DEPOSIT)])
def test_a_grant_to_deposit_opens_nothing_and_is_not_shared_on(decider, asked):
    answer = ask(decider, asked, Action.GET)
    assert answer == Denial(Action.GET, Reason.DEPOSIT_ONLY, "invariant/deposit-only-grant")
    assert isinstance(ask(decider, asked, Action.REGRANT), Denial)
    assert isinstance(ask(decider, asked, Action.PUT), Permit)


@pytest.mark.parametrize("asked", [named(), team()])
def test_whoever_is_paused_in_a_vault_goes_on_reading_there_and_no_more(decider, asked):
    here = with_who(asked, paused=frozenset({asked.target.vault}))
    for action in GRANTABLE:
        answer = ask(decider, here, action)
        if isinstance(ask(decider, asked, action), Denial):
            continue  # refused without a pause too
        if action in {Action.LIST, Action.GET}:
            assert isinstance(answer, Permit)
        else:
            assert answer == Denial(action, Reason.TOO_MANY_CHANGES, "invariant/paused")
    assert decider.visible_categories(here.who, here.target, here.now) == set(Category)
    elsewhere = with_who(asked, paused=frozenset({OTHER_VAULT}))
    assert isinstance(ask(decider, elsewhere, Action.PUT), Permit)


def test_a_pause_never_holds_an_owner(decider):
    paused = with_who(owner(), paused=frozenset({owner().target.vault}))
    assert {a for a in Action if isinstance(ask(decider, paused, a), Permit)} == set(Action)


@pytest.mark.parametrize(
    "asked",
    [
        with_target(owner(), vault=OTHER_VAULT),
        with_target(owner(), vault=None),
        with_target(owner(), person=PersonId(b"x" * 16)),
        with_who(owner(), vault=None),
        with_target(owner(), relation=Relation.NONE),
        with_target(named(), grant=None),
        with_target(named(), vault=OTHER_VAULT),
        with_target(named(), vault=None),
        with_target(named(), relation=Relation.OWNER),
        with_target(named(), relation=Relation.VIA_STRUCTURE),
        with_target(named(), relation=Relation.MANAGES),
        with_grant(named(), vault=OTHER_VAULT),
        with_grant(named(), until=NOW),
        with_grant(named(), ended=NOW - timedelta(days=1)),
        with_grant(named(), starts=NOW + timedelta(seconds=1)),
        with_grant(named(), to=ToPerson(PersonId(b"x" * 16))),
        with_grant(named(), to=ToStructure(structure().id)),
        with_target(team(), relation=Relation.GRANTEE),
        with_target(team(), structure=structure(slug="other")),
        with_grant(team(), to=ToStructure(structure(slug="other").id)),
        with_who(team(), memberships=()),
        with_who(team(), memberships=(membership(structure(slug="other")),)),
        with_who(team(), memberships=(membership(structure(), ends=NOW),)),
        with_who(team(), memberships=(membership(structure(), NOW + timedelta(seconds=1)),)),
        *(
            with_who(question, person=replace(question.who.person, role=role))
            for role in (Role.MANAGER, Role.ADMINISTRATOR)
            for question in (owner(), named(), team())
        ),
    ],
)
def test_without_ownership_or_a_live_grant_nothing_exists(decider, asked):
    assert hidden(decider, asked)


def test_a_node_of_another_vault_than_the_target_says_is_refused(decider, a_node):
    for place in ("node", "parent"):
        fine = with_target(owner(), **{place: a_node})
        assert isinstance(ask(decider, fine), Permit)
        for asked in (owner(), named(), team()):
            assert hidden(
                decider, with_target(asked, **{place: replace(a_node, vault=OTHER_VAULT)})
            )


@pytest.fixture
def a_node():
    from davserver.domain.ids import NodeId, SpaceId
    from davserver.domain.nodes import Kind, Node, NodeState

    return Node(
        id=NodeId(b"n" * 16),
        vault=VAULT,
        space=SpaceId(b"s" * 16),
        parent=None,
        kind=Kind.FOLDER,
        state=NodeState.LIVE,
        name="Logement",
        twin=0,
        category=None,
        content=None,
        etag=b"e",
        row_version=1,
        epoch=1,
        maker=PersonId(b"p" * 16),
        author=PersonId(b"p" * 16),
        created=NOW,
        modified=NOW,
        made_at=NOW,
    )


@pytest.mark.parametrize("state", [s for s in AccountState if s is not AccountState.ACTIVE])
@pytest.mark.parametrize("asked", [owner(), named(), team()])
def test_a_blocked_account_gets_nothing_not_even_its_own_revoke(decider, asked, state):
    blocked = with_who(asked, person=replace(asked.who.person, state=state))
    assert not decider.may_see(blocked.who, blocked.target, NOW)
    for action in Action:
        answer = ask(decider, blocked, action)
        assert answer == Denial(action, Reason.POLICY, "invariant/account-blocked")


@pytest.mark.parametrize("state", [s for s in AccountState if s is not AccountState.ACTIVE])
def test_an_operator_may_still_end_the_shares_of_a_blocked_account(decider, state):
    asked = owner()
    blocked = with_who(asked, person=replace(asked.who.person, state=state), operator="root")
    for action in Action:
        answer = ask(decider, blocked, action)
        assert isinstance(answer, Permit) == (action is Action.REVOKE)


@pytest.mark.parametrize("asked", [owner(), named()])
def test_a_read_only_device_only_reads(decider, asked):
    device = with_who(asked, read_only=True)
    for action in Action:
        answer = ask(decider, device, action)
        if isinstance(ask(decider, asked, action), Denial) or ON_A_READ_ONLY_DEVICE[action]:
            assert answer != Denial(action, Reason.READ_ONLY_DEVICE, "invariant/read-only-device")
        else:
            assert answer == Denial(action, Reason.READ_ONLY_DEVICE, "invariant/read-only-device")
    assert decider.may_see(device.who, device.target, NOW)


def test_the_table_of_read_only_devices_is_complete_and_allows_no_writing():
    assert set(ON_A_READ_ONLY_DEVICE) == set(Action)
    allowed = {action for action, yes in ON_A_READ_ONLY_DEVICE.items() if yes}
    assert allowed == {Action.LIST, Action.GET, Action.AUDIT, Action.REVOKE}


def test_every_action_is_about_content_or_about_people():
    assert set(Action) - CONTENT == {Action.AUDIT, Action.ACCOUNT}


def test_the_tables_of_what_is_possible_are_complete():
    for role, relation, action in product(Role, Relation, Action):
        assert isinstance(reachable(role, relation, action), bool)
        assert reachable(role, relation, action) or not possible(role, relation, action)


def test_only_managers_manage_and_only_administrators_need_no_tie():
    for role, action in product(Role, (Action.ACCOUNT, Action.AUDIT)):
        assert reachable(role, Relation.MANAGES, action) is (role is Role.MANAGER)
        assert reachable(role, Relation.NONE, action) is (role is Role.ADMINISTRATOR)
        assert reachable(role, Relation.OWNER, action)


@pytest.mark.parametrize("rules", ["# none", "p, no, deny, *, *, *, *, *, *, *, *"])
def test_an_owner_may_always_end_a_share(rules):
    decider = Judge(with_files(rules=rules, networks="0.0.0.0/0, blocked"))
    asked = owner(Action.REVOKE, auth=Strength.APP_PASSWORD)
    answer = ask(decider, with_who(asked, read_only=True))
    assert isinstance(answer, Permit)
    assert (answer.rule, answer.valid_until) == ("invariant/own-revoke", None)


def test_accounts_are_those_of_oneself_or_of_whom_one_manages(decider):
    place = structure()
    own = Target(None, Relation.OWNER, Category.UNCLASSIFIED, person=named().who.id)
    other = replace(own, person=PersonId(b"x" * 16))
    managed = Target(None, Relation.MANAGES, Category.UNCLASSIFIED, structure=place)
    manager = principal(Role.MANAGER, membership(place))
    pro = named().who

    def may(who, target):
        return isinstance(decider.decide(who, Action.ACCOUNT, target, NOW), Permit)

    assert may(pro, own)
    assert not may(pro, other)
    assert may(manager, managed)
    assert not may(pro, managed)
    assert not may(manager, replace(managed, structure=structure(slug="elsewhere")))
    assert not may(manager, replace(managed, structure=None))
    assert not may(replace(manager, memberships=(membership(place, ends=NOW),)), managed)


def test_an_account_without_a_vault_is_not_anybodys(decider):
    """Nobody owns what has neither vault nor person, although both sides are None."""
    nobody = Target(None, Relation.OWNER, Category.UNCLASSIFIED)
    answer = decider.decide(named().who, Action.ACCOUNT, nobody, NOW)
    assert isinstance(answer, Denial)


def test_a_permit_is_for_the_very_target_that_was_asked_about():
    decider = Judge(a_set("shipped"))
    asked = team(Action.PUT)
    answer = ask(decider, asked)
    assert isinstance(answer, Permit)
    assert answer.target is asked.target
    assert (answer.who, answer.action, answer.rule) == (asked.who, Action.PUT, "team-modify")


def test_a_permit_ends_with_the_first_fact_that_ends(decider):
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(days=9)
    cases = [
        (None, None, None),
        (soon, None, soon),
        (None, soon, soon),
        (soon, later, soon),
        (later, soon, soon),
    ]
    for until, ends, expected in cases:
        for asked in (named(), team()):
            place = structure()
            question = with_who(
                with_grant(asked, until=until), memberships=(membership(place, ends=ends),)
            )
            answer = ask(decider, question)
            assert isinstance(answer, Permit)
            assert answer.valid_until == expected


def test_two_memberships_in_one_structure_hold_until_the_last_ends(decider):
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(days=9)
    first = membership(structure(), ends=soon)
    second = replace(first, id=MembershipId(b"2" * 16), ends=later)
    answer = ask(decider, with_who(team(), memberships=(first, second)))
    assert isinstance(answer, Permit)
    assert answer.valid_until == later
    endless = replace(second, ends=None)
    answer = ask(decider, with_who(team(), memberships=(first, endless)))
    assert isinstance(answer, Permit)
    assert answer.valid_until is None


def test_a_permit_ends_with_the_slot_when_a_rule_depends_on_the_hour():
    decider = Judge(a_set("office-hours"))
    asked = with_who(team(), address="192.0.2.7")
    answer = ask(decider, asked)
    assert isinstance(answer, Permit)
    assert answer.valid_until == NOW.replace(hour=18)  # 19:00 in Paris
    owners = ask(decider, owner())
    assert isinstance(owners, Permit)
    assert owners.valid_until == NOW.replace(hour=18)


def test_the_slot_is_that_of_the_structure_acted_for():
    decider = Judge(a_set("office-hours"))
    evening = NOW.replace(hour=16)  # 17:00 in Paris, 20:00 in Réunion
    for zone, allowed in (("Europe/Paris", True), ("Indian/Reunion", False), ("Mars/X", False)):
        asked = with_who(team(where=structure(time_zone=zone)), address="192.0.2.7")
        answer = decider.decide(asked.who, Action.GET, asked.target, evening)
        assert isinstance(answer, Permit) is allowed, zone


def test_a_personal_grant_is_judged_by_the_oldest_membership_unless_the_target_says_which():
    rules = "p, a, allow, professional, grantee, get, *, shelter, *, *, *"
    decider = Judge(with_files(rules=rules))
    shelter, ccas = structure("shelter", "toit"), structure("ccas", "ville")
    older = membership(shelter, NOW - timedelta(days=900))
    newer = membership(ccas, NOW - timedelta(days=10))
    asked = with_who(named(), memberships=(newer, older))
    assert isinstance(ask(decider, asked), Permit)
    assert isinstance(ask(decider, with_target(asked, structure=ccas)), Denial)
    assert isinstance(ask(decider, with_target(asked, structure=shelter)), Permit)


@pytest.mark.parametrize("told", [None, "toit"])
def test_nobody_acts_for_a_structure_that_they_left_while_they_work_in_another(told):
    rules = "p, a, allow, professional, grantee, get, *, shelter, *, *, *"
    decider = Judge(with_files(rules=rules))
    shelter, ccas = structure("shelter", "toit"), structure("ccas", "ville")
    left = membership(shelter, NOW - timedelta(days=900), NOW - timedelta(days=1))
    works = membership(ccas, NOW - timedelta(days=10))
    asked = with_who(named(), memberships=(left, works))
    if told is not None:
        asked = with_target(asked, structure=shelter)
    assert isinstance(ask(decider, asked), Denial)
    still = with_who(asked, memberships=(replace(left, ends=None), works))
    assert isinstance(ask(decider, still), Permit)


def test_a_structure_that_rules_name_is_judged_by_its_slug():
    base = a_set("shipped").files["groups.csv"].decode()
    rules = """
        p, a, allow, professional, *, get, *, ccas, *, *, *
        p, b, allow, professional, *, put, *, ccas, *, *, *
        p, x, deny,  *,            *, put, *, lyon, *, *, *
    """
    decider = Judge(with_files(groups=f"{base}structure, lyon, ccas\n", rules=rules))
    lyon, other = team(where=structure("ccas", "lyon")), team(where=structure("ccas", "brest"))
    assert isinstance(ask(decider, lyon, Action.GET), Permit)
    assert isinstance(ask(decider, lyon, Action.PUT), Denial)
    assert isinstance(ask(decider, other, Action.PUT), Permit)


def test_a_structure_of_another_kind_than_the_files_say_is_refused_whatever_the_rules():
    base = a_set("shipped").files["groups.csv"].decode()
    decider = Judge(with_files(groups=f"{base}structure, lyon, ccas\n", rules=OPEN_RULES))
    asked = team(where=structure("shelter", "lyon"))
    assert isinstance(ask(decider, asked), Denial)
    assert not decider.may_see(asked.who, asked.target, NOW)


def test_a_permit_is_made_in_one_place_only():
    import ast
    from pathlib import Path

    import policies.decider

    root = Path(policies.decider.__file__).parent.parent
    makers = {
        path.relative_to(root).as_posix()
        for package in ("davserver", "policies", "authn", "admin")
        for path in (root / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", None)) == "Permit"
    }
    assert makers == {"policies/decider.py"}
