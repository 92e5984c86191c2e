"""A form that cannot be used as it was filled in comes back: what was typed is in it, what is wrong
stands beside the field, and nothing was done.
"""

from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

from davserver.web.routes import ROUTES
from tests.support.browser import Browser
from tests.support.dav import Drive
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server

LONG = "é" * 200
TOO_LONG = "This name cannot be used. Choose a shorter name without “/” and try again."
TAKEN = "The name is taken. Choose another name and try again."


@dataclass(frozen=True)
class Case:
    """`at` is the id of the field that has the fault, "" where it is the form's. `{}`: a folder."""

    page: str
    action: str
    fields: dict[str, str]
    at: str
    says: str
    status: int = 400
    kept: dict[str, str] = field(default_factory=dict)


def cases(folder: str) -> list[Case]:
    at, rename = f"/documents{folder}", f"/rename{folder}/a.txt"
    share = {"to": "karim", "right": "read", "until": "", "purpose": "Dalo"}
    return [
        Case(at, f"/new-folder{folder}", {"name": LONG}, "folder", TOO_LONG),
        Case(at, f"/new-folder{folder}", {"name": "a/b"}, "folder", TOO_LONG),
        Case("/documents/", "/new-folder/", {"name": ".."}, "folder", TOO_LONG),
        Case(f"{at}/a.txt", rename, {"name": LONG}, "name", TOO_LONG),
        Case(f"{at}/a.txt", rename, {"name": "b.txt"}, "name", TAKEN, 409),
        Case(f"{at}/a.txt", rename, {"name": ""}, "name", TOO_LONG),
        Case(f"/move{folder}/a.txt?in={quote(folder)}/full", f"/move{folder}/a.txt",
             {"to": f"{folder}/full"}, "", TAKEN, 409),
        Case(f"/share{folder}", f"/share{folder}", share | {"to": "nobody"}, "to",
             "There is nobody with this name", kept={"purpose": "Dalo"}),
        Case(f"/share{folder}", f"/share{folder}", share | {"to": ""}, "to",
             "Write with whom you want to share."),
        Case(f"/share{folder}", f"/share{folder}", share | {"until": "2020-01-01"}, "until",
             "Choose a day to come.", kept={"to": "karim", "until": "2020-01-01"}),
        Case(f"/share{folder}", f"/share{folder}", share | {"purpose": "x" * 201}, "purpose",
             "Write it in at most 200 characters."),
        Case("/devices", "/devices", {"name": "", "until": ""}, "name",
             "Give the device a name"),
        Case("/devices", "/devices", {"name": "a\u202eb", "until": "2099-01-01"}, "name",
             "Choose a shorter name, of letters and figures.", kept={"until": "2099-01-01"}),
        Case("/devices", "/devices", {"name": "mine", "until": "2020-01-01"}, "until",
             "Choose a day to come.", kept={"name": "mine"}),
        Case("/devices", "/devices/end", {"device": "none"}, "", "Choose one of your devices."),
        Case("/password", "/password", {"old": "wrong", "new": "x" * 12, "again": "x" * 12}, "old",
             "Your present password is not right."),
        Case("/password", "/password", {"old": password_of("amina"), "new": "x", "again": "x"},
             "new", "Choose a longer password"),
        Case("/password", "/password", {"old": "x", "new": "x" * 12, "again": "y"}, "again",
             "The two new passwords differ."),
        Case("/trash", "/trash", {"node": "none"}, "", "Choose one of the documents"),
        Case("/shares", "/shares/end", {"grant": "none"}, "", "Choose one of your shares."),
        Case("/shares", "/shares/end-all", {}, "", "Choose one of your shares."),
        Case("/affiliations", "/affiliations/accept", {"request": "none"}, "",
             "Choose one of the requests."),
    ]  # fmt: skip


def test_a_form_comes_back_filled_in_with_the_sentence_beside_the_field(
    served: Server, amina: Drive, folder: str
) -> None:
    for name in ("a.txt", "b.txt"):
        assert amina.put(f"{folder}/{name}", b"x").status == 201
    assert amina.mkcol(f"{folder}/full").status == 201
    assert amina.put(f"{folder}/full/a.txt", b"x").status == 201
    names = amina.names(folder)
    browser = signed_in(served)
    for case in cases(folder):
        browser.go(case.page)
        mark = browser.form("/sign-out")["mark"]
        answer = browser.post(case.action, {"mark": mark} | case.fields)
        assert answer.status == case.status, case
        check(browser, case)
    assert amina.names(folder) == names


