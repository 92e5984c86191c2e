"""Each trouble that a page can tell of, met by a real request, in each language: what happened,
what to do, the number to say, and nothing about what is hidden.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from davserver.config import load
from davserver.db import tables as t
from davserver.domain import errors
from davserver.domain.advice import advice
from davserver.domain.errors import AbriError, Reason
from davserver.domain.languages import LANGUAGES, Language
from davserver.web import errors as page_errors
from davserver.web.cookies import LANGUAGE, SESSION
from davserver.web.errors import TROUBLES
from davserver.web.languages import SHIPPED
from davserver.web.texts import Texts
from davserver.wiring.services import Services, build
from tests.support.authority import Authority
from tests.support.browser import FILES_TYPE, FORM_TYPE, Browser, multipart
from tests.support.cast import EITHER, Casts
from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import Instance, password_of, serving
from tests.support.pages_visitor import page_link
from tests.support.ports import free_port

pytestmark = pytest.mark.server

PROXY = "127.0.0.2"
NOWHERE = "/new-folder/nowhere/at-all"
HIDDEN = "rapport-médical.pdf"
NOBODY_ANSWERS = """
directories:
  ccas:
    kind: openldap
    servers: [ldaps://localhost:{port}]
    domain: ccas.example
    people: ou=people,dc=example
    groups: ou=groups,dc=example
    bind_dn: cn=abri,dc=example
    bind_password_file: {password}
    ca: {ca}
    connecting: 1 s
    answering: 1 s
"""
TEXTS = {one.code: Texts(one, ZoneInfo("Europe/Paris")) for one in SHIPPED}
_numbers = count()


@dataclass
class House:
    """amina's drive; karim is shown one folder of it, in which something is hidden from him."""

    instance: Instance
    services: Services
    seen_at: str = ""
    amina: Drive = field(init=False)

    def __post_init__(self) -> None:
        self.amina = self.instance.drive("amina")
        category = "{urn:x-abri:properties}category"
        self.amina.mkcol("/dossier")
        assert self.amina.proppatch("/dossier", category, "housing").status == 207
        assert self.amina.put(f"/{HIDDEN}", b"secret").status == 201
        assert self.amina.proppatch(f"/{HIDDEN}", category, "health").status == 207
        assert self.amina.move(f"/{HIDDEN}", f"/dossier/{HIDDEN}").status == 201
        grant = self.instance.grant("amina", "structure:ccas-lyon", "/dossier", "write")
        self.seen_at = self.instance.seen_at(grant)

    def file(self, content: bytes = b"x") -> str:
        path = f"/note-{next(_numbers)}.txt"
        assert self.amina.put(path, content).status == 201
        return path

    def signed_in(self, login: str, language: Language) -> Browser:
        browser = self.stranger(language)
        browser.sign_in(login, password_of(login))
        assert SESSION in browser.cookies
        return browser

    def stranger(self, language: Language, source: str = "127.0.0.1") -> Browser:
        cookies = {LANGUAGE: language}
        return Browser(self.instance.port, language=language, cookies=cookies, source=source)


@pytest.fixture(scope="module", params=EITHER)
def house(
    casts: Casts,
    authority: Authority,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[House]:
    """Behind a proxy, with a directory that is away, and room for little in new vaults."""
    folder = tmp_path_factory.mktemp("troubles")
    password = folder / "password"
    password.write_text("secret\n")
    with casts.copy(request.param, folder / "abri") as instance:
        instance.set("listen.proxies", f"[{PROXY}]")
        instance.set("vaults.quota", "1 MB")
        away = NOBODY_ANSWERS.format(port=free_port(), password=password, ca=authority.ca)
        text = instance.config.read_text()
        assert "directories: {}\n" in text
        instance.config.write_text(text.replace("directories: {}\n", away))
        with serving(instance):
            services = build(load(instance.config))
            yield House(instance, services)
            services.close()


Cause = Callable[[House, Language], Answer]


def as_amina(ask: Callable[[Browser, House], Answer]) -> Cause:
    return lambda house, language: ask(house.signed_in("amina", language), house)


def _fault(house: House, language: Language) -> Answer:
    """A time that no clock shows, where no MAC is."""
    browser = house.signed_in("amina", language)
    house.instance.tamper(update(t.web_session).values(seen_at=2**62))
    return browser.send("GET", "/devices")


def _cut(browser: Browser, _: House) -> Answer:
    body = multipart({"mark": browser.mark}, (("a.txt", b"x" * 1000),))[:-500]
    return browser.send("POST", "/upload/", FILES_TYPE, body)


def _too_large(browser: Browser, _: House) -> Answer:
    return browser.send_form("/devices", {"name": "x" * 70_000})


def _in_the_clear(house: House, language: Language) -> Answer:
    browser = house.stranger(language, PROXY)
    return browser.send("GET", "/", {"X-Forwarded-Proto": "http"})


def _not_signed_in(house: House, language: Language) -> Answer:
    browser = house.stranger(language)
    browser.go("/")
    return browser.send_form("/devices", {"name": "x"})


def _too_many_tries(house: House, language: Language) -> Answer:
    login = f"hasty-{language}"
    house.instance.add_person(login, "beneficiary", "Somebody")
    browser = house.signed_in(login, language)
    new = "quatre mots sans lien"
    tries = (f"wrong {number}" for number in range(8))
    *_, answer = [
        browser.send_form("/password", {"old": one, "new": new, "again": new}) for one in tries
    ]
    return answer


def _hidden(house: House, language: Language) -> Answer:
    browser = house.signed_in("karim", language)
    return browser.send("GET", page_link("documents", f"{house.seen_at}/{HIDDEN}"))


def _refused(house: House, language: Language) -> Answer:
    return house.signed_in("karim", language).send_form(page_link("remove", house.seen_at), {})


def _folder_gone(browser: Browser, house: House) -> Answer:
    folder = f"/gone-{next(_numbers)}"
    house.amina.mkcol(folder)
    house.amina.put(f"{folder}/a.txt", b"x")
    node = house.amina.id_of(f"{folder}/a.txt")
    for path in (f"{folder}/a.txt", folder):
        assert house.amina.delete(path).status == 204
    return browser.send_form("/trash", {"node": node})


def _taken(browser: Browser, house: House) -> Answer:
    one, other = house.file(), house.file()
    return browser.send_form(page_link("rename", one), {"name": other.strip("/")})


def _locked(browser: Browser, house: House) -> Answer:
    path = house.file()
    assert house.amina.lock(path).status == 200
    return browser.send_form(page_link("rename", path), {"name": "other.txt"})


def _no_space(house: House, language: Language) -> Answer:
    login = f"full-{language}"
    house.instance.add_person(login, "beneficiary", "Somebody")
    browser = house.signed_in(login, language)
    return browser.send_files("/upload/", ("big.bin", b"x" * 1_500_000))


def _damaged(browser: Browser, house: House) -> Answer:
    path = house.file(b"a letter")
    last = select(func.max(t.blob.c.created)).scalar_subquery()
    house.instance.tamper(
        update(t.blob).where(t.blob.c.created == last).values(inline_ct=b"altered" * 20)
    )
    return browser.send("GET", page_link("download", path))


def _away(house: House, language: Language) -> Answer:
    browser = house.stranger(language)
    browser.go("/")
    return browser.send_form("/sign-in", {"login": "paul@ccas.example", "password": "x"})


CAUSES: dict[type[AbriError], Cause] = {
    AbriError: _fault,
    errors.BadInput: as_amina(lambda browser, _: browser.send("GET", "/history?" + "a=1&" * 300)),
    errors.BadPath: as_amina(lambda browser, _: browser.send("GET", "/documents/%01")),
    errors.Truncated: as_amina(_cut),
    errors.TooLarge: as_amina(_too_large),
    page_errors.FormExpired: as_amina(
        lambda browser, _: browser.send("POST", "/devices", FORM_TYPE, b"name=x")
    ),
    page_errors.NotPrivate: _in_the_clear,
    page_errors.NoSuchMethod: as_amina(lambda browser, _: browser.send_form("/history", {})),
    errors.NotSignedIn: _not_signed_in,
    errors.SlowDown: _too_many_tries,
    errors.NotFound: _hidden,
    errors.Refused: _refused,
    errors.NoParent: as_amina(
        lambda browser, _: browser.send_form("/new-folder/no", {"name": "x"})
    ),
    page_errors.FolderGone: as_amina(_folder_gone),
    page_errors.AnotherNow: as_amina(
        lambda browser, _: browser.send_form("/offers/accept", {"offer": "00" * 16})
    ),
    errors.AlreadyThere: as_amina(_taken),
    errors.Locked: as_amina(_locked),
    errors.NoSpace: _no_space,
    errors.Damaged: as_amina(_damaged),
    errors.Unavailable: _away,
}
UNMET = {errors.ConditionFailed}
"""No page sends a condition, none replaces what is there: the row only makes the table whole."""
IN_ITS_OWN_WORDS = {page_errors.FolderGone, page_errors.AnotherNow}
BESIDE_THE_FIELD = {
    *IN_ITS_OWN_WORDS, errors.AlreadyThere, errors.Locked, errors.NoSpace,
}  # fmt: skip
"""Told on the page that has the form, which comes back as it was filled in."""

CASES = [pytest.param(kind, language, id=f"{kind.__name__}-{language}")
         for kind in CAUSES for language in LANGUAGES]  # fmt: skip


def test_every_trouble_has_a_cause_here() -> None:
    assert set(CAUSES) == set(TROUBLES) - UNMET


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_a_trouble_is_told_in_the_persons_language(
    house: House, kind: type[AbriError], language: Language
) -> None:
    trouble, texts = TROUBLES[kind], TEXTS[language]
    answer = CAUSES[kind](house, language)
    page = unescape(answer.text())
    assert answer.status == trouble.status, answer
    assert f'<html lang="{language}"' in page
    if kind not in IN_ITS_OWN_WORDS:
        assert texts.gettext(trouble.headline) in page
    sentence = texts.gettext(trouble.sentence) if trouble.sentence else ""
    if kind is errors.Refused:
        sentence = advice(Reason.GRANT_ROOT, language, None)
    assert sentence
    assert sentence in page or kind in IN_ITS_OWN_WORDS
    if kind not in BESIDE_THE_FIELD:
        assert (answer.header("X-Request-Id") or "-") in page
    assert HIDDEN not in page.replace(f"/documents{house.seen_at}/{HIDDEN}", "")
    assert answer.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(("language", "word"), [("fr", "Réessayez"), ("en", "Try again")])
def test_whoever_may_come_again_is_told_when(house: House, language: Language, word: str) -> None:
    answer = _away(house, language)
    assert answer.header("Retry-After")
    assert word.lower() in unescape(answer.text()).lower()
