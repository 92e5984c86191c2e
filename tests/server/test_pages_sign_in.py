"""Signing in on the pages: sessions, cookies, forms of other sites, wrong turns."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from davserver.db import tables as t
from davserver.web.cookies import FORM, SESSION
from tests.support.browser import Browser
from tests.support.http import Caller
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server


@pytest.fixture
def browser(served: Server) -> Browser:
    return Browser(served.instance.port)


def signed_in(served: Server, login: str = "amina") -> Browser:
    browser = Browser(served.instance.port)
    browser.sign_in(login, password_of(login))
    assert SESSION in browser.cookies, browser.text
    return browser


def age(served: Server, **older: timedelta) -> None:
    """Makes every session older than it is. A MAC covers all but `seen_at`."""
    values = {
        name: t.web_session.c[name] - int(by.total_seconds() * 1e6) for name, by in older.items()
    }
    served.instance.tamper(update(t.web_session).values(values))


def test_the_first_page_asks_who_it_is_and_the_next_one_shows_their_documents(
    browser: Browser,
) -> None:
    browser.go("/")
    assert browser.title == "Sign in"
    answer = browser.submit("/sign-in", login="amina", password=password_of("amina"))
    assert (answer.status, browser.path, browser.title) == (200, "/documents/", "My documents")
    assert FORM not in browser.cookies


@pytest.mark.parametrize(
    ("login", "password"),
    [("amina", "wrong"), ("nobody", "wrong"), ("amina", ""), ("", ""), ("karim:x", "y")],
)
def test_nobody_learns_why_they_are_not_let_in(browser: Browser, login: str, password: str) -> None:
    browser.go("/")
    answer = browser.submit("/sign-in", login=login, password=password)
    assert answer.status == 403
    assert SESSION not in browser.cookies
    assert "The name or the password is not right." in browser.text


def test_nobody_learns_after_how_many_mistakes_a_password_is_not_compared(
    served: Server, browser: Browser
) -> None:
    served.instance.add_person("guessed", "beneficiary", "Somebody")
    browser.go("/")
    for number in range(6):
        browser.submit("/sign-in", login="guessed", password=f"guess {number}")
    wrong = browser.text
    answer = browser.submit("/sign-in", login="guessed", password=password_of("guessed"))
    assert (answer.status, browser.text) == (403, wrong)


def test_what_is_shown_once_is_all_that_a_device_needs(served: Server) -> None:
    """As a telephone's file manager asks for it: an address with its scheme, a name, a password."""
    browser = signed_in(served)
    browser.go("/devices")
    browser.submit("/devices", name="my phone", read_only="1")
    address, login, password = (one.text_content() for one in browser.page.xpath("//dl//code"))
    assert address == f"http://localhost:{served.instance.port}/dav/"
    path = urlsplit(address).path
    with Caller(served.instance.port, login, password) as phone:
        assert phone.ask("PROPFIND", path, {"Depth": "0"}).status == 207
        assert phone.ask("PUT", f"{path}x", body=b"x").status == 403
    browser.go("/devices")
    assert password not in browser.text


def test_a_devices_password_is_for_the_device(served: Server, browser: Browser) -> None:
    made = served.instance.json("app-password", "add", "bilal", "--name", "x")["secret"]
    browser.go("/")
    assert browser.submit("/sign-in", login="bilal", password=made).status == 403
    assert SESSION not in browser.cookies


def test_the_password_of_before_is_no_session(served: Server) -> None:
    """Session fixation: whatever the browser came with, it leaves with a new token."""
    browser = signed_in(served)
    first = browser.cookies[SESSION]
    browser.cookies[FORM] = first
    browser.go("/documents/")
    mark = browser.form("/sign-out")["mark"]
    browser.post(
        "/sign-in",
        {"mark": mark, "login": "amina", "password": password_of("amina"), "next": "/"},
    )
    assert browser.cookies[SESSION] != first
    old = Browser(browser.port, cookies={SESSION: first})
    old.go("/documents/")
    assert old.title == "Sign in"


def test_a_form_of_another_site_changes_nothing(served: Server) -> None:
    browser = signed_in(served)
    browser.go("/devices")
    for mark in ({}, {"mark": ""}, {"mark": "x" * 24}, {"mark": signed_mark(served)}):
        answer = browser.post("/devices", {**mark, "name": "theirs"})
        assert answer.status == 403, browser.text
    browser.go("/devices")
    assert "theirs" not in browser.text


def signed_mark(served: Server) -> str:
    other = signed_in(served, "bilal")
    other.go("/devices")
    return other.form("/devices")["mark"]


