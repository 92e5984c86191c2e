"""Somebody leaves the group in their directory while they work on the drive, and comes back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.browser import Browser
from tests.support.cast import CCAS, EITHER, Casts
from tests.support.dav import Drive
from tests.support.http import Caller
from tests.support.instance import Instance, Server, serving
from tests.support.patience import until
from tests.support.slapd import Slapd
from tests.support.staff import PASSWORD, Staff, some_staff

pytestmark = [pytest.mark.server, pytest.mark.slow]

TEAM = "team"
TERM = 10
PEOPLE = ("anna", "ben", "clara", "dora", "emil")
SHARED = "/Amina Benali/Courrier"


@dataclass
class Office:
    """A running server of two workers, whose directory is looked at within ten seconds."""

    server: Server
    staff: Staff

    @property
    def instance(self) -> Instance:
        return self.server.instance

    def drive(self, account: str) -> Drive:
        login = f"{account}@ccas.example"
        return Drive(Caller(self.instance.port, login, PASSWORD, tls=self.instance.tls))

    def health(self) -> dict[str, int]:
        with Caller(self.instance.port, tls=self.instance.tls) as caller:
            told: dict[str, int] = json.loads(caller.ask("GET", "/healthz").body)["directories"]
        return told


@pytest.fixture(scope="module", params=EITHER)
def office(
    casts: Casts,
    slapd: Slapd,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("office")
    copied = casts.copy(request.param, folder / "abri")
    with copied as instance, some_staff(slapd, folder) as staff:
        staff.add(*PEOPLE)
        staff.add_group(TEAM, *(staff.person(one) for one in PEOPLE))
        section = staff.configuration("ccas") + f"    term: {TERM} s\n"
        text = instance.config.read_text().replace("directories: {}\n", section)
        instance.config.write_text(text)
        groups = instance.folder / "policies" / "directory-groups.csv"
        groups.write_text(f"m, ccas, professional, {CCAS}, {staff.group(TEAM)}\n")
        with serving(instance, workers=2) as server:
            made = Office(server, staff)
            until(lambda: made.health()["late"] == 0)
            yield made


def test_who_leaves_the_group_is_out_within_the_term_and_back_as_before(office: Office) -> None:
    instance, staff = office.instance, office.staff
    amina = instance.drive("amina")
    assert amina.mkcol("/Courrier").status == 201
    assert amina.put("/Courrier/lettre.txt", b"un").status == 201
    instance.abri("vault", "category", "amina", "/Courrier", "housing")
    # Nobody of them has signed in yet: people come by the synchronisation.
    instance.grant("amina", f"structure:{CCAS}", "/Courrier", "write")
    instance.grant("amina", "anna@ccas.example", "/Courrier", "write")
    anna = office.drive("anna")
    assert anna.get(f"{SHARED}/lettre.txt").body == b"un"
    before = anna.names(SHARED)
    assert anna.lock(f"{SHARED}/lettre.txt").status == 200
    assert amina.put("/Courrier/lettre.txt", b"deux").status == 423

    staff.take_out(TEAM, staff.person("anna"))
    until(lambda: anna.propfind("/").status == 401)
    assert anna.put(f"{SHARED}/lettre.txt", b"hers").status == 401
    assert amina.put("/Courrier/lettre.txt", b"deux").status == 204
    told = [one["what"] for one in instance.json("trail", "show", "amina")]
    assert "directory-block" in told
    ben = office.drive("ben")
    assert ben.get(f"{SHARED}/lettre.txt").body == b"deux"

    staff.put_in(TEAM, staff.person("anna"))
    until(lambda: office.drive("anna").propfind("/").status == 207)
    assert office.drive("anna").names(SHARED) == before
    assert office.drive("anna").put(f"{SHARED}/lettre.txt", b"trois").status == 204
    instance.abri("vault", "check")


def test_a_directory_that_stands_still_takes_nobodys_place(office: Office) -> None:
    instance, staff = office.instance, office.staff
    staff.take_out(TEAM, staff.person("clara"))
    staff.server.pause()
    before = people(instance)  # perhaps without her, if the directory was just looked at
    try:
        until(lambda: office.health()["late"] == 1)
        assert people(instance) == before
        assert office.drive("dora").propfind("/").status == 503
    finally:
        staff.server.resume()
    until(lambda: office.health()["late"] == 0)
    until(lambda: people(instance)["clara@ccas.example"] == "directory-blocked")
    assert office.drive("dora").propfind("/").status == 207


def test_staff_use_the_pages_and_change_their_password_in_the_directory(office: Office) -> None:
    browser = Browser(office.instance.port)
    browser.sign_in("dora@ccas.example", PASSWORD)
    assert browser.path == "/people"
    browser.go("/password")
    assert "Your password is that of your organisation." in browser.text
    assert browser.page.xpath("//input[@type='password']") == []


def test_many_at_once_wait_for_a_yes(office: Office) -> None:
    instance, staff = office.instance, office.staff
    gone = ("ben", "dora", "emil")
    # At once: the directory is looked at again and again meanwhile.
    staff.take_out(TEAM, *(staff.person(one) for one in gone))
    until(lambda: office.health()["waiting"] == 1)
    assert {people(instance)[f"{one}@ccas.example"] for one in gone} == {"active"}
    instance.abri("directory", "confirm", "ccas")
    assert {people(instance)[f"{one}@ccas.example"] for one in gone} == {"directory-blocked"}
    until(lambda: office.health() == {"configured": 1, "away": 0, "late": 0, "waiting": 0})


def people(instance: Instance) -> dict[str, str]:
    return {one["login"]: one["state"] for one in instance.json("person", "list")}
