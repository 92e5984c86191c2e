"""What signing in through a directory costs, and what its outage does to whom.

    .venv/bin/python -m benchmarks.directory [--people 200] [--requests 8] [--rounds 3]

OpenLDAP and `abri serve` with two workers, on this machine. Everybody comes at once, then again;
then the directory is killed: those who were there work on, others are told to wait.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.support.authority import Authority
from tests.support.http import Caller
from tests.support.instance import Instance, Server, new_instance, serving
from tests.support.slapd import slapd_server
from tests.support.staff import PASSWORD, Staff, some_staff

WORKERS, AT_ONCE = 2, 32
STRUCTURE, TEAM = "ccas-lyon", "team"
_rounds = count()


@dataclass(frozen=True, slots=True)
class Asked:
    status: int
    milliseconds: float


@dataclass
class Bench:
    server: Server
    staff: Staff

    def ask(self, login: str, secret: str = PASSWORD) -> Asked:
        begun = time.perf_counter()
        with Caller(self.server.instance.port, login, secret, again=False) as caller:
            status = caller.ask("PROPFIND", "/dav/", {"Depth": "0"}).status
        return Asked(status, (time.perf_counter() - begun) * 1000)

    def everybody(self, logins: Iterable[str], times: int = 1) -> list[Asked]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.ask, [one for one in logins for _ in range(times)]))

    def hire(self, people: int) -> list[str]:
        number = next(_rounds)
        names = [f"p{number}-{one}" for one in range(people)]
        self.staff.add(*names)
        self.staff.put_in(TEAM, *(self.staff.person(one) for one in names))
        return [f"{one}@ccas.example" for one in names]


def told(what: str, asked: list[Asked]) -> None:
    by_status = {one.status: 0 for one in asked}
    for one in asked:
        by_status[one.status] += 1
    times = sorted(one.milliseconds for one in asked)
    median, late = statistics.median(times), times[int(len(times) * 0.99) - 1]
    print(
        f"  {what}: {by_status}; ms {times[0]:.1f} to {times[-1]:.1f}, "
        f"median {median:.1f}, p99 {late:.1f}"
    )


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    authority = Authority(folder)
    instance = new_instance(folder / "abri", tls=False)
    with slapd_server(authority) as slapd, some_staff(slapd, folder) as staff:
        staff.add_group(TEAM)
        staff.add("somebody")
        configure(instance, staff)
        with serving(instance, workers=WORKERS) as server:
            yield Bench(server, staff)


def configure(instance: Instance, staff: Staff) -> None:
    instance.add_structure(STRUCTURE, "CCAS de Lyon")
    text = instance.config.read_text().replace("directories: {}\n", staff.configuration("ccas"))
    instance.config.write_text(text)
    groups = instance.folder / "policies" / "directory-groups.csv"
    groups.write_text(f"m, ccas, professional, {STRUCTURE}, {staff.group(TEAM)}\n")
    instance.abri("policy", "apply")


def one_round(at: Bench, people: int, requests: int) -> None:
    logins = at.hire(people)
    before = at.staff.server.binds()
    begun = time.perf_counter()
    told(
        f"{people} people, {requests} requests each, for the first time",
        at.everybody(logins, requests),
    )
    seconds, binds = time.perf_counter() - begun, at.staff.server.binds() - before - 1
    print(f"    {binds} binds for {people} people in {WORKERS} workers, {seconds:.1f} s")
    told("the same again", at.everybody(logins, requests))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told(
            "a wrong password each", list(pool.map(lambda one: at.ask(one, "no"), logins[:AT_ONCE]))
        )
    outage(at, logins)


def back(at: Bench) -> None:
    """Until either worker asks the directory again."""
    in_a_row, logins = 0, iter(at.hire(500))
    while in_a_row < 8 * WORKERS:
        in_a_row = in_a_row + 1 if at.ask(next(logins)).status == 207 else 0
        time.sleep(0.1)


def outage(at: Bench, logins: list[str]) -> None:
    cold = at.hire(AT_ONCE)
    warm = logins[:AT_ONCE]
    at.everybody(warm, 2 * WORKERS)
    with at.staff.server.healed():
        at.staff.server.kill()
        told("away: who is known to this worker, or waits", at.everybody(warm))
        told("away: cold, one at a time", [at.ask(one) for one in cold])
        told("away: cold, at once", at.everybody(cold))
        told("away: nobody", at.everybody(f"nobody-{one}@ccas.example" for one in range(AT_ONCE)))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--people", type=int, default=200)
    asked.add_argument("--requests", type=int, default=8)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="abri-bench-") as folder, bench(Path(folder)) as at:
        for number in range(given.rounds):
            print(f"round {number + 1}")
            one_round(at, given.people, given.requests)
            back(at)


if __name__ == "__main__":
    main()
