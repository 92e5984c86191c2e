"""The pages in a real Chromium: every journey on a telephone and on a desktop, without JavaScript
and with it, in light and in dark, in each language, and in one from right to left. Each page is
shown, is free of what axe-core calls a violation, and fits its screen (tests/support/screens.py
says what is looked at).

Screenshots are kept in build/screenshots/, to be looked at.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.cast import Casts
from tests.support.instance import Server, serving
from tests.support.journeys import JOURNEYS, not_looked_at
from tests.support.pages_people import OWN, logins, prepare
from tests.support.pseudo import write_catalogue
from tests.support.screens import SCREENS, Screen, Visitor, chromium

pytestmark = [pytest.mark.interop, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(casts: Casts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """SQLite: which database there is makes no difference to a browser."""
    folder = tmp_path_factory.mktemp("pages")
    write_catalogue(folder / "catalogues")
    with casts.copy("sqlite", folder / "abri", tls=True) as instance:
        instance.set("pages.catalogues", str(folder / "catalogues"))
        with serving(instance) as server:
            yield server


@pytest.fixture(params=SCREENS, ids=lambda screen: screen.name)
def visitor(
    browser: Browser, pages: Server, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Visitor]:
    screen: Screen = request.param
    sessions = prepare(pages.instance, screen)
    files = []
    for name in ("reçu de loyer.pdf", "xx" + " bail" * 40 + ".jpg"):
        files.append(tmp_path / name)
        files[-1].write_bytes(b"content of " + name.encode())
    context = browser.new_context(
        viewport={"width": screen.size.width, "height": screen.size.height},
        locale="en-GB" if screen.language == "fr" else "fr-FR",
        color_scheme="dark" if screen.is_dark else "light",
        java_script_enabled=screen.javascript,
        ignore_https_errors=True,
        bypass_csp=screen.javascript,  # axe is put into the page
    )
    page = context.new_page()
    own = [*OWN, *logins(screen), f"foyer-{screen.name}"]
    made = Visitor(pages, screen, context, page, sessions, own, files)
    page.on("console", lambda message: made.complaints.append(message.text))
    page.set_default_timeout(60_000)
    yield made
    context.close()


def test_everybody_does_what_they_came_for(visitor: Visitor) -> None:
    for journey in JOURNEYS:
        try:
            journey(visitor)
        except Exception as error:
            found = "\n".join(visitor.wrong)
            error.add_note(f"while {journey.__name__} at {visitor.page.url}\n{found}")
            raise
    assert not visitor.wrong, "\n".join(visitor.wrong)
    assert not_looked_at(visitor) == set()
