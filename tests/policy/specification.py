"""What the drive answers: SPECIFICATION.md as a small program.

It is written from that page and shares no code with Abri (test_policy_table.py holds it to that):
who is right, where the two differ, is to be found out, not copied.
"""

from dataclasses import dataclass, replace
from enum import Enum


@dataclass(frozen=True)
class Scene:
    """Who stands before what: one person, what ties them to it, what they were given, and whether
    it is of an ordinary category or a sensitive one.
    """

    role: str
    relation: str
    right: str
    category: str


SCENES = (
    Scene("beneficiary", "owner", "all", "ordinary"),
    Scene("beneficiary", "owner", "all", "sensitive"),
    Scene("professional", "named", "read", "ordinary"),
    Scene("professional", "named", "read", "sensitive"),
    Scene("professional", "named", "write", "ordinary"),
    Scene("professional", "named", "write", "sensitive"),
    Scene("professional", "named", "deposit", "ordinary"),
    Scene("professional", "named", "deposit", "sensitive"),
    Scene("professional", "via-structure", "read", "ordinary"),
    Scene("professional", "via-structure", "read", "sensitive"),
    Scene("professional", "via-structure", "write", "ordinary"),
    Scene("professional", "via-structure", "write", "sensitive"),
    Scene("professional", "via-structure", "deposit", "ordinary"),
    Scene("professional", "via-structure", "deposit", "sensitive"),
    Scene("professional", "other-structure", "none", "ordinary"),
    Scene("professional", "upcoming", "none", "ordinary"),
    Scene("professional", "expired", "none", "ordinary"),
    Scene("professional", "ended", "none", "ordinary"),
    Scene("professional", "left", "none", "ordinary"),
    Scene("manager", "manages", "none", "ordinary"),
    Scene("administrator", "none", "none", "ordinary"),
    Scene("beneficiary", "stranger", "none", "ordinary"),
    Scene("nobody", "none", "none", "ordinary"),
)

LIVE = {"named", "via-structure"}
"""The relations of a grant that holds now."""
SEES_SENSITIVE = {"owner", "named"}
"""A structure is shown ordinary documents only."""
OPENS = {"all", "read", "write"}
WRITES = {"all", "write", "deposit"}
WHY_NOT = {"read": "read-only"}
"""The reason for whoever sees something and may not change it."""


@dataclass(frozen=True)
class Thing:
    """Something at a path, or the lack of it.

    `where`: "drive" (the root), "person" (an owner's folder on somebody else's drive), "granted"
    (what was shared itself), "inside" of the granted folder, "beside" what was granted, or
    "outside" (further away). `below` names the thing that holds it, if it is not the granted
    folder. `by` made it: "owner" or "viewer".
    """

    kind: str
    where: str
    by: str = "owner"
    below: str = ""
    sensitive: bool = False
    half_saved: bool = False
    locked: bool = False
    holds_others: bool = False


FOLDER, FILE, NOTHING = "folder", "file", "nothing"

THINGS = {
    "drive root": Thing(FOLDER, "drive"),
    "person folder": Thing(FOLDER, "person"),
    "granted folder": Thing(FOLDER, "granted"),
    "granted file": Thing(FILE, "granted"),
    "folder": Thing(FOLDER, "inside"),
    "file": Thing(FILE, "inside"),
    "own folder": Thing(FOLDER, "inside", by="viewer"),
    "own file": Thing(FILE, "inside", by="viewer"),
    "mixed folder": Thing(FOLDER, "inside", by="viewer", holds_others=True),
    "half-saved": Thing(FILE, "inside", half_saved=True),
    "own half-saved": Thing(FILE, "inside", by="viewer", half_saved=True),
    "sensitive folder": Thing(FOLDER, "inside", sensitive=True),
    "sensitive file": Thing(FILE, "inside", sensitive=True),
    "locked file": Thing(FILE, "inside", locked=True),
    "free": Thing(NOTHING, "inside"),
    "free in folder": Thing(NOTHING, "inside", below="folder"),
    "free in own folder": Thing(NOTHING, "inside", below="own folder"),
    "free in wider folder": Thing(NOTHING, "inside", below="wider folder"),
    "free in sensitive folder": Thing(NOTHING, "inside", below="sensitive folder"),
    "free in nothing": Thing(NOTHING, "inside", below="free"),
    "free in drive root": Thing(NOTHING, "drive"),
    "wider folder": Thing(FOLDER, "inside"),
    "beside": Thing(FILE, "beside"),
    "outside": Thing(FILE, "outside"),
}
"""The wider folder is shared with one more professional. What lies beside and outside is real."""

