"""What somebody tries who is not let in, or wants a browser of somebody else to do it for them."""

import re
import secrets
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest

from davserver.domain.people import Role
from davserver.web.cookies import FORM, LANGUAGE, SESSION
from davserver.web.headers import ALWAYS, CONTENT_SECURITY_POLICY
from davserver.web.routes import ROUTES, Route
from tests.support.browser import FILES_TYPE, FORM_TYPE, Browser, multipart
from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server

PEOPLE = {
    Role.BENEFICIARY: "amina",
    Role.PROFESSIONAL: "karim",
    Role.MANAGER: "mireille",
    Role.ADMINISTRATOR: "alix",
}
POSTS = [route for route in ROUTES if route.method == "POST"]
GETS = [route for route in ROUTES if route.method == "GET"]
FORM_EXPIRED = "This page was open for too long"
MINE = "note.txt"


@pytest.fixture(scope="module")
def staffed(served: Server) -> Server:
    served.instance.add_person("alix", "administrator", "Alix Martin")
    amina = served.instance.drive("amina")
    assert amina.put(f"/{MINE}", b"0123456789").status == 201
    amina.caller.close()
    return served


@pytest.fixture(scope="module")
def browsers(staffed: Server) -> dict[Role, Browser]:
    return {role: signed_in(staffed, login) for role, login in PEOPLE.items()}


def signed_in(served: Server, login: str) -> Browser:
    browser = Browser(served.instance.port)
    browser.sign_in(login, password_of(login))
    assert SESSION in browser.cookies
    return browser


def visitor_of(browsers: dict[Role, Browser], route: Route) -> Browser:
    return next(
        browsers[role] for role in PEOPLE if route.audience is None or role in route.audience
    )


def address(route: Route) -> str:
    return re.sub("<[^>]*>", "x", route.rule.replace("<path:place>", MINE))


def headline(answer: Answer) -> str:
    return answer.text().partition("<h1>")[2].partition("</h1>")[0]


# ── sent elsewhere ──────────────────────────────────────────────────────────────────────────────

ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    " //evil.example", "https:evil.example", "https:/evil.example", "https://evil.example",
    "HTTPS://evil.example", "javascript:alert(1)", "data:text/html,x", "%2F%2Fevil.example",
    "/%0d%0aSet-Cookie:%20x=1", "/x\r\nSet-Cookie: x=1", "/x\nLocation: //evil.example",
    "/\u2028/evil.example", "/\x00//evil.example", "//evil.example@localhost", "/@evil.example",
    "/.//evil.example", "/..//evil.example", "/%2e%2e//evil.example", "/%5Cevil.example", "?", "#x",
    "evil.example", "/" + "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("form", ["/sign-in", "/language"])
def test_no_form_sends_anybody_elsewhere(staffed: Server, form: str) -> None:
    browser = signed_in(staffed, "amina")
    words = {"login": "amina", "password": password_of("amina"), "language": "en"}
    for goal in ELSEWHERE:
        answer = browser.send_form(form, {**words, "next": goal})
        assert_stays(browser, answer, goal)
    answer = browser.send_form(form, {**words, "next": "/devices"})
    assert answer.header("Location") == "/devices"


def test_no_link_to_the_sign_in_sends_anybody_elsewhere(staffed: Server) -> None:
    for goal in ELSEWHERE:
        browser = Browser(staffed.instance.port)
        browser.send("GET", "/?" + urlencode({"next": goal}))
        words = browser.form("/sign-in")
        assert words["next"].startswith("/")
        words |= {"login": "amina", "password": password_of("amina")}
        assert_stays(browser, browser.send_form("/sign-in", words), goal)


def assert_stays(browser: Browser, answer: Answer, goal: str) -> None:
    assert answer.status == 303, (goal, answer)
    target = answer.header("Location") or ""
    here = f"http://localhost:{browser.port}/"
    assert urlsplit(urljoin(here, target)).netloc == f"localhost:{browser.port}", goal
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
    assert all(name.lower() != "set-cookie" or "abri" in value for name, value in answer.headers)


# ── whose browser, whose form ───────────────────────────────────────────────────────────────────


def test_a_token_that_somebody_planted_is_nobodys_session(staffed: Server) -> None:
    planted = secrets.token_urlsafe(32)
    browser = Browser(staffed.instance.port, cookies={LANGUAGE: "en", SESSION: planted})
    browser.go("/")
    browser.submit("/sign-in", login="amina", password=password_of("amina"))
    assert browser.cookies[SESSION] != planted
    thief = Browser(staffed.instance.port, cookies={LANGUAGE: "en", SESSION: planted})
    thief.go("/documents/")
    assert thief.title == "Sign in"


