"""What the rules cost: reloading, comparing two sets, the decisions of a listing, many people.

    .venv/bin/python -m benchmarks.policy [--rounds 20] [--people 100000]

What is compared is asked in turn in one run. Seconds are those that this thread had a processor:
other work on the machine slows them by its use of caches only.
"""

import argparse
import gc
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.policy_listing import CHILDREN, Listing
from benchmarks.policy_sets import NARROW, Files, edited, made
from davserver.domain.actions import Action, Category, Relation, Right, Strength
from davserver.domain.decisions import Target
from davserver.domain.grants import Grant, ToPerson
from davserver.domain.ids import GrantId, MembershipId, NodeId, PersonId, StructureId, VaultId
from davserver.domain.people import (
    AccountState,
    Epoch,
    Membership,
    Person,
    Principal,
    Role,
    Structure,
    StructureKind,
)
from policies.decider import Judge
from policies.diff import differences
from policies.folder import read_folder
from policies.loader import load, load_bytes, shipped
from policies.snapshot import Snapshot
from policies.trials import run
from tests.support.drive import world_on

FEW_RULES, MANY_RULES = 25, 100
FEW_PEOPLE = 1_000
NOW = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)
WORKPLACE = Structure(
    StructureId(bytes(16)), "lyon", "CCAS de Lyon", StructureKind.CCAS, "Europe/Paris"
)


@dataclass
class Times:
    """Seconds of a processor, by what was measured; in the order of the first time."""

    of: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        self.of.setdefault(name, []).append(seconds)

    def take(self, name: str, work: Callable[[], object]) -> None:
        gc.collect()
        start = time.thread_time()
        work()
        self.add(name, time.thread_time() - start)

    def table(self) -> str:
        lines = ["| measure | median, ms | worst, ms |", "|---|---:|---:|"]
        for name, seconds in self.of.items():
            middle, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
            lines.append(f"| {name} | {middle:.2f} | {worst:.2f} |")
        return "\n".join(lines)

    def ratio(self, one: str, other: str) -> str:
        middle = [statistics.median(self.of[name]) for name in (one, other)]
        return f"{other} / {one}: {middle[1] / middle[0]:.2f}"


