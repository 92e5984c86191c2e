"""Sets of policy files of a given size, made up but sound: the same ones in every run."""

import random
from collections.abc import Callable
from typing import NamedTuple

from davserver.domain.people import StructureKind
from policies.loader import load, load_bytes, shipped
from policies.problems import PolicyProblems
from policies.snapshot import Snapshot
from policies.vocabulary import ANY, Column, Vocabulary

SLUGS = tuple(f"place-{number}" for number in range(20))
HOURS = """
early, mon-fri, 06:00, 08:00
work-hours, mon-fri, 08:00, 19:00
evening, mon-fri, 19:00, 22:00
saturday, sat, 09:00, 12:00
sunday, sun, 10:00, 18:00
"""
NETWORKS = """
192.0.2.0/24, office
198.51.100.0/25, vpn
203.0.113.66/32, blocked
2001:db8:12::/48, office
"""
Files = dict[str, bytes]


class Shape(NamedTuple):
    """How often each column of an allow and of a deny says something else than `*`."""

    allow: tuple[float, ...]
    deny: tuple[float, ...]


USUAL = Shape((0.9, 0.8, 0.9, 0.5, 0.4, 0.3, 0.3, 0.3), (1, 1, 1, 0.9, 0.9, 0.2, 0, 0.2))
NARROW = Shape((0.9, 0.7, 1, 0.8, 0.6, 0.6, 0.6, 0.6), (1, 1, 1, 0.9, 0.9, 0.6, 0, 0.6))


def made(rules: int, seed: int, shape: Shape = USUAL) -> Files:
    """20 structures, five slots, four networks, and so many rules."""
    random_ = random.Random(seed)  # noqa: S311 — nothing secret
    files = dict(load(shipped()).files)
    files["networks.csv"] = NETWORKS.encode()
    files["calendars.csv"] = HOURS.encode()
    kinds = list(StructureKind)
    slugs = "\n".join(f"structure, {slug}, {kinds[n % 4]}" for n, slug in enumerate(SLUGS))
    files["groups.csv"] += f"\n{slugs}\n".encode()
    files["rules.csv"] = b"p, start, allow, beneficiary, owner, consult, *, *, *, *, *\n"
    vocabulary = load_bytes(files).vocabulary
    while files["rules.csv"].count(b"\n") < rules:
        files = _with(files, _rule(random_, vocabulary, files["rules.csv"].count(b"\n"), shape))
    return files


def as_shipped_and_more(rules: int, seed: int = 3) -> Files:
    """The shipped ones, and so many in all: what is more allows, so that nobody loses anything."""
    random_ = random.Random(seed)  # noqa: S311 — nothing secret
    files = made(0, seed)
    files["rules.csv"] = dict(load(shipped()).files)["rules.csv"]
    vocabulary, number = load_bytes(files).vocabulary, 0
    while len(load_bytes(files).rules) < rules:
        line, number = _rule(random_, vocabulary, number, USUAL), number + 1
        files = _with(files, line) if ", allow, " in line else files
    return files


def edited(files: Files, number: int, change: Callable[[str], str]) -> Snapshot | None:
    """The same files with one rule written anew, unless the loader refuses it."""
    lines = files["rules.csv"].decode().splitlines()
    lines[number] = change(lines[number])
    try:
        return load_bytes({**files, "rules.csv": ("\n".join(lines) + "\n").encode()})
    except PolicyProblems:
        return None


def _rule(random_: random.Random, vocabulary: Vocabulary, number: int, shape: Shape) -> str:
    allows = random_.random() < 0.8
    usual = shape.allow if allows else shape.deny
    words = [
        random_.choice(sorted(vocabulary.accepts[column])) if random_.random() < often else ANY
        for column, often in zip(Column, usual, strict=True)
    ]
    if words[2] in {ANY, "list", "consult"}:
        words[5:] = [ANY] * 3
    return f"p, r{number}, {'allow' if allows else 'deny'}, {', '.join(words)}\n"


def _with(files: Files, line: str) -> Files:
    """Unless the loader refuses it: an allow that no file can give."""
    more = {**files, "rules.csv": files["rules.csv"] + line.encode()}
    try:
        load_bytes(more)
    except PolicyProblems:
        return files
    return more
