"""Reading and checking trails: whose, by whom, and what a look leaves behind."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from davserver.db import tables
from davserver.domain.errors import NotFound, Reason, Refused
from davserver.domain.people import AccountState, Principal
from davserver.gate.people.history import History
from davserver.trail import Event, ExportedHead, Flaw, What
from davserver.vault.nodes.rows import OpenVault
from tests.support.accounts import HOME, NOON, statements_of
from tests.support.rules import more_rules
from tests.support.sharing import Shelter


@pytest.fixture
def history(house: Shelter) -> History:
    return History(house.tools)


@pytest.fixture
def amina(house: Shelter) -> OpenVault:
    """Her trail has three entries."""
    vault = house.beneficiary("amina")
    who = house.signed_in("amina")
    for path in ("/1", "/2", "/3"):
        note(house, Event(vault.id, What.WRITE, who, path=path))
    return vault


def note(house: Shelter, event: Event) -> None:
    house.db.write(lambda tx: house.trail.record(tx, event, house.now))


def shown(
    history: History, who: Principal, login: str | None = "amina", **page: int
) -> list[tuple[str, str]]:
    return [(one.what, one.path) for one in history.show(who, login, NOON, **page)]


def test_a_beneficiary_reads_their_own_trail(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    who = house.signed_in("amina")
    assert shown(history, who) == [("write", "/1"), ("write", "/2"), ("write", "/3")]
    assert shown(history, who, "AMINA", limit=1, before=3) == [("write", "/2")]
    assert len(house.told(amina)) == 3
    assert HOME not in str(history.show(who, "amina", NOON))


def test_nobody_reads_anothers_trail_or_learns_whether_there_is_one(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    house.beneficiary("idris")
    house.professional("karim")
    for login in ("idris", "karim"):
        for whose in ("amina", "nobody", None):
            with pytest.raises(NotFound, match=r"^no such trail$"):
                history.show(house.signed_in(login), whose, NOON)
    assert len(house.told(amina)) == 3


def test_the_trail_asks_for_the_password_and_not_an_app_password(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    with house.db.read() as tx:
        person = house.accounts.registered.people(tx, {amina.owner})[amina.owner]
    who = house.accounts.login.sign_in(house.accounts.add_app_password(person), None, NOON)
    with pytest.raises(Refused) as refused:
        history.show(who, "amina", NOON)
    assert refused.value.reason is Reason.AUTH_TOO_WEAK


def test_an_operators_look_shows_addresses_and_is_itself_an_entry(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    found = history.show(house.operator(), "amina", NOON)
    assert [one.path for one in found] == ["/1", "/2", "/3"]
    assert found[0].details["address"] == HOME
    entry = house.told(amina)[-1]
    assert (entry.what, entry.who_login) == ("operator", "operator")
    assert entry.details["command"] == "trail show"
    assert entry.details["operator"] == "root"


def test_an_operator_on_the_owners_behalf_leaves_an_entry_too(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    assert len(history.show(house.operator("amina"), "amina", NOON)) == 3
    assert house.told(amina)[-1].what == "operator"


def test_a_blocked_persons_trail_can_still_be_looked_at_by_an_operator(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    blocked = AccountState.ADMINISTRATOR_BLOCKED
    set_state = house.accounts.register.set_state
    house.db.write(lambda tx: set_state(tx, amina.owner, blocked, NOON))
    assert len(history.show(house.operator(), "amina", NOON)) == 3


def test_the_instances_own_trail_is_for_operators(house: Shelter, history: History) -> None:
    note(house, Event(None, What.STRUCTURE_ADD, None, path="/x"))
    assert shown(history, house.operator(), None) == [("structure-add", "/x")]
    assert shown(history, house.operator(), None)[-1] == ("operator", "")


def test_whoever_has_no_vault_has_no_trail(house: Shelter, history: History) -> None:
    house.professional("karim")
    with pytest.raises(NotFound, match="has no vault"):
        history.show(house.operator(), "karim", NOON)
    with pytest.raises(NotFound, match="nobody"):
        history.show(house.operator(), "nobody-at-all", NOON)


def test_a_check_finds_flaws_counts_what_was_erased_and_gives_the_heads(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    whole = history.check()
    assert (whole.findings, whole.erased) == ((), 0)
    (head,) = whole.heads
    assert (head.vault, head.seq) == (amina.id, 3)
    entries = tables.trail
    house.db.write(
        lambda tx: tx.execute(entries.update().where(entries.c.seq == 1).values(payload_ct=None))
    )
    assert (history.check().findings, history.check().erased) == ((), 1)
    house.db.write(lambda tx: tx.execute(delete(entries).where(entries.c.seq == 2)))
    (finding,) = history.check().findings
    assert (finding.vault, finding.seq, finding.flaw) == (amina.id, 3, Flaw.MISSING)


def test_a_check_against_heads_that_were_kept_elsewhere(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    kept = [ExportedHead.from_fields(one.fields()) for one in history.check().heads]
    house.now += timedelta(days=1)
    note(house, Event(amina.id, What.WRITE, None, path="/4"))
    assert history.check(kept).findings == ()
    ahead = ExportedHead(amina.id, 9, bytes(32))
    (finding,) = history.check([*kept, ahead]).findings
    assert (finding.seq, finding.flaw) == (9, Flaw.ROLLED_BACK)


def test_what_operators_did_in_somebodys_name_is_counted_in_two_statements(
    house: Shelter, history: History, amina: OpenVault
) -> None:
    """Whatever else happened, and for whom the rules show their trail."""
    who, later = house.signed_in("amina"), NOON + timedelta(minutes=1)
    assert history.in_their_name(who, NOON, later) == 0
    operator = house.operator("amina")
    for path in ("/4", "/5"):
        note(house, Event(amina.id, What.GRANT, operator, path=path))
    with statements_of(house.db) as sent:
        assert history.in_their_name(who, NOON, later) == 2
    assert len([one for one in sent if one.startswith("SELECT")]) == 2
    assert history.in_their_name(who, later, later) == 0
    house.db.write(lambda tx: tx.execute(update(tables.trail).values(actor_ct=b"altered")))
    assert history.in_their_name(who, NOON, later) == 0
    more_rules(house, "p, no-trail, deny, beneficiary, owner, audit, *, *, *, *, *")
    fresh = house.signed_in("amina")
    assert history.in_their_name(fresh, NOON, later) == 0
