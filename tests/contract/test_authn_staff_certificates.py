"""Client certificates of people who come from a directory live no longer than their account in it,
as their app passwords do.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from authn.certificates import certificate_of
from authn.credentials import from_login_and_secret
from authn.register import NewDevice, Register
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn, Unavailable
from davserver.domain.people import AccountState, Principal
from tests.support.accounts import HOME
from tests.support.cards import Issuer
from tests.support.reception import TEAM, Reception, reception
from tests.support.staff import PASSWORD, Staff

KARIM = "karim@ccas.example"
PAST_TERM = timedelta(minutes=5, seconds=1)
Show = Callable[..., Principal]


@pytest.fixture
def desk(database_url: str, tmp_path: Path, staff: Staff) -> Iterator[Reception]:
    with reception(database_url, tmp_path, staff) as made:
        made.hires("karim")
        made.sign_in(KARIM)
        yield made


@pytest.fixture
def show(desk: Reception) -> Show:
    """Karim's card, perhaps beside a password."""
    card = Issuer().card("Karim", at=desk.world.clock())
    register = Register(desk.world.keys, desk.world.tools.entropy)
    who, new, now = desk.person(KARIM).id, NewDevice("Carte", False, None), desk.world.clock()
    found = certificate_of(card.der)
    assert found is not None
    desk.world.db.write(lambda tx: register.add_certificate(tx, who, found, new, now))

    def shown(password: str | None = None) -> Principal:
        beside = None if password is None else from_login_and_secret(KARIM, password)
        return desk.login.sign_in(beside, HOME, desk.world.clock(), certificate=card.der)

    return shown


def test_a_card_is_strong_alone_and_beside_the_password_of_the_directory(desk, show):
    for password in (None, PASSWORD):
        who = show(password)
        assert (who.person.login, who.strength) == (KARIM, Strength.CERT)
        assert [one.structure.slug for one in who.memberships] == ["ccas"]
    with pytest.raises(NotSignedIn):
        show("not the password")


def test_a_card_dies_with_the_account_and_lives_again_with_it(desk, show):
    desk.staff.take_out(TEAM, desk.staff.person("karim"))
    assert show().person.login == KARIM
    desk.world.clock.now += PAST_TERM
    for password in (None, PASSWORD):
        with pytest.raises(NotSignedIn):
            show(password)
    assert desk.state(KARIM) is AccountState.DIRECTORY_BLOCKED
    desk.staff.put_in(TEAM, desk.staff.person("karim"))
    desk.world.clock.now += PAST_TERM
    assert [one.structure.slug for one in show().memberships] == ["ccas"]


def test_a_card_waits_for_a_directory_that_is_away(desk, show):
    desk.staff.server.kill()
    assert show().strength is Strength.CERT
    desk.world.clock.now += PAST_TERM
    for password in (None, PASSWORD):
        with pytest.raises(Unavailable):
            show(password)
    assert desk.state(KARIM) is AccountState.ACTIVE
    desk.staff.server.start()
    assert show().strength is Strength.CERT
