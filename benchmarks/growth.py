"""Whether small requests cost the same however long the trail is and however many others there are.

    .venv/bin/python -m benchmarks.growth [--factor 0.01] [--rounds 200]

Two instances for each of these: with few and with many. The same owner and the same professional
ask both in turn, in this process, without a server around it. Figures are the processor time of
one request, medians; what waits for the disk is not in them. Then what a child costs in a listing,
from 100 to 50 000 of them (`benchmarks.listing`).
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import listing
from tests.support.cast import CCAS
from tests.support.growing import more_clients, more_trail, more_vaults
from tests.support.in_process import Front, front_of
from tests.support.instance import Instance, new_instance

FILES, TEN_KB = 20, b"0123456789" * 1000
SHARED = {"amina": "/dav/Dossier", "karim": "/dav/Amina%20Benali/Dossier"}
SIZES = (100, 1_000, 10_000, 50_000)


@dataclass(frozen=True, slots=True)
class Growth:
    words: str
    of: Callable[[Instance, int], None]
    few: int
    many: int


GROWTHS = (
    Growth("entries in the owner's trail", more_trail, 1_000, 1_000_000),
    Growth("other vaults", more_vaults, 1, 1_000),
    Growth("other beneficiaries of the professional, 50 grants each", more_clients, 1, 400),
)


def base(folder: Path) -> Instance:
    """Amina shares a folder with karim, and nobody else does anything."""
    made = new_instance(folder, tls=False)
    made.set("vaults.changes_per_minute", "100000")
    made.set("vaults.allowance", "100 GB")
    made.set("vaults.quota", "100 GB")
    made.add_structure(CCAS, "CCAS de Lyon")
    made.add_person("amina", "beneficiary", "Amina Benali")
    made.add_person("karim", "professional", "Karim Roux", CCAS)
    with front_of(made) as front:
        ask(front, "amina", "MKCOL", "", 201)
        for number in range(FILES):
            ask(front, "amina", "PUT", f"/{number}.txt", 201)
    made.grant("amina", "karim", "/Dossier", "write")
    return made


def ask(front: Front, login: str, method: str, path: str, status: int) -> float:
    """Milliseconds of the processor."""
    body = TEN_KB if method == "PUT" else b""
    begun = time.process_time()
    found, _, _ = front.ask(login, method, SHARED[login] + path, body, depth="1")
    took = time.process_time() - begun
    if found != status:
        raise SystemExit(f"{method} by {login}: {found}")
    return took * 1000


def one_round(front: Front, turn: int) -> dict[str, float]:
    path = f"/{turn % FILES}.txt"
    return {
        f"{method} of {what}, {who}": ask(front, login, method, at, status)
        for login, who in (("amina", "owner"), ("karim", "professional"))
        for method, what, at, status in (
            ("PUT", "10 KB", path, 204),
            ("GET", "10 KB", path, 200),
            ("PROPFIND", f"{FILES} files", "", 207),
        )
    }


def measure(fronts: tuple[Front, Front], rounds: int) -> list[str]:
    """Rows of the table. Whoever is first in a round changes."""
    kept: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for turn in range(-FILES, rounds):
        for which in (0, 1) if turn % 2 else (1, 0):
            for name, took in one_round(fronts[which], turn).items():
                if turn >= 0:
                    kept[which].setdefault(name, []).append(took)
    rows = []
    for name, few in kept[0].items():
        low, high = statistics.median(few), statistics.median(kept[1][name])
        rows.append(f"| {name} | {low:.2f} | {high:.2f} | {high / low:.2f} |")
    return rows


def compare(growth: Growth, made: Instance, factor: float, rounds: int) -> None:
    few, many = growth.few, max(growth.few + 1, int(growth.many * factor))
    with ExitStack() as stack:
        fronts = []
        for count in (few, many):
            instance = made.copied_to(made.folder.with_name(f"{growth.of.__name__}-{count}"))
            begun = time.perf_counter()
            growth.of(instance, count)
            print(f"{growth.words}: {count} in {time.perf_counter() - begun:.0f} s", flush=True)
            fronts.append(stack.enter_context(front_of(instance)))
        counts = f"{few:,} | {many:,}".replace(",", " ")
        print(f"\n| request, with {growth.words} | {counts} | ratio |")
        print("|---|---:|---:|---:|")
        print("\n".join(measure((fronts[0], fronts[1]), rounds)), end="\n\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factor", type=float, default=1.0, help="of what there is much of")
    parser.add_argument("--rounds", type=int, default=200)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="abri-bench-") as folder:
        made = base(Path(folder) / "base")
        for growth in GROWTHS:
            compare(growth, made, chosen.factor, chosen.rounds)
        sizes = [size for size in SIZES if size <= max(SIZES) * chosen.factor] or [SIZES[0]]
        listing.measure(listing.instance_in(Path(folder) / "listing", sizes), sizes)


if __name__ == "__main__":
    main()
