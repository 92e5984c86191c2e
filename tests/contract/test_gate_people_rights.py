"""Who may see to accounts, and that nobody else learns anything."""

from datetime import timedelta

import pytest

from davserver.domain.errors import (
    NotFound,
    NotSignedIn,
    Reason,
    Refused,
)
from davserver.domain.ids import CredentialId
from davserver.domain.people import Principal, Role, StructureKind
from davserver.gate.people.people import CertificateToAdd, People, PersonToAdd
from tests.support.accounts import NOON
from tests.support.cards import Issuer
from tests.support.office import Office

WORDS = "quatre mots sans lien"
DAY = timedelta(days=1)
CARD = Issuer().card(at=NOON)


def everything(office: Office, who: Principal, about: str, credential: CredentialId):
    people = office.people
    new = PersonToAdd("mallory2", Role.ADMINISTRATOR, "Mallory")
    return {
        "add_structure": lambda: people.add_structure(
            who, "evil", "Evil", StructureKind.CCAS, NOON
        ),
        "structures": lambda: people.structures(who, NOON),
        "add_person": lambda: people.add_person(who, new, NOON),
        "people": lambda: people.people(who, NOON),
        "accounts": lambda: people.accounts(who, NOON),
        "show": lambda: people.show(who, about, NOON),
        "disable": lambda: people.disable(who, about, NOON),
        "enable": lambda: people.enable(who, about, NOON),
        "set_password": lambda: people.set_password(who, about, WORDS, NOON),
        "add_app_password": lambda: people.add_app_password(who, about, "Device", NOON),
        "app_passwords": lambda: people.app_passwords(who, about, NOON),
        "revoke_app_password": lambda: people.revoke_app_password(who, credential, NOON),
        "add_certificate": lambda: people.add_certificate(
            who, about, CARD.pem, NOON, CertificateToAdd()
        ),
        "certificates": lambda: people.certificates(who, about, NOON),
        "revoke_certificate": lambda: people.revoke_certificate(who, credential, NOON),
        "add_membership": lambda: people.add_membership(who, about, "ccas", NOON),
        "end_membership": lambda: people.end_membership(who, about, "ccas", NOON),
    }


def test_the_list_of_what_is_tried_is_complete(office):
    names = {
        name
        for name, value in vars(People).items()
        if callable(value) and not name.startswith("_") and not name.startswith("operator")
    }
    names.remove("keeps_password")  # asks about oneself, and can name nobody else
    assert set(everything(office, office.root, "zoe", CredentialId(bytes(16)))) == names


@pytest.mark.parametrize("role", [Role.BENEFICIARY, Role.PROFESSIONAL, Role.MANAGER])
def test_nobody_touches_another_account_or_learns_that_it_is_there(office, role):
    office.add_structure()
    office.add("zoe")
    credential = office.people.add_app_password(office.root, "zoe", "Téléphone", NOON).id
    office.add("mallory", role, password=WORDS)
    mallory = office.sign_in("mallory", WORDS)
    before = office.people.people(office.root, NOON)
    for name in everything(office, mallory, "zoe", credential):
        answers = set()
        for about, which in (("zoe", credential), ("nobody", CredentialId(bytes(16)))):
            with pytest.raises(NotFound) as refused:
                everything(office, mallory, about, which)[name]()
            answers.add(str(refused.value))
        assert len(answers) == 1, name
    assert office.people.people(office.root, NOON) == before
    assert "refused" in office.words()


def test_staff_cannot_join_a_structure_or_come_back_by_themselves(office):
    office.add_structure()
    office.add("paul", Role.PROFESSIONAL, password=WORDS)
    paul = office.sign_in("paul", WORDS)
    for name in ("add_membership", "end_membership", "disable", "enable"):
        with pytest.raises(NotFound):
            everything(office, paul, "paul", CredentialId(bytes(16)))[name]()


def test_one_changes_ones_own_credentials_with_the_password_only(office):
    office.add("zoe", password=WORDS)
    zoe = office.sign_in("zoe", WORDS)
    made = office.people.add_app_password(zoe, "zoe", "Téléphone", NOON)
    phone = office.sign_in("zoe", made.text)
    for name in ("set_password", "add_app_password", "app_passwords", "revoke_app_password"):
        with pytest.raises(Refused) as refused:
            everything(office, phone, "zoe", made.id)[name]()
        assert refused.value.reason is Reason.AUTH_TOO_WEAK
    office.people.revoke_app_password(zoe, made.id, NOON)
    office.people.set_password(zoe, "ZOE", "another four words", NOON)
    assert office.sign_in("zoe", "another four words").id == zoe.id
    with pytest.raises(NotSignedIn):
        office.people.set_password(zoe, "zoe", WORDS, NOON)


def test_nobody_gives_themselves_the_strongest_sign_in(office):
    office.add("zoe", password=WORDS)
    zoe = office.sign_in("zoe", WORDS)
    with pytest.raises(NotFound):
        office.people.add_certificate(zoe, "zoe", CARD.pem, NOON, CertificateToAdd())
    made = office.people.add_certificate(office.root, "zoe", CARD.pem, NOON, CertificateToAdd())
    (mine,) = office.people.certificates(zoe, "zoe", NOON)
    assert mine.id == made
    office.people.revoke_certificate(zoe, made, NOON)
    assert office.people.certificates(zoe, "zoe", NOON)[0].revoked == NOON


def test_an_administrator_does_what_the_machine_may(office):
    office.add_structure()
    office.add("zoe")
    office.add("admin", Role.ADMINISTRATOR, password=WORDS)
    admin = office.sign_in("admin", WORDS)
    office.people.add_person(admin, PersonToAdd("paul", Role.PROFESSIONAL, "Paul"), NOON)
    office.people.disable(admin, "zoe", NOON)
    assert [entry.who_login for entry in office.trail()[-2:]] == ["admin", "admin"]


def test_a_refusal_is_in_the_trail_with_its_reason(office):
    office.add("admin", Role.ADMINISTRATOR)
    device = office.people.add_app_password(office.root, "admin", "Laptop", NOON)
    admin = office.sign_in("admin", device.text)
    with pytest.raises(Refused):
        office.people.people(admin, NOON)
    last = office.trail()[-1]
    assert (last.what, last.reason, last.who_login) == ("refused", "auth-too-weak", "admin")
