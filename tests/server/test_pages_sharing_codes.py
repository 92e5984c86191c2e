"""Codes for sharing on the pages, and what a professional sees of what was shared with them."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Browser
from tests.support.dav import Drive
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server


def browser_of(served: Server, login: str) -> Iterator[Browser]:
    browser = Browser(served.instance.port)
    browser.sign_in(login, password_of(login))
    yield browser
    browser.caller.close()


@pytest.fixture(scope="module")
def karim(served: Server) -> Iterator[Browser]:
    yield from browser_of(served, "karim")


@pytest.fixture(scope="module")
def mireille(served: Server) -> Iterator[Browser]:
    yield from browser_of(served, "mireille")


@pytest.fixture(scope="module")
def owner(served: Server) -> Iterator[Browser]:
    yield from browser_of(served, "amina")


def new_code(browser: Browser, side: str) -> str:
    browser.go("/code")
    browser.submit("/code", side=side)
    assert "The new code works from now on." in browser.text
    return code_for(browser, side)


def code_for(browser: Browser, side: str) -> str:
    browser.go("/code")
    found = browser.page.xpath(f'//section[.//button[@value="{side}"]]//code/text()')
    return str(found[0]) if found else ""


def share(browser: Browser, folder: str, to: str) -> int:
    browser.go(f"/share{folder}")
    return browser.submit(f"/share{folder}", to=to, right="read").status


def shared_with(served: Server, folder: str) -> list[str]:
    return [one["to"] for one in served.instance.json("grant", "list") if one["path"] == folder]


def test_somebody_shares_by_a_code_and_sees_with_whom_first(
    served: Server, amina: Drive, karim: Browser, owner: Browser, folder: str
) -> None:
    code = new_code(karim, "")
    assert code == code_for(karim, "")
    assert len(code) == 9
    assert share(owner, folder, code.lower().replace(" ", "")) == 200
    assert owner.title == f"Share “{folder[1:]}” with Karim Roux?"
    assert "Karim Roux works here: CCAS de Lyon." in owner.text
    assert shared_with(served, folder) == []
    owner.submit(f"/share{folder}")
    assert shared_with(served, folder) == ["karim"]
    amina.mkcol(f"{folder}/too")
    served.instance.grant("amina", code, f"{folder}/too", "read")
    assert shared_with(served, f"{folder}/too") == ["karim"]


def test_a_managers_code_is_for_the_structure(
    served: Server, mireille: Browser, owner: Browser, folder: str
) -> None:
    mireille.go("/code")
    assert mireille.page.xpath('//button[@name="side"]/@value') == ["ccas-lyon"]
    code = new_code(mireille, "ccas-lyon")
    served.instance.abri("vault", "category", "amina", folder, "housing")
    assert share(owner, folder, code) == 200
    assert "CCAS de Lyon is an organisation: this is for all" in owner.text
    owner.submit(f"/share{folder}")
    assert shared_with(served, folder) == ["structure:ccas-lyon"]


def test_a_code_that_ended_is_as_unknown_as_nonsense(
    karim: Browser, owner: Browser, folder: str
) -> None:
    code = new_code(karim, "")
    assert share(owner, folder, code) == 200
    karim.go("/code")
    karim.submit("/code/end", side="")
    assert "The code works no more." in karim.text
    assert code_for(karim, "") == ""
    assert owner.submit(f"/share{folder}").status == 400
    told = []
    for typed in (code, "K7F2 9QXM", "none-such"):
        assert share(owner, folder, typed) == 400
        assert owner.page.xpath('//input[@name="to"]/@value') == [typed]
        told.append(owner.text.replace(typed, "X"))
    assert told[0] == told[1] == told[2]
    assert "There is nobody with this name or code." in told[0]


def test_a_code_is_made_for_what_is_ones_own(karim: Browser, owner: Browser) -> None:
    karim.go("/code")
    assert karim.submit("/code", side="asso-rhone").status == 404
    mark = owner.form("/sign-out")["mark"]
    assert (owner.go("/code").status, owner.post("/code", {"mark": mark}).status) == (404, 404)


def test_professionals_see_what_they_may_do_until_when_and_nothing_that_the_drive_hides(
    served: Server, amina: Drive, karim: Browser, folder: str
) -> None:
    name = folder[1:]
    for path in ("in", "gone", "ours"):
        amina.mkcol(f"{folder}/{path}")
    amina.put(f"{folder}/note.txt", b"x")
    served.instance.abri("vault", "category", "amina", f"{folder}/ours", "housing")
    served.instance.grant("amina", "structure:ccas-lyon", f"{folder}/ours", "read")
    for path, right in (("in", "deposit"), ("note.txt", "read"), ("gone", "write")):
        served.instance.grant("amina", "karim", f"{folder}/{path}", right)
    karim.go("/people")
    rows = {
        row.xpath("string(a)"): " ".join(row.text_content().split())
        for row in karim.page.xpath('//ul[@class="entries"]/li')
    }
    assert "put documents in · until they end it" in rows["in"]
    assert "Put in" in rows["in"]
    assert "Put in" in rows["gone"]
    assert rows["note.txt"].endswith("read · until they end it")
    into = karim.page.xpath('//li[a="in"]/a/@href')
    assert karim.page.xpath('//li[a="in"]/span/a/@href') == [f"{into[0]}#put"]
    assert karim.go(str(into[0])).status == 200
    assert karim.page.xpath('//section[@id="put"]')
    assert "read · until" in rows["ours"], "as long as the structure accompanies her"
    amina.delete(f"{folder}/gone")
    served.instance.abri("vault", "category", "amina", f"{folder}/ours", "health")
    karim.go("/people")
    shown = karim.page.xpath('//ul[@class="entries"]/li/a/bdi/text()')
    assert {"in", "note.txt"} <= set(shown)
    assert not {"gone", "ours"} & set(shown)
    assert name not in karim.text


def test_whoever_has_nothing_is_told_how_somebody_shares_with_them(served: Server) -> None:
    for zoe in browser_of(served, "zoe"):
        assert zoe.path == "/people"
        assert "Nobody shares anything with you at the moment." in zoe.text
        assert "type your sign-in name (zoe)" in zoe.text
        assert "/code" in zoe.links()
