"""What people come to the pages for, step by step; each is played on every screen.

A new one is a function of a visitor, added to JOURNEYS: it goes, fills in, presses, and looks.
A page without a blank in its address is looked at anyway, as each of those whom it is for.
"""

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

from davserver.domain.actions import Right
from davserver.domain.people import Role
from davserver.web.routes import ROUTES, Route
from tests.support.instance import password_of
from tests.support.offering import offered_on
from tests.support.pages_people import MANY, PAPERS, PURPOSE, ROLES, fill, share
from tests.support.screens import TELEPHONE, Visitor

Journey = Callable[[Visitor], None]
NEW = "/Réf"
HERE = quote(NEW)


def signing_in(v: Visitor) -> None:
    login = v.login("amina")
    v.go("/")
    v.speak()
    v.look("sign-in")
    v.submit("/sign-in", login=login, password="another")
    v.look("not-let-in", 403)
    v.submit("/sign-in", login=login, password=password_of(login))
    assert v.page.url.endswith("/documents/")
    v.look("empty-safe")
    if v.screen.size is TELEPHONE:
        v.page.click("summary")
        v.look("menu")
    fill(v.server.instance, login, v.login("karim"))


def documents(v: Visitor) -> None:
    v.go("/documents/")
    v.submit("/new-folder/", name="a/b")
    v.look("new-folder-wrong", 400)
    v.submit("/new-folder/", name=NEW[1:])
    v.look("documents")
    v.follow(f"/documents{HERE}")
    v.look("empty-folder")
    v.page.set_input_files("#files", v.files)
    with v.page.expect_navigation():
        v.page.locator(f"main form[action='/upload{HERE}'] button").first.click()
    v.look("folder")
    v.go(f"/documents{MANY}")
    v.look("folder-of-many")


def around_a_document(v: Visitor) -> None:
    first, *_ = (quote(f"{NEW}/{file.name}") for file in v.files)
    v.go(f"/documents{first}")
    v.look("document")
    with v.page.expect_download() as coming:
        v.page.click("main a[download]")
    assert Path(coming.value.path()).read_bytes() == v.files[0].read_bytes()
    v.submit(f"/rename{first}", name=v.files[1].name)
    v.look("rename-taken", 409)
    v.submit(f"/rename{first}", name="bail.pdf")
    v.go(f"/move{HERE}/bail.pdf?in={NEW}")
    v.follow("?in=/")
    v.look("move")
    v.submit(f"/move{HERE}/bail.pdf")
    v.look("moved")
    v.go("/documents/bail.pdf")
    v.submit("/remove/bail.pdf")
    v.go("/trash")
    v.look("trash")
    v.submit("/trash")
    v.go(f"/versions{PAPERS}/bail.pdf")
    v.look("versions")
    v.submit(f"/versions{PAPERS}/bail.pdf")


def sharing(v: Visitor) -> None:
    v.go(f"/share{HERE}")
    v.submit(f"/share{HERE}", to="nobody-of-this-name")
    v.look("share-wrong", 400)
    v.submit(f"/share{HERE}", to=v.login("zoe"), until="2099-01-31", purpose=PURPOSE)
    v.look("share-sure")
    v.submit(f"/share{HERE}")
    v.look("who")
    v.submit("/shares/end")
    v.look("nobody")
    v.go("/shares")
    v.look("shares")
    shares = v.page.locator("main button[name=grant]")
    assert shares.count() == 3
    v.page.locator("main button[name=purpose]").focus()
    with v.page.expect_navigation():
        v.page.click("main button[name=purpose]")
    assert shares.count() == 1
    v.go(f"/share{HERE}")
    v.submit(f"/share{HERE}", to=v.login("karim"))
    v.submit(f"/share{HERE}")
    v.go("/shares")
    with v.page.expect_navigation():
        v.page.click("main button[name=to]")
    assert shares.count() == 0
    v.look("shares-ended")


def history(v: Visitor) -> None:
    v.go("/history")
    v.look("history")
    with v.page.expect_navigation():
        v.page.click("main a[rel=next]")
    v.look("history-before")
    v.follow("?only=refused")
    v.look("history-of-nothing")


def offers(v: Visitor) -> None:
    """What an operator would share in somebody's name waits for them."""
    instance, owner = v.server.instance, v.login("amina")
    until = datetime.fromisoformat("2099-02-01T00:00+01:00")
    offered_on(
        instance, PAPERS, owner, v.login("zoe"), right=Right.WRITE, until=until, purpose=PURPOSE
    )
    for path in (PAPERS, MANY):
        offered_on(instance, path, owner, v.login("karim"), right=Right.DEPOSIT)
    v.go("/documents/")
    v.look("asked-by-operator")
    v.follow("/offers")
    v.look("offers")
    v.submit("/offers/accept")
    v.look("offer-accepted")
    for _ in range(2):
        v.submit("/offers/refuse")
    v.look("no-offer")
    v.go("/shares")
    v.submit("/shares/end")


def affiliations(v: Visitor) -> None:
    v.go("/affiliations")
    v.look("asked")
    v.submit("/affiliations/accept")
    v.submit("/affiliations/refuse")
    v.look("accompanied-by")
    v.submit("/affiliations/end")


def devices_and_password(v: Visitor) -> None:
    login = v.login("amina")
    v.go("/devices")
    v.submit("/devices", name="xx\u202e", until="")
    v.look("device-wrong", 400)
    v.submit("/devices", name="xx", until="")
    assert v.page.locator("main code").count() == 3
    v.look("device")
    v.submit("/devices/end")
    v.go("/password")
    v.submit("/password", old="another", new="four words of hers", again="four words of hers")
    v.look("password-wrong", 400)
    new = "four words of hers"
    v.submit("/password", old=password_of(login), new=new, again=new)
    v.passwords[login] = new
    v.look("password-changed")


