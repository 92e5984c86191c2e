"""What a page costs does not grow with what is on it: statements are counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import Client

from authn.credentials import Password, password_bytes
from authn.sessions import as_cookie
from davserver.domain.actions import Right
from davserver.domain.conditions import NONE
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.people.history import PAGE
from davserver.web.app import make_pages
from davserver.web.cookies import SESSION
from davserver.wiring.services import Services
from tests.support.accounts import statements_of
from tests.support.drive import Body
from tests.support.growing import more_trail
from tests.support.in_process import counted
from tests.support.instance import Instance, password_of

pytestmark = pytest.mark.slow

FEW, MANY = 3, 205
AT_ONCE = 100
HERE: dict[str, Any] = {
    "base_url": "https://localhost",
    "environ_base": {"REMOTE_ADDR": "127.0.0.1"},
}


@dataclass
class Visitor:
    services: Services
    client: Client
    who: Principal

    def statements(self, path: str) -> tuple[int, str]:
        """How many, and the page; the first look at a page compiles its template."""
        self.client.get(path, **HERE)
        with statements_of(self.services.db) as sent:
            answer = self.client.get(path, **HERE)
        assert answer.status_code == 200, answer.text
        assert len(answer.data) < 100_000
        return len([one for one in sent if one.startswith(("SELECT", "WITH"))]), answer.text

    def fill(self, folder: str, numbers: range) -> None:
        to = self.services
        for number in numbers:
            path = DrivePath.parse(f"{folder}/{number:05}-" + "é" * 60)
            to.writing.put(self.who, path, Body(b"x"), NONE, to.clock())


def visitor(services: Services, login: str) -> Visitor:
    now = services.clock()
    proof = Password(login, password_bytes(password_of(login)))
    who = services.login.sign_in(proof, "127.0.0.1", now)
    client = Client(make_pages(services))
    token = as_cookie(services.sessions.begin(who, now))
    client.set_cookie(SESSION, token, domain="localhost", secure=True)
    return Visitor(services, client, who)


@pytest.fixture
def services(instance: Instance) -> Iterator[Services]:
    instance.set("vaults.changes_per_minute", "100000")
    with instance.opened() as opened:
        yield opened


def test_a_page_of_a_folder_costs_the_same_however_much_is_in_it(services: Services) -> None:
    amina = visitor(services, "amina")
    services.writing.make_folder(amina.who, DrivePath.parse("/many"), NONE, services.clock())
    amina.fill("/many", range(FEW))
    few, _ = amina.statements("/documents/many")
    amina.fill("/many", range(FEW, MANY))
    many, page = amina.statements("/documents/many")
    assert many == few
    assert page.count('<li class="file">') == AT_ONCE
    last, page = amina.statements("/documents/many?page=3")
    assert last == few
    assert page.count('<li class="file">') == MANY - 2 * AT_ONCE


def test_a_page_of_what_others_share_costs_the_same_however_much_it_is(services: Services) -> None:
    amina, karim = visitor(services, "amina"), visitor(services, "karim")

    def share(names: range) -> None:
        for number in names:
            path = DrivePath.parse(f"/{number}")
            services.writing.make_folder(amina.who, path, NONE, services.clock())
            services.sharing.add(
                amina.who, to=services.sharing.grantee("karim"), path=path, right=Right.READ,
                until=None, now=services.clock(),
            )  # fmt: skip

    share(range(1))
    few, _ = karim.statements("/people")
    share(range(1, 12))
    many, page = karim.statements("/people")
    assert many == few
    assert page.count("/documents/Amina%20Benali/") == 12
    shares, _ = amina.statements("/shares")
    assert shares <= few + 6


def test_what_others_did_in_their_name_is_looked_for_in_one_page_of_a_trail(
    services: Services, instance: Instance
) -> None:
    """Where nothing was done lately, nobody looks for it through years."""
    who, now = visitor(services, "amina").who, services.clock()

    def steps() -> int:
        services.history.in_their_name(who, now + timedelta(days=1), now)
        with counted(services.db) as cost:
            assert services.history.in_their_name(who, now + timedelta(days=1), now) == 0
        return cost.steps

    more_trail(instance, PAGE)
    few = steps()
    more_trail(instance, 10 * PAGE)
    assert steps() <= few + PAGE


def test_the_ends_of_trails_are_told_as_quickly_however_long_they_are(
    services: Services, instance: Instance
) -> None:
    def steps() -> int:
        assert services.history.heads() == services.history.check().heads
        with counted(services.db) as cost:
            services.history.heads()
        return cost.steps

    more_trail(instance, 10)
    few = steps()
    more_trail(instance, 2000)
    assert steps() == few