def measure_sets(times: Times, rounds: int) -> None:
    few, many, other = made(FEW_RULES, 1), made(MANY_RULES, 2), made(MANY_RULES, 3)
    before, after = load_bytes(many), load_bytes(other)
    narrow = [load_bytes(made(MANY_RULES, seed, NARROW)) for seed in (4, 5)]
    turned = _with_a_rule_turned(many, before)
    cases = read_folder(shipped()).tests
    for _ in range(rounds):
        times.take(f"reload of {FEW_RULES} rules", lambda: load_bytes(few))
        times.take(f"reload of {MANY_RULES} rules", lambda: load_bytes(many))
        times.take("diff, one rule of 100 turned", lambda: differences(before, turned))
        times.take("diff, nothing alike in 2 × 100", lambda: differences(before, after))
        times.take(
            f"trial of the shipped cases, {MANY_RULES} rules", lambda: run(load_bytes(many), cases)
        )
    for _ in range(max(3, rounds // 4)):
        times.take("diff, nothing alike in 2 × 100 narrow rules", lambda: differences(*narrow))
    pairs = ((before, turned), (before, after), narrow)
    lines = [str(len(differences(*pair).boxes)) for pair in pairs]
    print(f"lines of the differences: {', '.join(lines)}")


def _with_a_rule_turned(files: Files, before: Snapshot) -> Snapshot:
    """The last rule that matters on its own."""
    each = (edited(files, number, _turned) for number in reversed(range(MANY_RULES)))
    return next(one for one in each if one is not None and differences(before, one).boxes)


def _turned(line: str) -> str:
    """An allow becomes a deny, or the other way round."""
    allow, deny = ", allow,", ", deny,"
    return line.replace(allow, deny) if allow in line else line.replace(deny, allow)


def measure_listing(times: Times, rounds: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        world_on(f"sqlite:///{folder}/abri.sqlite", Path(folder)) as world,
    ):
        listing = Listing(world)
        listing.ask()
        listing.forget()
        listing.ask()
        print(f"listing: {listing.decisions} looks, {listing.questions} questions to Casbin")
        for _ in range(rounds):
            listing.forget()
            for name in ("cold", "warm"):
                whole, decisions = listing.ask()
                times.add(f"listing of {CHILDREN}, decisions, {name}", decisions)
                times.add(f"listing of {CHILDREN}, all of it, {name}", whole)


# ── many people ─────────────────────────────────────────────────────────────────────────────────


def questions(count: int) -> Iterator[tuple[Principal, Action, Target]]:
    """Each beneficiary has a professional of their own, a vault and a grant."""
    actions, categories = list(Action), list(Category)
    for number in range(count):
        key = number.to_bytes(16)
        person = Person(
            PersonId(key), f"pro-{number}", "Pro", Role.PROFESSIONAL, AccountState.ACTIVE, "fr"
        )
        member = Membership(MembershipId(key), WORKPLACE, NOW, None)
        who = Principal(
            person=person, credential=None, strength=Strength.PASSWORD, read_only=False,
            memberships=(member,), vault=None, epoch=Epoch(1, 1, 1), address="192.0.2.7",
        )  # fmt: skip
        vault = VaultId(key)
        grant = Grant(
            id=GrantId(key), vault=vault, node=NodeId(key), to=ToPerson(person.id),
            right=Right.WRITE, starts=NOW, until=None, ended=None, folder="A", name="B",
            allowance=0, created=NOW,
        )  # fmt: skip
        target = Target(vault, Relation.GRANTEE, categories[number % 8], grant=grant)
        yield who, actions[number % len(actions)], target


def per_second(judge: Judge, count: int) -> float:
    """Decisions, of which each is about somebody else."""
    asked = list(questions(count))
    gc.collect()
    start = time.thread_time()
    for who, action, target in asked:
        judge.decide(who, action, target, NOW)
    return count / (time.thread_time() - start)


def kept_by(judge: Judge, count: int) -> int:
    """Bytes that are still allocated after that many decisions, the people themselves forgotten."""
    gc.collect()
    tracemalloc.start()
    for who, action, target in questions(count):
        judge.decide(who, action, target, NOW)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept


def measure_people(rounds: int, many: int) -> str:
    snapshot = load(shipped())
    speed: dict[int, list[float]] = {FEW_PEOPLE: [], many: []}
    per_second(Judge(snapshot), FEW_PEOPLE)
    for _ in range(rounds):
        for count, found in speed.items():
            found.append(per_second(Judge(snapshot), count))
    lines = ["| beneficiaries | decisions per s | kept, KiB | questions remembered |"]
    lines.append("|---:|---:|---:|---:|")
    for count, found in speed.items():
        fresh = Judge(load(shipped()))
        kept = kept_by(fresh, count) / 1024
        middle = statistics.median(found)
        lines.append(f"| {count} | {middle:.0f} | {kept:.1f} | {fresh.snapshot.remembered} |")
    few, lots = (statistics.median(found) for found in speed.values())
    return "\n".join([*lines, "", f"decisions per s, many / few: {lots / few:.2f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--people", type=int, default=100_000)
    chosen = parser.parse_args()
    times = Times()
    measure_sets(times, chosen.rounds)
    measure_listing(times, chosen.rounds)
    people = measure_people(min(chosen.rounds, 5), chosen.people)
    print(f"\n{times.table()}\n\n{people}\n")
    for few, many in (
        (f"reload of {FEW_RULES} rules", f"reload of {MANY_RULES} rules"),
        ("diff, one rule of 100 turned", "diff, nothing alike in 2 × 100"),
        (f"listing of {CHILDREN}, decisions, warm", f"listing of {CHILDREN}, decisions, cold"),
    ):
        print(times.ratio(few, many))


if __name__ == "__main__":
    main()
