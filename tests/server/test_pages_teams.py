"""A manager's pages: the people of their organisation, who comes, who goes, and nothing of anybody
else; over HTTP, beside the drive of those concerned.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.browser import Browser
from tests.support.cast import CCAS, OTHER_STRUCTURE
from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server

TEAM = f"/teams/{CCAS}"
ADD = f"{TEAM}/add"
NOBODY = "00" * 16


def browser_of(served: Server, login: str) -> Browser:
    browser = Browser(served.instance.port)
    browser.sign_in(login, password_of(login))
    return browser


@pytest.fixture(scope="module")
def mireille(served: Server) -> Iterator[Browser]:
    browser = browser_of(served, "mireille")
    yield browser
    browser.caller.close()


@pytest.fixture(scope="module")
def odile(served: Server) -> Iterator[Browser]:
    """She manages both structures."""
    served.instance.add_person("odile", "manager", "Odile Faure", CCAS, OTHER_STRUCTURE)
    browser = browser_of(served, "odile")
    yield browser
    browser.caller.close()


def link_to_end(browser: Browser, name: str) -> str:
    """The address behind "Take out…" beside that name."""
    browser.go(TEAM)
    for row in browser.page.xpath('//ul[@class="entries"]/li'):
        if name in row.text_content():
            found = row.xpath(".//a/@href")
            return str(found[0]) if found else ""
    raise AssertionError(browser.text)


def member(served: Server, login: str) -> bool:
    """Whether somebody works at the structure now."""
    with served.instance.opened() as services:
        now = services.clock()
        view = services.people.show(services.people.operator("tests", now), login, now)
    return any(one.structure.slug == CCAS and one.holds(now) for one in view.memberships)


def day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def test_whoever_is_added_sees_what_the_team_was_given_until_they_are_taken_out(
    served: Server, mireille: Browser, amina: Drive, folder: str
) -> None:
    instance = served.instance
    instance.add_person("lea", "professional", "<b>Léa</b> & Co", OTHER_STRUCTURE)
    assert amina.put(f"{folder}/bail.txt", b"x").status == 201
    instance.abri("vault", "category", "amina", folder, "housing")
    seen = instance.seen_at(instance.grant("amina", f"structure:{CCAS}", folder, "read"))
    lea = instance.drive("lea")
    assert lea.get(f"{seen}/bail.txt").status == 404
    mireille.go(ADD)
    mireille.submit(ADD, login="lea", until=day(40))
    assert mireille.title == "Add <b>Léa</b> & Co to CCAS de Lyon?"
    assert "It begins at once. The last day is" in mireille.text
    assert not member(served, "lea")
    answer = mireille.submit(ADD)
    assert (answer.status, mireille.path.partition("?")[0]) == (200, TEAM)
    assert "It is done." in mireille.text
    assert b"<b>L" not in answer.body
    assert lea.get(f"{seen}/bail.txt").body == b"x"
    end = link_to_end(mireille, "Léa")
    mireille.go(end)
    assert mireille.title == "Take <b>Léa</b> & Co out of CCAS de Lyon?"
    assert "by name stays" in mireille.text
    assert "fewer than five documents or folders, perhaps none" in mireille.text
    assert lea.get(f"{seen}/bail.txt").body == b"x"
    mireille.submit(end)
    assert "It is done." in mireille.text
    assert "Who left in the last 30 days" in mireille.text
    assert lea.get(f"{seen}/bail.txt").status == 404
    assert lea.names("/") == set()
    lea.caller.close()


def test_an_end_on_a_day_is_shown_and_can_be_brought_forward(
    served: Server, mireille: Browser
) -> None:
    served.instance.add_person("ines", "professional", "Inès Morel", CCAS)
    end = link_to_end(mireille, "Inès")
    for days, status in ((30, 200), (31, 400), (20, 200), (-1, 400)):
        mireille.go(end)
        assert mireille.submit(end, on=day(days)).status == status, days
    assert "Choose a day to come." in mireille.text
    assert mireille.page.xpath('//input[@name="on"]/@value') == [day(-1)]
    mireille.go(TEAM)
    assert "until the end of" in mireille.text
    assert member(served, "ines")
    # The page of a name that is no one's, like that of somebody who is not in the team.
    for person in (NOBODY, "karim", "zz", NOBODY + "00"):
        assert mireille.send("GET", f"{TEAM}/end/{person}").status == 404


def test_what_cannot_be_is_told_beside_what_was_filled_in(
    served: Server, mireille: Browser
) -> None:
    nobody = "No professional who can be added has this name."
    served.instance.add_person("root", "administrator", "Root")
    table = [
        ({"login": ""}, "login", "Write the sign-in name of the person."),
        ({"login": "nobody-at-all"}, "login", nobody),
        ({"login": "amina"}, "login", nobody),
        ({"login": "root"}, "login", nobody),
        ({"login": "mireille"}, "login", nobody),
        ({"login": "karim"}, "login", "They belong to your team at that time already."),
        ({"login": "zoe", "from": day(-1)}, "from", "Choose today or a day to come."),
        ({"login": "zoe", "from": "soon"}, "from", "Write the date like this"),
        ({"login": "zoe", "until": day(-1)}, "until", "Choose a day to come."),
        ({"login": "zoe", "until": "9999-12-31"}, "until", "Write the date like this"),
        ({"login": "zoe", "from": day(9), "until": day(8)}, "until", "The last day lies before"),
    ]
    for fields, at, says in table:
        mireille.go(ADD)
        assert mireille.submit(ADD, **fields).status == 400, fields
        (fault,) = mireille.page.xpath('//p[@class="fault"]')
        assert fault.get("id") == f"{at}-fault"
        assert says in fault.text_content(), fields
        for name in ("login", "from", "until"):
            filled = mireille.page.xpath(f'//input[@name="{name}"]/@value')
            assert filled == [fields.get(name, "")], (fields, name)
    assert not member(served, "zoe")


def test_a_team_at_once_or_the_choice_of_several(mireille: Browser, odile: Browser) -> None:
    mireille.go("/")
    assert (mireille.path, mireille.title) == (TEAM, "CCAS de Lyon")
    assert "Karim Roux" in mireille.text
    assert "Zoé Petit" not in mireille.text
    sums = [one.text_content() for one in mireille.page.xpath("//dl/*")]
    assert sums == ["At the moment", "fewer than five", "New this month", "fewer than five"]
    odile.go("/")
    assert (odile.path, odile.title) == ("/teams", "My teams")
    assert set(odile.links()) == {TEAM, f"/teams/{OTHER_STRUCTURE}"}
    odile.go(f"/teams/{OTHER_STRUCTURE}")
    assert "Zoé Petit" in odile.text
    assert "Karim Roux" not in odile.text


def test_managers_are_not_taken_out_by_managers(
    served: Server, mireille: Browser, odile: Browser
) -> None:
    assert link_to_end(mireille, "Odile Faure") == ""
    assert link_to_end(mireille, "Mireille Blanc") == ""
    with served.instance.opened() as services:
        now = services.clock()
        who = services.people.operator("tests", now)
        ids = [services.people.show(who, one, now).person.id for one in ("odile", "mireille")]
    for person in ids:
        end = f"{TEAM}/end/{person.hex()}"
        mireille.go(end)
        assert "by the people who run this service" in mireille.text
        assert not mireille.page.xpath("//main//form")
        mark = mireille.form("/sign-out")["mark"]
        assert mireille.post(end, {"mark": mark}).status == 400
        assert "by the people who run this service" in mireille.text
    assert member(served, "odile")
    assert member(served, "mireille")


def test_for_everybody_else_the_team_does_not_exist(served: Server, odile: Browser) -> None:
    served.instance.add_person("jean", "manager", "Jean Roy", OTHER_STRUCTURE)
    with served.instance.opened() as services:
        now = services.clock()
        who = services.people.operator("tests", now)
        karim = services.people.show(who, "karim", now).person.id.hex()
    for login in ("jean", "karim", "amina"):
        browser = browser_of(served, login)
        mark = browser.form("/sign-out")["mark"]
        for rest in ("", "/add", f"/end/{karim}"):
            for method in ("GET", "POST")[: 2 if rest else 1]:
                seen = {
                    slug: asked(browser, method, f"/teams/{slug}{rest}", mark)
                    for slug in (CCAS, "nowhere")
                }
                assert seen[CCAS] == seen["nowhere"], (login, method, rest)
                assert seen[CCAS][0] == 404, (login, method, rest)
        browser.caller.close()
    assert member(served, "karim")


def asked(browser: Browser, method: str, path: str, mark: str) -> tuple[int, list[object], bytes]:
    body = f"mark={mark}&login=zoe&sure=1".encode() if method == "POST" else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    return without_what_is_its_own(browser.send(method, path, kind, body), path)


def without_what_is_its_own(answer: Answer, path: str) -> tuple[int, list[object], bytes]:
    own = {"date", "x-request-id", "content-length"}
    rest: list[object] = [pair for pair in answer.headers if pair[0].lower() not in own]
    number = (answer.header("X-Request-Id") or "").encode()
    return answer.status, rest, answer.body.replace(number, b"").replace(path.encode(), b"")


def test_a_form_of_another_site_changes_nobodys_team(served: Server, mireille: Browser) -> None:
    end = link_to_end(mireille, "Karim Roux")
    for path, fields in ((ADD, {"login": "zoe", "sure": "1"}), (end, {})):
        for mark in ({}, {"mark": "00" * 32}):
            assert mireille.post(path, fields | mark).status == 403
    assert member(served, "karim")
    assert not member(served, "zoe")
