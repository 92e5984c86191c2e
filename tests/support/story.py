"""A story that happens at random, on few names so that they collide: who is in it, what they know,
and how what they do is told to two worlds at once. A seed tells it again.
"""

import random
import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote

from davserver.domain.ids import GrantId
from tests.support.cast import CCAS, OTHER_STRUCTURE
from tests.support.http import basic
from tests.support.side_by_side import Answer, Deed, Different, SideBySide

OWNERS, STAFF, REST = ("amina", "bilal"), ("karim", "zoe", "lea"), ("mireille",)
EVERYBODY = (*OWNERS, *STAFF, *REST)
TEAMS = (CCAS, OTHER_STRUCTURE)
FOLDERS = ("A", "B", "Santé", "A (2)")
FILES = ("x.txt", "y.pdf", "x (2).txt", "X.txt", ".~lock.x.odt#", ".goutputstream-1")
CATEGORIES = ("identity", "housing", "health", "justice", "family", "work", "")
PEOPLE_AT_HOME, ELSEWHERE = "127.0.0.1", "127.0.0.9"
WORDS = ("mot de passe numéro un", "mot de passe numéro deux")
NO_DEVICE = f"abri_{'0' * 32}_{'a' * 32}"

ALL = b""
LIVE = (
    b'<D:propfind xmlns:D="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:a="urn:x-abri:properties">'
    b"<D:prop><D:getetag/><D:getlastmodified/><D:getcontentlength/><D:resourcetype/>"
    b"<D:lockdiscovery/><D:supportedlock/><oc:permissions/><oc:id/><oc:checksums/><a:category/>"
    b"<D:quota-available-bytes/><D:quota-used-bytes/><D:current-user-privilege-set/>"
    b'<z:colour xmlns:z="urn:z"/></D:prop></D:propfind>'
)
NAMES = b'<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>'
_HREF = re.compile(r"<D:href>([^<]*)</D:href>")
_QUESTIONS = (
    ("GET", {}, b""), ("GET", {"RANGE": "bytes=1-3"}, b""), ("HEAD", {}, b""),
    ("PROPFIND", {"DEPTH": "0"}, LIVE), ("PROPFIND", {"DEPTH": "1"}, LIVE),
    ("PROPFIND", {"DEPTH": "1"}, ALL), ("PROPFIND", {"DEPTH": "1"}, LIVE),
    ("PROPFIND", {"DEPTH": "0"}, NAMES),
)  # fmt: skip


@dataclass
class Somebody:
    login: str
    says: dict[str, str] = field(default_factory=dict)
    """What they sign in with: a password, and app passwords by the id that revokes them."""
    hrefs: set[str] = field(default_factory=lambda: {"/dav/"})
    """What they have seen in listings."""
    etags: list[str] = field(default_factory=list)
    locks: list[tuple[str, str]] = field(default_factory=list)
    is_blocked: bool = False


class Story:
    def __init__(self, worlds: SideBySide, seed: int) -> None:
        self.worlds = worlds
        self.dice = random.Random(seed)
        self.people = {login: Somebody(login) for login in EVERYBODY}
        self.grants: list[GrantId] = []
        self.told: list[str] = []
        self._absent: dict[tuple[object, ...], tuple[object, ...]] = {}

    def request(
        self, login: str, method: str, path: str, body: bytes = b"", **headers: str
    ) -> Answer:
        self.told.append(f"{login} {method} {path} {headers}")
        answer = self.worlds.request(
            self.dice.randrange(2), self._authorization(login), method, path, body, headers
        )
        self.told[-1] += f" → {answer[0]}"
        self._learn(login, method, path, answer)
        return answer

    def ask(self) -> None:
        login = self.anybody()
        method, headers, body = self.dice.choice(_QUESTIONS)
        path = self.folder(login) if method == "PROPFIND" else self.path(login, a_file=True)
        self.told.append(f"{login} asks {method} {path}")
        answer = self.worlds.question(
            self._authorization(login, is_asked=True), method, path, body, headers
        )
        self.told[-1] += f" → {answer[0]}"
        self._learn(login, method, path, answer)

    def _learn(self, login: str, method: str, path: str, answer: Answer) -> None:
        status, headers, body = answer
        one = self.people[login]
        if status == 207 and method == "PROPFIND":
            one.hrefs |= {unescape(href) for href in _HREF.findall(body.decode())}
            if len(one.hrefs) > 60:
                one.hrefs = {"/dav/"} | set(self.dice.sample(sorted(one.hrefs), 20))
        if "ETag" in headers:
            one.etags = [*one.etags[-3:], headers["ETag"]]
        if status in {200, 201} and method == "LOCK" and "Lock-Token" in headers:
            one.locks = [*one.locks[-3:], (path, headers["Lock-Token"])]
        if status == 404:
            one.hrefs.discard(path)
            self._all_absent_alike(method, path, answer)

    def _all_absent_alike(self, method: str, path: str, answer: Answer) -> None:
        _, headers, body = answer
        said = body.replace(path.encode(), b"HERE"), sorted(headers.items())
        before = self._absent.setdefault((method, headers.get("Content-Language")), said)
        if before != said and method != "HEAD":
            raise Different(f"absent in two ways: {before} and {said} for {method} {path}")

    def _authorization(self, login: str, *, is_asked: bool = False) -> str:
        one = self.people[login]
        devices = [way for way in one.says if way != "password"]
        if devices and (is_asked or one.is_blocked or not self.happens(0.06)):
            return basic(login, one.says[self.dice.choice(devices)])
        # A password that is wrong is counted once by each who remembers that it is.
        return basic(login, NO_DEVICE if is_asked or one.is_blocked else one.says["password"])

    def anybody(self) -> str:
        return self.dice.choices(EVERYBODY, (5, 2, 4, 3, 2, 0.4))[0]

    def folder(self, login: str) -> str:
        """Of others rather what was granted than what only leads there."""
        hrefs = sorted(one for one in self.people[login].hrefs if one.endswith("/"))
        deep = [1 if len(one) < self._shallow(login) else 6 for one in hrefs]
        return self.dice.choices(hrefs, deep)[0]

    def _shallow(self, login: str) -> int:
        return 6 if login in OWNERS else len("/dav/Amina%20Benali/A")

    def path(self, login: str, *, a_file: bool = False) -> str:
        dice, least = self.dice, self._shallow(login)
        hrefs = sorted(
            one
            for one in self.people[login].hrefs
            if len(one) >= least and not (a_file and one.endswith("/"))
        )
        if hrefs and self.happens(0.65):
            return dice.choice(hrefs)
        return self.new_path(login)

    def new_path(self, login: str) -> str:
        name = quote(self.dice.choice(FOLDERS + FILES), safe="()~.#"[:-1])
        return self.folder(login) + name

    def conditions(self, login: str) -> dict[str, str]:
        one, chance = self.people[login], self.dice.random()
        if chance < 0.1 and one.etags:
            return {self.dice.choice(("IF_MATCH", "IF_NONE_MATCH")): self.dice.choice(one.etags)}
        if chance < 0.15:
            return {self.dice.choice(("IF_MATCH", "IF_NONE_MATCH")): "*"}
        if chance < 0.5 and one.locks:
            path, token = self.dice.choice(one.locks)
            return {"IF": f"<{path}> ({token})" if chance < 0.3 else f"({token})"}
        return {}

    def deed(self, what: str, deed: Deed) -> object:
        self.told.append(what)
        found = self.worlds.deed(self.dice.randrange(3), what, deed)
        self.told[-1] += f" → {str(found)[:80]}"
        return found

    def happens(self, chance: float) -> bool:
        return self.dice.random() < chance
