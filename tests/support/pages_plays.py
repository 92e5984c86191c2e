"""How each row of `davserver.web.routes.ROUTES` is played, by the row's name.

A new page needs one line in PLAYS. `page` is what a browser sends. What it is compared with:

* `drive`: the same thing, done over the drive by the same person, for each of `things`;
* otherwise, the decider's answer for the row's action and the relation `as_what`;
* `both`: the drive's answer and, where that is yes, the decider's.

Whoever is not of the row's audience must find that the page does not exist, and a stranger must be
asked to sign in: nothing needs to be said about them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from davserver.domain.actions import Action, Relation, Right
from davserver.domain.conditions import NONE
from davserver.domain.ids import RequestId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Person, Role
from davserver.gate.affiliations.affiliations import Wish
from davserver.gate.people.people import PersonToAdd
from davserver.gate.sharing.offers import OfferView
from davserver.gate.sharing.offers import Wish as OfferWish
from davserver.web.assets import STYLE
from davserver.web.routes import Route
from tests.support.cast import OTHER_STRUCTURE as ASSO
from tests.support.http import Answer
from tests.support.instance import password_of
from tests.support.matrix_player import Spot
from tests.support.offering import asking_first
from tests.support.pages_visitor import ABSENT, ALLOWED, Decision, Visitor, of_drive, page_link

Ask = Callable[[Visitor, Spot], Answer]

INSIDE = ("folder", "file", "own folder", "own file", "sensitive file", "locked file")
FILLED_IN_WRONG = Decision("400")
GONE = ("free", "free in nothing", "outside", "removed")
TOPS = ("granted folder", "granted file", "person folder", "beside")
"""What owners know as something else (tests.policy.matrix)."""

MOVED = ("file", "own file", "own folder", "sensitive file", "locked file", "free", "removed")
FOLDERS = ("folder", "own folder", "granted folder", "person folder")
FILES = ("file", "own file", "granted file", "sensitive file", "locked file")


@dataclass(frozen=True)
class Play:
    """`uses_up`: it changes or takes away what it is about, so that each side is given its own.
    `of_absent`: what the page says where nothing is, if not that; `of_allowed`: where the rules say
    yes, if not that. `also`: what the decider is asked besides the row's own action. `by`: who can
    do such a thing at all.
    """

    page: Ask
    drive: Ask | None = None
    things: tuple[str, ...] = ()
    as_what: Relation = Relation.OWNER
    also: tuple[Action, ...] = ()
    by: Callable[[Visitor], bool] = lambda _: True
    both: bool = False
    uses_up: bool = False
    of_absent: Decision = ABSENT
    of_allowed: Decision = ALLOWED


def get(path: str) -> Ask:
    return lambda visitor, _: visitor.get(path)


def post(path: str, **fields: str) -> Ask:
    return lambda visitor, _: visitor.post(path, **fields)


def shows(page: str) -> Ask:
    """A page about a place, by its address."""
    return lambda visitor, spot: visitor.get(page_link(page, spot.viewer))


def sends(page: str, **fields: str) -> Ask:
    return lambda visitor, spot: visitor.post(page_link(page, spot.viewer), **fields)


def finds(visitor: Visitor, spot: Spot) -> Answer:
    return visitor.finds(spot.viewer)


def does(method: str, body: bytes | None = None) -> Ask:
    return lambda visitor, spot: visitor.does(method, spot.viewer, body=body)


# ── documents ───────────────────────────────────────────────────────────────────────────────────


def _uploads(visitor: Visitor, spot: Spot) -> Answer:
    files = (visitor.free_name(), b"new")
    return visitor.upload(page_link("upload", spot.viewer), files)


def _puts(visitor: Visitor, spot: Spot) -> Answer:
    return visitor.adds("PUT", spot.viewer, b"new")


def _makes(visitor: Visitor, spot: Spot) -> Answer:
    return visitor.post(page_link("new-folder", spot.viewer), name=visitor.free_name())


def _mkcols(visitor: Visitor, spot: Spot) -> Answer:
    return visitor.adds("MKCOL", spot.viewer)


def _renames(visitor: Visitor, spot: Spot) -> Answer:
    return visitor.post(page_link("rename", spot.viewer), name=visitor.free_name())


def _moves_beside(visitor: Visitor, spot: Spot) -> Answer:
    return visitor.does("MOVE", spot.viewer, f"{parent_of(spot)}/{visitor.free_name()}")


def parent_of(spot: Spot) -> str:
    return spot.viewer.rpartition("/")[0]


def _moves(visitor: Visitor, spot: Spot) -> Answer:
    goal = visitor.player.spot("folder", "goal").viewer
    return visitor.post(page_link("move", spot.viewer), to=goal)


def _moves_into(visitor: Visitor, spot: Spot) -> Answer:
    goal = visitor.player.spot("folder", "goal").viewer
    return visitor.does("MOVE", spot.viewer, f"{goal}/{spot.viewer.rpartition('/')[2]}")


def _restores_version(visitor: Visitor, spot: Spot) -> Answer:
    visitor.player.owner.put(spot.owner, b"changed")
    listed = visitor.get(page_link("versions", spot.viewer)).text()
    number = re.search('name="number" value="([0-9]+)"', listed)
    return visitor.post(page_link("versions", spot.viewer), number=number[1] if number else "1")


def _replaces(visitor: Visitor, spot: Spot) -> Answer:
    """What is there."""
    found = finds(visitor, spot)
    return found if of_drive(found) == ABSENT else visitor.does("PUT", spot.viewer, body=b"new")


def _restores(visitor: Visitor, _: Spot) -> Answer:
    return visitor.post("/trash", node=visitor.in_trash())


def _takes_back(visitor: Visitor, _: Spot) -> Answer:
    """Something that may be taken back, where there is any."""
    listed = visitor.get("/put-in")
    node = re.search('name="node" value="([0-9a-f]+)"', listed.text())
    return visitor.post("/put-in", sure="1", node=node[1]) if node else listed


# ── sharing ─────────────────────────────────────────────────────────────────────────────────────


def _ends(visitor: Visitor, _: Spot) -> Answer:
    return visitor.post("/shares/end", grant=visitor.shares("zoe"))


def _answers(word: str) -> Ask:
    """To a request for an affiliation."""

    def ask(visitor: Visitor, _: Spot) -> Answer:
        return visitor.post(f"/affiliations/{word}", request=_requested(visitor).hex())

    return ask


def _requested(visitor: Visitor) -> RequestId:
    """By somebody who has not asked before."""
    # First: their place begins with them, and nobody asks before it does.
    login, to = _newcomer(visitor, ASSO).login, visitor.services
    now = to.clock()
    asking = to.people.operator_for(login, "tests", now)
    return to.affiliations.request(asking, Wish(ASSO, visitor.login), now).id


def _leaves(visitor: Visitor, _: Spot) -> Answer:
    request = _requested(visitor)
    to, now = visitor.services, visitor.services.clock()
    owner = to.people.operator_for(visitor.login, "tests", now)
    to.affiliations.confirm(owner, request, now)
    return visitor.post("/affiliations/end", structure=ASSO)


def _asks(visitor: Visitor, _: Spot) -> Answer:
    return visitor.post(
        "/accompanied/requests", structure=visitor.structure, login=visitor.free_name()
    )


def _releases(visitor: Visitor, _: Spot) -> Answer:
    """Nobody whom they accompany: that is as if it were done."""
    return visitor.post("/accompanied/end", sure="1", structure=visitor.structure, login="bilal")


def _sided(path: str) -> Ask:
    """For where they work, else for themselves."""
    return lambda visitor, _: visitor.post(path, side=visitor.structure)


def _answers_offer(word: str) -> Ask:
    """To what an operator would share in their name."""

    def ask(visitor: Visitor, _: Spot) -> Answer:
        made = _offered(visitor)
        return visitor.post(f"/offers/{word}", offer=made.id.hex(), shown=made.shown)

    return ask


def _offered(visitor: Visitor) -> OfferView:
    to, now = visitor.services, visitor.services.clock()
    operator = to.people.operator_for(visitor.login, "tests", now)
    path = DrivePath.parse(f"/{visitor.free_name()}")
    to.writing.make_folder(operator, path, NONE, now)
    wish = OfferWish(to.sharing.grantee("zoe"), path, Right.READ, None, None, "")
    made = asking_first(to.offers).share(operator, wish, now)
    assert isinstance(made, OfferView)
    return made


# ── a team ──────────────────────────────────────────────────────────────────────────────────────


def _of_team(rest: str = "") -> Ask:
    return lambda visitor, _: visitor.get(f"/teams/{visitor.structure}{rest}")


def _adds(visitor: Visitor, _: Spot) -> Answer:
    login = _newcomer(visitor).login
    return visitor.post(f"/teams/{visitor.structure}/add", sure="1", login=login)


def _looks_who_leaves(visitor: Visitor, _: Spot) -> Answer:
    return visitor.get(_end(visitor))


def _takes_out(visitor: Visitor, _: Spot) -> Answer:
    return visitor.post(_end(visitor))


def _end(visitor: Visitor) -> str:
    """The page about the end of somebody new."""
    where = visitor.structure
    return f"/teams/{where}/end/{_newcomer(visitor, where).id.hex()}"


def _newcomer(visitor: Visitor, *structures: str) -> Person:
    to, now = visitor.services, visitor.services.clock()
    new = PersonToAdd(visitor.free_name(), Role.PROFESSIONAL, "Somebody New", structures)
    return to.people.add_person(to.people.operator("tests", now), new, now)


# ── in and out ──────────────────────────────────────────────────────────────────────────────────


def _signs_in(visitor: Visitor, _: Spot) -> Answer:
    """Once more, in the same browser; another visit follows."""
    word = password_of(visitor.login)
    answer = visitor.post("/sign-in", login=visitor.login, password=word)
    visitor.comes()
    return answer


def _goes(path: str) -> Ask:
    """Another visit follows."""

    def ask(visitor: Visitor, _: Spot) -> Answer:
        answer = visitor.post(path)
        visitor.comes()
        return answer

    return ask


def _ends_device(visitor: Visitor, _: Spot) -> Answer:
    return visitor.post("/devices/end", device=visitor.device())


def _sets_password(visitor: Visitor, _: Spot) -> Answer:
    """The same one again: whoever plays next knows it."""
    word = password_of(visitor.login)
    return visitor.post("/password", old=word, new=word, again=word)


PLAYS: dict[str, Play] = {
    "entrance": Play(get("/")),
    "sign-in": Play(_signs_in),
    "language": Play(post("/language", language="en", next="/")),
    "static": Play(get(STYLE.path)),
    "sign-out": Play(_goes("/sign-out")),
    "sign-out-all": Play(_goes("/sign-out-everywhere")),
    # ── documents ───────────────────────────────────────────────────────────────────────────────
    "drive": Play(get("/documents/"), finds, ("drive root",)),
    "documents": Play(shows("documents"), finds, (*INSIDE, *GONE, *TOPS)),
    "download": Play(shows("download"), does("GET"), (*FILES, *GONE, "beside")),
    "upload": Play(_uploads, _puts, (*FOLDERS, *GONE, "file", "beside")),
    "upload-top": Play(_uploads, _puts, ("drive root",)),
    "new-folder-top": Play(_makes, _mkcols, ("drive root",)),
    "new-folder": Play(_makes, _mkcols, (*FOLDERS, *GONE, "file", "beside")),
    "rename": Play(_renames, _moves_beside, (*MOVED, "granted folder", "outside"), uses_up=True),
    "move-to": Play(shows("move"), finds, ("file", "granted folder", "beside", *GONE)),
    "move": Play(_moves, _moves_into, (*MOVED, "granted file", "beside"), uses_up=True),
    "remove": Play(
        sends("remove"), does("DELETE"), (*INSIDE, *GONE, *TOPS), uses_up=True, of_absent=ALLOWED
    ),
    "versions": Play(shows("versions"), does("GET"), (*FILES, *GONE)),
    "restore-version": Play(_restores_version, _replaces, FILES, uses_up=True),
    "trash": Play(get("/trash")),
    "restore": Play(_restores),
    "put-in": Play(get("/put-in"), finds, ("drive root",)),
    "recall": Play(_takes_back, finds, ("drive root",), uses_up=True),
    "people": Play(get("/people"), finds, ("drive root",)),
    # ── sharing ─────────────────────────────────────────────────────────────────────────────────
    "share": Play(shows("share"), finds, (*INSIDE, *GONE)),
    "give": Play(
        sends("share", sure="1", to="zoe", right="read"), finds, (*INSIDE, *GONE), both=True,
        uses_up=True,
    ),
    "who": Play(shows("who"), finds, (*INSIDE, *GONE)),
    "shares": Play(get("/shares")),
    "end-share": Play(_ends),
    "end-shares": Play(post("/shares/end-all", purpose="Dalo")),
    "history": Play(get("/history")),
    "offers": Play(get("/offers")),
    "accept-offer": Play(_answers_offer("accept")),
    "refuse-offer": Play(_answers_offer("refuse")),
    "affiliations": Play(get("/affiliations")),
    "accept": Play(_answers("accept")),
    "refuse": Play(_answers("refuse")),
    "leave": Play(_leaves),
    "accompanied": Play(get("/accompanied")),
    "release": Play(_releases),
    "requests": Play(get("/accompanied/requests")),
    "request": Play(_asks, by=lambda visitor: bool(visitor.structure)),
    "use-code": Play(
        post("/accompanied/code", request="00" * 16, code="1234 5678"), of_allowed=FILLED_IN_WRONG
    ),
    "code": Play(get("/code")),
    "make-code": Play(_sided("/code")),
    "end-code": Play(_sided("/code/end")),
    "take-away": Play(get("/take-away"), also=(Action.AUDIT,)),
    "parcel": Play(post("/take-away"), also=(Action.AUDIT,)),
    # ── my team ─────────────────────────────────────────────────────────────────────────────────
    "teams": Play(get("/teams"), as_what=Relation.MANAGES),
    "team": Play(_of_team(), as_what=Relation.MANAGES),
    "add-to-team": Play(_of_team("/add"), as_what=Relation.MANAGES),
    "add-member": Play(_adds, as_what=Relation.MANAGES),
    "take-out": Play(_looks_who_leaves, as_what=Relation.MANAGES),
    "end-member": Play(_takes_out, as_what=Relation.MANAGES),
    # ── looking after the service ───────────────────────────────────────────────────────────────
    "overview": Play(get("/overview"), as_what=Relation.NONE),
    "rules": Play(get("/rules"), as_what=Relation.NONE),
    "rules-earlier": Play(get("/rules/earlier"), as_what=Relation.NONE),
    "refusals": Play(get("/refusals"), as_what=Relation.NONE),
    "health": Play(get("/health"), as_what=Relation.NONE),
    # ── my account ──────────────────────────────────────────────────────────────────────────────
    "devices": Play(get("/devices")),
    "add-device": Play(post("/devices", name="a telephone")),
    "end-device": Play(_ends_device),
    "password": Play(get("/password")),
    "set-password": Play(_sets_password),
}  # fmt: skip


def decided(visitor: Visitor, route: Route, play: Play, thing: str) -> Decision:
    """What the page should say, by the drive and the decider."""
    if play.drive is None:
        return ruled(visitor, route, play)
    found = of_drive(play.drive(visitor, visitor.spot(thing, anew=play.uses_up)))
    if found == ALLOWED and play.both:
        return ruled(visitor, route, play)
    return play.of_absent if found == ABSENT else found


def ruled(visitor: Visitor, route: Route, play: Play) -> Decision:
    asked = (*([route.action] if route.action else []), *play.also)
    answers = (visitor.asked(action, play.as_what) for action in asked)
    return next((one for one in answers if one != ALLOWED), play.of_allowed)
