"""Questions of operators on the pages: read, answered, and only what was read is shared."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from davserver.domain.actions import Right
from davserver.gate.sharing.offers import OfferView
from tests.support.browser import Browser
from tests.support.cast import CCAS
from tests.support.dav import Drive
from tests.support.instance import Server, password_of
from tests.support.offering import offered_on

pytestmark = pytest.mark.server

ASKED = "The people who run this service ask whether you want to share something."
CLOSED = "This question is closed"
BY = "Marie <b>de l'accueil</b>"


@pytest.fixture(scope="module")
def browser(served: Server) -> Iterator[Browser]:
    made = Browser(served.instance.port)
    made.sign_in("amina", password_of("amina"))
    yield made
    made.caller.close()


@pytest.fixture
def karim(served: Server) -> Iterator[Drive]:
    drive = served.instance.drive("karim")
    yield drive
    drive.caller.close()


def offered(served: Server, path: str, owner: str = "amina", **more: Any) -> OfferView:
    return offered_on(served.instance, path, owner, by=BY, **more)


def taken_back(served: Server, offer: OfferView) -> None:
    with served.instance.opened() as to:
        now = to.clock()
        to.offers.end(to.people.operator("tests", now), offer.id, now)


def answer(browser: Browser, word: str, offer: OfferView) -> int:
    """With what the page has shown last."""
    return browser.submit(f"/offers/{word}", offer=offer.id.hex()).status


def test_a_question_stands_on_every_page_and_its_yes_shares(
    served: Server, browser: Browser, amina: Drive, folder: str, karim: Drive
) -> None:
    amina.put(f"{folder}/bail.txt", b"lease")
    until = datetime.fromisoformat("2099-02-01T00:00+01:00")
    before = karim.names("/")
    offer = offered(
        served, folder, right=Right.WRITE, until=until, purpose="dossier <i>logement</i>"
    )
    for path in ("/documents/", f"/documents{folder}", "/shares", "/history", "/password"):
        browser.go(path)
        assert ASKED in browser.text, path
        assert "/offers" in browser.links()
    assert "something in your name" in browser.go("/documents/").text()
    answered = browser.go("/offers")
    assert b"<b>de" not in answered.body
    assert b"<i>" not in answered.body
    for said in (
        f"Share “{folder[1:]}” with Karim Roux?",
        "Karim Roux will be able to open and copy it, to change it and to add documents.",
        "This counts for everything in this folder, now and later.",
        "It ends by itself at the end of 31 January 2099.",
        "What for: dossier <i>logement</i>",
        f"by “{BY}”, for the people who run this service.",
    ):
        assert said in browser.text
    assert karim.names("/") == before
    assert answer(browser, "accept", offer) == 200
    assert "It is shared from now on." in browser.text
    assert ASKED not in browser.text
    assert karim.get(f"/Amina Benali{folder}/bail.txt").body == b"lease"
    browser.go("/history?only=shared")
    assert "by you, when the people who run this service had asked" in browser.text
    browser.go("/history?only=in-my-name")
    assert "Asked whether you want to share" in browser.text
    browser.go("/documents/")
    assert ASKED not in browser.text


def test_a_no_shares_nothing(served: Server, browser: Browser, folder: str, karim: Drive) -> None:
    before = karim.names("/Amina Benali") if "Amina Benali" in karim.names("/") else set()
    offer = offered(served, folder)
    browser.go("/offers")
    assert answer(browser, "refuse", offer) == 200
    assert "You said no. Nothing was shared." in browser.text
    after = karim.names("/Amina Benali") if "Amina Benali" in karim.names("/") else set()
    assert after == before


def test_only_what_was_read_is_shared(
    served: Server, browser: Browser, amina: Drive, folder: str, karim: Drive
) -> None:
    offer = offered(served, folder)
    browser.go("/offers")
    assert amina.move(folder, f"{folder} secret").status == 201
    assert answer(browser, "accept", offer) == 409
    assert "It has changed meanwhile. Read it once more, then answer." in browser.text
    assert f"Share “{folder[1:]} secret” with Karim Roux?" in browser.text
    forged = browser.submit("/offers/accept", offer=offer.id.hex(), shown="0" * 64)
    assert forged.status == 409
    browser.go("/offers")
    assert answer(browser, "accept", offer) == 200
    assert f"{folder[1:]} secret" in karim.names("/Amina Benali")


def test_what_is_closed_anothers_or_none_is_told_alike(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    bilal = served.instance.drive("bilal")
    assert bilal.mkcol(folder).status == 201
    bilal.caller.close()
    others = offered(served, folder, "bilal")
    first, second = offered(served, folder), folder + "-b"
    assert amina.mkcol(second).status == 201
    still = offered(served, second)
    browser.go("/offers")
    taken_back(served, first)
    came = set()
    for one in (first.id.hex(), others.id.hex(), "00" * 16):
        for word in ("accept", "refuse"):
            answered = browser.submit(f"/offers/{word}", offer=one)
            assert CLOSED in browser.text
            came.add((answered.status, f"Share “{second[1:]}”" in browser.text))
    assert came == {(409, True)}
    assert browser.submit("/offers/accept", offer="what?").status == 400
    assert answer(browser, "refuse", still) == 200
    taken_back(served, others)


def test_a_question_about_an_organisation_says_that_it_accompanies_from_then_on(
    served: Server, browser: Browser, folder: str
) -> None:
    served.instance.abri("vault", "category", "amina", folder, "housing")
    accompanies = "it accompanies you from then on."
    person, team = offered(served, folder), offered(served, folder, to=f"structure:{CCAS}")
    browser.go("/offers")
    assert browser.text.count(accompanies) == 1
    assert answer(browser, "refuse", team) == 200
    assert accompanies not in browser.go("/offers").text()
    assert answer(browser, "refuse", person) == 200


def test_what_is_gone_or_shared_already_can_only_be_refused(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    offer = offered(served, folder)
    browser.go("/offers")
    given = served.instance.grant("amina", "karim", folder, "read")
    assert answer(browser, "accept", offer) == 409
    assert "They have this already." in browser.text
    served.instance.abri("grant", "end", given)
    assert amina.delete(folder).status == 204
    browser.go("/offers")
    assert "This can no longer be shared" in browser.text
    assert b"/offers/accept" not in (browser.answer.body if browser.answer else b"")
    assert answer(browser, "refuse", offer) == 200


def test_in_french_and_with_a_name_that_is_markup(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    path = f"{folder}/<script>alert(1)<!--"
    assert amina.mkcol(path).status == 201
    offer = offered(served, path, right=Right.DEPOSIT)
    browser.go("/offers")
    browser.submit("/language", language="fr")
    answered = browser.go("/offers")
    assert b"<script" not in answered.body
    assert "Partager « <script>alert(1)<!-- » avec Karim Roux ?" in browser.text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert quote(path, safe="/") in " ".join(browser.links())
    assert answer(browser, "refuse", offer) == 200
    assert "Rien n’a été partagé." in browser.text
    browser.submit("/language", language="en")
