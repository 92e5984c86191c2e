"""What limits each number of `make bench`, and how far Abri is from it.

    .venv/bin/python -m benchmarks.limits [--json build/bench.json] [--page docs/limits.md]

Measures what this machine can do at all, in half a minute, works out the limit of each work of the
comparison from it, and puts what Abri did in the run of `--json` beside it.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import limit_probes as probes
from benchmarks.beside.report import machine, number, put_into
from benchmarks.beside.servers import MIB

RANGE, SMALL = 64 * 1024 / MIB, 10_000 / MIB
FOLDER = 10_000


@dataclass(frozen=True, slots=True)
class Machine:
    """What it can do; rates per second, sizes in MiB, seconds."""

    gcm: float
    sha: float
    blake3: float
    loopback: float
    writes: float
    syncs: float
    commits: float
    answers: float
    answer_ms: float
    client_ms: float
    looks: float
    own_writes: float
    sign_ins: float
    asked_ms: float
    records: float
    python: float
    loaded: float
    memory: float


@dataclass(frozen=True, slots=True)
class Limit:
    """`key` of the comparison; `most` that could be, or least if not `more`."""

    words: str
    key: str
    why: str
    most: float
    more: bool = True


def measured() -> Machine:
    with tempfile.TemporaryDirectory(prefix="abri-limits-") as temporary:
        folder = Path(temporary)
        answers, answer_ms, client_ms = probes.empty_answers()
        python, loaded, memory = probes.interpreter()
        with probes.somebody(folder) as instance:
            looks, own_writes = probes.own_transactions(instance)
            sign_ins = probes.sign_ins(instance)
        return Machine(
            gcm=probes.openssl("aes-256-gcm"), sha=probes.openssl("sha256"),
            blake3=probes.blake3_digests(),
            loopback=probes.loopback(), writes=probes.disk_writes(folder),
            syncs=probes.disk_syncs(folder), commits=probes.sqlite_commits(folder),
            answers=answers, answer_ms=answer_ms, client_ms=client_ms, looks=looks,
            own_writes=own_writes, sign_ins=sign_ins, asked_ms=probes.postgres_asked(),
            records=probes.records_opened(),
            python=python, loaded=loaded, memory=memory,
        )  # fmt: skip


def after_another(*rates: float) -> float:
    """What comes of steps that wait for each other."""
    return 1 / sum(1 / rate for rate in rates)


def limits(of: Machine) -> list[Limit]:
    eight = (os.cpu_count() or 1) * 1000 / (of.answer_ms + of.client_ms)
    change = after_another(of.answers, of.commits)
    large_in = "AES-256-GCM, SHA-256, BLAKE3 on as many cores as there are, the loopback, the disk"
    cores = os.cpu_count() or 1
    sealing = after_another(of.gcm, of.sha, of.blake3) * cores
    return [
        Limit("GET of a large file, MiB/s", "get", "one thread opens (AES-256-GCM), then sends",
              after_another(of.gcm, of.loopback)),
        Limit("PUT of a large file, MiB/s", "put", large_in,
              min(sealing, of.loopback, of.writes)),
        Limit("64 KiB ranges, per s", "ranges", "an empty answer of our server, two chunks opened, "
              "64 KiB sent", after_another(of.answers, of.gcm / RANGE / 2, of.loopback / RANGE)),
        Limit("GET 10 KB, 1 connection, per s", "get of 1", "an empty answer of our server",
              of.answers),
        Limit("GET 10 KB, 8 connections, per s", "get of 8", "the processor that an empty answer "
              "takes, with the client's", eight),
        Limit("PUT 10 KB, 1 connection, per s", "put of 1", "an empty answer, one commit of "
              "SQLite's own", change),
        Limit("PUT 10 KB, 8 connections, per s", "put of 8", "the processor that an empty answer "
              "takes, with the client's: commits are shared", eight),
        *(Limit(f"{words}, per s", key, "an empty answer, one commit of SQLite's own", change)
          for words, key in (("MKCOL", "mkcol"), ("COPY", "copy"), ("MOVE", "move"),
                             ("DELETE", "delete"))),
        Limit("LOCK and UNLOCK, pairs per s", "lock", "two of these", change / 2),
        Limit("PROPFIND of 10 000 (rclone), ms", f"list {FOLDER} rclone", "each sealed name opened "
              "once by the library", FOLDER / of.records * 1000, more=False),
        Limit("start to first answer, s", "start", "Python started and Abri loaded", of.loaded,
              more=False),
        Limit("peak memory, MiB", "large peak", "Abri loaded in two workers", of.memory * 2,
              more=False),
    ]  # fmt: skip


def told(of: Machine) -> str:
    rows = [
        ("AES-256-GCM, one core, MiB/s", of.gcm, "`openssl speed -evp aes-256-gcm -bytes 65536`"),
        ("SHA-256, one core, MiB/s", of.sha, "`openssl speed -evp sha256 -bytes 65536`"),
        ("BLAKE3, one core, MiB/s", of.blake3, "by the library, 512 KiB at a time"),
        ("loopback, MiB/s", of.loopback, "one process sends, another reads"),
        ("disk, MiB/s", of.writes, "256 MiB, with `fdatasync` at the end"),
        ("disk, waits per s", of.syncs, "4 KiB and `fdatasync`, one after the other"),
        ("SQLite, commits per s", of.commits, "one row of 400 bytes, `synchronous=FULL`, WAL"),
        ("our server, answers per s", of.answers, "an application that says hello, 1 connection"),
        ("… server's processor, ms each", of.answer_ms, "the same"),
        ("… client's processor, ms each", of.client_ms, "the same"),
        ("empty looks per s", of.looks, "`Database.read` with nothing in it"),
        ("empty writes per s", of.own_writes, "`Database.write` with nothing in it"),
        ("sign-ins per s", of.sign_ins, "of somebody who was there a moment ago"),
        ("a question to PostgreSQL, ms", of.asked_ms, "`SELECT 1` by its socket, after computing"),
        ("names opened per s", of.records, "AES-SIV of 200 bytes, by the library alone"),
        ("Python started, s", of.python, "`python -c 'print(0)'`"),
        ("Abri loaded, s", of.loaded, "what a worker imports"),
        ("… memory, MiB", of.memory, "the same"),
    ]
    lines = [f"| {words} | {number(value)} | {how} |" for words, value, how in rows]
    return "\n".join(["| what | number | how |", "|---|---:|---|", *lines])


def beside(found: Sequence[Limit], results: dict[str, list[float]]) -> str:
    """How far Abri is: 1 is the limit, and less is further from it."""
    lines = ["| work | limit | Abri | of the limit | what limits |", "|---|---:|---:|---:|---|"]
    for one in found:
        values = results.get(one.key)
        mine = statistics.median(values) if values else None
        share = "" if mine is None else number(mine / one.most if one.more else one.most / mine)
        own = "" if mine is None else number(mine)
        lines.append(f"| {one.words} | {number(one.most)} | {own} | {share} | {one.why} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="what a comparison has kept")
    parser.add_argument("--page", type=Path, help="a page with a place for the tables")
    given = parser.parse_args()
    kept = json.loads(given.json.read_text())["rounds"] if given.json else {}
    of, day = measured(), time.strftime("%Y-%m-%d", time.gmtime())
    text = "\n\n".join([f"{machine()} {day}.", told(of), beside(limits(of), kept.get("abri", {}))])
    print(text)
    if given.page:
        put_into(given.page, text)


if __name__ == "__main__":
    main()
