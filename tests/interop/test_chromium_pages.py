"""The pages in a real Chromium: a telephone without JavaScript in French, a desktop with it in
English; each page is shown, is free of what axe-core calls a violation, and fits its screen.

Screenshots are kept in build/screenshots/, to be looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from davserver.domain.actions import Right
from tests.support.cast import CCAS
from tests.support.instance import Server, password_of
from tests.support.offering import offered_on
from tests.support.outside import program

pytestmark = [pytest.mark.interop, pytest.mark.slow]

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@dataclass(frozen=True)
class Screen:
    name: str
    width: int
    height: int
    javascript: bool
    language: str


SCREENS = [
    Screen("telephone", 360, 640, javascript=False, language="fr-FR"),
    Screen("desktop", 1280, 800, javascript=True, language="en-GB"),
]
WORDS = {
    "fr-FR": {"put": "Les déposer", "go on": "Continuer", "yes": "Oui, partager"},
    "en-GB": {"put": "Put them in", "go on": "Go on", "yes": "Yes, share it"},
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=QUIET)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser."""

    page: Page
    server: Server
    screen: Screen
    complaints: list[str]

    def say(self, word: str) -> str:
        return WORDS[self.screen.language][word]

    def go(self, path: str) -> None:
        answer = self.page.goto(self.server.instance.url + path)
        assert answer is not None

    def sign_in(self, login: str) -> None:
        self.go("/")
        self.page.fill("#login", login)
        self.page.fill("#password", password_of(login))
        self.page.click("main button")
        if self.screen.language.startswith("en"):
            self.page.click("footer button[value=en]")

    def look(self, name: str) -> None:
        """Keeps a picture; nothing is wider than the screen, nothing is hard to use."""
        folder = SHOTS / self.screen.name
        folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=folder / f"{name}.png", full_page=True)
        if self.screen.javascript:
            found = Axe().run(self.page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], name
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= self.screen.width, name
        assert self.complaints == [], name


