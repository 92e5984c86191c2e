"""How long it takes to say what a change of the rules does to whom.

    .venv/bin/python -m benchmarks.impact [--beneficiaries 100000] [--database URL]

Every beneficiary has ten nodes and one living grant: half of them to a professional by name, half
to one of twenty structures. Some changes of the shipped rules are looked at in turn, each in a
process of its own, as the command does; the median of three is told.
"""

import argparse
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from admin.policy_impact import PROCESSES
from benchmarks.impact_rows import fill
from benchmarks.scale import rows_of
from davserver.config import load
from davserver.db.shared_snapshot import processes
from davserver.gate.policy.impact import Summing
from davserver.wiring.services import build
from policies.loader import load as load_policy
from policies.loader import load_bytes, shipped
from policies.snapshot import Snapshot
from tests.support.instance import Instance, new_instance
from tests.support.ports import free_port

ROUNDS = 3
CHANGES: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "grants by name are not read from the internet": (
        "p, x1, deny, professional, grantee, get, *, *, internet, *, *",
    ),
    "one kind of structure sees what is sensitive": (
        "p, x1, allow, professional, via-structure, consult, sensitive, health-structure, *, *, *",
    ),
    "every structure sees what is sensitive": (
        "p, x1, allow, professional, via-structure, consult, sensitive, *, *, *, *",
    ),
    "nobody reads from the internet, by name or through a structure": (
        "p, x1, deny, professional, *, get, *, *, internet, *, *",
    ),
}


@dataclass(frozen=True, slots=True)
class Took:
    seconds: float
    processor: float
    documents: int
    megabytes: int


def changed(rules: tuple[str, ...]) -> Snapshot:
    files = dict(load_policy(shipped()).files)
    files["rules.csv"] += "\n".join(["", *rules, ""]).encode()
    return load_bytes(files)


def look(config: Path, name: str, at_once: int) -> Took:
    """In a process that has done nothing else."""
    services = build(load(config))
    try:
        old, new = changed(()), changed(CHANGES[name])
        start, busy = time.perf_counter(), sum(os.times()[:4])
        how = Summing(processes(at_once))
        found = services.impact.of(old, new, services.clock(), owners=5, how=how)
        seconds, processor = time.perf_counter() - start, sum(os.times()[:4]) - busy
    finally:
        services.close()
    documents = sum(line.things.documents for line in found.lines if line.things)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Took(seconds, processor, documents, memory)


def made(folder: Path, url: str | None, beneficiaries: int, processes: int) -> Instance:
    if (folder / "config.yaml").exists():
        return Instance(folder, free_port())
    instance = new_instance(folder, tls=False)
    if url is not None:
        instance.set("database.url", url)
        instance.abri("database", "upgrade")
    started = time.perf_counter()
    fill(instance, beneficiaries, processes)
    print(f"{rows_of(instance)} in {time.perf_counter() - started:.0f} s")
    return instance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beneficiaries", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=2, help="that make rows")
    parser.add_argument("--at-once", type=int, default=PROCESSES, help="processes that look")
    parser.add_argument("--database", metavar="URL", help="an empty one of PostgreSQL")
    parser.add_argument("--folder", type=Path, help="keeps the instance, to measure again")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        kept = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "abri"
        instance = made(kept, chosen.database, chosen.beneficiaries, chosen.processes)
        print("| change | documents | s | s of all cores | MiB |\n|---|---:|---:|---:|---:|")
        context = multiprocessing.get_context("spawn")
        for name in CHANGES:
            took = []
            for _ in range(ROUNDS):
                with ProcessPoolExecutor(1, mp_context=context) as pool:
                    took.append(pool.submit(look, instance.config, name, chosen.at_once).result())
            whole = statistics.median(one.seconds for one in took)
            busy = statistics.median(one.processor for one in took)
            last = took[-1]
            print(f"| {name} | {last.documents} | {whole:.1f} | {busy:.1f} | {last.megabytes} |")


if __name__ == "__main__":
    main()
