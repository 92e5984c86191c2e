"""How long it takes until a professional's mount shows what was just shared with them.

    .venv/bin/python -m benchmarks.mount [--rounds 20] [--fresh 500ms 1s]

Over HTTPS, one worker. In each round a beneficiary shares one more folder while the mount is
listed all the time, so that what rclone remembers is as old as it may be, or younger. The time runs
from when the share is on the disk until a listing has it; and likewise for its end.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.support.instance import Instance, new_instance, serving
from tests.support.outside import Outside
from tests.support.rclone import Rclone

LONGEST = 60.0


def seconds_until(holds: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > LONGEST:
            raise SystemExit("it never came")
        time.sleep(0.005)
    return time.monotonic() - begun


def listed(mount: Path) -> int:
    """How many folders there are that somebody shares."""
    return sum(1 for owner in mount.iterdir() for _ in owner.iterdir())


def ended(instance: Instance, grant: str) -> None:
    with instance.opened() as to:
        now = to.clock()
        who = to.people.operator_for("amina", "benchmark", now)
        found = next(one for one in to.sharing.list(who, now) if one.id.hex() == grant)
        to.sharing.end(who, found.id, now)


def told(what: str, times: list[float]) -> None:
    print(f"  {what}: median {statistics.median(times):.2f} s, longest {max(times):.2f} s")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=20)
    asked.add_argument("--fresh", nargs="+", default=["500ms", "1s"])
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="abri-bench-") as temporary:
        folder = Path(temporary)
        (folder / "home").mkdir()
        instance = new_instance(folder / "abri", tls=True)
        instance.add_structure("ccas", "CCAS")
        instance.add_person("amina", "beneficiary", "Amina Diallo")
        instance.add_person("karim", "professional", "Karim Roux", "ccas")
        with serving(instance) as server, closing(instance.caller("amina")) as caller:
            for number in range(given.rounds + 1):
                caller.ask("MKCOL", f"/dav/{number}")
            instance.grant("amina", "karim", "/0", "read")
            for fresh in given.fresh:
                place = folder / fresh
                place.mkdir()
                rclone = Rclone(Outside(folder / "home"), server, "karim", "")
                with rclone.mounted(place, "--dir-cache-time", fresh) as mount:
                    shown, gone = [], []
                    for number in range(given.rounds):
                        listed(mount)
                        grant = instance.grant("amina", "karim", f"/{number + 1}", "read")
                        shown.append(seconds_until(lambda: listed(mount) == 2))
                        ended(instance, grant)
                        gone.append(seconds_until(lambda: listed(mount) == 1))
                print(f"--dir-cache-time {fresh}, {given.rounds} rounds")
                told("shown", shown)
                told("gone", gone)


if __name__ == "__main__":
    main()
