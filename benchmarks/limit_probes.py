"""What this machine can do at all: each probe does one thing as often as it can for a moment."""

import multiprocessing
import os
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import psutil
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from psycopg import connect

from authn.credentials import from_login_and_secret
from benchmarks.beside.client import HERE, Ask, Line, Place, in_turn
from benchmarks.beside.servers import MIB
from davserver.domain.people import Role
from davserver.gate.people.people import PersonToAdd
from davserver.sealing.digests import DigestAlg, digesting
from davserver.serving.health import always_well
from davserver.serving.logs import Log
from davserver.serving.server import running_server
from davserver.serving.settings import Listener
from tests.support.instance import Instance, new_instance, password_of
from tests.support.postgres import postgres_server
from tests.support.serving import hello

WINDOWS, SECONDS = 5, 0.3
"""The best of so many moments counts, so that other work on the machine hides nothing."""
_WORK = 0.0003
"""Seconds between two questions of a request."""
_AMINA = "amina"
_IMPORTS = "import davserver.dav.app, davserver.wiring.services, davserver.serving.worker"
_RECORD = 200
"""Bytes of a sealed name with what belongs to it."""


def per_second(once: Callable[[], object]) -> float:
    """How often, after a few times that do not count."""
    for _ in range(3):
        once()
    return max(_window(once) for _ in range(WINDOWS))


def _window(once: Callable[[], object]) -> float:
    count, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < SECONDS:
        once()
        count += 1
    return count / passed


def openssl(algorithm: str) -> float:
    """MiB of 64 KiB blocks per second, on one core."""
    words = ["openssl", "speed", "-mr", "-seconds", "1", "-bytes", "65536", "-evp", algorithm]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    found = re.search(r"^\+F:\d+:[^:]+:([\d.]+)", done.stdout, re.MULTILINE)
    if found is None:
        raise SystemExit(f"openssl speed said: {done.stdout}")
    return float(found[1]) / MIB


