"""The page that a run writes: tables, machine, versions, day and command."""

import json
import platform
import re
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.beside.measures import Measure
from benchmarks.beside.peers import KINDS
from benchmarks.beside.peers import version as version_of

BEGIN, END = "<!-- written by `make bench` -->", "<!-- until here -->"


@dataclass
class Results:
    """Every round's numbers, by server and measure; what else the machine did, by work."""

    of: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    others: dict[str, list[float]] = field(default_factory=dict)
    faults: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, label: str, found: Mapping[str, float]) -> None:
        mine = self.of.setdefault(label, {})
        for key, value in found.items():
            mine.setdefault(key, []).append(value)

    def median(self, label: str, key: str) -> float | None:
        values = self.of.get(label, {}).get(key)
        return statistics.median(values) if values else None

    def keep(self, where: Path) -> None:
        where.write_text(json.dumps({"rounds": self.of, "others": self.others}, indent=1))


@dataclass(frozen=True)
class Group:
    """Servers in one table. In brackets: the ratio to `reference`."""

    title: str
    labels: Sequence[str]
    reference: str


def table(results: Results, group: Group, measures: Iterable[Measure]) -> str:
    lines = [f"| measure | {' | '.join(group.labels)} |", "|---" * (len(group.labels) + 1) + "|"]
    lines[1] = "|---|" + "---:|" * len(group.labels)
    for one in measures:
        cells = [_cell(results, group, label, one.key) for label in group.labels]
        if any(cells):
            lines.append(f"| {one.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(results: Results, group: Group, label: str, key: str) -> str:
    value = results.median(label, key)
    if value is None:
        return ""
    base = results.median(group.reference, key)
    if not base or label == group.reference:
        return number(value)
    return f"{number(value)} ({value / base:.2f})"


def number(value: float) -> str:
    """Three digits that say something."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


@dataclass(frozen=True)
class Run:
    """What a page says besides its numbers. `seconds` is how long it took."""

    command: str
    rounds: int
    seconds: float
    words: Mapping[str, str]
    """What each server is."""


def page(results: Results, groups: Sequence[Group], measures: Sequence[Measure], run: Run) -> str:
    parts = [f"{machine()} {_how(results, run)}"]
    for group in groups:
        parts += [f"### {group.title}", _labels(group, run), _ratio(group)]
        parts.append(table(results, group, measures))
    parts += [_faults(results)] if any(results.faults.values()) else []
    return "\n\n".join(parts)


def _how(results: Results, run: Run) -> str:
    day = time.strftime("%Y-%m-%d", time.gmtime())
    others = [value for values in results.others.values() for value in values]
    busy = f"{statistics.median(others):.2f}, at most {max(others):.2f}" if others else "?"
    rounds = f"{run.rounds} rounds" if run.rounds > 1 else "one round"
    return (
        f"`{run.command}` of {day}: medians of {rounds}, each server in turn, the first one last "
        f"in the next round; {run.seconds / 60:.0f} minutes. Other programs meanwhile: {busy} of a "
        "core. ↑ more is better, ↓ less is better."
    )


def _labels(group: Group, run: Run) -> str:
    rows = [f"| {label} | {run.words[label]}{_which(label)} |" for label in group.labels]
    return "\n".join(["| label | what |", "|---|---|", *rows])


def _which(label: str) -> str:
    if label in KINDS:
        return f" ({version_of(label)})"
    return f" ({version('abri')})" if label == "abri" else ""


def _ratio(group: Group) -> str:
    return f"In brackets: the ratio to {group.reference}."


def _faults(results: Results) -> str:
    told = [
        f"* {label}, {work}: {fault.splitlines()[0]}"
        for label, faults in results.faults.items()
        for work, fault in faults.items()
    ]
    return "\n".join(["What failed, and was not repeated:", "", *told])


def machine() -> str:
    cores, memory = psutil.cpu_count() or 0, psutil.virtual_memory().total / (1 << 30)
    speed = re.search(r"^cpu MHz\s*:\s*([\d.]+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    hertz = f" ({float(speed[1]) / 1000:.1f} GHz)" if speed else ""
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "?")
    return (
        f"{cores} cores{hertz}, {memory:.0f} GiB, {system}, Linux {platform.release()}, "
        f"Python {platform.python_version()}."
    )


def put_into(where: Path, text: str) -> None:
    """Between the marks; what people wrote around them stays."""
    whole = where.read_text()
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{where} has no place for it: {BEGIN} … {END}")
    where.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
