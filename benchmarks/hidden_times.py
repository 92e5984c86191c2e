"""Whether the time of an answer tells a hidden thing from an absent one (DESIGN §2.2).

    .venv/bin/python -m benchmarks.hidden_times [--tries 2000]

A professional asks, over one kept connection, for names that a hidden document has and for names
that nothing has, in turn. Per request: both medians, the Mann–Whitney statistic U as the
probability that a hidden one takes longer (0.5: nothing can be told), how far chance alone takes
that from 0.5 (95 %), and the largest difference between the quantiles of both.
"""

import argparse
import statistics
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from math import sqrt
from pathlib import Path

from sqlalchemy import Connection, select

from benchmarks.scale_rows import AMINA, CCAS, KARIM, opened, staging_of
from davserver.db import tables
from davserver.domain.actions import Category
from davserver.domain.ids import NodeId
from tests.support.crowd import blob_row, put
from tests.support.dav import Drive, token_of
from tests.support.http import Answer
from tests.support.instance import Instance, new_instance, serving

SHARED = "/Logement"
HIDDEN, ABSENT = "hidden", "absent"
KNOWN = 20
"""Hidden names that are asked again and again; a process remembers what they are."""
SECRET, OTHER = b"0123456789" * 1000, b"9876543210" * 1000


@dataclass(frozen=True, slots=True)
class Verb:
    """`ask` is timed, `tidy` makes it as it was before. `once`: every name is asked only once."""

    name: str
    ask: Callable[[Drive, str], Answer]
    tidy: Callable[[Drive, str, Answer], object] = lambda *_: None
    once: bool = False


def verbs(folder: str) -> list[Verb]:
    mine = f"{folder}/mine.txt"
    return [
        Verb("GET", lambda d, p: d.get(p)),
        Verb("GET, each name once", lambda d, p: d.get(p), once=True),
        Verb("PROPFIND", lambda d, p: d.propfind(p, "0")),
        Verb("PUT", lambda d, p: d.put(p, OTHER), lambda d, p, _: d.delete(p)),
        Verb("DELETE", lambda d, p: d.delete(p)),
        Verb("LOCK", lambda d, p: d.lock(p), _unlock),
        Verb("MOVE of it", lambda d, p: d.move(p, f"{folder}/elsewhere.txt")),
        Verb("MOVE to it", lambda d, p: d.move(mine, p), lambda d, p, _: d.move(p, mine)),
    ]


def _unlock(drive: Drive, path: str, answer: Answer) -> None:
    drive.unlock(path, token_of(answer))
    drive.delete(path)


# ── the figures ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Told:
    """What two samples of seconds tell of each other."""

    hidden: float
    absent: float
    superiority: float
    chance: float
    gap: float

    @classmethod
    def of(cls, hidden: list[float], absent: list[float]) -> "Told":
        some, others = len(hidden), len(absent)
        # U by counting pairs in which the hidden one took longer; equal ones count half.
        ordered = sorted(absent)
        u = sum((bisect_left(ordered, t) + bisect_right(ordered, t)) / 2 for t in hidden)
        deviation = sqrt(some * others * (some + others + 1) / 12)
        pairs = zip(_quantiles(hidden), _quantiles(absent), strict=True)
        return cls(
            statistics.median(hidden),
            statistics.median(absent),
            u / (some * others),
            1.96 * deviation / (some * others),
            max((a - b for a, b in pairs), key=abs),
        )

    def row(self, name: str) -> str:
        return (
            f"| {name} | {self.hidden * 1000:.2f} | {self.absent * 1000:.2f} |"
            f" {self.superiority:.3f} | ±{self.chance:.3f} | {self.gap * 1000:+.2f} |"
        )


def _quantiles(times: list[float]) -> list[float]:
    """5 % to 95 %: what is beyond is the machine's other work."""
    return statistics.quantiles(times, n=20)


HEAD = (
    "| request | hidden, ms | absent, ms | hidden takes longer | by chance | largest gap, ms |\n"
    "|---|---:|---:|---:|---:|---:|"
)