def blake3_digests() -> float:
    """MiB of pieces, as large as uploads have them, per second, on one core."""
    piece = os.urandom(MIB // 2)
    found = digesting(DigestAlg.BLAKE3)
    return per_second(lambda: found.update(piece)) / 2


def disk_syncs(folder: Path) -> float:
    """4 KiB written behind the last ones, and waited for: how often per second."""
    where = os.open(folder / "syncs", os.O_WRONLY | os.O_CREAT)
    block = os.urandom(4096)
    try:
        os.posix_fallocate(where, 0, 64 * MIB)
        os.fsync(where)

        def once() -> None:
            os.write(where, block)
            os.fdatasync(where)

        return per_second(once)
    finally:
        os.close(where)


def disk_writes(folder: Path) -> float:
    """MiB per second of a file of 256 MiB, with the wait at its end."""
    block, begun = os.urandom(MIB), time.perf_counter()
    with (folder / "written").open("wb", buffering=0) as file:
        for _ in range(256):
            file.write(block)
        os.fdatasync(file.fileno())
    return 256 / (time.perf_counter() - begun)


def loopback() -> float:
    """MiB per second from one process to another."""
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
        reader = multiprocessing.get_context("spawn").Process(target=_swallow, args=(port,))
        reader.start()
        to, _ = server.accept()
        block = os.urandom(MIB)
        with to:
            rate = per_second(lambda: to.sendall(block))
        reader.join(10)
    return rate


def _swallow(port: int) -> None:
    room = bytearray(MIB)
    with socket.create_connection((HERE, port)) as of:
        while of.recv_into(room):
            pass


def empty_answers() -> tuple[float, float, float]:
    """An application that says hello, in our server: answers per second on one connection, and
    milliseconds of the processor that server and client take for each.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve_hello, args=(theirs,))
    server.start()
    try:
        place = Place(ours.recv(), "", "")
        ask = Ask("GET", "/", (200,), gives=b"hello")
        with Line(place) as line:
            in_turn(line, [ask] * 50, 10)
            busy, own = _busy(server.pid), time.process_time()
            done = [in_turn(line, [ask] * 100_000, SECONDS) for _ in range(WINDOWS)]
        count = sum(len(one.each) for one in done)
        each = [(_busy(server.pid) - busy) / count, (time.process_time() - own) / count]
    finally:
        ours.send("enough")
        server.join(10)
    return max(one.rate for one in done), each[0] * 1000, each[1] * 1000


def _busy(pid: int | None) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _serve_hello(told: Pipe) -> None:
    with (
        Path(os.devnull).open("w") as nowhere,
        running_server(
            hello, Listener(port=0, plain_http=True), health=always_well, log=Log(nowhere)
        ) as server,
    ):
        told.send(server.port)
        told.recv()


def sqlite_commits(folder: Path) -> float:
    """A row of 400 bytes into a table of SQLite's own, waited for as Abri's are: per second."""
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, content BLOB)")
    # A log that still grows is waited for several times as long as one that is written anew.
    plain.execute("INSERT INTO t (content) VALUES (?)", (bytes(6 * MIB),))
    plain.execute("PRAGMA wal_checkpoint")
    row = (os.urandom(400),)
    rate = per_second(lambda: plain.execute("INSERT INTO t (content) VALUES (?)", row))
    plain.close()
    return rate


def postgres_asked() -> float:
    """Milliseconds of a question to PostgreSQL by its socket, of somebody who computes in between:
    each is woken by the other.
    """
    with postgres_server() as server, server.fresh_database() as url:
        connection = connect(server.by_socket(url), autocommit=True)
        try:
            each = [_after_work(lambda: connection.pgconn.exec_(b"SELECT 1")) for _ in range(1000)]
        finally:
            connection.close()
    return statistics.median(each)


def _after_work(once: Callable[[], object]) -> float:
    until = time.perf_counter() + _WORK
    while (begun := time.perf_counter()) < until:
        pass
    once()
    return (time.perf_counter() - begun) * 1000


@contextmanager
def somebody(folder: Path) -> Iterator[Instance]:
    """An instance with a beneficiary."""
    made = new_instance(folder / "abri", tls=False)
    with made.opened() as to:
        now = to.clock()
        new = PersonToAdd(_AMINA, Role.BENEFICIARY, "Amina", (), "none", password_of(_AMINA))
        to.people.add_person(to.people.operator("benchmark", now), new, now)
    yield made


def own_transactions(instance: Instance) -> tuple[float, float]:
    """Of Abri's database with nothing in them: looks and writes per second."""
    with instance.opened() as to:

        def look() -> None:
            with to.db.read():
                pass

        return per_second(look), per_second(lambda: to.db.write(lambda _: None))


def sign_ins(instance: Instance) -> float:
    """Of somebody who was there a moment ago: per second."""
    with instance.opened() as to:
        credential = from_login_and_secret(_AMINA, password_of(_AMINA))
        return per_second(lambda: to.login.sign_in(credential, "127.0.0.1", to.clock()))


def records_opened() -> float:
    """Sealed names that one core opens per second, by nothing but the library."""
    cipher = AESSIV(os.urandom(64))
    sealed = cipher.encrypt(bytes(_RECORD), [b"a context"])
    return per_second(lambda: cipher.decrypt(sealed, [b"a context"]))


def interpreter() -> tuple[float, float, float]:
    """Seconds until Python has started, until it has loaded Abri, and MiB that it then has."""
    with_it = f"{_IMPORTS}; import resource as r; print(r.getrusage(r.RUSAGE_SELF).ru_maxrss)"
    bare: list[float] = []
    loaded: list[float] = []
    told = ""
    for _ in range(3):
        for kept, script in ((bare, "print(0)"), (loaded, with_it)):
            begun = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, check=True,
                timeout=60, cwd=Path(__file__).parents[1],
            )  # fmt: skip
            kept.append(time.perf_counter() - begun)
            told = done.stdout
    return min(bare), min(loaded), int(told) / 1024
