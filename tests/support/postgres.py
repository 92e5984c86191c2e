"""A real PostgreSQL for the tests: Debian's, in a folder of its own, on a free loopback port.

It never runs as root, keeps nothing (fsync is off: these tests are about SQL, not about disks),
and dies with the test process, even with one that is killed.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.ports import free_port

_QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
}

DURABLE = {"shared_buffers": "256MB", "listen_addresses": "127.0.0.1"}
"""As it is for users, for whoever measures."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `folder` holds everything that it keeps."""

    port: int
    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def by_socket(self, url: str) -> str:
        """The same database by the server's UNIX socket."""
        name = url.rpartition("/")[2]
        return f"postgresql://postgres@/{name}?host={self.folder}&port={self.port}"

    @contextmanager
    def fresh_database(self, like: str = "template0") -> Iterator[str]:
        """The URL of an empty database, or of a copy of another one, dropped afterwards.

        Whoever is still connected by then loses the connection.
        """
        name = f"t{os.getpid()}_{next(_numbers)}"
        # Files are copied: the other way is to write all of it to the log first.
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._run(create.format(sql.Identifier(name), sql.Identifier(like)))
        try:
            yield self.url(name)
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def tables_in(self, folder: Path, url: str) -> Iterator[None]:
        """Keeps a database's tables in `folder`, which is made, as long as the block lasts. Nobody
        may be connected to it at the beginning.
        """
        folder.mkdir()
        _give_away(folder)
        place, name = (sql.Identifier(url.rpartition("/")[2] + end) for end in ("_place", ""))
        self._run(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(place, str(folder)))
        move = sql.SQL("ALTER DATABASE {} SET TABLESPACE {}")
        self._run(move.format(name, place))
        try:
            yield
        finally:
            self._run(move.format(name, sql.Identifier("pg_default")))
            self._run(sql.SQL("DROP TABLESPACE {}").format(place))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


_numbers = count()


@contextmanager
def any_database(kind: str, folder: Path, postgres: Callable[[], PostgresServer]) -> Iterator[str]:
    """The URL of a fresh, empty database: a file in `folder`, or one of the server."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'abri.db'}"
        return
    with postgres().fresh_database() as url:
        yield url


@contextmanager
def postgres_server(settings: Mapping[str, str] = _QUICK) -> Iterator[PostgresServer]:
    """Start a server, stop it at the end, and remove its folder."""
    # Not below pytest's own temporary folder: only its owner may enter that.
    folder = Path(tempfile.mkdtemp(prefix="abri-pg-"))
    server: subprocess.Popen[bytes] | None = None
    try:
        _give_away(folder)
        subprocess.run(
            _unprivileged(
                _program("initdb"), "-D", f"{folder}/data", "-U", "postgres", "-A", "trust",
                "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
            ),
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        port = free_port()
        server = _start(folder, port, settings)
        _wait_until_ready(server, port, folder)
        yield PostgresServer(port, folder)
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)
        shutil.rmtree(folder)


def _start(folder: Path, port: int, settings: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    options = {**settings, "port": str(port), "unix_socket_directories": str(folder)}
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            _unprivileged(_program("postgres"), "-D", f"{folder}/data", *arguments),
            stdout=log, stderr=log, cwd="/",
        )  # fmt: skip


def _wait_until_ready(server: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{log}") from error
            time.sleep(0.05)
        else:
            return


def _program(name: str) -> str:
    """Debian keeps PostgreSQL's own programs off the PATH, in a folder per version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: run `make debian` (package postgresql)")
    return str(found[-1])


def _give_away(folder: Path) -> None:
    """To the user that the server runs as."""
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")


def _unprivileged(*command: str) -> list[str]:
    """The command as the user postgres when we are root; ended when this process ends."""
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig=INT", *user, *command]
