"""Abri beside other WebDAV servers on this machine, doing the same work in turn.

    make bench [ROUNDS=5] [SERVERS="rclone-crypt wsgidav abri"]
    .venv/bin/python -m benchmarks.beside [--rounds 5] [--page docs/benchmarks.md] [SERVER ...]

Every byte that comes back is compared. Every loop ends after so many times, or seconds. Nothing
leaves the machine. `--brief` tries everything with next to nothing.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from benchmarks.beside import peers, variants
from benchmarks.beside.measures import measures
from benchmarks.beside.replies import Wrong
from benchmarks.beside.report import Group, Results, Run, page, put_into
from benchmarks.beside.servers import MIB, Kind, Room, Site
from benchmarks.beside.works import WORKS, Sizes, Turn, lay_out
from tests.support.instance import password_of
from tests.support.ports import free_port

USER = "bench"
BRIEF = Sizes(mib=2, ranges=5, small=10, deeds=3, folders=(3, 20))
GROUPS = (
    Group("Beside other servers",
          (peers.CRYPT, "apache", "nginx", peers.WSGIDAV, variants.PLAIN), peers.CRYPT),
    Group("Over TLS", (peers.CRYPT_TLS, variants.TLS), peers.CRYPT_TLS),
    Group("With more in it",
          (variants.PLAIN, variants.POSTGRES, variants.PROFESSIONAL, variants.RULES),
          variants.PLAIN),
)  # fmt: skip
ALL = tuple(dict.fromkeys(label for group in GROUPS for label in group.labels))
_FAULTS = (Wrong, OSError, ValueError)


@dataclass
class Comparison:
    """Some servers, side by side."""

    sites: list[Site]
    sizes: Sizes
    results: Results = field(default_factory=Results)

    def __post_init__(self) -> None:
        self._room = memoryview(bytearray(self.sizes.mib * MIB))

    def run(self, rounds: int, restarts: int) -> None:
        for site in self.sites:
            with self._noting(site, "start"):
                site.make_ready()
                site.start()
                lay_out(self._turn(site, 0))
            print(f"{site.label}: ready", flush=True)
        for number in range(rounds):
            for work in WORKS:
                for site in self.sites if number % 2 == 0 else self.sites[::-1]:
                    self._one(site, work, number)
            print(f"round {number + 1} of {rounds} is done", flush=True)
        for _ in range(restarts):
            for site in self.sites:
                self._restart(site)

    def _turn(self, site: Site, number: int) -> Turn:
        return Turn(site, self.sizes, number, self._room)

    def _one(self, site: Site, work: str, number: int) -> None:
        """What failed once is not tried again, nor anything of a server that did not start."""
        if {"start", work} & set(site.faults):
            return
        with self._noting(site, work), self._others(site, work):
            self.results.add(site.label, WORKS[work](self._turn(site, number)))

    def _restart(self, site: Site) -> None:
        if "start" in site.faults:
            return
        with self._noting(site, "start"):
            site.stop()
            self.results.add(site.label, {"start": site.start()})

    @contextmanager
    def _noting(self, site: Site, work: str) -> Iterator[None]:
        try:
            yield
        except _FAULTS as error:
            site.faults[work] = f"{type(error).__name__}: {error}"
            site.line.close()
            self.results.faults[site.label] = site.faults
            print(f"{site.label}, {work}: {site.faults[work]}", flush=True)

    @contextmanager
    def _others(self, site: Site, work: str) -> Iterator[None]:
        """How much of a core others used: neither the server nor this process."""
        begun, busy = time.perf_counter(), _busy() - site.processor() - time.process_time()
        yield
        busy = _busy() - site.processor() - time.process_time() - busy
        share = max(0.0, busy) / (time.perf_counter() - begun)
        self.results.others.setdefault(work, []).append(share)


def _busy() -> float:
    """Seconds that all cores together worked."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def chosen(labels: Sequence[str], kinds: dict[str, Kind]) -> list[Kind]:
    """Those that this machine can start; what is missing is said."""
    found = []
    for label in labels:
        lacks = peers.missing(label) if label in peers.KINDS else None
        if lacks:
            print(f"{label} is left out: there is no {lacks}", flush=True)
        else:
            found.append(kinds[label])
    return found


def groups_of(labels: Sequence[str]) -> list[Group]:
    """The tables that have something to compare."""
    there = [
        replace(group, labels=[label for label in group.labels if label in labels])
        for group in GROUPS
    ]
    return [group for group in there if group.reference in labels and len(group.labels) > 1]


def main(words: Sequence[str] | None = None) -> None:
    given = _arguments(words)
    begun, sizes = time.perf_counter(), BRIEF if given.brief else Sizes()
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="abri-bench-")))
        folder.chmod(0o755)  # Apache and nginx serve as another user
        kinds = peers.KINDS | variants.kinds(ends, 2 if given.brief else variants.BENEFICIARIES)
        sites = [
            Site(kind, Room(folder / f"{n}", free_port(), USER, password_of(USER)))
            for n, kind in enumerate(chosen(given.servers, kinds))
        ]
        for site in sites:
            ends.callback(site.stop)
        compared = Comparison(sites, sizes)
        compared.run(given.rounds, 1 if given.brief else 3)
    run = Run(given.command, given.rounds, time.perf_counter() - begun,
              {label: kind.words for label, kind in kinds.items()})  # fmt: skip
    asked = measures(sizes.mib, sizes.folders)
    text = page(compared.results, groups_of([site.label for site in sites]), asked, run)
    print(text)
    if given.json:
        compared.results.keep(given.json)
    if given.page:
        put_into(given.page, text)
    if any(label.startswith(variants.PLAIN) for label in compared.results.faults):
        raise SystemExit(1)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=f"of {', '.join(ALL)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--brief", action="store_true", help="next to nothing of everything")
    parser.add_argument("--page", type=Path, help="a page with a place for the tables")
    parser.add_argument("--json", type=Path, help="every round's numbers")
    parser.add_argument("--command", default="make bench", help="as the page tells it")
    given = parser.parse_args(words)
    given.servers = given.servers or list(ALL)
    unknown = set(given.servers) - set(ALL)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return given


if __name__ == "__main__":
    main()