@pytest.mark.parametrize("route", POSTS, ids=lambda one: one.name)
def test_every_form_needs_the_mark_of_its_own_browser(
    browsers: dict[Role, Browser], route: Route
) -> None:
    """Nothing is looked up before: a form of another site learns nothing either."""
    browser = visitor_of(browsers, route)
    other = next(one for one in browsers.values() if one is not browser)
    stranger = Browser(browser.port)
    stranger.go("/")
    for mark in (None, "", "x", browser.mark[:-1], other.mark, stranger.mark, browser.mark + "="):
        words = {} if mark is None else {"mark": mark}
        answer = sent(browser, route, words)
        assert (answer.status, headline(answer)) == (403, FORM_EXPIRED), (mark, answer)
    answer = browser.send("POST", f"{address(route)}?mark={browser.mark}", FORM_TYPE, b"")
    assert answer.status in {400, 403}


def sent(browser: Browser, route: Route, words: dict[str, str]) -> Answer:
    if route.has_files:
        body = multipart(words, (("theirs.txt", b"x"),))
        return browser.send("POST", address(route), FILES_TYPE, body)
    return browser.send("POST", address(route), FORM_TYPE, urlencode(words).encode())


@pytest.mark.parametrize("route", POSTS, ids=lambda one: one.name)
def test_only_what_our_forms_send_is_read(browsers: dict[Role, Browser], route: Route) -> None:
    """What another site can send without being asked first (text/plain), and what looks like it."""
    browser = visitor_of(browsers, route)
    body = urlencode({"mark": browser.mark}).encode()
    for kind in (
        "text/plain", "application/json", "", "application/x-www-form-urlencodedx",
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x",
        "multipart/form-data; boundary=" + "x" * 3000, "multipart/form-data; charset=utf-7",
        "application/xml", "application/x-www-form-urlencoded\tx",
    ):  # fmt: skip
        answer = browser.send("POST", address(route), {"Content-Type": kind}, body)
        assert answer.status in {400, 403}, (kind, answer)
        assert_framed(answer, route)


def test_cookies_are_of_this_very_host_and_no_script_reads_them(staffed: Server) -> None:
    browser = Browser(staffed.instance.port)
    answers = [browser.send("GET", "/")]
    words = {"login": "amina", "password": password_of("amina"), "language": "fr", "next": "/"}
    answers += [browser.send_form(page, words) for page in ("/sign-in", "/language", "/sign-out")]
    cookies = [
        value for one in answers for name, value in one.headers if name.lower() == "set-cookie"
    ]
    assert {one.partition("=")[0] for one in cookies} == {SESSION, FORM, LANGUAGE}
    for cookie in cookies:
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= attributes
        assert cookie.startswith("__Host-")
        assert "domain" not in cookie.lower()


def test_cookies_of_neighbours_are_not_ours_and_hide_none_of_ours(staffed: Server) -> None:
    mine = signed_in(staffed, "amina").cookies[SESSION]
    caller = Browser(staffed.instance.port, cookies={}).caller
    ours = f"{SESSION}={mine}"
    for jar, is_in in (
        (ours, True),
        (f'tracker[1]={{"a": 1}}; {ours}', True),
        (f'a="b; {ours}; c=d', True),
        (f"=x; ;;; é=ü; {ours}", True),
        (f"{ours}; {SESSION}={secrets.token_urlsafe(32)}", True),
        (f"{'; '.join(f'c{n}=1' for n in range(300))}; {ours}", True),
        (f"abri={mine}", False),
        (f"__Secure-abri={mine}", False),
        (f"{SESSION.lower()}={mine}", False),
        (f"{SESSION}x={mine}", False),
        (f'{SESSION}="{mine}"', False),
        (f"x={ours}", False),
    ):
        answer = caller.ask("GET", "/devices", {"Cookie": jar})
        assert (answer.status == 200) == is_in, jar


# ── guessing ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", ["pages", "drive"])
def test_mistakes_on_the_pages_and_on_the_drive_count_together(staffed: Server, first: str) -> None:
    login = f"guessed-{first}"
    staffed.instance.add_person(login, "beneficiary", "Somebody")
    browser, drive = Browser(staffed.instance.port), staffed.instance.drive(login)
    wrong = staffed.instance.drive(login)
    browser.go("/")
    words = {"login": login, "password": password_of(login)}
    for number in range(6):
        if first == "pages":
            assert browser.send_form("/sign-in", {**words, "password": f"{number}"}).status == 403
        else:
            wrong.caller.password = f"{number}"
            assert wrong.propfind("/", "0").status == 401
    assert browser.send_form("/sign-in", words).status == 403
    assert drive.propfind("/", "0").status == 401
    assert SESSION not in browser.cookies


