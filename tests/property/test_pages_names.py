"""Names of any text on every page: no element and no attribute of a page comes from a name.

The pages run in this process over real services, without a socket between. The world in which
people call things so is compared with one in which everything has a plain name: the same elements
with the same attributes in the same order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from itertools import count
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from werkzeug.test import Client, TestResponse

from authn.credentials import Password, password_bytes
from authn.sessions import as_cookie, form_mark
from davserver.domain.actions import Right
from davserver.domain.conditions import NONE
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal, Role, StructureKind
from davserver.gate.affiliations.affiliations import Wish
from davserver.gate.people.people import PersonToAdd
from davserver.web.app import Application, make_pages
from davserver.web.cookies import LANGUAGE, SESSION
from davserver.wiring.services import Services
from tests.support.browser import BOUNDARY, multipart
from tests.support.cast import Casts
from tests.support.drive import Body
from tests.support.pages_visitor import page_link

pytestmark = pytest.mark.slow

WORD = "quatre mots sans lien"
PLAIN = "Zed"
NASTY = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "</title>",
    "</textarea><svg/onload=x>", "{{ 7*7 }}", "{% raw %}", "%(name)s", "&lt;b&gt;", "<!--", "]]>",
    "javascript:alert(1)", "?in=/&a=b#c", "\\", "</a", "``", "=", "\u00a0", "é", "مرحبا", "😀",
)  # fmt: skip
UNSEEN = ("\u202e", "\u2066", "\u2028", "\u2029", "\u200b", "\ufeff", "\u200f")
"""What a document may be called with, and no person."""

SHOWN = some.characters(
    exclude_categories=["C", "Zl", "Zp"], exclude_characters="/", max_codepoint=0x2FFF
)
HERE: dict[str, Any] = {
    "base_url": "https://localhost",
    "environ_base": {"REMOTE_ADDR": "127.0.0.1"},
}
PARTS = some.sampled_from(NASTY) | some.text(SHOWN, max_size=12)
NAMES = some.lists(PARTS, min_size=1, max_size=3).map(lambda parts: "n" + "".join(parts) + "z")
TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ALONE = {"bdi", "title", "script", "style"}
OWN_PAGES = (
    "documents/", "shares", "trash", "history", "history?only=shared", "history?only=looked",
    "affiliations", "devices", "offers", "take-away",
)  # fmt: skip
OK = 200
ODD = {"filled in": 400, "a taken name": 400, "a refusal": 403, "asking": 400, "nothing there": 404}
_numbers = count()


class Structure(HTMLParser):
    """Elements and the names of their attributes, in their order; and the text, that which stands
    in no place of its own besides.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.text = self.running = ""
        self._alone = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self._alone += tag in ALONE

    def handle_endtag(self, tag: str) -> None:
        self._alone -= tag in ALONE

    def handle_data(self, data: str) -> None:
        self.text += data
        self.running += "" if self._alone else data

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", (data,)))


@dataclass
class Person:
    """Signed in, in a browser of their own."""

    client: Client
    who: Principal
    mark: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, **HERE)

    def post(self, path: str, **fields: str) -> TestResponse:
        data = {"mark": self.mark, **fields}
        return self.client.post(path, data=data, **HERE)

    def upload(self, path: str, name: str) -> TestResponse:
        return self.client.post(
            path,
            data=multipart({"mark": self.mark}, ((name, b"x"),)),
            content_type=f"multipart/form-data; boundary={BOUNDARY}",
            **HERE,
        )


