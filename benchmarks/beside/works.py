"""The work that every server does, and what is measured of it."""

import os
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from benchmarks.beside import bodies
from benchmarks.beside.bodies import LISTS, SMALL, TINY
from benchmarks.beside.client import Ask, Line, Timed, in_turn, side_by_side
from benchmarks.beside.replies import Wrong
from benchmarks.beside.servers import MIB, Site

Found = dict[str, float]
RANGE = 64 * 1024
MANY = 8
"""Connections at a time, where there are several."""
_MADE, _STORED, _GONE = (201,), (200, 201, 204), (200, 204)
_THERE = (201, 204)
"""nginx says of a copy or a new place what is said of an old one (RFC 4918 §9.8.5)."""
_TOP = "bench"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each. `seconds` is the longest that one loop takes."""

    mib: int = 256
    ranges: int = 300
    small: int = 600
    deeds: int = 150
    folders: tuple[int, ...] = (10, 1_000, 10_000)
    seconds: float = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """One server's turn at one work. `room` is where large answers go."""

    site: Site
    sizes: Sizes
    number: int
    room: memoryview

    @property
    def line(self) -> Line:
        return self.site.line

    def at(self, *names: str) -> str:
        return self.site.at("/".join((_TOP, *names)))

    def make(self, name: str) -> None:
        self.line.ask(Ask("MKCOL", self.at(name) + "/", _MADE))

    def remove(self, name: str) -> None:
        self.line.ask(Ask("DELETE", self.at(name) + "/", _GONE))

    def to(self, *names: str) -> tuple[tuple[str, str], ...]:
        url = self.site.place.url + self.at(*names)
        return ("Destination", url), ("Overwrite", "F")


