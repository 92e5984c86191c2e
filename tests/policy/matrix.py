"""Which questions table.csv asks, and the file: `python -m tests.policy.matrix` writes it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from tests.policy.specification import (
    LIVE,
    SCENES,
    THINGS,
    WRITES,
    Asked,
    Scene,
    answer,
    is_hidden,
    only_deposits,
    owns,
    view,
)

TABLE = Path(__file__).with_name("table.csv")
COLUMNS = (
    "role", "relation", "right", "category", "thing", "verb", "headers", "destination",
    "status", "reason",
)  # fmt: skip

NOT_THE_OWNERS = ("person folder", "granted folder", "granted file", "mixed folder", "beside")
"""What an owner meets as something else: a folder, a file, a free name."""
OF_THE_VIEWER = {name for name, thing in THINGS.items() if thing.by == "viewer"} | {
    "free in own folder"
}
SENSITIVE = {name for name, thing in THINGS.items() if thing.sensitive} | {
    "free in sensitive folder"
}
FROM_NOWHERE = ("granted folder", "granted file", "folder", "file", "half-saved", "free")

ALL_CONDITIONS = (
    "If-Match hit", "If-Match miss", "If-Match *",
    "If-None-Match hit", "If-None-Match miss", "If-None-Match *",
    "If hit", "If miss", "If not",
)  # fmt: skip
SOME_CONDITIONS = ("If-Match miss", "If-None-Match *", "If miss")
VARIANTS = {
    "OPTIONS": ("",),
    "GET": ("",),
    "HEAD": ("",),
    "PROPFIND": ("Depth 0", "Depth 1", "Depth infinity"),
    "PUT": ("",),
    "MKCOL": ("",),
    "DELETE": ("", "Depth 0", "Depth 1", "Depth infinity"),
    "PROPPATCH": ("", "protected"),
    "LOCK": ("Depth 0", "Depth 1", "Depth infinity", "Depth 0; shared"),
    "UNLOCK": ("own token", "unknown token", "no token"),
}
ODD = {
    "DELETE": {"Depth 0", "Depth 1", "Depth infinity"},
    "LOCK": {"Depth 1", "Depth infinity", "Depth 0; shared"},
    "PROPFIND": {"Depth infinity"},
    "PROPPATCH": {"protected"},
    "UNLOCK": {"no token"},
}
"""Variants that only some things are asked about."""
CONDITIONAL = {
    "GET": "", "HEAD": "", "PUT": "", "MKCOL": "", "DELETE": "", "PROPPATCH": "", "LOCK": "Depth 0",
}  # fmt: skip
"""The verbs that are asked under conditions, with what goes along; PROPFIND knows If alone."""
CLOSELY = {
    "granted folder", "folder", "file", "own folder", "own file", "sensitive file", "free",
}  # fmt: skip
"""Asked in every variant."""
CONDITIONED = {"file", "own file", "sensitive file", "free"}
"""Asked under every condition; the others that are asked closely, under some."""

ONTO = (
    "granted file", "folder", "file", "own folder", "own file", "mixed folder", "sensitive file",
    "half-saved", "locked file",
)  # fmt: skip
INTO = (
    "free", "free in folder", "free in own folder", "free in wider folder",
    "free in sensitive folder", "free in nothing", "drive root", "person folder", "beside",
    "outside", "itself", "into itself", "its folder", "other vault", "side file", "another server",
)  # fmt: skip
OVERWRITING = {
    "free": ("Overwrite F", "Overwrite T", "Depth 0", "Depth 1", "Depth infinity"),
    "file": ("Overwrite F", "Overwrite T"),
}
"""How it is said what may be replaced; onto other things, only that nothing may."""
TRANSFERRED = {"folder", "file", "own folder", "own file", "sensitive file"}
"""Moved and copied everywhere; the others to a few places."""


def things(scene: Scene) -> tuple[str, ...]:
    """What there is to ask about for this person."""
    if owns(scene):
        left_out = {*NOT_THE_OWNERS, *OF_THE_VIEWER}
    elif scene.role == "nobody":
        left_out = set(THINGS) - {"drive root", "granted folder", "file", "free"}
    elif scene.relation not in LIVE or _sees_nothing(scene):
        more = set() if scene.relation == "stranger" else {"drive root", "person folder", "beside"}
        left_out = set(THINGS) - {*FROM_NOWHERE, *more}
    else:
        left_out = set() if scene.right in WRITES else set(OF_THE_VIEWER)
    if scene.category == "sensitive":
        left_out |= SENSITIVE
    if only_deposits(scene):
        left_out.add("granted file")  # documents are put into folders
    left_out.add("wider folder")  # a place to go to, no more
    return tuple(name for name in THINGS if name not in left_out)


def _sees_nothing(scene: Scene) -> bool:
    return scene.relation == "via-structure" and scene.category == "sensitive"


def conditions(scene: Scene, thing: str) -> tuple[str, ...]:
    """What is hidden altogether is asked about under conditions once, by the file's name; a
    category of its own changes who sees, and no condition.
    """
    if scene.relation not in LIVE and not owns(scene):
        return SOME_CONDITIONS if thing == "file" else ()
    if scene.category == "sensitive":
        return SOME_CONDITIONS if thing in {"file", "granted folder"} else ()
    if thing not in CLOSELY:
        return ()
    if is_hidden(scene, THINGS[thing]):
        return SOME_CONDITIONS
    return ALL_CONDITIONS if thing in CONDITIONED else SOME_CONDITIONS


def plain(scene: Scene, thing: str) -> Iterator[tuple[str, str]]:
    """Verbs and headers for everything but COPY and MOVE."""
    for verb, variants in VARIANTS.items():
        for headers in variants:
            if thing in CLOSELY or headers not in ODD.get(verb, ()):
                yield verb, headers
    for condition in conditions(scene, thing):
        for verb, along in CONDITIONAL.items():
            if verb == "HEAD" and thing != "file":
                continue
            yield verb, "; ".join(filter(None, (along, condition)))
        if condition.startswith("If "):
            yield "PROPFIND", f"Depth 0; {condition}"
    if THINGS[thing].locked:
        for verb in ("PUT", "DELETE", "PROPPATCH", "LOCK", "MOVE"):
            yield verb, "; ".join(filter(None, (CONDITIONAL.get(verb), "If token")))


def transfers(scene: Scene, thing: str) -> Iterator[tuple[str, str]]:
    """Destinations and headers of COPY and MOVE."""
    if scene.relation not in LIVE and not owns(scene):
        yield "free in nothing", ""
        yield "itself", "Overwrite T"
        return
    known = things(scene)
    everywhere = thing in TRANSFERRED and view(scene, THINGS[thing]).exists
    places = (*ONTO, *INTO) if everywhere else ("free", "file", "other vault")
    for place in places:
        if place in THINGS and place not in known:
            continue
        yield place, ""
        if everywhere and scene.category == "ordinary":
            for headers in OVERWRITING.get(place, ("Overwrite F",) if place in ONTO else ()):
                yield place, headers
    for condition in SOME_CONDITIONS if conditions(scene, thing) else ():
        yield "free", condition


def questions(scene: Scene) -> Iterator[Asked]:
    for thing in things(scene):
        for verb, headers in plain(scene, thing):
            if verb == "MOVE":
                yield Asked(verb, thing, _words(headers), "free")
            else:
                yield Asked(verb, thing, _words(headers))
        for verb in ("COPY", "MOVE"):
            for place, headers in transfers(scene, thing):
                if not _is_endless(scene, verb, thing, headers):
                    yield Asked(verb, thing, _words(headers), place)


def _words(headers: str) -> frozenset[str]:
    return frozenset(filter(None, headers.split("; ")))


def _is_endless(scene: Scene, verb: str, thing: str, headers: str) -> bool:
    """Copies of all that the other questions left behind: the folder alone is enough."""
    whole = "Depth 0" not in headers and "Depth 1" not in headers
    return verb == "COPY" and whole and thing in {"granted folder", "drive root"}


def rows() -> list[dict[str, str]]:
    """The table, sorted; each question once."""
    found = {_row(scene, asked) for scene in SCENES for asked in questions(scene)}
    return [dict(zip(COLUMNS, row, strict=True)) for row in sorted(found)]


def _row(scene: Scene, asked: Asked) -> tuple[str, ...]:
    expected = answer(scene, asked)
    return (
        scene.role,
        scene.relation,
        scene.right,
        scene.category,
        asked.thing,
        asked.verb,
        "; ".join(sorted(asked.headers)) or "-",
        asked.destination or "-",
        str(expected.status),
        expected.reason,
    )


def text() -> str:
    """The file, byte for byte."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    TABLE.write_text(text())