# ── the drive ───────────────────────────────────────────────────────────────────────────────────


@dataclass
class Names:
    """Hidden and absent ones, of the same shape."""

    folder: str
    once: int
    known: int = KNOWN

    def __post_init__(self) -> None:
        self._round = {kind: cycle(self.of(kind, self.known)) for kind in (HIDDEN, ABSENT)}
        self._fresh = {kind: iter(self.of(kind, self.once, "o")) for kind in (HIDDEN, ABSENT)}

    @staticmethod
    def of(kind: str, count: int, mark: str = "n") -> list[str]:
        return [f"{kind}-{mark}{number:05}.txt" for number in range(count)]

    def hidden(self) -> list[str]:
        return [*self.of(HIDDEN, self.known), *self.of(HIDDEN, self.once, "o")]

    def next(self, kind: str, *, once: bool) -> str:
        return f"{self.folder}/{next((self._fresh if once else self._round)[kind])}"


def make(folder: Path, names: Names) -> Instance:
    """A folder with hidden documents, which a structure shares."""
    instance = new_instance(folder, tls=False)
    instance.set("vaults.allowance", "100 GB")
    instance.set("vaults.quota", "1000 GB")
    instance.add_structure(CCAS, "CCAS de Lyon")
    instance.add_person(KARIM, "professional", "Karim Roux", CCAS)
    instance.add_person(AMINA, "beneficiary", "Amina Benali", template="fr")
    grant = instance.grant(AMINA, f"structure:{CCAS}", SHARED, "write")
    names.folder = instance.seen_at(grant)
    with serving(instance):
        inside = NodeId(bytes.fromhex(instance.drive(AMINA).id_of(SHARED)))
    hide(instance, inside, names.hidden())
    return instance


def hide(instance: Instance, folder: NodeId, names: list[str]) -> None:
    """Medical documents among those of another kind: a structure does not see them."""
    with opened(instance.config) as (found, crowd):
        staging = staging_of(found, instance.folder)

        def work(tx: Connection) -> None:
            mine = select(tables.node.c.vault_id).where(tables.node.c.id == folder)
            vault = crowd.vaults.open(tx, tx.execute(mine).scalar_one(), 0, crowd.now)
            staged = [staging.take_bytes(vault.id, SECRET, "text/plain", crowd.now) for _ in names]
            nodes = [
                crowd.node(vault, folder, name, one.content, Category.HEALTH)
                for name, one in zip(names, staged, strict=True)
            ]
            put(tx, tables.blob, [blob_row(one) for one in staged])
            put(tx, tables.node, crowd.node_rows(vault, nodes))

        found.db.write(work)


def compare(verb: Verb, drive: Drive, names: Names, tries: int) -> Told:
    """Hidden and absent in turn; which of both is first changes."""
    times: dict[str, list[float]] = {HIDDEN: [], ABSENT: []}
    statuses = set()
    for turn in range(tries):
        for kind in (HIDDEN, ABSENT) if turn % 2 else (ABSENT, HIDDEN):
            path = names.next(kind, once=verb.once)
            start = time.perf_counter()
            answer = verb.ask(drive, path)
            times[kind].append(time.perf_counter() - start)
            statuses.add(answer.status)
            verb.tidy(drive, path, answer)
    if len(statuses) != 1:
        raise SystemExit(f"{verb.name}: the answers themselves differ: {statuses}")
    return Told.of(times[HIDDEN], times[ABSENT])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=2000)
    parser.add_argument("--only", help="the one request to measure")
    chosen = parser.parse_args()
    names = Names("", chosen.tries)
    with tempfile.TemporaryDirectory() as kept:
        instance = make(Path(kept) / "abri", names)
        with serving(instance):
            drive = instance.drive(KARIM)
            drive.put(f"{names.folder}/mine.txt", SECRET)
            print(HEAD)
            for verb in verbs(names.folder):
                if chosen.only in {None, verb.name}:
                    told = compare(verb, drive, names, chosen.tries)
                    print(told.row(verb.name), flush=True)


if __name__ == "__main__":
    main()