def check(browser: Browser, case: Case) -> None:
    page = browser.page
    assert page.findtext(".//title").startswith("To correct: "), case
    back = page.xpath("//footer//input[@name='next']/@value")[0]
    assert browser.send("GET", back).status == 200, case
    if not case.at:
        assert page.xpath("normalize-space(//main/p[@role='alert'])").startswith(case.says), case
        return
    [box] = page.xpath("//*[@aria-invalid='true']")
    assert box.get("id") == case.at, case
    assert "autofocus" in box.attrib
    said = [page.get_element_by_id(one) for one in box.get("aria-describedby").split()]
    assert " ".join(said[0].text_content().split()).startswith(case.says), case
    typed = {box.get("name"): case.fields[box.get("name")]} if box.get("type") == "text" else {}
    for name, value in (typed | case.kept).items():
        shown = page.xpath(f"//main//form[@action='{quote(case.action)}']//input[@name='{name}']")
        assert shown[0].get("value") == value, case


def signed_in(served: Server) -> Browser:
    browser = Browser(served.instance.port)
    browser.sign_in("amina", password_of("amina"))
    return browser


def test_a_form_without_a_file_comes_back(served: Server, amina: Drive, folder: str) -> None:
    browser = signed_in(served)
    browser.go(f"/documents{folder}")
    answer = browser.upload(f"/upload{folder}")
    assert answer.status == 400
    [box] = browser.page.xpath("//*[@aria-invalid='true']")
    assert box.get("id") == "files"
    assert "Choose at least one document first." in browser.text


def test_things_go_into_the_first_folder_too(served: Server, amina: Drive, folder: str) -> None:
    browser = signed_in(served)
    browser.go("/documents/")
    name = folder.strip("/")
    browser.submit("/new-folder/", name=f"{name} made")
    assert "The folder is there." in browser.text
    browser.upload("/upload/", (f"{name}.txt", b"in the first folder"))
    assert "Your documents are in the safe." in browser.text
    assert {f"{name} made", f"{name}.txt"} <= amina.names("/")


def test_what_was_removed_comes_back_although_its_folder_or_its_name_is_not_free(
    served: Server, amina: Drive, folder: str
) -> None:
    name = folder.strip("/")
    amina.mkcol(f"{folder}/gone")
    for path in (f"{folder}/gone/{name} a.txt", f"{folder}/b.txt"):
        amina.put(path, path.encode())
        amina.delete(path)
    amina.delete(f"{folder}/gone")
    amina.put(f"{folder}/b.txt", b"another")
    browser = signed_in(served)

    answer = restore(browser, f"{name} a.txt")
    assert (answer, browser.title) == (409, "Trash")
    assert "Its folder is no longer there." in browser.text
    browser.post("/trash", asked_for(browser) | {"name": f"{name} a.txt"})
    assert amina.get(f"/{name} a.txt").body == f"{folder}/gone/{name} a.txt".encode()

    assert restore(browser, "b.txt") == 409
    assert TAKEN in browser.text
    browser.post("/trash", asked_for(browser) | {"name": "b again.txt"})
    assert amina.get(f"{folder}/b again.txt").body == f"{folder}/b.txt".encode()
    assert amina.get(f"{folder}/b.txt").body == b"another"


def restore(browser: Browser, name: str) -> int:
    browser.go("/trash")
    [button] = browser.page.xpath(
        f"//li[.//bdi[normalize-space()='{name}']]//button[@name='node']/@value"
    )[:1]
    return browser.submit("/trash", node=str(button)).status


def asked_for(browser: Browser) -> dict[str, str]:
    """The form that asks under which name."""
    [form] = browser.page.xpath("//form[@class='wide']")
    return {str(name): str(value) for name, value in form.form_values()}


def test_every_form_that_comes_back_has_a_page_for_the_same_people() -> None:
    pages = {route.name: route for route in ROUTES if route.method == "GET"}
    for route in ROUTES:
        if route.again:
            assert route.method == "POST"
            assert pages[route.again].audience == route.audience, route.name
            assert ("<path:place>" in pages[route.again].rule) == ("<path:place>" in route.rule)
