"""Accompaniment on the pages: asked for, confirmed, ended; nobody learns who is there."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Browser
from tests.support.cast import CCAS
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server


def browser_of(served: Server, login: str) -> Browser:
    browser = Browser(served.instance.port)
    browser.sign_in(login, password_of(login))
    return browser


@pytest.fixture(scope="module")
def karim(served: Server) -> Iterator[Browser]:
    browser = browser_of(served, "karim")
    yield browser
    browser.caller.close()


@pytest.fixture(scope="module")
def bilal(served: Server) -> Iterator[Browser]:
    browser = browser_of(served, "bilal")
    yield browser
    browser.caller.close()


def ask(browser: Browser, login: str, **more: str) -> int:
    browser.go("/accompanied/requests")
    return browser.submit("/accompanied/requests", login=login, **more).status


def row_of(browser: Browser, login: str) -> str:
    """The first of the list, which begins with the last request."""
    rows = browser.page.xpath('//ul[@class="entries"]/li')
    texts = [" ".join(row.text_content().split()) for row in rows]
    return next(text for text in texts if text.startswith(login))


def code_shown_to(browser: Browser) -> str:
    browser.go("/affiliations")
    return str(browser.page.xpath('//code[@class="code"]')[0].text_content())


def confirm(browser: Browser, login: str, code: str) -> int:
    browser.go("/accompanied/requests")
    choices = browser.page.xpath('//select[@name="request"]/option')
    request = next(one.get("value") for one in choices if one.text_content().startswith(login))
    return browser.submit("/accompanied/code", request=request, code=code).status


def test_asked_confirmed_by_the_code_they_tell_listed_and_ended(
    served: Server, karim: Browser, bilal: Browser
) -> None:
    karim.go("/accompanied")
    assert "Your organisation accompanies nobody here yet." in karim.text
    assert ask(karim, "bilal", until="2099-01-31") == 200
    assert "Your request is made." in karim.text
    assert "no answer yet" in row_of(karim, "bilal")
    assert "31 January 2099" in row_of(karim, "bilal")

    code = code_shown_to(bilal)
    assert "Karim Roux asked on" in bilal.text
    assert code not in karim.text
    wrong = f"{int(code[:4]) ^ 1:04} {code[5:]}"
    assert confirm(karim, "bilal", wrong) == 400
    assert "This code is not right" in karim.text
    assert karim.page.xpath('//input[@name="code"]/@value') == [wrong]
    assert confirm(karim, "bilal", code[:4]) == 400
    assert "A code has eight digits." in karim.text
    assert confirm(karim, "bilal", code) == 200
    assert "you accompany this person" in karim.text
    assert "accepted" in row_of(karim, "bilal")
    bilal.go("/affiliations")
    assert bilal.page.xpath('//code[@class="code"]') == []

    karim.go("/accompanied")
    assert row_of(karim, "bilal").startswith("bilal since")
    karim.submit("/accompanied/end", login="bilal")
    assert "bilal is told" in karim.text
    assert affiliated(served) == ["bilal"]
    karim.submit("/accompanied/end")
    assert "This accompaniment has ended." in karim.text
    assert affiliated(served) == []
    again = {"mark": karim.form("/sign-out")["mark"], "structure": CCAS, "login": "bilal"}
    assert karim.post("/accompanied/end", again | {"sure": "1"}).status == 200
    assert karim.post("/accompanied/end", again).status == 404


def affiliated(served: Server) -> list[str]:
    found = served.instance.json("affiliation", "list")["affiliations"]
    return [one["vault"] for one in found if one["state"] == "live"]


def test_nothing_shows_whether_anybody_has_the_name(served: Server, karim: Browser) -> None:
    pages = []
    for login in ("amina", "nobody", "zoe"):
        assert ask(karim, login) == 200
        asked = row_of(karim, login).replace(login, "X")
        assert confirm(karim, login, "0000 0000") == 400
        wrong = karim.page.xpath('//p[@class="fault"]')[0].text_content()
        assert ask(karim, login.upper()) == 400
        twice = karim.page.xpath('//p[@class="fault"]')[0].text_content()
        assert karim.page.xpath('//input[@name="login"]/@value') == [login.upper()]
        karim.go("/accompanied/requests")
        pages.append((asked, wrong, twice, row_of(karim, login).replace(login, "X")))
    assert pages[0] == pages[1] == pages[2]
    amina = browser_of(served, "amina")
    assert len(code_shown_to(amina)) == 9
    amina.submit("/affiliations/refuse", request=str(amina.page.xpath("//button/@value")[0]))
    karim.go("/accompanied/requests")
    assert "refused" in row_of(karim, "amina")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"login": " "}, "Write the sign-in name of the person."),
        ({"login": "x", "until": "2020-01-01"}, "Choose a day to come."),
        ({"login": "x", "structure": "asso-rhone"}, "Choose one of your organisations."),
        ({"login": "x" * 256}, "No sign-in name looks like this."),
    ],
)
def test_what_cannot_be_asked_is_told_in_its_form(
    karim: Browser, fields: dict[str, str], says: str
) -> None:
    karim.go("/accompanied/requests")
    assert karim.submit("/accompanied/requests", **fields).status == 400
    assert says in karim.page.xpath('//p[@class="fault" or @role="alert"]')[0].text_content()
    assert karim.page.xpath('//input[@name="until"]/@value')[0] == fields.get("until", "")


@pytest.mark.parametrize("login", ["bilal", "mireille"])
def test_the_pages_are_for_professionals(served: Server, login: str) -> None:
    browser = browser_of(served, login)
    mark = browser.form("/sign-out")["mark"]
    for path in ("/accompanied", "/accompanied/requests"):
        assert browser.go(path).status == 404
    for path in ("/accompanied/end", "/accompanied/requests", "/accompanied/code"):
        assert browser.post(path, {"mark": mark}).status == 404