DESTINATIONS = (
    "itself", "into itself", "its folder", "other vault", "side file", "another server",
)  # fmt: skip
"""Where COPY and MOVE can go besides onto things."""


class At(Enum):
    """What a path is for one person."""

    DRIVE = "the root of their drive"
    PERSON = "an owner's folder, which only structures the drive"
    GRANTED = "something granted, by the name that the grant gives it"
    INSIDE = "something in a folder of theirs or granted to them"
    FREE = "a free name in such a folder"
    BESIDE = "a free name where nothing can be made"
    NOWHERE = "not even its folder is there"


EXISTING = {At.DRIVE, At.PERSON, At.GRANTED, At.INSIDE}


@dataclass(frozen=True)
class View:
    """A thing as one person meets it. `theirs`: they may remove it; `all_theirs`: all in it too.
    `fresh`: they made it themselves a moment ago.
    """

    at: At
    kind: str
    category: str
    theirs: bool
    all_theirs: bool
    fresh: bool
    locked: bool
    real: bool

    @property
    def exists(self) -> bool:
        return self.at in EXISTING

    @property
    def is_folder(self) -> bool:
        return self.exists and self.kind == FOLDER

    @property
    def is_file(self) -> bool:
        return self.exists and self.kind == FILE


def owns(scene: Scene) -> bool:
    return scene.relation == "owner"


def only_deposits(scene: Scene) -> bool:
    return scene.right == "deposit"


def at(scene: Scene, thing: Thing) -> At:
    """What is hidden is as if it were absent."""
    if thing.where == "drive":
        nothing = At.FREE if owns(scene) else At.BESIDE
        return At.DRIVE if thing.kind == FOLDER else nothing
    if owns(scene):
        return _in_reach(scene, thing)
    if thing.where in {"person", "beside"}:
        if scene.relation not in LIVE:
            return At.BESIDE if thing.where == "person" else At.NOWHERE
        return At.PERSON if thing.where == "person" else At.BESIDE
    if thing.where == "outside" or scene.relation not in LIVE:
        return At.NOWHERE
    if scene.category == "sensitive" and scene.relation not in SEES_SENSITIVE:
        return At.BESIDE if thing.where == "granted" else At.NOWHERE
    return At.GRANTED if thing.where == "granted" else _in_reach(scene, thing)


def _in_reach(scene: Scene, thing: Thing) -> At:
    if thing.below:
        held_by = THINGS[thing.below]
        if held_by.kind == NOTHING or _in_reach(scene, held_by) is not At.INSIDE:
            return At.NOWHERE
    if thing.kind == NOTHING or is_hidden(scene, thing):
        return At.FREE
    return At.INSIDE


def is_hidden(scene: Scene, thing: Thing) -> bool:
    """In a folder that they see: another person's half-saved file, a document of a category that
    they are not shown; and for whoever only deposits, all that they did not put there themselves.
    """
    others = thing.by == "owner" and not owns(scene)
    not_shown = thing.half_saved or only_deposits(scene)
    return (others and not_shown) or (thing.sensitive and scene.relation not in SEES_SENSITIVE)


def view(scene: Scene, thing: Thing) -> View:
    where = at(scene, thing)
    fresh = thing.by == "viewer"
    real = where in {At.GRANTED, At.INSIDE, At.FREE} or (owns(scene) and where is At.DRIVE)
    return View(
        at=where,
        kind=thing.kind,
        category="sensitive" if thing.sensitive else scene.category,
        theirs=owns(scene) or fresh,
        all_theirs=owns(scene) or (fresh and not thing.holds_others),
        fresh=fresh,
        locked=thing.locked and where in EXISTING,
        real=real,
    )


# ── answers ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Answer:
    """`reason`: Abri's code, or the condition element that an RFC names; "-" where none is told."""

    status: int
    reason: str = "-"

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300 and self.reason == "-"


Clause = tuple[bool, int, str]
"""If it is so, then this status, for this reason."""


@dataclass(frozen=True)
class Asked:
    """A request: its verb, the words of its headers, and for COPY and MOVE a destination."""

    verb: str
    thing: str
    headers: frozenset[str] = frozenset()
    destination: str = ""


def answer(scene: Scene, asked: Asked) -> Answer:
    """The first clause that applies."""
    clauses = [*_door(scene, asked), *_rules(scene, asked)]
    status, reason = next((status, reason) for holds, status, reason in clauses if holds)
    return Answer(status, "-" if asked.verb == "HEAD" else reason)