@pytest.fixture(params=SCREENS, ids=lambda screen: screen.name)
def visitor(chromium: Browser, drive: Server, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    screen: Screen = request.param
    context = chromium.new_context(
        viewport={"width": screen.width, "height": screen.height},
        locale=screen.language,
        java_script_enabled=screen.javascript,
        ignore_https_errors=True,
        accept_downloads=True,
        bypass_csp=screen.javascript,  # axe is put into the page
    )
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.set_default_timeout(20_000)
    yield Visitor(page, drive, screen, complaints)
    context.close()


def test_somebody_comes_in_and_sees_their_documents(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.look("1-sign-in")
    visitor.sign_in("amina")
    assert visitor.page.url.endswith("/documents/")
    visitor.look("2-documents")
    for name in ("shares", "affiliations", "history", "trash", "take-away", "devices", "password"):
        visitor.go(f"/{name}")
        visitor.look(f"3-{name}")


def test_documents_go_in_are_shared_and_come_out(visitor: Visitor, tmp_path: Path) -> None:
    drive, page = visitor.server.instance.drive("amina"), visitor.page
    folder = f"/Écran {visitor.screen.name}"
    assert drive.mkcol(folder).status == 201
    files = []
    for name in ("reçu de loyer.pdf", "un nom " + "vraiment très long " * 9 + ".jpg"):
        files.append(tmp_path / name)
        files[-1].write_bytes(b"content of " + name.encode())
    visitor.sign_in("amina")
    visitor.go(f"/documents{folder}")
    visitor.look("4-empty-folder")
    page.set_input_files("#files", files)
    page.click(f"text={visitor.say('put')}")
    visitor.look("5-folder")
    assert drive.get(f"{folder}/reçu de loyer.pdf").body == files[0].read_bytes()
    page.click("text=reçu de loyer.pdf")
    visitor.look("6-document")
    with page.expect_download() as coming:
        page.click("a[download]")
    assert Path(coming.value.path()).read_bytes() == files[0].read_bytes()
    assert coming.value.suggested_filename == "reçu de loyer.pdf"
    visitor.go(f"/share{folder}")
    page.fill("#to", "karim")
    page.fill("#until", "2099-01-31")
    visitor.look("7-share")
    page.click(f"text={visitor.say('go on')}")
    visitor.look("8-sure")
    page.click(f"text={visitor.say('yes')}")
    visitor.look("9-who")
    assert "Karim Roux" in page.inner_text("main")


def test_everything_is_done_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/")
    page.wait_for_selector("#login:focus")
    page.keyboard.type("amina")
    page.keyboard.press("Tab")
    page.keyboard.type(password_of("amina"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the content
    page.wait_for_url("**/documents/#main")


def test_a_question_is_read_and_answered(visitor: Visitor) -> None:
    instance, page = visitor.server.instance, visitor.page
    drive = instance.drive("amina")
    folder = f"/Dossier pour la demande de logement social {visitor.screen.name}"
    for path in (folder, f"{folder} gone"):
        assert drive.mkcol(path).status == 201
    until = datetime.fromisoformat("2099-02-01T00:00+01:00")
    offered_on(instance, folder, right=Right.WRITE, until=until, purpose="Dalo", by="marie.durand")
    offered_on(instance, folder, to="zoe", right=Right.DEPOSIT)
    offered_on(instance, f"{folder} gone")
    assert drive.delete(f"{folder} gone").status == 204
    visitor.sign_in("amina")
    visitor.look("12-asked")
    page.click("main a[href='/offers']")
    visitor.look("13-offers")
    page.click("main form[action='/offers/accept'] button >> nth=0")
    visitor.look("14-answered")
    assert "Zoé Petit" in page.inner_text("main")
    for _ in range(2):
        page.click("main form[action='/offers/refuse'] button >> nth=0")
    visitor.look("15-no-question")
    assert page.query_selector("main form[action='/offers/refuse']") is None
    drive.caller.close()


def test_an_error_is_a_page_with_a_way_out(visitor: Visitor) -> None:
    visitor.sign_in("karim")
    visitor.go("/documents/nothing-here")
    visitor.complaints.clear()  # Chromium tells of the 404 itself
    visitor.look("10-nothing")
    visitor.page.click("main a.button")
    assert visitor.page.url.endswith("/people")
    visitor.look("11-shared-with-me")


@pytest.mark.parametrize("visitor", SCREENS[1:], ids=["desktop"], indirect=True)
def test_pages_are_ready_for_languages_from_right_to_left(visitor: Visitor) -> None:
    """As a browser lays them out in Arabic: nothing is fixed to a side."""
    visitor.sign_in("amina")
    visitor.page.evaluate("document.documentElement.dir = 'rtl'")
    visitor.look("12-right-to-left")
    side = "document.querySelector('.brand').getBoundingClientRect().left > innerWidth / 2"
    assert visitor.page.evaluate(side)


def test_a_manager_adds_somebody_and_takes_them_out(visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("mireille")
    page.wait_for_url(f"**/teams/{CCAS}")
    visitor.look("13-team")
    page.click("main a[href$='/add']")
    page.fill("#login", "amina")
    page.click("main button")
    page.wait_for_selector("#login-fault")
    visitor.complaints.clear()  # Chromium tells of the 400 itself
    visitor.look("14-nobody-to-add")
    page.fill("#login", "zoe")
    page.click("main button")
    visitor.look("15-add")
    page.click("main button")
    zoe = page.locator("main li", has_text="Zoé Petit")
    assert zoe.count() == 1
    visitor.look("16-added")
    zoe.locator("a").click()
    visitor.look("17-take-out")
    page.click("main button.danger")
    page.wait_for_url(f"**/teams/{CCAS}?done=ended")
    assert zoe.locator("a").count() == 0


def test_an_administrator_sees_how_the_service_is(visitor: Visitor) -> None:
    instance, page = visitor.server.instance, visitor.page
    if "ana" not in instance.passwords:
        instance.add_person("ana", "administrator", "Ana Duval")
    place = "/" + next(iter(instance.drive("karim").names("/"))) + "/Partage"
    assert instance.drive("karim").delete(place).status == 403
    visitor.sign_in("ana")
    page.wait_for_url("**/overview")
    visitor.look("18-overview")
    for name in ("rules", "refusals", "health"):
        page.click(f"main a[href='/{name}']")
        visitor.look(f"19-{name}")
        page.goto(f"{instance.url}/overview")
