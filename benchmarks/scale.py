"""Whether a listing costs the same however large the instance is.

    .venv/bin/python -m benchmarks.scale [--factor 0.01] [--database URL URL]

A small and a large instance, each with the same professional: 400 beneficiaries share 20 000
folders with him or with his structure. The large one holds 100 000 beneficiaries and a million
nodes besides. Both are served; requests go to the one and the other in turn. `--database`: two
empty databases of PostgreSQL, for the small and the large one.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scale_rows import AMINA, CCAS, ITEMS, KARIM, fill, rows_of
from tests.support.dav import Drive
from tests.support.instance import Instance, Server, new_instance, password_of, serving
from tests.support.ports import free_port

CLIENTS, EVERYBODY = 400, 100_000
CHILDREN, TEN_KB = 100, b"0123456789" * 1000
SEEDS = "/Dossier"
ROOT_EVERY = 5
"""A root of 20 000 grants is listed in every so many rounds only."""


@dataclass(frozen=True, slots=True)
class Measure:
    name: str
    ask: Callable[[Drive], int]
    """The answer's status."""
    status: int
    every: int = 1


@dataclass
class Times:
    """Seconds, by measure and instance: small, large."""

    of: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)

    def take(self, measure: Measure, drives: Sequence[Drive], turn: int) -> None:
        kept = self.of.setdefault(measure.name, ([], []))
        # Whoever is first in a round changes: what the first one warms helps the second.
        for which in (0, 1) if turn % 2 else (1, 0):
            start = time.perf_counter()
            status = measure.ask(drives[which])
            kept[which].append(time.perf_counter() - start)
            if status != measure.status:
                raise SystemExit(f"{measure.name}: {status} instead of {measure.status}")

    def table(self) -> str:
        lines = ["| request | small, ms | large, ms | ratio |", "|---|---:|---:|---:|"]
        for name, (small, large) in self.of.items():
            low, high = statistics.median(small) * 1000, statistics.median(large) * 1000
            lines.append(f"| {name} | {low:.1f} | {high:.1f} | {high / low:.2f} |")
        return "\n".join(lines)


def make(folder: Path, url: str | None) -> Instance:
    """The people who are signed in, by commands."""
    instance = new_instance(folder, tls=False)
    if url is not None:
        instance.set("database.url", url)
        instance.abri("database", "upgrade")
    instance.add_structure(CCAS, "CCAS de Lyon")
    instance.add_person(KARIM, "professional", "Karim Roux", CCAS)
    instance.add_person(AMINA, "beneficiary", "Amina Benali")
    return instance


def made_before(folder: Path) -> Instance:
    """The same people have the same passwords in every run."""
    passwords = {login: password_of(login) for login in (KARIM, AMINA)}
    instance = Instance(folder, free_port(), passwords=passwords)
    instance.set("listen.port", str(instance.port))
    return instance


def share_files(server: Server) -> None:
    """A folder of 100 files of 10 KB that its owner shares, put there as anybody would."""
    instance = server.instance
    with instance.caller(AMINA) as caller:
        drive = Drive(caller)
        drive.mkcol(SEEDS)
        for number in range(CHILDREN):
            answer = drive.put(f"{SEEDS}/{number:03}.txt", TEN_KB)
            if answer.status != 201:
                raise SystemExit(f"PUT: {answer}")
    instance.grant(AMINA, KARIM, SEEDS, "write")


def measures(files: str) -> list[Measure]:
    return [
        Measure("PROPFIND of the root", lambda d: d.propfind("/").status, 207, ROOT_EVERY),
        Measure(
            f"PROPFIND of a beneficiary's folder, {ITEMS} items",
            lambda d: d.propfind("/client-0007").status,
            207,
        ),
        Measure(f"PROPFIND of a folder of {CHILDREN}", lambda d: d.propfind(files).status, 207),
        Measure("GET of 10 KB", lambda d: d.get(f"{files}/007.txt").status, 200),
        Measure("PUT of 10 KB", lambda d: d.put(f"{files}/008.txt", TEN_KB).status, 204),
    ]


def measure(servers: Sequence[Server], rounds: int) -> None:
    drives = [server.instance.drive(KARIM, timeout=300) for server in servers]
    asked = measures(f"/Amina Benali{SEEDS}")
    first, times = Times(), Times()
    first.take(asked[0], drives, 0)
    for one in asked:
        Times().take(one, drives, 0)
    for turn in range(rounds):
        for one in asked:
            if turn % one.every == 0:
                times.take(one, drives, turn)
        print(f"\rmeasured: {100 * (turn + 1) // rounds} %", end="", flush=True)
    print(f"\nThe root at first sight, nothing remembered:\n\n{first.table()}")
    print(f"\nMedians of {rounds} rounds:\n\n{times.table()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factor", type=float, default=1.0, help="of both sizes (default: 1)")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2, help="that make rows")
    parser.add_argument("--database", nargs=2, metavar="URL", default=(None, None))
    parser.add_argument("--folder", type=Path, help="keeps both instances, to measure again")
    chosen = parser.parse_args()
    clients = max(10, int(CLIENTS * chosen.factor))
    others = max(20, int(EVERYBODY * chosen.factor) - clients)
    with ExitStack() as stack:
        servers = []
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, more, url in zip(("small", "large"), (0, others), chosen.database, strict=True):
            if (folder / name).exists():
                servers.append(stack.enter_context(serving(made_before(folder / name))))
                continue
            instance = make(folder / name, url)
            started = time.perf_counter()
            fill(instance, clients, more, chosen.processes)
            print(f"{name}: {rows_of(instance)} in {time.perf_counter() - started:.0f} s")
            servers.append(stack.enter_context(serving(instance)))
            share_files(servers[-1])
        measure(servers, chosen.rounds)


if __name__ == "__main__":
    main()
