"""The real `abri` command in folders of a test's own."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.instance import ABRI
from tests.support.ports import free_port

Run = Callable[..., "Ended"]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self
        return json.loads(self.out)


def abri(*words: object, given: str = "", folder: Path | None = None, **environment: str) -> Ended:
    """Run a command without a terminal."""
    done = subprocess.run(
        [ABRI, *map(str, words)],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", **environment},
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def run() -> Run:
    return abri


@pytest.fixture(scope="session")
def run_once() -> Run:
    """As `run`, for fixtures that live longer than a test."""
    return abri


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance on HTTPS, shared by the tests of one file."""
    folder = tmp_path_factory.mktemp("made") / "abri"
    ended = abri("init", folder, "--listen", f"127.0.0.1:{free_port()}")
    assert ended.code == 0, ended
    return folder


@pytest.fixture(scope="module")
def on(made: Path) -> Run:
    """Run a command on the instance of this file."""

    def run_on(*words: object, given: str = "", **environment: str) -> Ended:
        return abri("--config", made / "config.yaml", *words, given=given, **environment)

    return run_on