def test_whoever_leaves_a_structure_has_nothing_of_it_on_the_next_page(staffed: Server) -> None:
    staffed.instance.add_person("leaves", "professional", "Léa Vidal", "ccas-lyon")
    amina = staffed.instance.drive("amina")
    amina.mkcol("/team")
    amina.proppatch("/team", "{urn:x-abri:properties}category", "housing")
    seen_at = staffed.instance.seen_at(
        staffed.instance.grant("amina", "structure:ccas-lyon", "/team", "read")
    )
    browser = signed_in(staffed, "leaves")
    assert browser.go(f"/documents{quote(seen_at)}").status == 200
    staffed.instance.abri("person", "leave", "leaves", "--structure", "ccas-lyon")
    assert browser.go(f"/documents{quote(seen_at)}").status == 404
    browser.go("/people")
    assert "team" not in browser.page.xpath("//main//bdi/text()")


# ── what every answer carries ───────────────────────────────────────────────────────────────────


def assert_framed(answer: Answer, route: Route | None = None, *, kept: bool = False) -> None:
    """Run nothing, be framed by nobody, stay on no shared computer."""
    for name, value in ALWAYS:
        if name != "Content-Security-Policy":
            assert answer.header(name) == value, (route, name, answer)
    policy = answer.header("Content-Security-Policy")
    assert policy in {CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"}
    assert kept or answer.header("Cache-Control") == "no-store", (route, answer)


@pytest.mark.parametrize("route", GETS, ids=lambda one: one.name)
def test_every_page_and_every_error_carries_the_headers(
    browsers: dict[Role, Browser], route: Route
) -> None:
    browser, stranger = visitor_of(browsers, route), Browser(next(iter(browsers.values())).port)
    path = address(route)
    answers = [browser.send("GET", path), stranger.send("GET", path), browser.send("POST", path)]
    answers += [one.send("GET", path + "?" + "&" * 300) for one in (browser, stranger)]
    answers += [other.send("GET", path) for other in browsers.values()]
    for answer in answers:
        assert answer.status < 500
        assert_framed(answer, route)
        assert b"<script" not in answer.body
    head = browser.send("HEAD", path)
    again = browser.send("GET", path)
    own = {"date", "x-request-id", "content-length", "connection"}
    assert head.status == again.status
    assert {pair for pair in head.headers if pair[0].lower() not in own} == {
        pair for pair in again.headers if pair[0].lower() not in own
    }
    assert head.body == b""


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("page.html", "text/html", b"<script>alert(document.cookie)</script>"),
        ("picture.svg", "image/svg+xml", b'<svg xmlns="x" onload="alert(1)"/>'),
        ("x.xhtml", "application/xhtml+xml", b"<html/>"),
        ('";filename=x.html\r\nSet-Cookie: a=b', "text/html", b"x"),
        ("scan.pdf", "text/html;charset=utf-7", b"+ADw-script+AD4-"),
    ],
)
def test_somebodys_document_never_runs_as_a_page(
    staffed: Server, browsers: dict[Role, Browser], name: str, kind: str, content: bytes
) -> None:
    amina = staffed.instance.drive("amina")
    if amina.put(f"/{name}", content, Content_Type=kind).status != 201:
        assert "\r" in name, "a name that no document can have"
        return
    answer = browsers[Role.BENEFICIARY].send("GET", f"/download/{quote(name)}")
    assert answer.body == content
    assert (answer.header("Content-Disposition") or "").startswith("attachment; filename=")
    assert answer.header("Content-Security-Policy") == "default-src 'none'; sandbox"
    assert_framed(answer)


def test_styles_and_pictures_alone_are_kept(browsers: dict[Role, Browser]) -> None:
    browser = browsers[Role.BENEFICIARY]
    browser.go("/devices")
    for path in browser.page.xpath("//head/link/@href"):
        answer = browser.send("GET", str(path))
        assert answer.header("Cache-Control") == "public, max-age=31536000, immutable"
        assert_framed(answer, kept=True)


# ── odd requests ────────────────────────────────────────────────────────────────────────────────

ODD_PLACES = [
    "..", "../..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a/../../b", "./x", "%2e", "//x",
    "%00", "a%00b", "a%0d%0aSet-Cookie:x", "%c0%af", "%c0%ae%c0%ae", "%ff%fe", "%ed%a0%80", "a%5cb",
    "x" * 300, "x/" * 70, "a;b", "a%3fb", "%252e%252e", "%e2%80%ae", "CON", "~root", "-", "/",
]  # fmt: skip
TOPS = {"/": {200}}
"""What names the first folder."""


