"""One person before the pages and before the drive: what each of the two decides."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

from lxml import etree, html

from authn.credentials import Password, password_bytes
from davserver.domain.actions import Action, Category, Relation, Right
from davserver.domain.advice import advice
from davserver.domain.decisions import Denial, Target
from davserver.domain.errors import Reason
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.web.cookies import LANGUAGE, SESSION
from davserver.web.routes import Route
from davserver.wiring.services import Services
from tests.policy.matrix import NOT_THE_OWNERS, OF_THE_VIEWER
from tests.policy.specification import SEES_SENSITIVE, WRITES, Scene, owns
from tests.support.browser import Browser
from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import password_of
from tests.support.matrix_player import Player, Spot
from tests.support.matrix_stage import WHO, Stage

MESSAGE = "{http://sabredav.org/ns}message"
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Decision:
    """`why`: the sentence of a refusal, which names its reason and what would help."""

    outcome: str
    why: str = ""


ALLOWED, ABSENT, NOBODY = Decision("allowed"), Decision("absent"), Decision("nobody")
ENGLISH = {"Accept-Language": "en"}


def of_page(answer: Answer) -> Decision:
    """What the pages said."""
    target = answer.header("Location")
    if target is not None:
        return NOBODY if target.startswith("/?next=") else ALLOWED
    if answer.status < 400:
        return ALLOWED
    if answer.status == 404:
        return ABSENT
    if answer.status != 403:
        return Decision(str(answer.status))
    main = html.fromstring(answer.body).find(".//main")
    headline, sentence = main.findtext("h1"), main.findtext("p")
    return NOBODY if headline == "You are not signed in" else Decision("refused", sentence or "")


def of_drive(answer: Answer) -> Decision:
    """What the drive said."""
    if answer.status < 400:
        return ALLOWED
    if answer.status != 403:
        return {404: ABSENT, 401: NOBODY}.get(answer.status, Decision(str(answer.status)))
    return Decision("refused", etree.fromstring(answer.body).findtext(MESSAGE) or "")


@dataclass
class Visitor:
    """Whoever stands for a scene, at one address. `player` makes what is asked about, and the same
    person `at_home`, where no rule is in their way, what is their own; not `makes`: rules are in
    their way everywhere.
    """

    stage: Stage
    scene: Scene
    services: Services
    source: str = HERE
    login: str = ""
    makes: bool = True
    browser: Browser = field(init=False)
    drive: Drive = field(init=False)
    at_home: Drive = field(init=False)
    player: Player = field(init=False)

    def __post_init__(self) -> None:
        self.login = self.login or WHO[self.scene.relation]
        instance = self.stage.instance
        self.browser = Browser(instance.port, source=self.source)
        self.drive = instance.drive(self.login, source=self.source)
        self.at_home = instance.drive(self.login)
        self.player = Player(self.stage, self.scene)
        if self.scene.role == "nobody":
            self.drive.caller.login = None
        self.comes()

    def comes(self) -> None:
        """With a browser that knows nothing yet."""
        self.browser.cookies = {LANGUAGE: "en"}
        if self.scene.role == "nobody":
            return
        answer = self.browser.sign_in(self.login, password_of(self.login))
        assert SESSION in self.browser.cookies, answer

    def close(self) -> None:
        self.browser.caller.close()
        self.drive.caller.close()
        self.at_home.caller.close()
        self.player.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── what is asked about ─────────────────────────────────────────────────────────────────────

    def meets(self, thing: str) -> bool:
        """Whether there can be such a thing for them."""
        if thing in NOT_THE_OWNERS and owns(self.scene):
            return False
        if thing == "granted file" and self.scene.right == "deposit":
            return False
        makes = self.makes and self.scene.right in WRITES and self._sees()
        return thing not in OF_THE_VIEWER or makes

    def _sees(self) -> bool:
        return self.scene.category == "ordinary" or self.scene.relation in SEES_SENSITIVE

    def spot(self, thing: str, *, anew: bool = False) -> Spot:
        if thing == "removed":
            return self._removed()
        if anew:
            self.player.forget(thing)
        return self.player.spot(thing)

    def _removed(self) -> Spot:
        """Where a file was that is in its owner's trash."""
        spot = self.spot("file", anew=True)
        self.player.owner.delete(spot.owner)
        self.player.forget("file")
        return spot

    @property
    def structure(self) -> str:
        """Where they work, by its short name."""
        memberships = self._who().memberships
        return memberships[0].structure.slug if memberships else ""

    def own_folder(self) -> str:
        path = f"/{self.free_name()}"
        assert self.at_home.mkcol(path).status == 201
        return path

    def in_trash(self) -> str:
        """The id of something of theirs that is there."""
        path = self.own_folder()
        found = self.at_home.id_of(path)
        assert self.at_home.delete(path).status == 204
        return found

    def shares(self, to: str) -> str:
        """The id of a new share of something of theirs."""
        now, sharing = self.services.clock(), self.services.sharing
        giver = self.services.people.operator_for(self.login, "tests", now)
        made = sharing.add(
            giver, to=sharing.grantee(to), path=DrivePath.parse(self.own_folder()),
            right=Right.READ, until=None, now=now,
        )  # fmt: skip
        return made.id.hex()

    def device(self) -> str:
        """The id of a new one."""
        people, now = self.services.people, self.services.clock()
        operator = people.operator("tests", now)
        return people.add_app_password(operator, self.login, "a telephone", now).id.hex()

    def free_name(self) -> str:
        return f"new-{next(self.stage.numbers):05}"

    # ── the pages ───────────────────────────────────────────────────────────────────────────────

    def get(self, path: str) -> Answer:
        return self.browser.send("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        if not self.browser.mark:
            self.browser.go("/")
        return self.browser.send_form(path, fields)

    def upload(self, path: str, *files: tuple[str, bytes]) -> Answer:
        return self.browser.send_files(path, *files)

    def tries(self, route: Route) -> Answer:
        """The row's address, without anything to say."""
        path = re.sub("<[^>]*>", "x", route.rule)
        if route.method == "GET":
            return self.get(path)
        return self.upload(path) if route.has_files else self.post(path)

    # ── the decider ─────────────────────────────────────────────────────────────────────────────

    def asked(self, action: Action, relation: Relation) -> Decision:
        """What the rules decide about this person's own vault or account, about people of the
        structure that they manage, or about everybody's.
        """
        who, now = self._who(), self.services.clock()
        mine = relation is Relation.OWNER
        manages = relation is Relation.MANAGES and who.memberships
        structure = who.memberships[0].structure if manages else None
        target = Target(
            who.vault if mine else None,
            relation,
            Category.UNCLASSIFIED,
            structure=structure,
            person=who.id if mine else None,
        )
        tools = self.services.sharing._tools
        with self.services.db.read() as tx:
            judge = tools.policy.judge(tx, who.epoch.policy)
            decision = judge.decide(who, action, target, now)
        if not isinstance(decision, Denial):
            return ALLOWED
        if decision.reason is Reason.NO_GRANT:
            return ABSENT
        return Decision("refused", advice(decision.reason, "en", decision.remedy))

    def _who(self) -> Principal:
        now = self.services.clock()
        proof = Password(self.login, password_bytes(password_of(self.login)))
        return self.services.login.sign_in(proof, self.source, now)

    # ── the drive ───────────────────────────────────────────────────────────────────────────────

    def adds(self, method: str, folder: str, body: bytes | None = None) -> Answer:
        """Something new in it."""
        return self.does(method, f"{folder.rstrip('/')}/{self.free_name()}", body=body)

    def does(self, method: str, path: str, to: str = "", body: bytes | None = None) -> Answer:
        headers = {**ENGLISH, "Accept": "application/xml"}
        if to:
            headers |= {"Destination": self.drive.url(to), "Overwrite": "F"}
        return self.drive.ask(method, path, headers, body)

    def finds(self, path: str) -> Answer:
        return self.drive.ask("PROPFIND", path, {**ENGLISH, "Depth": "1"})


def page_link(page: str, path: str) -> str:
    return f"/{page}{quote(path, safe='/')}"
