"""Screens on which the pages are played, and somebody who looks at them closely."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from davserver.web import cookies
from tests.support.instance import Server, password_of
from tests.support.outside import program

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
HEAVIEST = 100_000
"""Bytes of a page with all that it needs, unpacked."""

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--disable-breakpad", "--disable-site-isolation-trials", "--disable-back-forward-cache",
    "--in-process-gpu", "--renderer-process-limit=1", "--no-zygote",
    "--disable-features=BackForwardCache,RenderDocument,SpareRendererForSitePerProcess",
]  # fmt: skip
"""Nothing that takes time and shows nothing: one process draws, none is kept in reserve."""


@dataclass(frozen=True)
class Size:
    width: int
    height: int


TELEPHONE, DESKTOP = Size(360, 640), Size(1280, 800)


@dataclass(frozen=True)
class Screen:
    """`language` is what the pages speak. `ar` is the one of tests/support/pseudo.py;
    its pages are looked at in the other size, too.
    """

    language: str
    javascript: bool
    size: Size

    @property
    def name(self) -> str:
        how = "js" if self.javascript else "plain"
        return f"{self.language}-{how}-{self.size.width}"

    @property
    def is_dark(self) -> bool:
        """Of those where axe looks, one language in light and one in dark: contrast differs."""
        return self.language == "en" and self.javascript


SCREENS = [
    *(
        Screen(language, javascript=javascript, size=size)
        for language in ("fr", "en")
        for javascript in (False, True)
        for size in (TELEPHONE, DESKTOP)
    ),
    Screen("ar", javascript=True, size=TELEPHONE),
]
"""No page has a script, which is looked at, too: a browser without JavaScript shows the same."""

KEPT = {"fr-plain-360", "fr-js-1280", "en-js-360", "ar-js-360"}
"""Of these there are pictures: the others look the same."""

LOOKED_AT = Path(__file__).with_name("looked_at.js").read_text()
"""What is measured on each page."""


@cache
def axe() -> str:
    return Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=QUIET)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser. `login` is who they are in it; each screen has people of its own."""

    server: Server
    screen: Screen
    context: BrowserContext
    page: Page
    sessions: dict[str, str]
    """The cookie of somebody who has signed in before, by login."""

    own: list[str]
    """What people called things themselves: not a text of the pages."""

    files: list[Path]
    """To put in."""

    passwords: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    """What was found on the way: a test tells all of it at once."""

    number: int = 0

    def login(self, name: str) -> str:
        return f"{name}-{self.screen.name}"

    # ── going places ────────────────────────────────────────────────────────────────────────────

    def go(self, path: str) -> None:
        self.page.goto(self.server.instance.url + path)

    def become(self, login: str) -> None:
        """As if they had signed in here earlier."""
        self.titles.clear()
        self.context.clear_cookies(name=cookies.SESSION)
        session = {"name": cookies.SESSION, "value": self.sessions[login], "secure": True}
        at = {"url": self.server.instance.url}
        self.context.add_cookies([{**session, **at}])  # type: ignore[list-item]

    def sign_in(self, login: str) -> None:
        self.go("/")
        self.submit("/sign-in", login=login, password=self.passwords.get(login, password_of(login)))

    def submit(self, action: str, *, number: int = 0, **fields: str) -> None:
        """Fills in a form of the page and presses its button."""
        form = self.page.locator(f"main form[action={json.dumps(action)}]").nth(number)
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        with self.page.expect_navigation():
            form.locator("button").first.click()

    def follow(self, link: str, *, number: int = 0) -> None:
        with self.page.expect_navigation():
            self.page.locator(f"main a[href={json.dumps(link)}]").nth(number).click()

    def speak(self) -> None:
        """The switch at the foot of the page, where it is not the language already."""
        button = self.page.locator(f"footer button[value={self.screen.language}]")
        if button.count():
            with self.page.expect_navigation():
                button.click()

    # ── looking ─────────────────────────────────────────────────────────────────────────────────

    def look(self, name: str, status: int = 200) -> None:
        """Nothing on the page is hard to use, in either size."""
        self.number += 1
        other = DESKTOP if self.screen.size is TELEPHONE else TELEPHONE
        wrong = [*self._complained(status), *self._violations()]
        wrong += self._measured(self.screen.size, name)
        if self.screen.language == "ar":
            self._resize(other)
            wrong += self._measured(other, name)
            self._resize(self.screen.size)
        self.wrong += [f"{name} ({urlsplit(self.page.url).path}): {one}" for one in wrong]
        self.seen.add(urlsplit(self.page.url).path)

    def _measured(self, size: Size, name: str) -> Iterator[str]:
        found = self.page.evaluate(LOOKED_AT, {"own": sorted(self.own, key=len, reverse=True)})
        yield from (f"{size.width} wide: {one}" for one in self._unlike(found, size))
        if self.screen.name in KEPT and size is self.screen.size:
            folder = SHOTS / f"{self.screen.language}-{size.width}"
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{self.number:02}-{name}.png", full_page=True)

    def _resize(self, size: Size) -> None:
        self.page.set_viewport_size({"width": size.width, "height": size.height})

    def _unlike(self, found: dict[str, Any], size: Size) -> Iterator[str]:
        language, path = self.screen.language, urlsplit(self.page.url).path
        direction = "rtl" if language == "ar" else "ltr"
        wanted = {
            "language": language, "direction": direction, "headings": 1, "skips": True,
            "scripts": [], "small": [], "outside": [], "twice": [], "mirrored": True,
        }  # fmt: skip
        yield from (f"{key}: {found[key]}" for key, value in wanted.items() if found[key] != value)
        if found["width"] > size.width:
            yield f"{found['width']} wide: {found['wide']}"
        if found["bytes"] > HEAVIEST:
            yield f"{found['bytes']} bytes"
        if language == "ar" and found["latin"]:
            yield f"not from the catalogue: {found['latin']}"
        if self.titles.setdefault(found["title"], path) != path:
            yield f"{found['title']!r} is the title of {self.titles[found['title']]} too"

    def _complained(self, status: int) -> list[str]:
        """Chromium tells of an error page itself."""
        told = [one for one in self.complaints if f"status of {status} " not in one]
        self.complaints.clear()
        return told

    def _violations(self) -> list[str]:
        """In either size; axe-core does not run without JavaScript."""
        if not self.screen.javascript or self.screen.language == "ar":
            return []
        run = "axe.run({resultTypes: ['violations']}).then(found => found.violations.map("
        told = "one => one.id + ': ' + one.nodes.map(node => node.html).join(' ')))"
        violations: list[str] = self.page.evaluate(axe() + ";" + run + told)
        return violations

    def press_enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def tab_to(self, goal: str) -> None:
        """Through what comes before, each with a line around it."""
        for _ in range(40):
            self.page.keyboard.press("Tab")
            at = self.outlined()
            assert at, (self.page.url, self.page.evaluate("document.activeElement.outerHTML"))
            if at == goal and self.is_in_main():
                return
        raise AssertionError(f"no {goal} on {self.page.url}")

    def is_in_main(self) -> bool:
        inside: bool = self.page.evaluate("!!document.activeElement.closest('main')")
        return inside

    def outlined(self) -> str:
        """What has the focus; "" where one cannot see that it has."""
        shown: str = self.page.evaluate(
            "(() => { const one = document.activeElement, style = getComputedStyle(one);"
            "return style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2 ? '' :"
            "one.localName + (one.getAttribute('name') || one.getAttribute('href') || ''); })()"
        )
        return shown
