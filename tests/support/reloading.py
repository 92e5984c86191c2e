"""Two policies that take turns while clients ask: what each answer says must be the one policy or
the other, whole, and one that was in force while it was asked.

By one, professionals may open what they were granted to write, and not change it; by the other
they may change it, and not open it. A single listing tells which, once for each child, letter and
privilege.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from davserver.domain.actions import Right
from davserver.domain.paths import DrivePath
from davserver.gate.policy.rulebook import Examined, Verdict
from davserver.wiring.services import Services
from policies.folder import Folder
from policies.loader import generation_of, load, shipped
from tests.support.dav import DAV, OC, Drive, Listed, multistatus
from tests.support.http import Answer
from tests.support.instance import Instance

CHILDREN = 30
"""Each granted by itself, so that each is decided by itself: there is time for a change between."""
READERS, WRITERS = "readers", "writers"
_LETTERS, _PRIVILEGES, _LOCKS = (
    f"{OC}permissions",
    f"{DAV}current-user-privilege-set",
    f"{DAV}supportedlock",
)


class Mixed(Exception):
    """An answer that is neither the one policy nor the other."""


def applied(services: Services, files: Mapping[str, bytes]) -> Examined:
    """Puts these files in force, as `abri policy apply` does."""
    now = services.clock()
    who = services.people.operator("tests", now)
    return services.rulebook.apply(Folder(files, {}, None), who, now)


def policy_files(which: str) -> dict[str, bytes]:
    files = dict(load(shipped()).files)
    kept = [
        line
        for line in files["rules.csv"].decode().splitlines()
        if not line.startswith(("p, named-", "p, team-"))
    ]
    allowed = "get" if which == READERS else "modify"
    kept += [
        "p, named-see, allow, professional, grantee, list, *, *, *, *, *",
        f"p, named-may, allow, professional, grantee, {allowed}, *, *, *, *, *",
    ]
    files["rules.csv"] = "\n".join(kept).encode()
    return files


# ── what one answer says ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Said:
    """By which policy an answer is, and the number of its request."""

    which: str
    request: str


def by_opening(drive: Drive, folder: str) -> Said:
    answer = drive.get(f"{folder}/0.txt")
    return _said({200: READERS, 403: WRITERS}, answer)


def by_changing(drive: Drive, folder: str) -> Said:
    """Nothing is changed: where it is allowed, the condition does not hold."""
    answer = drive.put(f"{folder}/0.txt", b"x", If_Match='"none"')
    return _said({412: WRITERS, 403: READERS}, answer)


def by_listing(drive: Drive, folder: str) -> Said:
    answer = drive.propfind(folder, "1", _LETTERS, _PRIVILEGES, _LOCKS)
    if answer.status != 207:
        raise Mixed(f"answered {answer.status}")
    files = [one for one in multistatus(answer, drive.base) if one.path != folder]
    if len(files) != CHILDREN:
        raise Mixed(f"{len(files)} children")
    found = {which for one in files for which in _shown(one)}
    if len(found) != 1:
        raise Mixed(f"one listing says {sorted(found)}")
    return Said(found.pop(), answer.header("X-Request-Id") or "")


def _said(table: dict[int, str], answer: Answer) -> Said:
    return Said(_either(table, answer.status), answer.header("X-Request-Id") or "")


_OPEN_OR_CHANGE = {(True, False): READERS, (False, True): WRITERS}


def _shown(one: Listed) -> Iterator[str]:
    letters = one.text(_LETTERS) or ""
    privileges = {
        etree.QName(p).localname for p in one.properties[_PRIVILEGES].iterfind(f"{DAV}privilege/*")
    }
    locks = len(one.properties[_LOCKS]) > 0
    yield _either(_OPEN_OR_CHANGE, ("G" in letters, "W" in letters))
    yield _either(_OPEN_OR_CHANGE, ("read" in privileges, "write-content" in privileges))
    yield WRITERS if locks else READERS


def _either(table: Mapping[Any, str], seen: object) -> str:
    if seen not in table:
        raise Mixed(f"answered {seen}")
    return table[seen]


WAYS: tuple[Callable[[Drive, str], Said], ...] = (by_listing, by_opening, by_changing)


@dataclass(frozen=True)
class Heard:
    """By which policy a request was answered, and the generations that were in force meanwhile."""

    which: str
    generations: range


# ── the race ────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Race:
    """`begun` and `done`: the generation that is being put in force, and the last one that is.

    `pinned` counts the answers during which none was: they must be exactly the one in force.
    `logged` counts the lines of the decision log that were compared, `again` the requests that
    were decided a second time, by other rules.
    """

    instance: Instance
    services: Services
    folder: str
    begun: int = 0
    done: int = 0
    asked: int = 0
    pinned: int = 0
    logged: int = 0
    again: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    by_request: dict[str, Heard] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    _which: dict[int, str] = field(default_factory=dict)
    _over: bool = False
    _moved: threading.Condition = field(default_factory=threading.Condition)

    def run(self, reloads: int, clients: int, pace: "Callable[[Race], None]") -> None:
        """`pace` is called after each reload: it says when the next one is due."""
        self._reload(0)
        threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        try:
            for number in range(1, reloads + 1):
                self._reload(number)
                pace(self)
        finally:
            self._over = True
            for thread in threads:
                thread.join()

    def wait_for(self, answers: int) -> None:
        """Until so many more have come, or something went wrong."""
        with self._moved:
            goal = self.asked + answers
            self._moved.wait_for(lambda: self.asked >= goal or self.wrong, timeout=60)

    def _reload(self, turn: int) -> None:
        which = (READERS, WRITERS)[turn % 2]
        files, start = policy_files(which), time.perf_counter()
        with self._moved:
            self.begun = self._in_force() + 1
            self._which[self.begun] = which
        found = applied(self.services, files)
        with self._moved:
            if (found.verdict, found.number) != (Verdict.IN_FORCE, self.begun):
                self.wrong.append(f"reload {turn}: {found}")
            self.done = found.number
        self.took.append(time.perf_counter() - start)

    def _in_force(self) -> int:
        return self.services.rulebook.serving()[0]

    def _ask(self, client: int) -> None:
        with ExitStack() as kept:
            drive = self.instance.drive("karim")
            kept.callback(drive.caller.close)
            turn = client
            while not self._over:
                way = WAYS[turn % len(WAYS)]
                least = self.done
                try:
                    said = way(drive, self.folder)
                except Exception as error:  # noqa: BLE001 — whatever it is, the race tells it
                    said = Said(f"{type(error).__name__}: {error}", "")
                self._note(least, said, way.__name__)
                turn += 1

    def _note(self, least: int, said: Said, way: str) -> None:
        with self._moved:
            most = self.begun
            could = {self._which[number] for number in range(least, most + 1)}
            self.asked += 1
            self.pinned += len(could) == 1
            self.seen[said.which if said.which in {READERS, WRITERS} else "wrong"] += 1
            self.by_request[said.request] = Heard(said.which, range(least, most + 1))
            if said.which not in could:
                told = f"{way} said {said.which} while {sorted(could)} ({least} to {most})"
                self.wrong.append(told)
            self._moved.notify_all()

    def compare_with_log(self) -> None:
        """What the server says of the same requests: each decision is as the rules say by which it
        was taken, and the last one of a request is by those of its answer. There are two where the
        policy changed before the first byte of a document: then it is decided again (DESIGN §2.1).
        """
        last: dict[str, int] = {}
        for line in self._logged():
            self.logged += 1
            number = line["generation"]
            self.again += last.get(line["request"], number) != number
            last[line["request"]] = number
            which = self._which[number]
            honest = line["policy"] == generation_of(policy_files(which))[:12]
            if not honest or line["decision"] != _DECIDED[which, line["action"]]:
                self.wrong.append(f"decided against its rules: {line}")
        for request, heard in self.by_request.items():
            number = last.get(request, 0)
            if number not in heard.generations or self._which[number] != heard.which:
                self.wrong.append(f"{request}: {heard}, decided by generation {number}")

    def _logged(self) -> Iterator[dict[str, Any]]:
        for file in sorted((self.instance.folder / "decisions").glob("*.jsonl")):
            for line in map(json.loads, file.read_text().splitlines()):
                if line["request"] in self.by_request:
                    yield line


_DECIDED = {
    (READERS, "list"): "allow",
    (WRITERS, "list"): "allow",
    (READERS, "get"): "allow",
    (WRITERS, "get"): "refuse",
    (READERS, "put"): "refuse",
    (WRITERS, "put"): "allow",
}


def prepared(instance: Instance) -> str:
    """Amina's folder as karim sees it: every file in it by a grant of its own, to write."""
    with ExitStack() as kept:
        amina = instance.drive("amina")
        kept.callback(amina.caller.close)
        services = kept.enter_context(instance.opened())
        to, now = services.sharing.grantee("karim"), services.clock()
        giver = services.people.operator_for("amina", "tests", now)
        for number in range(CHILDREN):
            assert amina.put(f"/{number}.txt", b"0123456789").status == 201
            path = DrivePath.parse(f"/{number}.txt")
            made = services.sharing.add(
                giver, to=to, path=path, right=Right.WRITE, until=None, now=now
            )
    return str(DrivePath.parse(made.seen_at).parent)
