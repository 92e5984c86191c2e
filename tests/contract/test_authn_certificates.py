"""Signing in with a client certificate: alone, beside a password, and when it no longer counts."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from authn.certificates import certificate_of
from authn.credentials import Password, password_bytes
from authn.verifiers import certificate_phc
from davserver.db import tables as t
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn
from davserver.domain.ids import CredentialId
from davserver.domain.people import AccountState, Person, Principal, Role
from tests.support.accounts import HOME, NOON, statements_of
from tests.support.cards import DAY, Card, Issuer, new_key

WORDS = "quatre mots sans lien"
SECOND = timedelta(seconds=1)
YEAR = 365 * DAY


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def card(issuer: Issuer) -> Card:
    return issuer.card("Zoé", at=NOON)


def typed(login: str, password: str = WORDS) -> Password:
    return Password(login, password_bytes(password))


def shown(accounts, card: Card, credential=None, now=NOON, login=None):
    return (login or accounts.login).sign_in(credential, HOME, now, certificate=card.der)


def test_a_certificate_alone_says_who_it_is_in_one_statement(accounts, card):
    zoe = accounts.add("zoe")
    known = accounts.add_certificate(zoe, card.der)
    shown(accounts, card)
    with statements_of(accounts.db) as sent:
        who = shown(accounts, card, now=NOON + SECOND)
    assert len(sent) == 1
    assert (who.person, who.credential, who.strength) == (zoe, known, Strength.CERT)
    assert (who.read_only, who.address, who.memberships) == (False, HOME, ())


def test_whoever_comes_by_it_has_their_memberships(accounts, card):
    paul = accounts.add("paul", Role.PROFESSIONAL)
    accounts.add_membership(paul, accounts.add_structure("ccas"), NOON, None)
    accounts.add_certificate(paul, card.der)
    assert [one.structure.slug for one in shown(accounts, card).memberships] == ["ccas"]


def test_a_certificate_renewed_for_the_same_key_goes_on(accounts, issuer):
    key = new_key()
    first = issuer.card(key=key, at=NOON)
    second = issuer.card("Zoé Petit", key=key, at=NOON + DAY, life=(-DAY, YEAR))
    accounts.add_certificate(accounts.add("zoe"), first.der)
    assert shown(accounts, second, now=NOON + 30 * DAY).person.login == "zoe"
    with pytest.raises(NotSignedIn):
        shown(accounts, first, now=NOON + 30 * DAY)


def test_what_no_longer_counts_is_as_if_none_was_shown(accounts, issuer, card):
    zoe = accounts.add("zoe", password=WORDS)
    accounts.add("paul", password=WORDS)
    until, revoked = (issuer.card(at=NOON) for _ in range(2))
    accounts.add_certificate(zoe, card.der)
    accounts.add_certificate(zoe, until.der, until=NOON + SECOND)
    accounts.revoke_certificate(accounts.add_certificate(zoe, revoked.der))
    tries = [
        (issuer.card("Zoé", at=NOON).der, NOON),
        (b"garbage", NOON),
        (revoked.der, NOON),
        (until.der, NOON + SECOND),
        (card.der, NOON + DAY + SECOND),
        (card.der, NOON - DAY - SECOND),
    ]
    for der, now in tries:
        with pytest.raises(NotSignedIn):
            accounts.login.sign_in(None, HOME, now, certificate=der)
        for login in ("zoe", "paul"):
            who = accounts.login.sign_in(typed(login), HOME, now, certificate=der)
            assert (who.person.login, who.strength) == (login, Strength.PASSWORD)
            assert who.certificate is None
    for one in (card, until):
        assert shown(accounts, one).strength is Strength.CERT


def test_nobody_comes_in_with_nothing(accounts):
    accounts.add("zoe")
    with statements_of(accounts.db) as sent, pytest.raises(NotSignedIn):
        accounts.login.sign_in(None, HOME, NOON)
    assert sent == []


def test_blocked_and_unknown_cost_the_same_statement(accounts, issuer, card):
    zoe = accounts.add("zoe", password=WORDS)
    accounts.add_certificate(zoe, card.der)
    state = AccountState.DIRECTORY_BLOCKED
    accounts.db.write(lambda tx: accounts.register.set_state(tx, zoe.id, state, NOON))
    tries, words = [card, issuer.card(at=NOON)], set()
    for one in tries:
        with statements_of(accounts.db) as sent, pytest.raises(NotSignedIn) as refused:
            shown(accounts, one)
        words.add((str(refused.value), tuple(sent)))
    assert len(words) == 1
    with pytest.raises(NotSignedIn):
        shown(accounts, card, typed("zoe"))


def test_beside_the_right_password_of_the_same_person_it_is_as_strong(accounts, card):
    zoe = accounts.add("zoe", password=WORDS)
    accounts.add_certificate(zoe, card.der)
    device = accounts.add_app_password(zoe)
    for credential in (typed("zoe"), device):
        shown(accounts, card, credential)
        with statements_of(accounts.db) as sent:
            who = shown(accounts, card, credential)
        assert len(sent) == 2
        assert (who.id, who.strength) == (zoe.id, Strength.CERT)
    assert who.credential == device.id


def test_a_password_beside_it_must_be_right_and_the_same_persons(accounts, card):
    zoe = accounts.add("zoe", password=WORDS)
    accounts.add("paul", password=WORDS)
    accounts.add_certificate(zoe, card.der)
    device = accounts.add_app_password(zoe)
    accounts.revoke(device)
    for credential in (typed("zoe", "another"), typed("paul"), typed("nobody"), device):
        with pytest.raises(NotSignedIn):
            shown(accounts, card, credential)


@pytest.mark.parametrize("which", ["certificate", "app password"])
def test_who_may_only_read_by_either_may_only_read(accounts, card, which):
    zoe = accounts.add("zoe")
    accounts.add_certificate(zoe, card.der, read_only=which == "certificate")
    device = accounts.add_app_password(zoe, read_only=which == "app password")
    who = shown(accounts, card, device)
    with accounts.db.read() as tx:
        assert who.read_only
        assert accounts.login.refreshed(tx, who, NOON).read_only
    assert shown(accounts, card).read_only is (which == "certificate")


def test_the_day_of_its_use_is_noted_once(accounts, card):
    zoe = accounts.add("zoe")
    known = accounts.add_certificate(zoe, card.der)
    with statements_of(accounts.db) as sent:
        for hour in range(3):
            shown(accounts, card, now=NOON + timedelta(hours=hour))
    assert len([one for one in sent if one.startswith("UPDATE")]) == 1
    with accounts.db.read() as tx:
        (row,) = tx.execute(t.credential.select().where(t.credential.c.id == known)).all()
    assert row.last_used_day == (NOON.date() - NOON.date().replace(1970, 1, 1)).days


def test_somebodys_row_for_another_persons_key_lets_nobody_in(accounts, card):
    """What somebody does who can write to the database, and holds a card of their own."""
    zoe, mallory = accounts.add("zoe"), accounts.add("mallory")
    known = accounts.add_certificate(mallory, card.der)
    whose = update(t.credential).where(t.credential.c.id == known).values(person_id=zoe.id)
    accounts.db.write(lambda tx: tx.execute(whose))
    with pytest.raises(NotSignedIn):
        shown(accounts, card)


def test_the_whole_key_is_compared_and_not_only_looked_up(accounts, issuer, card):
    known = accounts.add_certificate(accounts.add("zoe"), card.der)
    other = certificate_phc(certificate_of(issuer.card(at=NOON).der).key)
    sealed = accounts.keys.seal_password_hash(known, 1, other)
    swap = update(t.credential).where(t.credential.c.id == known).values(verifier_ct=sealed)
    accounts.db.write(lambda tx: tx.execute(swap))
    with pytest.raises(NotSignedIn):
        shown(accounts, card)


def test_no_other_credential_is_found_by_a_key(accounts, card):
    zoe = accounts.add("zoe")
    device = accounts.add_app_password(zoe)
    known = certificate_of(card.der).credential(accounts.keys)
    move = update(t.credential).where(t.credential.c.id == device.id).values(id=known)
    accounts.db.write(lambda tx: tx.execute(move))
    with pytest.raises(NotSignedIn):
        shown(accounts, card)


def test_still_looks_at_the_certificate_and_at_what_was_beside_it(accounts, card):
    zoe = accounts.add("zoe", password=WORDS)
    accounts.add_certificate(zoe, card.der)
    for credential, count in ((None, 1), (typed("zoe"), 2)):
        who = shown(accounts, card, credential)
        with statements_of(accounts.db) as sent, accounts.db.read() as tx:
            again = accounts.login.refreshed(tx, who, NOON + SECOND)
        assert len(sent) == count
        assert (again, again.certificate) == (who, who.certificate)


@pytest.mark.parametrize("beside", [None, WORDS])
def test_still_sends_away_whoever_lost_what_they_came_in_by(accounts, issuer, beside):
    end = NOON + 2 * SECOND

    def come(login: str) -> tuple[Person, CredentialId, Principal]:
        person, card = accounts.add(login, password=beside), issuer.card(at=NOON)
        known = accounts.add_certificate(person, card.der, until=end)
        return person, known, shown(accounts, card, typed(login) if beside else None)

    def still(who: Principal, now: datetime = NOON) -> Principal:
        with accounts.db.read() as tx:
            return accounts.login.refreshed(tx, who, now)

    comers = [come(f"one-{number}") for number in range(5)]
    (blocked, *_), (_, revoked, _), (_, gone, _), (_, _, over), (_, _, until) = comers
    assert [still(who) for _, _, who in comers] == [who for _, _, who in comers]
    state, drop = AccountState.ADMINISTRATOR_BLOCKED, t.credential.delete()
    accounts.db.write(lambda tx: accounts.register.set_state(tx, blocked.id, state, NOON))
    accounts.revoke_certificate(revoked)
    accounts.db.write(lambda tx: tx.execute(drop.where(t.credential.c.id == gone)))
    past = replace(over, certificate=replace(over.certificate, until=NOON - SECOND))
    for who, now in [*((who, NOON) for _, _, who in comers[:3]), (past, NOON), (until, end)]:
        with pytest.raises(NotSignedIn):
            still(who, now)
    person, _, who = comers[4]
    accounts.set_password(person, "four other words")
    if beside is None:
        assert still(who) == who
    else:
        with pytest.raises(NotSignedIn):
            still(who)


def test_another_process_knows_it_too_and_forgets_it_at_once(accounts, card):
    known = accounts.add_certificate(accounts.add("zoe"), card.der)
    other = accounts.new_process()
    assert shown(accounts, card, login=other).strength is Strength.CERT
    accounts.revoke_certificate(known)
    with pytest.raises(NotSignedIn):
        shown(accounts, card, login=other)