def _door(scene: Scene, asked: Asked) -> list[Clause]:
    """Before anything is looked up."""
    depths = {"LOCK": {"Depth 0", "Depth infinity"}}
    depths |= dict.fromkeys(("COPY", "MOVE", "DELETE"), depths["LOCK"])
    depth = {word for word in asked.headers if word.startswith("Depth")}
    wrong = bool(depth - depths.get(asked.verb, depth))
    return [
        (asked.verb == "OPTIONS", 200, "-"),
        (scene.role == "nobody", 401, "-"),
        (asked.destination == "another server", 502, "-"),
        (wrong, 400, "-"),
        (asked.verb == "UNLOCK" and "no token" in asked.headers, 400, "-"),
    ]


def _rules(scene: Scene, asked: Asked) -> list[Clause]:
    seen = view(scene, THINGS[asked.thing])
    if asked.verb in {"COPY", "MOVE"}:
        return transfers(scene, asked, seen, destination(scene, asked))
    return RULES[asked.verb](scene, asked, seen)


def may_not(scene: Scene) -> str:
    """The reason for which this person may not change what they see; empty where they may."""
    return "" if scene.right in WRITES else WHY_NOT.get(scene.right, "-")


def holds(scene: Scene, asked: Asked, *, exists: bool) -> bool:
    """Whether the conditions of RFC 9110 §13 and the If header of RFC 4918 §10.4 are met. "hit"
    names the thing's present tag, "miss" another one, "not" says that it has not that other one.
    """
    met = {
        "If-Match hit": exists,
        "If-Match miss": False,
        "If-Match *": exists,
        "If-None-Match hit": not exists,
        "If-None-Match miss": True,
        "If-None-Match *": not exists,
        "If hit": exists,
        "If miss": False,
        "If not": True,
        # A lock's token is worth something in its holder's hands only.
        "If token": owns(scene),
    }
    return all(met.get(word, True) for word in asked.headers)


def is_locked(asked: Asked, *views: View) -> bool:
    return any(one.locked for one in views) and "If token" not in asked.headers


