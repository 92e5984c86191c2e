"""Plays rows of tests/policy/table.csv over HTTP: makes what a row is about, asks, and says what
came. What a request used up is made anew when it is needed next; nothing else is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from tests.policy.specification import FOLDER, NOTHING, THINGS, Scene
from tests.support.dav import DAV, Drive, token_of
from tests.support.http import Answer
from tests.support.matrix_stage import FOLDERS, OWNER, OWNER_NAME, WIDER, Stage

REASON = "{urn:x-abri:reason}reason"
NO_TAG = '"0123456789abcdef0123456789abcdef"'
NO_TOKEN = "urn:uuid:00000000-0000-4000-8000-000000000000"
_FIRST = "first.txt"


@dataclass(frozen=True)
class Spot:
    """One thing, as its owner and as the viewer call it. `token`: of its owner's lock."""

    owner: str
    viewer: str
    token: str = ""

    def inside(self, name: str) -> "Spot":
        return Spot(f"{self.owner.rstrip('/')}/{name}", f"{self.viewer.rstrip('/')}/{name}")


@dataclass
class Player:
    """One scene of the stage."""

    stage: Stage
    scene: Scene
    viewer: Drive = field(init=False)
    owner: Drive = field(init=False)
    _kept: dict[tuple[str, str], Spot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.viewer = self.stage.viewer(self.scene)
        self.owner = self.stage.drive(OWNER)
        self._place = self.stage.places[self.scene]

    def close(self) -> None:
        self.viewer.caller.close()
        self.owner.caller.close()

    # ── a row ───────────────────────────────────────────────────────────────────────────────────

    def play(self, row: Mapping[str, str]) -> tuple[int, str, Answer]:
        """The status and reason that came, and the whole answer."""
        verb, words = row["verb"], [w for w in row["headers"].split("; ") if w != "-"]
        source = self.spot(row["thing"])
        goal = self._destination(row["destination"], source)
        headers = self._headers(words, source)
        if goal is not None:
            headers["Destination"] = goal
        answer = self._ask(verb, source, words, headers)
        if 200 <= answer.status < 300:
            self._tidy(row, source, answer)
        self.unlock_all()
        return answer.status, reason_of(answer), answer

    def _ask(self, verb: str, source: Spot, words: list[str], headers: dict[str, str]) -> Answer:
        path = source.viewer
        if verb == "PROPPATCH":
            name = "{DAV:}getetag" if "protected" in words else "{urn:x}colour"
            return self._with(headers, "PROPPATCH", path, _proppatch(name))
        if verb == "LOCK":
            return self._with(headers, "LOCK", path, _lockinfo(shared="shared" in words))
        if verb == "UNLOCK":
            if "no token" not in words:
                token = self._own_lock(source) if "own token" in words else NO_TOKEN
                headers["Lock-Token"] = f"<{token}>"
            return self.viewer.ask("UNLOCK", path, headers)
        body = b"new" if verb == "PUT" else None
        return self.viewer.ask(verb, path, headers, body)

    def _with(self, headers: dict[str, str], verb: str, path: str, body: bytes) -> Answer:
        return self.viewer.ask(verb, path, {**headers, "Content-Type": "application/xml"}, body)

    def _own_lock(self, source: Spot) -> str:
        """A lock just taken, where the viewer finds something and may."""
        if self.viewer.propfind(source.viewer, "0").status != 207:
            return NO_TOKEN
        answer = self.viewer.lock(source.viewer)
        return token_of(answer) if answer.status == 200 else NO_TOKEN

    def _tidy(self, row: Mapping[str, str], source: Spot, answer: Answer) -> None:
        """Forget what is no longer what it was."""
        verb, thing, goal = row["verb"], row["thing"], row["destination"]
        if verb == "LOCK":
            _require(self.viewer.unlock(source.viewer, token_of(answer)), 204)
        made = answer.status == 201 and verb in {"PUT", "MKCOL", "LOCK"}
        if verb in {"DELETE", "MOVE"} or made:
            self._forget(thing, "")
        if goal in THINGS:
            self._forget(goal, "goal")

    def unlock_all(self) -> None:
        """Locked things last for one row: a lock reaches further than what it is on."""
        for key, spot in list(self._kept.items()):
            if spot.token:
                self.owner.unlock(spot.owner, spot.token)
                del self._kept[key]

    def _forget(self, name: str, slot: str) -> None:
        self._kept.pop((name, slot), None)
        for other in [key for key in self._kept if THINGS[key[0]].below == name]:
            self._kept.pop(other)

    # ── headers ─────────────────────────────────────────────────────────────────────────────────

    def _headers(self, words: list[str], source: Spot) -> dict[str, str]:
        headers: dict[str, str] = {}
        for word in words:
            name, _, value = word.partition(" ")
            if name in {"Depth", "Overwrite"}:
                headers[name] = value
            elif name in {"If-Match", "If-None-Match", "If"}:
                headers[name] = self._condition(name, value, source)
        return headers

    def _condition(self, name: str, value: str, source: Spot) -> str:
        if value == "*":
            return "*"
        if value == "token":
            return f"(<{source.token}>)"
        tag = self._tag(source) if value == "hit" else NO_TAG
        if name != "If":
            return tag
        return f"(Not [{tag}])" if value == "not" else f"([{tag}])"

    def _tag(self, spot: Spot) -> str:
        """The tag as the viewer has it; a hidden thing's as its owner has it."""
        for drive, path in ((self.viewer, spot.viewer), (self.owner, spot.owner)):
            answer = drive.propfind(path, "0", f"{DAV}getetag")
            if answer.status == 207:
                found = etree.fromstring(answer.body).findtext(f".//{DAV}getetag")
                return str(found)
        return NO_TAG

    # ── things ──────────────────────────────────────────────────────────────────────────────────

    def spot(self, name: str, slot: str = "") -> Spot:
        """Where it is. It is made where there is none, or none any more."""
        found = self._kept.get((name, slot))
        if found is None:
            found = self._kept[name, slot] = self._make(name)
        return found

    def forget(self, name: str) -> None:
        """The next one of that name is a new one."""
        self._forget(name, "")

    def _destination(self, name: str, source: Spot) -> str | None:
        if name == "-":
            return None
        if name == "another server":
            return "https://elsewhere.example/dav/x"
        return self.viewer.url(self._goal(name, source))

    def _goal(self, name: str, source: Spot) -> str:
        if name in THINGS:
            return self.spot(name, "goal").viewer
        number = next(self.stage.numbers)
        return {
            "itself": source.viewer,
            "into itself": f"{source.viewer}/into-{number}.txt",
            "its folder": source.viewer.rpartition("/")[0] or "/",
            "other vault": f"{self._place.other}/over-{number}.txt",
            "side file": f"{self._place.seen_folder}/._side-{number}",
        }[name]

    def _make(self, name: str) -> Spot:
        thing, number, place = THINGS[name], next(self.stage.numbers), self._place
        at = self._fixed(name, number)
        if at is not None:
            return at
        if thing.where in {"beside", "outside"}:
            return self._hidden_outside(thing.where, number)
        holder = Spot(place.folder, place.seen_folder)
        if thing.below:
            holder = self.spot(thing.below, "holder")
        spot = holder.inside(f"{'.goutputstream-' if thing.half_saved else 'n-'}{number}")
        return spot if thing.kind == NOTHING else self._made(name, spot)

    def _fixed(self, name: str, number: int) -> Spot | None:
        place, person = self._place, f"/{OWNER_NAME}"
        fixed = {
            "drive root": Spot("/", "/"),
            "person folder": Spot(person, person),
            "granted folder": Spot(place.folder, place.seen_folder),
            "granted file": Spot(place.file, place.seen_file),
            "wider folder": Spot(place.folder, place.seen_folder).inside(WIDER),
            "free in drive root": Spot("/", "/").inside(f"free-{number}"),
        }
        return fixed.get(name)

    def _hidden_outside(self, where: str, number: int) -> Spot:
        above = FOLDERS[self.scene.category]
        below = "" if where == "beside" else f"/outside-{number}"
        if below:
            _require(self.owner.mkcol(above + below), 201)
        path = f"{below}/{where}-{number}.txt"
        _require(self.owner.put(above + path, b"not shared"), 201)
        own = self.scene.relation == "owner"
        return Spot(above + path, above + path if own else f"/{OWNER_NAME}{path}")

    def _made(self, name: str, spot: Spot) -> Spot:
        thing = THINGS[name]
        viewers = thing.by == "viewer"
        drive, path = (self.viewer, spot.viewer) if viewers else (self.owner, spot.owner)
        first = path
        if thing.sensitive:
            first = f"{FOLDERS['sensitive']}/{path.rpartition('/')[2]}"
        if thing.kind == FOLDER:
            _require(drive.mkcol(first), 201)
            _require(drive.put(f"{first}/{_FIRST}", b"first"), 201)
        else:
            _require(drive.put(first, b"as it was made"), 201)
        if thing.sensitive:
            _require(drive.move(first, path), 201)
        if thing.holds_others:
            _require(self.owner.put(f"{spot.owner}/of-the-owner.txt", b"theirs"), 201)
        if thing.locked:
            return Spot(spot.owner, spot.viewer, token_of(self.owner.lock(spot.owner)))
        return spot


def reason_of(answer: Answer) -> str:
    """Abri's reason, else the condition element of an RFC, else "-"."""
    if not answer.body.startswith(b"<?xml"):
        return "-"
    root = etree.fromstring(answer.body)
    found = root.findtext(f".//{REASON}")
    if found:
        return found
    for error in root.iter(f"{DAV}error"):
        for child in error:
            if etree.QName(child).namespace == "DAV:":
                return etree.QName(child).localname
    states = {str(one.text) for one in root.iterfind(f".//{DAV}propstat/{DAV}status")}
    return ", ".join(sorted(states - {"HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"})) or "-"


def _proppatch(name: str) -> bytes:
    space, local = etree.QName(name).namespace, etree.QName(name).localname
    return (
        '<?xml version="1.0"?><D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>'
        f'<x:{local} xmlns:x="{space}">1</x:{local}></D:prop></D:set></D:propertyupdate>'
    ).encode()


def _lockinfo(*, shared: bool) -> bytes:
    scope = "shared" if shared else "exclusive"
    return (
        f'<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:{scope}/>'
        "</D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"
    ).encode()


def _require(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
