"""The administrator's pages: rules, sets before, refusals, health; nobody's name, no document."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import update

from davserver.db import tables as t
from davserver.domain.paths import DrivePath
from davserver.web.health_words import JOBS
from davserver.wiring.policy import read_policy
from davserver.wiring.services import Services
from tests.support.browser import Browser
from tests.support.instance import Instance, Server, password_of, serving
from tests.support.reloading import applied
from tests.support.rules import shipped_files

pytestmark = pytest.mark.server

PAGES = ("/overview", "/rules", "/rules/earlier", "/refusals", "/health")
HOSTILE = "<script>alert('ordonnance')</script> bail.txt"
WORDS = ("ordonnance", "bail", "Logement", "amina", "Amina", "Benali", "karim", "Karim", "Roux")


def signed_in(instance: Instance, login: str = "ana") -> Browser:
    browser = Browser(instance.port)
    browser.sign_in(login, password_of(login))
    return browser


@pytest.fixture(scope="module")
def ana(served: Server) -> Browser:
    served.instance.add_person("ana", "administrator", "Ana Duval")
    return signed_in(served.instance)


@contextmanager
def line_more(instance: Instance, line: str) -> Iterator[int]:
    """While the block runs the file of rules has it at its end; the number of that line."""
    file = instance.folder / "policies" / "rules.csv"
    before = file.read_text()
    file.write_text(before + line)
    try:
        yield before.count("\n") + 1
    finally:
        file.write_text(before)


def test_an_administrator_begins_with_what_needs_them(ana: Browser) -> None:
    ana.go("/")
    assert (ana.path, ana.title) == ("/overview", "Overview")
    assert "Everything is fine." in ana.text
    assert "Set 1 is in force since" in ana.text
    assert [one for one in ana.links() if one in PAGES] == ["/rules", "/refusals", "/health"]


def test_for_everybody_else_none_of_it_exists(served: Server, ana: Browser) -> None:
    for login in ("amina", "karim", "mireille"):
        browser = signed_in(served.instance, login)
        absent = shown(browser, "/nothing-of-this-name")
        assert absent[0] == 404
        assert {path: shown(browser, path) == absent for path in PAGES} == dict.fromkeys(
            PAGES, True
        )
    stranger = Browser(served.instance.port)
    for path in PAGES:
        assert stranger.send("GET", path).header("Location") == f"/?next={path}"


def shown(browser: Browser, path: str) -> tuple[int, str]:
    """Without what is of this one request."""
    answer = browser.go(path)
    page = answer.body.decode().replace(f'"{path}"', '"PATH"')
    return answer.status, page.replace(answer.header("X-Request-Id") or "-", "NUMBER")


def test_mistakes_in_the_files_are_told_with_their_line(served: Server, ana: Browser) -> None:
    ana.go("/rules")
    assert ana.title == "Rules in force"
    assert "The files are what is in force." in ana.text
    rules = len([line for line in shipped_files()["rules.csv"].split(b"\n") if line[:2] == b"p,"])
    assert f"How many rules{rules}" in ana.text
    wrong = "p, <b>no</b>, dney, professional, *, put, *, *, *, *, *\n"
    with line_more(served.instance, wrong) as line:
        for path in ("/overview", "/rules"):
            ana.go(path)
            assert "The files have mistakes and cannot be used." in ana.text
        assert f"rules.csv:{line}:15: P023" in ana.text
        assert b"<b>" not in (ana.answer.body if ana.answer else b"<b>")
        assert "Set1 " in ana.text, "what was in force stays"
    ana.go("/overview")
    assert "Everything is fine." in ana.text


def sets_in_pages_of_ten(browser: Browser) -> None:
    browser.go("/rules/earlier")
    assert numbers(browser) == list(range(12, 2, -1))
    assert "brought back from set 3" in browser.text
    (further,) = [link for link in browser.links() if "before" in link]
    browser.go(f"/rules/earlier{further}")
    assert numbers(browser) == [2], "an altered one is not listed"
    assert not [link for link in browser.links() if "before" in link]
    browser.go("/rules/earlier?before=x")
    assert len(numbers(browser)) == 10


def many_sets(services: Services) -> None:
    for number in range(2, 12):
        files = shipped_files()
        files["rules.csv"] += f"# {number}\n".encode()
        assert applied(services, files).number == number
    now = services.clock()
    who = services.people.operator("tests", now)
    services.rulebook.bring_back(3, read_policy(services.settings.policies), who, now)


def numbers(browser: Browser) -> list[int]:
    return [int(one.text.split()[1]) for one in browser.page.xpath("//main//li//strong")]


def test_a_refusal_on_the_drive_is_told_with_its_reason_and_nobodys_name(
    served: Server, ana: Browser
) -> None:
    instance = served.instance
    ana.go("/refusals")
    assert "Nothing was refused in the last seven days." in ana.text
    amina, karim = instance.drive("amina"), instance.drive("karim")
    assert amina.mkcol("/Logement").status == 201
    assert amina.put(f"/Logement/{HOSTILE.replace('/', '⁄')}", b"x").status == 201
    instance.grant("amina", "karim", "/Logement", "read")
    folder = f"/{next(iter(karim.names('/')))}/Logement"
    name = next(iter(karim.names(folder)))
    for _ in range(3):
        assert karim.put(f"{folder}/{name}", b"mine").status == 403
    assert karim.get(f"{folder}/absent.txt").status == 404
    on_pages = signed_in(instance, "karim")
    on_pages.go("/people")
    mark = on_pages.form("/sign-out")["mark"]
    page = "/new-folder" + DrivePath.parse(folder).to_url()
    assert on_pages.post(page, {"mark": mark, "name": "bail"}).status == 403
    on_pages.post("/sign-out", {"mark": mark})
    ana.go("/refusals")
    rows = ana.page.xpath("//table[1]/tbody")
    assert [" ".join(row.text_content().split())[:34] for row in rows] == [
        "the grant gives reading only read-"
    ]
    assert [one.text for one in rows[0].iter("td")] == ["4", "4", "4"]
    for what in ("to save", "to create a folder"):
        assert f"{what} · the grant gives reading only" in ana.text
    assert "professional · from the internet · invariant/read-only-grant" in ana.text
    assert ana.answer is not None
    page = ana.answer.body.decode()
    assert [word for word in WORDS if word in page.replace("Ana Duval", "")] == []
    assert "alert(" not in page
    ana.go("/overview")
    assert "Requests that were refused within the last hour: 4." in ana.text


def test_a_log_that_cannot_be_read_is_said(served: Server, ana: Browser) -> None:
    folder = served.instance.folder / "decisions"
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("a file stands here")
    ana.go("/refusals")
    assert "The log of decisions cannot be read" in ana.text
    ana.go("/health")
    assert "what is refused now is not counted" in ana.text
    assert "Parts that need you: 1." in ana.text
    ana.go("/overview")
    assert "What is refused on documents is not counted" in ana.text
    folder.unlink()
    aside.rename(folder)


def test_each_part_has_a_plain_word(served: Server, ana: Browser) -> None:
    ana.go("/health")
    rows = {
        " ".join(one.find(".//strong").text_content().split()): one.find("span[2]").text
        for one in ana.page.xpath("//main//li")
    }
    parts = ("Database", "Data folder", "Keys", "Room on the disk", "Certificate of the server")
    assert {rows[part] for part in parts} == {"Fine"}
    assert len([one for one in rows if one.startswith("In the background")]) == len(JOBS)
    assert "Every part is well." in ana.text
    assert "Fewer than five are signed in." in ana.text
    for _ in range(4):
        signed_in(served.instance, "mireille")
    ana.go("/health")
    assert re.search(r"\d+ are signed in\.", ana.text)
    assert str(served.instance.folder) not in ana.text


def test_the_same_in_french(ana: Browser) -> None:
    ana.go("/overview")
    ana.submit("/language", language="fr")
    for path, title in zip(
        PAGES,
        ("Vue d’ensemble", "Règles en vigueur", "Jeux de règles", "Ce qui a été refusé",
         "État du service"),
        strict=True,
    ):  # fmt: skip
        assert (ana.go(path).status, ana.title) == (200, title), ana.text
        assert len(ana.answer.body if ana.answer else b"") < 100_000
    ana.submit("/language", language="en")


def test_sets_of_before_a_log_that_is_off_and_what_the_rules_ask_for(instance: Instance) -> None:
    instance.set("policy.decisions", "none")
    instance.set("policy.activation", "manual")
    instance.tamper(update(t.policy_generation).values(digest="0" * 64))
    instance.add_person("ana", "administrator", "Ana Duval")
    with serving(instance), instance.opened() as services:
        browser = signed_in(instance)
        for path in ("/overview", "/rules"):
            browser.go(path)
            assert "was altered in the database, so only owners are served" in browser.text
        many_sets(services)
        sets_in_pages_of_ten(browser)
        browser.go("/refusals")
        assert "name a folder as policy.decisions in config.yaml" in browser.text
        files = shipped_files()
        files["rules.csv"] = files["rules.csv"].replace(
            b"audit,   *,        *, *,       password", b"audit,   *,        *, *,       mfa"
        )
        applied(services, files)
        for path in PAGES:
            assert browser.go(path).status == 403
            assert "sign in with a second factor" in browser.text
        browser.go("/devices")
        assert browser.title == "My devices"
        applied(services, shipped_files())
        browser.go("/refusals")
        row = browser.page.xpath("//table[1]/tbody")[0]
        assert [one.text for one in row.iter("td")] == ["5", "5", "5"], "from the trail"


def test_a_folder_that_is_gone_is_told(served: Server, ana: Browser) -> None:
    folder = served.instance.folder / "policies"
    aside = folder.rename(folder.with_name("policies-aside"))
    try:
        assert ana.go("/rules").status == 200
        assert "P002 The folder cannot be read" in ana.text
        assert "The files have mistakes" in ana.text
    finally:
        aside.rename(folder)