def _changes(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    """What every change asks at the end: the right, then the conditions, then the locks."""
    denied = may_not(scene)
    return [
        (bool(denied), 403, denied),
        (not holds(scene, asked, exists=seen.exists), 412, "-"),
        (is_locked(asked, seen), 423, "lock-token-submitted"),
    ]


def tells_options(_scene: Scene, _asked: Asked, _seen: View) -> list[Clause]:
    return [(True, 200, "-")]


def reads(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    met = holds(scene, asked, exists=seen.exists)
    unchanged = any(word.startswith("If-None-Match") for word in asked.headers)
    return [
        (not seen.exists, 404, "-"),
        (only_deposits(scene) and seen.is_file, 403, "deposit-only"),
        (not met and unchanged, 304, "-"),
        (not met, 412, "-"),
        (True, 200, "-"),
    ]


def lists(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    return [
        (not seen.exists, 404, "-"),
        ("Depth infinity" in asked.headers and seen.is_folder, 403, "propfind-finite-depth"),
        (not holds(scene, asked, exists=True), 412, "-"),
        (True, 207, "-"),
    ]


def puts(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    return [
        (seen.at is At.DRIVE, 405, "-"),
        (seen.at is At.NOWHERE, 409, "-"),
        (not seen.real, 403, "drive-root"),
        (seen.is_folder, 405, "-"),
        *_changes(scene, asked, seen),
        (seen.exists, 204, "-"),
        (True, 201, "-"),
    ]


def makes(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    return [
        (seen.at is At.NOWHERE, 409, "-"),
        (seen.exists, 405, "-"),
        (not seen.real, 403, "drive-root"),
        *_changes(scene, asked, seen),
        (True, 201, "-"),
    ]


def is_half_meant(asked: Asked, seen: View) -> bool:
    """A folder is removed or moved with all that is in it; of a file, Depth 0 says the same."""
    return "Depth 0" in asked.headers and seen.is_folder


def removes(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    denied = may_not(scene)
    return [
        (not seen.exists, 404, "-"),
        (is_half_meant(asked, seen), 400, "-"),
        (not seen.real or seen.at is At.DRIVE, 403, "drive-root"),
        (seen.at is At.GRANTED, 403, "grant-root"),
        (bool(denied), 403, denied),
        (not seen.theirs, 403, "not-yours"),
        (not seen.all_theirs, 403, "folder-not-all-yours"),
        *_changes(scene, asked, seen),
        (True, 204, "-"),
    ]


def sets_properties(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    return [
        (not seen.exists, 404, "-"),
        ("protected" in asked.headers, 207, "protected-property"),
        (not seen.real, 403, "drive-root"),
        (only_deposits(scene) and seen.at is At.GRANTED, 403, "deposit-only"),
        *_changes(scene, asked, seen),
        (True, 207, "-"),
    ]


def locks(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    *before, _ = _changes(scene, asked, seen)
    return [
        (seen.at is At.NOWHERE, 409, "-"),
        (not seen.real, 403, "drive-root"),
        (only_deposits(scene) and seen.is_folder, 403, "deposit-only"),
        *before,
        (seen.locked, 423, "no-conflicting-lock"),
        (seen.exists, 200, "-"),
        (True, 201, "-"),
    ]


def unlocks(scene: Scene, asked: Asked, seen: View) -> list[Clause]:
    """One's own lock only. "own token" is of a lock that was taken just before."""
    refused = may_not(scene) or (only_deposits(scene) and seen.is_folder)
    taken = seen.exists and seen.real and not refused and not seen.locked
    return [
        ("own token" in asked.headers and taken, 204, "-"),
        (True, 409, "lock-token-matches-request-uri"),
    ]


RULES = {
    "OPTIONS": tells_options,
    "GET": reads,
    "HEAD": reads,
    "PROPFIND": lists,
    "PUT": puts,
    "MKCOL": makes,
    "DELETE": removes,
    "PROPPATCH": sets_properties,
    "LOCK": locks,
    "UNLOCK": unlocks,
}

# ── COPY and MOVE ───────────────────────────────────────────────────────────────────────────────


def destination(scene: Scene, asked: Asked) -> View:
    """Where it goes, as this person meets it."""
    source = view(scene, THINGS[asked.thing])
    if asked.destination in THINGS:
        return view(scene, THINGS[asked.destination])
    if asked.destination == "itself":
        return source
    if asked.destination == "its folder":
        above = {"drive": "drive root", "granted": "person folder", "inside": "granted folder"}
        return view(scene, THINGS[above[THINGS[asked.thing].where]])
    free = view(scene, THINGS["free"])
    if asked.destination == "other vault" and scene.relation not in LIVE:
        return replace(free, at=At.NOWHERE)
    if asked.destination == "into itself":
        inside = source.at in {At.GRANTED, At.INSIDE} and source.is_folder
        return replace(free, at=At.FREE if inside else At.NOWHERE)
    # In another vault they have something live in every case: only the two ends do not fit.
    return replace(free, at=At.FREE, real=True) if scene.relation in LIVE else free


def transfers(scene: Scene, asked: Asked, source: View, goal: View) -> list[Clause]:
    denied, moves = may_not(scene), asked.verb == "MOVE"
    deep = "Depth 0" not in asked.headers
    onto_file = source.is_file and goal.is_file
    makes_room = goal.exists and not onto_file
    other_category = onto_file and source.category != goal.category
    guest = not owns(scene)
    conditions = holds(scene, asked, exists=True)
    return [
        # the source
        (not source.exists, 404, "-"),
        (moves and is_half_meant(asked, source), 400, "-"),
        (not source.real or (moves and source.at is At.DRIVE), 403, "drive-root"),
        (moves and source.at is At.GRANTED, 403, "grant-root"),
        (not moves and only_deposits(scene), 403, "deposit-only"),
        # the destination
        (asked.destination == "into itself" and source.is_folder and deep, 403, "same-place"),
        (goal.at is At.NOWHERE, 409, "-"),
        (not goal.real, 403, "drive-root"),
        (asked.destination == "side file", 403, "scratch"),
        (asked.destination in {"itself", "its folder"}, 403, "same-place"),
        (asked.destination == "drive root", 403, "same-place"),
        (asked.destination == "other vault", 403, "other-vault"),
        (goal.exists and "Overwrite F" in asked.headers, 412, "-"),
        # the right to take it away
        (moves and bool(denied), 403, denied),
        # what it would change for others
        (guest and other_category and not source.fresh, 403, "category"),
        (guest and asked.destination == "free in wider folder", 403, "wider-audience"),
        # a file that is put onto another is no more
        (moves and guest and onto_file and not source.fresh, 403, "not-yours"),
        # the right to put it there
        (bool(denied), 403, denied),
        (makes_room and goal.at is At.GRANTED, 403, "grant-root"),
        (makes_room and not goal.theirs, 403, "not-yours"),
        (makes_room and not goal.all_theirs, 403, "folder-not-all-yours"),
        # conditions and locks
        (not conditions, 412, "-"),
        (is_locked(asked, goal, *([source] if moves else [])), 423, "lock-token-submitted"),
        (goal.exists, 204, "-"),
        (True, 201, "-"),
    ]
