"""When nothing can be written for a moment, people come in, and nobody may go on guessing."""

from collections.abc import Iterator

import pytest

from authn.credentials import Password, password_bytes
from davserver.domain.errors import NotSignedIn, Unavailable
from tests.support.accounts import HOME, NOON, Accounts, accounts_in
from tests.support.events import capture_logs
from tests.support.postgres import PostgresServer
from tests.support.unwritable import unwritable

pytestmark = pytest.mark.postgres


@pytest.fixture
def accounts(postgres: PostgresServer) -> Iterator[Accounts]:
    with postgres.fresh_database() as url, accounts_in(url) as found:
        yield found


def test_people_still_sign_in_though_their_last_use_cannot_be_noted(accounts):
    zoe = accounts.add("zoe")
    device = accounts.add_app_password(zoe)
    with capture_logs() as logged, unwritable(accounts.db):
        assert accounts.login.sign_in(device, HOME, NOON).id == zoe.id
    assert [(one["event"], one["what"]) for one in logged] == [("not-noted", "last-use")]
    with accounts.db.read() as tx:
        assert accounts.device(tx, device).last_used_day is None


def test_a_guess_that_cannot_be_counted_is_not_answered(accounts):
    accounts.add("zoe", password="quatre mots sans lien")
    guess = Password("zoe", password_bytes("a guess at random"))
    with unwritable(accounts.db), pytest.raises(Unavailable):
        accounts.login.sign_in(guess, HOME, NOON)
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(guess, HOME, NOON)
