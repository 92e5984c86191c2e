"""`abri grant` where owners are asked: what it gives waits, and says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from authn.credentials import Password, password_bytes
from davserver.domain.drive import GrantView
from davserver.domain.people import Principal
from davserver.wiring.services import Services
from tests.support.accounts import HOME
from tests.support.cast import Casts
from tests.support.instance import Instance, password_of

LATER = "2098-01-01T00:00+00:00"
LAST = "2099-01-01T00:00+00:00"
WAITS = 11


@pytest.fixture(scope="module")
def instance(casts: Casts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder: Path = tmp_path_factory.mktemp("asking") / "abri"
    with casts.copy("sqlite", folder) as copy:
        copy.set("operator.grants", "needs-owner")
        copy.add_person("nour", "beneficiary", "Nour", template="fr")
        yield copy


def signed_in(services: Services, login: str) -> Principal:
    credential = Password(login, password_bytes(password_of(login)))
    return services.login.sign_in(credential, HOME, services.clock())


def accept_all(instance: Instance) -> list[GrantView]:
    """As nour does it on the pages."""
    with instance.opened() as services:
        who, now = signed_in(services, "nour"), services.clock()
        waiting = services.offers.waiting(who, now)
        return [services.offers.accept(who, one.id, one.shown, now) for one in waiting]


def add(*more: str) -> list[str]:
    return ["grant", "add", "--from", "nour", "--rights", "read", *more]


def listed(instance: Instance, one: str) -> dict[str, object]:
    return next(row for row in instance.json("grant", "list") if row["id"] == one)


def test_what_is_given_waits_for_the_owner_and_is_listed(instance: Instance) -> None:
    words = add("--to", "karim", "--path", "/Logement", "--until", LATER, "--purpose", "bail")
    ended = instance.run(*words)
    assert ended.returncode == WAITS
    offer = ended.stdout.strip()
    assert "That waits: nour is asked on their pages until" in ended.stderr
    assert f"abri grant end {offer}" in ended.stderr
    shown = listed(instance, offer)
    assert (shown["kind"], shown["state"], shown["purpose"]) == ("offer", "waiting", "bail")
    assert (shown["path"], shown["to"], shown["renews"]) == ("/Logement", "karim", None)
    (line,) = (row for row in instance.abri("grant", "list").splitlines() if offer in row)
    assert "waiting" in line
    twice = instance.run(*words)
    assert (twice.returncode, offer in twice.stderr) == (6, True)
    (grant,) = accept_all(instance)
    assert listed(instance, grant.id.hex())["kind"] == "grant"
    assert listed(instance, offer)["state"] == "accepted"
    later = instance.run("grant", "renew", grant.id.hex(), "--until", LAST, "--json")
    assert (later.returncode, '"renews": "' + grant.id.hex() in later.stdout) == (WAITS, True)
    assert listed(instance, grant.id.hex())["until"] == "2098-01-01T00:00:00Z"
    accept_all(instance)
    assert listed(instance, grant.id.hex())["until"] == "2099-01-01T00:00:00Z"
    shorter = instance.json("grant", "renew", grant.id.hex(), "--until", LATER)
    assert (shorter["kind"], shorter["until"]) == ("grant", "2098-01-01T00:00:00Z")
    instance.abri("grant", "end", grant.id.hex())
    trail = [one["what"] for one in instance.json("trail", "show", "nour")]
    told = [one for one in trail if "grant" in one]
    assert told == [
        "grant-offer",
        "grant",
        "grant-offer",
        "renew-grant",
        "renew-grant",
        "end-grant",
    ]


def test_what_waits_is_taken_back(instance: Instance) -> None:
    ended = instance.run(*add("--to", "structure:ccas-lyon", "--path", "/Logement"))
    assert ended.returncode == WAITS
    offer = ended.stdout.strip()
    assert "was taken back" in instance.abri("grant", "end", offer)
    assert listed(instance, offer)["state"] == "withdrawn"
    assert accept_all(instance) == []
    again = instance.run("grant", "end", offer)
    assert (again.returncode, "there is no such grant" in again.stderr) == (4, True)


def test_what_could_not_be_given_is_not_asked_for(instance: Instance) -> None:
    wrong = [
        (add("--to", "karim", "--path", "/None"), 4),
        (add("--to", "nobody", "--path", "/Logement"), 4),
        (add("--to", "structure:ccas-lyon", "--path", "/Santé"), 5),
        (add("--to", "karim", "--path", "/Logement", "--until", "2001-01-01T00:00Z"), 2),
    ]
    before = instance.json("grant", "list")
    for words, code in wrong:
        assert instance.run(*words).returncode == code, words
    assert instance.json("grant", "list") == before


def test_nobody_says_yes_to_a_structure_in_their_name(instance: Instance) -> None:
    asked = instance.abri(
        "affiliation", "request", "--by", "zoe", "--structure", "asso-rhone", "--for", "nour"
    ).strip()
    ended = instance.run("affiliation", "confirm", asked, "--as", "nour")
    assert (ended.returncode, "[needs-owner]" in ended.stderr) == (5, True)
    assert "the owner says yes themselves, on their pages" in ended.stderr
    instance.abri("affiliation", "refuse", asked, "--as", "nour")