@pytest.mark.parametrize(
    "route", [one for one in GETS if "<path:place>" in one.rule], ids=lambda one: one.name
)
def test_odd_places_are_no_places(browsers: dict[Role, Browser], route: Route) -> None:
    for place in ODD_PLACES:
        path = route.rule.replace("<path:place>", place)
        for role in (Role.BENEFICIARY, Role.PROFESSIONAL):
            answer = browsers[role].send("GET", path)
            assert answer.status in {400, 404, *TOPS.get(place, ())}, (place, answer)
            assert_framed(answer, route)
    encoded = route.rule.replace("<path:place>", MINE.replace(".", "%2e"))
    assert browsers[Role.BENEFICIARY].send("GET", encoded).status == 200


@pytest.mark.parametrize("number", ["9" * 23, "9" * 5000, "-1", "٣", "0", "1e3"])
def test_a_number_that_no_row_has_is_no_fault_of_ours(
    browsers: dict[Role, Browser], number: str
) -> None:
    """The first is more than a database counts to, the second more than Python reads."""
    asked = quote(number)
    for role, path in (
        (Role.BENEFICIARY, f"/history?before={asked}"),
        (Role.BENEFICIARY, f"/documents/?page={asked}"),
        (Role.BENEFICIARY, f"/trash?page={asked}"),
        (Role.ADMINISTRATOR, f"/rules/earlier?before={asked}"),
    ):
        assert browsers[role].send("GET", path).status == 200, path


@pytest.mark.parametrize(
    "method", ["OPTIONS", "TRACE", "PROPFIND", "PUT", "DELETE", "MKCOL", "PATCH", "BREW", "CONNECT"]
)
def test_other_methods_do_nothing_on_pages(browsers: dict[Role, Browser], method: str) -> None:
    browser = browsers[Role.BENEFICIARY]
    for path in ("/documents/", f"/documents/{MINE}", f"/download/{MINE}", "/devices"):
        answer = browser.send(method, path, {"Content-Length": "0"})
        assert 200 <= answer.status < 500, answer
        assert answer.status >= 400 or method in {"OPTIONS", "PROPFIND"}, answer
        assert b"0123456789" not in answer.body
        assert MINE.encode() not in answer.body.replace(path.encode(), b"")


def test_a_page_that_is_asked_by_a_wrong_method_says_which_there_are(
    browsers: dict[Role, Browser],
) -> None:
    browser = browsers[Role.BENEFICIARY]
    answer = browser.send_form("/history", {})
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD")
    assert browser.send("GET", "/shares/end").header("Allow") == "POST"


def many(browser: Browser) -> Iterator[tuple[str, Callable[[], Answer], set[int]]]:
    """Much at once: what is sent, and which answers are good ones."""
    mark, long = browser.mark, "x" * 8192
    twice = f"mark={mark}&name=first&name=second"
    yield "long query", lambda: browser.send("GET", f"/history?only={long}"), {200, 400, 414}
    yield "many parameters", lambda: browser.send("GET", "/history?" + "a=1&" * 1500), {400, 414}
    fields = "&".join([f"mark={mark}", *(f"f{n}=1" for n in range(10_000))]).encode()
    yield "many fields", lambda: browser.send("POST", "/devices", FORM_TYPE, fields), {400, 413}
    big = f"mark={mark}&name={'x' * 70_000}".encode()
    yield "a long field", lambda: browser.send("POST", "/devices", FORM_TYPE, big), {413}
    parts = multipart({"mark": mark, **{f"f{n}": "1" for n in range(10_000)}}, ())
    yield "many parts", lambda: browser.send("POST", "/upload/", FILES_TYPE, parts), {400, 413}
    head = multipart({"mark": mark}, (("x" * 20_000, b"x"),))
    yield "a long name", lambda: browser.send("POST", "/upload/", FILES_TYPE, head), {400, 413}
    bytes_ = f"mark={mark}&name=%ff%fe".encode()
    yield "no text", lambda: browser.send("POST", "/devices", FORM_TYPE, bytes_), {400}
    yield "twice", lambda: browser.send("POST", "/devices", FORM_TYPE, twice.encode()), {200}


def test_too_much_and_the_same_twice_are_answered(staffed: Server) -> None:
    browser = signed_in(staffed, "bilal")
    for what, ask, good in many(browser):
        answer = ask()
        assert answer.status in good, (what, answer)
    browser.go("/devices")
    assert "first" in browser.text
    assert "second" not in browser.text


def test_nothing_that_was_tried_is_a_fault_of_ours(staffed: Server, amina: Drive) -> None:
    """After all of the above: what nobody expected would stand in the log."""
    assert amina.get(f"/{MINE}").body == b"0123456789"
    assert "application-error" not in staffed.log_text()
