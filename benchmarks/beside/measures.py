"""What is told of each server, in the table's order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.beside.bodies import LISTS


@dataclass(frozen=True, slots=True)
class Measure:
    """`more` is better, or less is."""

    key: str
    words: str
    more: bool

    @property
    def title(self) -> str:
        return f"{self.words} {'↑' if self.more else '↓'}"


def _rate(key: str, words: str, *, tail: bool = False) -> Iterator[Measure]:
    yield Measure(key, f"{words}, per s", more=True)
    if tail:
        yield Measure(f"{key} p50", "… median, ms", more=False)
        yield Measure(f"{key} p99", "… slowest of a hundred, ms", more=False)


def measures(mib: int, folders: Sequence[int]) -> list[Measure]:
    return [
        Measure("put", f"PUT of {mib} MiB, MiB/s", more=True),
        Measure("get", f"GET of {mib} MiB, MiB/s", more=True),
        Measure("put processor", "PUT, server's processor, s/GiB", more=False),
        Measure("get processor", "GET, server's processor, s/GiB", more=False),
        Measure("large peak", "peak memory in both, MiB", more=False),
        *_rate("ranges", "64 KiB ranges", tail=True),
        *_rate("put of 1", "PUT 10 KB, 1 connection", tail=True),
        *_rate("get of 1", "GET 10 KB, 1 connection", tail=True),
        *_rate("put of 8", "PUT 10 KB, 8 connections", tail=True),
        Measure("put of 8 processor", "… server's processor, ms each", more=False),
        *_rate("get of 8", "GET 10 KB, 8 connections", tail=True),
        Measure("get of 8 processor", "… server's processor, ms each", more=False),
        *(
            Measure(
                f"list {size} {program}", f"PROPFIND of {_grouped(size)} ({program}), ms", False
            )
            for size in folders
            for program in LISTS
        ),
        Measure("listings peak", "peak memory in PROPFIND, MiB", more=False),
        *_rate("mkcol", "MKCOL"),
        *_rate("copy", "COPY of 10 KB"),
        *_rate("move", "MOVE of a file"),
        *_rate("delete", "DELETE of a file"),
        Measure("folder", "MOVE of a full folder, ms", more=False),
        *_rate("lock", "LOCK and UNLOCK, pairs"),
        Measure("start", "start to first answer, s", more=False),
    ]


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
