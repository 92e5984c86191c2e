"""Whether decisions stay whole while the policy changes all the time.

    .venv/bin/python -m benchmarks.reloads [--reloads 500] [--seconds 60] [--clients 8]

Two policies that differ in two actions take turns on a running server while clients list, open and
change. Every answer must be by one of the two, whole, and by one that was in force while it was
asked. Prints counts; ends with 1 when an answer was wrong.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from admin.logs import log_errors
from tests.support.cast import add_cast
from tests.support.instance import new_instance, serving
from tests.support.reloading import READERS, WRITERS, Race, prepared

_SHOWN = 10


def main() -> int:
    asked = _arguments()
    log_errors()
    with tempfile.TemporaryDirectory() as folder:
        instance = new_instance(Path(folder) / "abri", tls=False)
        add_cast(instance)
        instance.set("policy.activation", "manual")
        with serving(instance, workers=asked.workers), instance.opened() as services:
            race = Race(instance, services, prepared(instance))
            start = time.perf_counter()
            race.run(asked.reloads, asked.clients, _evenly(start, asked.seconds / asked.reloads))
            took = time.perf_counter() - start
        race.compare_with_log()
    print(_table(race, took))
    for line in race.wrong[:_SHOWN]:
        print(line)
    return 1 if race.wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reloads", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def _evenly(start: float, every: float) -> Callable[[Race], None]:
    def pace(race: Race) -> None:
        time.sleep(max(0.0, start + len(race.took) * every - time.perf_counter()))

    return pace


def _table(race: Race, took: float) -> str:
    median = statistics.median(race.took)
    rows = {
        "changes of the policy": len(race.took),
        "seconds": f"{took:.1f}",
        "answers": race.asked,
        "… by the one policy": race.seen[READERS],
        "… by the other": race.seen[WRITERS],
        "… with no change under way, so that only one was right": race.pinned,
        "decisions in the log, each as its own rules say": race.logged,
        "requests that were decided again, by the later policy": race.again,
        "answers of two policies at once or of the wrong one, and errors": len(race.wrong),
        "one change, with its checks, cases and notices, ms": round(median * 1000),
    }
    lines = ["| what | number |", "|---|---:|", *(f"| {k} | {v} |" for k, v in rows.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
