"""An Abri of its own for a test: made and run by the real command, as an operator would."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Executable, make_url

from davserver.config import load
from davserver.db.database import Database
from davserver.domain.actions import Right
from davserver.domain.paths import DrivePath
from davserver.domain.people import Role, StructureKind
from davserver.gate.people.people import PersonToAdd
from davserver.wiring.opening import database_url
from davserver.wiring.services import Services, build
from tests.support import prepared
from tests.support.dav import Drive
from tests.support.http import Caller, Cut
from tests.support.ports import free_port

ABRI = str(Path(sys.executable).with_name("abri"))
_READY = 120
_STOPPED = 60


class CommandFailed(Exception):
    """A command ended with another exit code than 0."""


@dataclass(frozen=True)
class Instance:
    """A folder made by `abri init`. `passwords` are those of the people made in it."""

    folder: Path
    port: int
    tls: bool = False
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    def run(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command and return how it ended, well or badly."""
        return prepared.run(["--config", str(self.config), *arguments], given=given)

    def abri(self, *arguments: str, given: str = "") -> str:
        """Run a command that must succeed; what it printed."""
        done = self.run(*arguments, given=given)
        if done.returncode != 0:
            words = " ".join(arguments)
            raise CommandFailed(
                f"abri {words}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done.stdout

    def json(self, *arguments: str, given: str = "") -> Any:
        return json.loads(self.abri(*arguments, "--json", given=given))

    # ── set-up, through the same services as the commands: each of those takes a second ─────────

    @contextmanager
    def opened(self) -> Iterator[Services]:
        """The instance's services in this process, as a command has them."""
        services = build(load(self.config))
        try:
            yield services
        finally:
            services.close()

    def add_structure(self, slug: str, name: str, kind: str = "ccas") -> None:
        with self.opened() as to:
            now = to.clock()
            who = to.people.operator("tests", now)
            to.people.add_structure(who, slug, name, StructureKind(kind), now)

    def add_person(
        self, login: str, role: str, name: str, *structures: str, template: str = "none"
    ) -> None:
        """A person whose password is known to the tests: `passwords[login]`."""
        password = password_of(login)
        new = PersonToAdd(login, Role(role), name, structures, template, password)
        with self.opened() as to:
            now = to.clock()
            to.people.add_person(to.people.operator("tests", now), new, now)
        self.passwords[login] = password

    def grant(self, giver: str, to: str, path: str, rights: str) -> str:
        """The new grant's id."""
        with self.opened() as services:
            now, sharing = services.clock(), services.sharing
            made = sharing.add(
                services.people.operator_for(giver, "tests", now), to=sharing.grantee(to),
                path=DrivePath.parse(path), right=Right(rights), until=None, now=now,
            )  # fmt: skip
        return made.id.hex()

    def seen_at(self, grant: str) -> str:
        """Where the other side finds what was granted."""
        with self.opened() as to:
            now = to.clock()
            grants = to.sharing.list(to.people.operator("tests", now), now)
        return next(one.seen_at for one in grants if one.id.hex() == grant)

    # ── behind everybody's back ─────────────────────────────────────────────────────────────────

    @property
    def database_url(self) -> str:
        return database_url(load(self.config))

    @property
    def database(self) -> str:
        """`sqlite` or `postgresql`."""
        return make_url(self.database_url).get_backend_name()

    def tamper(self, *statements: Executable) -> None:
        """What somebody does who can write to the database."""
        db = Database(self.database_url)
        try:
            db.write(lambda tx: [tx.execute(one) for one in statements])
        finally:
            db.close()

    # ── the drive ───────────────────────────────────────────────────────────────────────────────

    def caller(self, login: str, **settings: Any) -> Caller:
        return Caller(self.port, login, self.passwords[login], tls=self.tls, **settings)

    def drive(self, login: str, **settings: Any) -> Drive:
        """That person's drive, on a connection of its own."""
        return Drive(self.caller(login, **settings))

    def set(self, name: str, value: str) -> None:
        """Change one setting of config.yaml, such as `listen.port`."""
        lines = self.config.read_text().split("\n")
        at = -1
        for depth, word in enumerate(name.split(".")):
            start = "  " * depth + word + ":"
            at = next(i for i in range(at + 1, len(lines)) if lines[i].startswith(start))
        lines[at] = lines[at].partition(":")[0] + ": " + value
        self.config.write_text("\n".join(lines))

    def copied_to(self, folder: Path, *, tls: bool = False) -> "Instance":
        """The same people and documents in another folder, on another port."""
        shutil.copytree(self.folder, folder, symlinks=True)
        copy = replace(
            self, folder=folder, port=free_port(), tls=tls, passwords=dict(self.passwords)
        )
        copy.set("listen.port", str(copy.port))
        copy.set("listen.plain_http", "false" if tls else "true")
        return copy


def password_of(login: str) -> str:
    return f"mot de passe de {login}"


def new_instance(folder: Path, *, tls: bool) -> Instance:
    """What `abri init` makes."""
    port = free_port()
    plain = [] if tls else ["--plain-http"]
    done = subprocess.run(
        [ABRI, "init", str(folder), "--listen", f"127.0.0.1:{port}", *plain],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise CommandFailed(f"abri init: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return Instance(folder, port, tls=tls)


@dataclass
class Server:
    """A running `abri serve`."""

    instance: Instance
    process: "subprocess.Popen[bytes] | prepared.Started"
    log: Path

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests; the first process itself when it has no children."""
        parent = psutil.Process(self.process.pid)
        return parent.children(recursive=True) or [parent]

    def staged(self) -> set[Path]:
        """What lies among the blobs and is open: an upload on its way."""
        return {
            Path(file.path)
            for worker in self.workers()
            for file in worker.open_files()
            if "/blobs/" in file.path
        }

    def kill(self) -> None:
        """Kill -9 for all of them at once, as a power cut would."""
        parent = psutil.Process(self.process.pid)
        for one in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # a worker ends by itself without its parent
                one.send_signal(signal.SIGKILL)
        self.process.wait(timeout=_STOPPED)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=_STOPPED)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")


@contextmanager
def serving(instance: Instance, *, workers: int = 1, **environment: str) -> Iterator[Server]:
    """Serve an instance until the block ends. Output goes to `serve.log` beside its folder."""
    log = instance.folder.with_name(f"{instance.folder.name}-serve.log")
    words = ["--config", str(instance.config), "serve", "--workers", str(workers)]
    process: subprocess.Popen[bytes] | prepared.Started
    with log.open("ab") as output:
        if environment:
            process = subprocess.Popen(
                [ABRI, *words],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                env={**os.environ, **environment},
            )  # fmt: skip
        else:
            process = prepared.start(words, output)
    server = Server(instance, process, log)
    try:
        _wait_until_healthy(server)
        yield server
        code = server.stop()
    finally:
        if process.poll() is None:
            server.kill()
    if code not in {0, -signal.SIGKILL}:
        raise AssertionError(f"abri serve ended with {code}:\n{server.log_text()}")


def _wait_until_healthy(server: Server) -> None:
    deadline = time.monotonic() + _READY
    while not _healthy(server.instance):
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"abri serve did not start:\n{server.log_text()}")
        time.sleep(0.05)


def _healthy(instance: Instance) -> bool:
    try:
        with Caller(instance.port, tls=instance.tls, timeout=60) as caller:
            return caller.ask("GET", "/healthz").status == 200
    except (Cut, OSError):
        return False