def taking_everything_away(v: Visitor) -> None:
    v.go("/take-away")
    v.look("take-away")
    with v.page.expect_download() as coming:
        v.page.click("main button")
    with zipfile.ZipFile(coming.value.path()) as parcel:
        assert f"documents{PAPERS}/bail.pdf" in parcel.namelist()


def lost_and_out(v: Visitor) -> None:
    v.go("/documents/nothing-here")
    v.look("nothing-here", 404)
    v.follow("/")
    v.go("/devices")
    v.submit("/sign-out-everywhere")
    v.go("/documents/")
    assert urlsplit(v.page.url).query == "next=/documents/"
    assert v.page.locator("#password").count() == 1


def with_the_keyboard_alone(v: Visitor) -> None:
    """And one sees where one is at each step."""
    keys, page, login = v.page.keyboard, v.page, v.login("amina")
    v.go("/")
    page.wait_for_selector("#login:focus")
    keys.type(login)
    keys.press("Tab")
    keys.type(v.passwords[login])
    v.press_enter()
    keys.press("Tab")
    assert v.outlined() == "a#main"
    keys.press("Enter")
    page.wait_for_url("**/documents/#main")
    v.tab_to(f"a/documents{PAPERS}")
    v.press_enter()
    v.tab_to(f"a/share{PAPERS}")
    v.press_enter()
    v.tab_to("inputto")
    keys.type(v.login("zoe"))
    v.tab_to("button")
    v.press_enter()
    v.tab_to("button")
    v.press_enter()
    assert urlsplit(page.url).path == f"/who{PAPERS}"


def professional(v: Visitor) -> None:
    v.become(v.login("zoe"))
    v.go("/people")
    v.look("nobody-shares")
    reader = v.login("karim")
    share(v.server.instance, v.login("amina"), reader, [(PAPERS, "")])
    v.become(reader)
    v.go("/people")
    v.look("people")
    papers = str(v.page.locator("main li a").first.get_attribute("href"))
    v.follow(papers)
    v.look("shared-folder")
    v.page.set_input_files("#files", v.files[:1])
    upload = papers.replace("/documents/", "/upload/")
    with v.page.expect_navigation():
        v.page.locator(f"main form[action='{upload}'] button").first.click()
    v.look("receipt")
    mine = f"{papers}/{quote(v.files[0].name)}"
    v.go(mine)
    v.look("shared-document")
    v.submit(mine.replace("/documents/", "/remove/"))
    v.go("/accompanied/requests")
    v.submit("/accompanied/requests", login=" ")
    v.look("request-wrong", 400)
    v.submit("/accompanied/requests", login=v.login("zoe"))
    v.look("requested")


def a_code_and_taking_back(v: Visitor) -> None:
    """What the professional put in before goes out of the safe for good."""
    v.become(v.login("karim"))
    v.go("/code")
    v.submit("/code")
    v.own.append(v.page.inner_text("main code.large"))
    v.look("code")
    v.go("/accompanied/requests")
    v.submit("/accompanied/code", code="1234 5678")
    v.look("code-wrong", 400)
    v.go("/put-in")
    v.look("put-in")
    v.submit("/put-in")
    v.look("take-back")
    v.submit("/put-in")
    v.look("taken-back")


def manager(v: Visitor) -> None:
    v.become(v.login("mireille"))
    team = f"/teams/foyer-{v.screen.name}"
    v.go(team)
    v.look("team")
    v.follow(f"{team}/add")
    v.submit(f"{team}/add", login=v.login("amina"))
    v.look("nobody-to-add", 400)
    v.submit(f"{team}/add", login=v.login("zoe"))
    v.look("add")
    v.submit(f"{team}/add")
    v.look("added")
    with v.page.expect_navigation():
        v.page.locator("main li", has_text="Zoé Petit").locator("a").click()
    v.look("take-out")
    with v.page.expect_navigation():
        v.page.click("main button.danger")
    v.look("taken-out")


def administrator(v: Visitor) -> None:
    v.become(v.login("admin"))
    v.go("/overview")
    v.look("overview")
    for name in ("rules", "refusals", "health"):
        v.follow(f"/{name}")
        v.look(name)
        v.go("/overview")


def every_other_page(v: Visitor) -> None:
    """Pages whose address has no blank, as the first role that may see them."""
    for name, (role, _, _) in ROLES.items():
        for path in sorted(plain_pages(role) - v.seen):
            v.become(v.login(name))
            v.go(path)
            v.look(f"{name}{path.replace('/', '-')}")


def plain_pages(role: Role) -> set[str]:
    return {
        route.rule
        for route in ROUTES
        if route.method == "GET" and "<" not in route.rule and role in (route.audience or ())
    }


JOURNEYS: list[Journey] = [
    signing_in, documents, around_a_document, sharing, history, offers, affiliations,
    devices_and_password, taking_everything_away, lost_and_out, with_the_keyboard_alone,
    professional, a_code_and_taking_back, manager, administrator, every_other_page,
]  # fmt: skip

NEVER_SHOWN = {"download", "static", "teams"}
"""A file, and one that leads on to another."""


def not_looked_at(v: Visitor) -> set[str]:
    """Pages that no journey came to."""
    return {
        route.name
        for route in ROUTES
        if route.method == "GET" and not any(_is_of(route, path) for path in v.seen)
    } - NEVER_SHOWN


def _is_of(route: Route, path: str) -> bool:
    rule = re.sub(r"<path:\w+>", ".+", route.rule)
    return re.fullmatch(re.sub(r"<\w+>", "[^/]+", rule), path) is not None
