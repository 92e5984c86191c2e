"""Sessions of the pages: what they are worth, when they end, what altering their rows brings."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from authn.credentials import Password, password_bytes
from authn.sessions import Sessions, as_cookie, form_mark, from_cookie, is_form_mark
from davserver.db import tables as t
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn
from davserver.domain.lean import changed
from davserver.domain.people import AccountState
from davserver.domain.secret import Secret
from tests.support.accounts import HOME, NOON, Accounts, statements_of

WORDS = "quatre mots sans lien"
MINUTE = timedelta(minutes=1)
IDLE, LONGEST = 20 * MINUTE, timedelta(hours=12)
"""As docs/pages.md says, and not what the code does: a limit that grows is seen here."""


@pytest.fixture
def sessions(accounts: Accounts) -> Sessions:
    return Sessions(accounts.db, accounts.keys, accounts.login, os.urandom)


@pytest.fixture
def token(accounts: Accounts, sessions: Sessions) -> Secret:
    accounts.add("zoe", password=WORDS)
    who = accounts.login.sign_in(Password("zoe", password_bytes(WORDS)), HOME, NOON)
    return sessions.begin(who, NOON)


def is_over(sessions: Sessions, token: Secret, now: datetime) -> bool:
    try:
        sessions.resume(token, HOME, now)
    except NotSignedIn:
        return True
    return False


def test_a_session_is_who_signed_in_with_everything_as_it_is_now(
    accounts: Accounts, sessions: Sessions, token: Secret
) -> None:
    with statements_of(accounts.db) as sent:
        found = sessions.resume(token, HOME, NOON + timedelta(seconds=30))
    assert len(sent) == 2
    assert (found.who.person.login, found.who.strength) == ("zoe", Strength.PASSWORD)
    assert found.who.credential is not None


def test_it_ends_after_twenty_minutes_without_a_page(sessions: Sessions, token: Secret) -> None:
    assert not is_over(sessions, token, NOON + IDLE)
    later = NOON + IDLE + IDLE
    assert not is_over(sessions, token, later), "the page of twenty minutes ago was noted"
    assert is_over(sessions, token, later + IDLE + MINUTE)


def test_it_is_known_to_the_minute_when_the_last_page_was(
    sessions: Sessions, token: Secret
) -> None:
    assert not is_over(sessions, token, NOON + MINUTE)
    assert not is_over(sessions, token, NOON + MINUTE + IDLE)


def test_it_ends_twelve_hours_after_the_sign_in_whatever_is_done(
    sessions: Sessions, token: Secret
) -> None:
    at = NOON
    while at + 15 * MINUTE < NOON + LONGEST:
        at += 15 * MINUTE
        assert not is_over(sessions, token, at)
    assert is_over(sessions, token, NOON + LONGEST)


def test_a_clock_that_was_set_back_ends_it(sessions: Sessions, token: Secret) -> None:
    assert is_over(sessions, token, NOON - timedelta(hours=1))


@pytest.mark.parametrize("what", ["password", "blocked", "signed out", "everywhere"])
def test_it_ends_with_what_it_stands_on(
    accounts: Accounts, sessions: Sessions, token: Secret, what: str
) -> None:
    zoe = sessions.resume(token, HOME, NOON).who
    match what:
        case "password":
            accounts.set_password(zoe.person, WORDS + "!")
        case "blocked":
            blocked = AccountState.ADMINISTRATOR_BLOCKED
            accounts.db.write(lambda tx: accounts.register.set_state(tx, zoe.id, blocked, NOON))
        case "signed out":
            sessions.end(token, NOON)
        case "everywhere":
            sessions.end_everywhere(zoe, NOON)
    assert is_over(sessions, token, NOON)


@pytest.mark.parametrize("state", [one for one in AccountState if one is not AccountState.ACTIVE])
def test_whoever_was_blocked_signs_in_anew_when_they_are_back(
    accounts: Accounts, sessions: Sessions, token: Secret, state: AccountState
) -> None:
    """Perhaps they were blocked because somebody else had their browser."""
    zoe = sessions.resume(token, HOME, NOON).who
    for one in (state, AccountState.ACTIVE):
        accounts.db.write(lambda tx, one=one: accounts.register.set_state(tx, zoe.id, one, NOON))
    assert is_over(sessions, token, NOON)


def other(value: Any, column: str) -> Any:
    if column == "strength":
        return "cert"
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    return (value or 0) + 1


@pytest.mark.parametrize("column", [one.name for one in t.web_session.columns])
def test_an_altered_row_is_no_session(
    accounts: Accounts, sessions: Sessions, token: Secret, column: str
) -> None:
    with accounts.db.read() as tx:
        row = dict(tx.execute(select(t.web_session)).mappings().one())
    changed = {column: other(row[column], column)}
    if column in {"person_id", "credential_id"}:
        bilal = accounts.add("bilal", password=WORDS)
        with accounts.db.read() as tx:
            password = accounts.registered.password(tx, bilal.id)
        assert password is not None
        changed = {column: bilal.id if column == "person_id" else password.id}
    accounts.db.write(lambda tx: tx.execute(update(t.web_session).values(changed)))
    if column == "seen_at":
        assert not is_over(sessions, token, NOON), "it lengthens a session by minutes, no more"
    else:
        assert is_over(sessions, token, NOON)


def test_what_is_over_is_forgotten_after_a_day(
    accounts: Accounts, sessions: Sessions, token: Secret
) -> None:
    sessions.sweep(NOON + LONGEST + timedelta(hours=23))
    with accounts.db.read() as tx:
        assert len(tx.execute(select(t.web_session)).all()) == 1
    sessions.sweep(NOON + LONGEST + timedelta(hours=25))
    with accounts.db.read() as tx:
        assert tx.execute(select(t.web_session)).all() == []
    assert is_over(sessions, token, NOON)


def test_nobody_has_a_session_who_did_not_sign_in(accounts: Accounts, sessions: Sessions) -> None:
    accounts.add("zoe", password=WORDS)
    who = accounts.login.sign_in(Password("zoe", password_bytes(WORDS)), HOME, NOON)
    with pytest.raises(NotSignedIn):
        sessions.begin(changed(who, credential=None), NOON)


def test_cookies_and_marks(token: Secret) -> None:
    assert from_cookie(as_cookie(token)) == token
    assert len(token) == 32
    assert all(from_cookie(one) is None for one in ("", "x", "é", as_cookie(token)[:-1], "A" * 44))
    assert from_cookie(as_cookie(token)[:20] + "*" + as_cookie(token)[20:]) is None
    mark = form_mark(token)
    assert is_form_mark(mark, form_mark(token))
    assert not any(is_form_mark(mark, one) for one in (form_mark(Secret(bytes(32))), "é", ""))
    assert not is_form_mark("", "")