@dataclass
class Town:
    """People with their structure and documents, all called `name`; documents have `more` too."""

    services: Services
    pages: Application
    name: str
    more: str = ""

    def __post_init__(self) -> None:
        self.number = next(_numbers)
        self.operator = self.services.people.operator("tests", self.now)
        self.slug = f"s-{self.number}"
        self.services.people.add_structure(
            self.operator, self.slug, self.name[:100], StructureKind.CCAS, self.now
        )
        self.owner = self._person(Role.BENEFICIARY)
        self.helper = self._person(Role.PROFESSIONAL, self.slug)
        self.manager = self._person(Role.MANAGER, self.slug)
        self.folder = DrivePath.parse("/" + self._called(""))
        self.file = self.folder / self._called(".txt")
        self._documents()
        self._sharing()

    @property
    def now(self) -> datetime:
        return self.services.clock()

    def _called(self, ending: str) -> str:
        """A document's name: it has no slash."""
        return f"{self.name}{self.more}"[:60].replace("/", "\N{DIVISION SLASH}") + ending

    def _person(self, role: Role, *structures: str) -> Person:
        login, to = f"{role.value}-{self.number}", self.services
        new = PersonToAdd(login, role, self.name[:100], structures, "none", WORD, "en")
        to.people.add_person(self.operator, new, self.now)
        now = to.clock()
        who = to.login.sign_in(Password(login, password_bytes(WORD)), "127.0.0.1", now)
        token = to.sessions.begin(who, now)
        client = Client(self.pages)
        for cookie, value in ((SESSION, as_cookie(token)), (LANGUAGE, "en")):
            client.set_cookie(cookie, value, domain="localhost", secure=True)
        return Person(client, who, form_mark(token))

    def _documents(self) -> None:
        who, to = self.owner.who, self.services
        to.writing.make_folder(who, self.folder, NONE, self.now)
        gone = self.folder / self._called(".gone")
        for path, content in ((self.file, b"one"), (self.file, b"two"), (gone, b"x")):
            to.writing.put(who, path, Body(content), NONE, self.now)
        to.writing.remove(who, gone, NONE, self.now)
        to.people.add_app_password(who, who.person.login, self.name[:60], self.now)

    def _sharing(self) -> None:
        who, to = self.owner.who, self.services
        self.grant = to.sharing.add(
            who, to=to.sharing.grantee(self.helper.who.person.login), path=self.folder,
            right=Right.WRITE, until=None, now=self.now, purpose=f"{self.name}{self.more}"[:80],
        )  # fmt: skip
        wish = Wish(self.slug, who.person.login)
        to.affiliations.request(self.helper.who, wish, self.now)
        seen = DrivePath.parse(self.grant.seen_at)
        opened = to.reading.open(self.helper.who, seen / self.file.name, NONE, self.now)
        opened.close()

    def answers(self) -> Iterator[tuple[str, TestResponse]]:
        """Every page that shows a name, by what it is."""
        owner, helper, manager = self.owner, self.helper, self.manager
        folder, file = str(self.folder), str(self.file)
        for page in OWN_PAGES:
            yield page, owner.get(f"/{page}")
        for page in ("documents", "who", "share", "move"):
            yield f"{page} of a folder", owner.get(page_link(page, folder))
            yield f"{page} of a file", owner.get(page_link(page, file))
        yield "versions", owner.get(page_link("versions", file))
        sure = {"to": helper.who.person.login, "right": "read", "purpose": self.name[:80]}
        yield "before sharing", owner.post(page_link("share", file), **sure)
        yield "filled in", owner.post(page_link("share", file), to=self.name, purpose=self.name)
        yield "a taken name", owner.post(page_link("rename", file), name=self._called(".txt") + "/")
        seen = self.grant.seen_at
        for page in ("people", "accompanied", "accompanied/requests", "code", "devices"):
            yield f"{page} of a professional", helper.get(f"/{page}")
        yield "a person's folder", helper.get(page_link("documents", seen.rpartition("/")[0]))
        yield "a shared folder", helper.get(page_link("documents", seen))
        yield "a receipt", helper.upload(page_link("upload", seen), self._called(".pdf"))
        yield "a refusal", helper.post(page_link("remove", seen))
        yield "asking", helper.post("/accompanied/requests", structure=self.slug, login="")
        yield "nothing there", owner.get(page_link("documents", f"/{self._called('')}x"))
        yield "a team", manager.get(f"/teams/{self.slug}")
        person = helper.who.id.hex()
        yield "who leaves", manager.get(f"/teams/{self.slug}/end/{person}")
        login = f"comes-{self.number}"
        new = PersonToAdd(login, Role.PROFESSIONAL, self.name[:100])
        self.services.people.add_person(self.operator, new, self.now)
        yield "who comes", manager.post(f"/teams/{self.slug}/add", login=login)


@pytest.fixture(scope="module")
def town(casts: Casts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Everything in it is called by a plain name."""
    folder = tmp_path_factory.mktemp("names") / "abri"
    with casts.copy("sqlite", folder) as instance, instance.opened() as services:
        yield Town(services, make_pages(services), PLAIN)


@pytest.fixture(scope="module")
def plain(town: Town) -> dict[str, Structure]:
    answers = dict(town.answers())
    odd = {what: one.status_code for what, one in answers.items() if one.status_code != OK}
    assert odd == ODD
    return {what: Structure(one.text) for what, one in answers.items()}


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@example("n" + "".join(NASTY[:3]) + "z", "\u202e<b>")
@example("n</title><h1 id=x>z", "\u2028\"'")
@example("n\u1b6b\u0737z", "")  # the same text in another order (Unicode NFC)
@given(NAMES, some.sampled_from(UNSEEN) | some.just(""))
def test_no_element_and_no_attribute_of_a_page_comes_from_a_name(
    town: Town, plain: dict[str, Structure], name: str, more: str
) -> None:
    shown = 0
    for what, answer in Town(town.services, town.pages, name, more).answers():
        assert answer.status_code < 500, what
        found = Structure(answer.text)
        assert found.found == plain[what].found, (what, answer.text)
        assert not TURNS & set(found.running), (what, "a name turns what is written after it")
        shown += normalize("NFC", name[:60]) in normalize("NFC", found.text)
    assert shown >= len(plain) // 2, "names are seen as they are"