class Use:
    """Time, and the server's processor time, of a block."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.seconds = self.processor = 0.0

    def __enter__(self) -> Self:
        self.processor = -self._site.processor()
        self.seconds = -time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter()
        self.processor += self._site.processor()


def lay_out(turn: Turn) -> None:
    """Makes what later work reads: a large file, folders of many small ones. Not measured."""
    with Line(turn.site.place, shy=True) as stranger:
        stranger.ask(Ask("PROPFIND", turn.site.at(""), (401,), (("Depth", "0"),)))
    turn.line.ask(Ask("MKCOL", turn.site.at(_TOP) + "/", _MADE))
    _put_large(turn, "large.bin")
    _get_large(turn, "large.bin")
    for size in turn.sizes.folders:
        turn.make(f"of-{size}")
        names = [turn.at(f"of-{size}", f"document {n:05}.txt".replace(" ", "%20"))
                 for n in range(size)]  # fmt: skip
        asks = [Ask("PUT", name, _STORED, body=TINY) for name in names]
        done = side_by_side(turn.site.place, asks, 4, turn.sizes.seconds * 20)
        if len(done.each) < size:
            raise Wrong(f"{len(done.each)} of {size} files in {done.whole:.0f} s")


def _put_large(turn: Turn, name: str) -> None:
    size = turn.sizes.mib * MIB
    ask = Ask("PUT", turn.at(name), _STORED)
    turn.line.send_all(ask, size, lambda: bodies.pieces(size))


def _get_large(turn: Turn, name: str) -> None:
    got = turn.line.fetch(Ask("GET", turn.at(name), (200,)), turn.room)
    if got != turn.sizes.mib * MIB or not bodies.same(turn.room[:got]):
        raise Wrong(f"{name} came back otherwise")


def large(turn: Turn) -> Found:
    """One large file, in and out. What waits for the disk is written before."""
    name, gib = f"large-{turn.number}.bin", turn.sizes.mib / 1024
    os.sync()
    turn.site.forget_peak()
    with Use(turn.site) as put:
        _put_large(turn, name)
    os.sync()
    with Use(turn.site) as get:
        turn.line.fetch(Ask("GET", turn.at(name), (200,)), turn.room)
    peak = turn.site.peak()
    if not bodies.same(turn.room[: turn.sizes.mib * MIB]):
        raise Wrong("the large file came back otherwise")
    turn.line.ask(Ask("DELETE", turn.at(name), _GONE))
    return {
        "put": turn.sizes.mib / put.seconds,
        "get": turn.sizes.mib / get.seconds,
        "put processor": put.processor / gib,
        "get processor": get.processor / gib,
        "large peak": peak,
    }


def ranges(turn: Turn) -> Found:
    where = random.Random(turn.number)  # noqa: S311 — nothing secret
    most = turn.sizes.mib * MIB - RANGE

    def asks() -> Iterator[Ask]:
        for _ in range(turn.sizes.ranges):
            start = where.randrange(most)
            asked = (("Range", f"bytes={start}-{start + RANGE - 1}"),)
            given = bodies.part(start, RANGE)
            yield Ask("GET", turn.at("large.bin"), (206,), asked, gives=given)

    return _rates("ranges", in_turn(turn.line, asks(), turn.sizes.seconds))


def small(turn: Turn, lines: int) -> Found:
    """Small files into a new folder, then out of it."""
    folder, count = f"small-{lines}-{turn.number}", turn.sizes.small
    turn.make(folder)
    names = [turn.at(folder, f"{n:05}.bin") for n in range(count)]
    found: Found = {}
    for word, asks in (
        ("put", [Ask("PUT", name, _STORED, body=SMALL) for name in names]),
        ("get", [Ask("GET", name, (200,), gives=SMALL) for name in names]),
    ):
        with Use(turn.site) as use:
            done = _done(turn, asks, lines)
        if len(done.each) < count:
            raise Wrong(f"{len(done.each)} of {count} in {done.whole:.0f} s")
        key = f"{word} of {lines}"
        found |= _rates(key, done)
        found[f"{key} processor"] = use.processor / count * 1000
    turn.remove(folder)
    return found


def _done(turn: Turn, asks: list[Ask], lines: int) -> Timed:
    if lines == 1:
        return in_turn(turn.line, asks, turn.sizes.seconds)
    return side_by_side(turn.site.place, asks, lines, turn.sizes.seconds)


def listings(turn: Turn) -> Found:
    found: Found = {}
    turn.site.forget_peak()
    for size in turn.sizes.folders:
        times = 20 if size <= 100 else 3 if size <= 2000 else 1
        for program, body in LISTS.items():
            headers = (("Depth", "1"), ("Content-Type", "application/xml"))
            path = turn.at(f"of-{size}") + "/"
            ask = Ask("PROPFIND", path, (207,), headers, body.encode())
            done = in_turn(turn.line, [ask] * times, turn.sizes.seconds)
            found[f"list {size} {program}"] = statistics.median(done.each) * 1000
            _complete(turn, ask, size)
    return {**found, "listings peak": turn.site.peak()}


def _complete(turn: Turn, ask: Ask, size: int) -> None:
    answer = turn.line.ask(ask).body
    count = len(re.findall(rb"<(?:\w+:)?response[ >]", answer, re.IGNORECASE))
    if count != size + 1:
        raise Wrong(f"{count} responses instead of {size + 1}")


def deeds(turn: Turn) -> Found:
    """MKCOL, COPY, MOVE, DELETE, one after the other."""
    folder, count = f"deeds-{turn.number}", range(turn.sizes.deeds)
    turn.make(folder)
    at = [turn.at(folder, f"{n:04}") for n in count]
    for name in at:
        turn.line.ask(Ask("PUT", name, _STORED, body=SMALL))
    works = {
        "mkcol": [Ask("MKCOL", f"{name}-folder/", _MADE) for name in at],
        "copy": [Ask("COPY", at[n], _THERE, turn.to(folder, f"{n:04}-copy")) for n in count],
        "move": [Ask("MOVE", at[n], _THERE, turn.to(folder, f"{n:04}-moved")) for n in count],
        "delete": [Ask("DELETE", f"{name}-copy", _GONE) for name in at],
    }
    found: Found = {}
    for word, asks in works.items():
        found |= _rates(word, in_turn(turn.line, asks, turn.sizes.seconds))
    turn.remove(folder)
    return found


def folder_moved(turn: Turn) -> Found:
    """There and back."""
    size = max(n for n in turn.sizes.folders if n <= 1000)
    asks = [
        Ask("MOVE", turn.at(of) + "/", _THERE, turn.to(to + "/"))
        for of, to in ((f"of-{size}", "moved"), ("moved", f"of-{size}"))
    ]
    return {"folder": statistics.median(in_turn(turn.line, asks, 60).each) * 1000}


def locks(turn: Turn) -> Found:
    path = turn.at("locked.txt")
    turn.line.ask(Ask("PUT", path, _STORED, body=SMALL))
    headers = (("Depth", "0"), ("Timeout", "Second-600"), ("Content-Type", "application/xml"))
    lock, each = Ask("LOCK", path, (200, 201), headers, bodies.LOCK), []
    begun = time.perf_counter()
    for _ in range(turn.sizes.deeds):
        start = time.perf_counter()
        token = turn.line.ask(lock).header("Lock-Token")
        turn.line.ask(Ask("UNLOCK", path, (204,), (("Lock-Token", token),)))
        each.append(time.perf_counter() - start)
        if each[-1] + start - begun > turn.sizes.seconds:
            break
    return _rates("lock", Timed(each, sum(each)))


def _rates(key: str, done: Timed) -> Found:
    each = sorted(done.each)
    late = each[min(len(each) - 1, len(each) * 99 // 100)]
    return {
        key: done.rate,
        f"{key} p50": statistics.median(each) * 1000,
        f"{key} p99": late * 1000,
    }


WORKS: dict[str, Callable[[Turn], Found]] = {
    "large": large,
    "ranges": ranges,
    "small": lambda turn: small(turn, 1),
    "small8": lambda turn: small(turn, MANY),
    "listings": listings,
    "deeds": deeds,
    "folder": folder_moved,
    "locks": locks,
}