def test_another_site_cannot_sign_somebody_in(served: Server, browser: Browser) -> None:
    """Login CSRF: the form needs the mark of this browser's own first page."""
    stranger = Browser(served.instance.port)
    stranger.go("/")
    mark = stranger.form("/sign-in")["mark"]
    browser.go("/")
    fields = {"login": "bilal", "password": password_of("bilal"), "mark": mark}
    assert browser.post("/sign-in", fields).status == 403
    assert SESSION not in browser.cookies


@pytest.mark.parametrize(
    "goal",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//x"],
)
def test_nobody_is_sent_elsewhere_after_signing_in(browser: Browser, goal: str) -> None:
    browser.go("/")
    hidden = browser.form("/sign-in") | {"next": goal}
    fields = {**hidden, "login": "amina", "password": password_of("amina")}
    browser.post("/sign-in", fields)
    assert browser.path == "/documents/"


def test_the_page_that_was_asked_for_is_the_first_one_after_signing_in(browser: Browser) -> None:
    browser.go("/devices")
    assert browser.title == "Sign in"
    browser.submit("/sign-in", login="amina", password=password_of("amina"))
    assert browser.path == "/devices"


def test_twenty_minutes_without_a_page_are_the_end(served: Server) -> None:
    browser = signed_in(served)
    age(served, seen_at=timedelta(minutes=19))
    assert browser.go("/documents/").status == 200
    assert browser.title == "My documents"
    age(served, seen_at=timedelta(minutes=22))
    browser.go("/documents/")
    assert browser.title == "Sign in"


def test_a_row_that_was_altered_is_no_session(served: Server) -> None:
    browser = signed_in(served)
    age(served, created=timedelta(minutes=1))
    browser.go("/documents/")
    assert browser.title == "Sign in"


def test_signing_out_ends_it_on_the_server_too(served: Server) -> None:
    browser = signed_in(served)
    kept = dict(browser.cookies)
    browser.go("/documents/")
    browser.submit("/sign-out")
    assert SESSION not in browser.cookies
    again = Browser(browser.port, cookies=kept)
    again.go("/documents/")
    assert again.title == "Sign in"


def test_signing_out_everywhere_ends_every_browser_and_no_device(served: Server) -> None:
    one, other = signed_in(served, "bilal"), signed_in(served, "bilal")
    stranger = signed_in(served)
    one.go("/devices")
    one.submit("/sign-out-everywhere")
    other.go("/documents/")
    assert other.title == "Sign in"
    stranger.go("/documents/")
    assert stranger.title == "My documents"
    assert served.instance.drive("bilal").ask("PROPFIND", "/", {"Depth": "0"}).status == 207


def test_a_blocked_account_is_out_with_the_next_page(served: Server) -> None:
    browser = signed_in(served, "bilal")
    served.instance.abri("person", "disable", "bilal")
    browser.go("/documents/")
    assert browser.title == "Sign in"
    served.instance.abri("person", "enable", "bilal")


def test_a_new_password_ends_the_other_browsers(served: Server) -> None:
    one, other = signed_in(served), signed_in(served)
    new = "quatre mots sans rapport"
    one.go("/password")
    wrong = one.submit("/password", old="wrong", new=new, again=new)
    assert wrong.status == 400
    unlike = one.submit("/password", old=password_of("amina"), new=new, again=new + "x")
    assert unlike.status == 400
    one.submit("/password", old=password_of("amina"), new=new, again=new)
    assert "You have a new password" in one.text
    other.go("/documents/")
    assert other.title == "Sign in"
    one.go("/documents/")
    assert one.title == "My documents"
    served.instance.abri(
        "person", "password", "amina", "--password-stdin", given=password_of("amina")
    )


def test_nothing_of_a_token_is_in_the_database(served: Server) -> None:
    browser = signed_in(served)
    with served.instance.opened() as services, services.db.read() as tx:
        rows = tx.execute(select(t.web_session)).all()
    assert rows
    stored = b"".join(value for row in rows for value in row if isinstance(value, bytes))
    assert browser.cookies[SESSION].encode() not in stored


def test_pages_are_not_kept_and_run_nothing(served: Server) -> None:
    answer = signed_in(served).send("GET", "/documents/")
    assert answer.header("Cache-Control") == "no-store"
    policy = answer.header("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert b"<script" not in answer.body
    assert b"style=" not in answer.body


def test_the_language_is_the_browsers_then_the_persons_then_the_chosen_one(served: Server) -> None:
    browser = Browser(served.instance.port, language="en-GB", cookies={})
    browser.go("/")
    assert browser.title == "Sign in"
    browser.submit("/sign-in", login="amina", password=password_of("amina"))
    assert browser.title == "Mes documents"
    browser.submit("/language", language="en")
    assert browser.title == "My documents"
