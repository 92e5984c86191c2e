"""Outside programs: run in a home of their own, as root where they must, trusting one certificate.

Nothing outside of the test's own folder changes: a program that knows only the system's trust
store sees another one, in a mount namespace that ends with it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
_IN_NAMESPACE = f'mount --bind "$0" {_TRUST_STORE} && exec "$@"'


@dataclass(frozen=True)
class Outside:
    """Runs programs with `home` as their home folder."""

    home: Path

    def run(
        self,
        *command: str,
        given: str = "",
        timeout: float = 300,
        environment: dict[str, str] | None = None,
    ) -> "subprocess.CompletedProcess[str]":
        """The program's output and errors together, whatever its exit code."""
        return subprocess.run(
            command, input=given, text=True, errors="replace", timeout=timeout, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=self.environment(environment), cwd=self.home,
        )  # fmt: skip

    def must(
        self,
        *command: str,
        given: str = "",
        timeout: float = 300,
        environment: dict[str, str] | None = None,
    ) -> str:
        """As `run`; a failure ends the test with everything that the program said."""
        done = self.run(*command, given=given, timeout=timeout, environment=environment)
        if done.returncode != 0:
            raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        runtime = self.home / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        ours = {"HOME": str(self.home), "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(runtime)}
        return {**kept, **ours, **(more or {})}


def program(name: str) -> str:
    """Where a program is. A missing one fails the test: nothing is skipped."""
    found = shutil.which(name)
    if found is None:
        raise AssertionError(f"{name} is not installed: run `make debian`")
    return found


def trusting(certificate: Path, *command: str) -> list[str]:
    """The command in a world whose only trusted certificate is this one."""
    become_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    namespace = ["unshare", "--mount", *become_root, "sh", "-c", _IN_NAMESPACE]
    return [*namespace, str(certificate), *command]


def as_root(*command: str) -> list[str]:
    return list(command) if os.geteuid() == 0 else ["sudo", "--non-interactive", *command]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own in `folder`, with room for `size` (such as `16m`)."""
    folder.mkdir(exist_ok=True)
    options = f"size={size},mode=0700,uid={os.geteuid()},gid={os.getegid()}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(as_root(*command), check=True)
    try:
        yield folder
    finally:
        subprocess.run(as_root("umount", str(folder)), check=True)
