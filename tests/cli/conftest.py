"""The real `abri` command in folders of a test's own."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import prepared
from tests.support.cast import EITHER, Casts
from tests.support.instance import ABRI, Instance

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
    """Run a command without a terminal, from nothing where its environment is the subject."""
    plain = [str(word) for word in words]
    if not environment:
        done = prepared.run(plain, given=given, folder=folder)
    else:
        done = subprocess.run(
            [ABRI, *plain],
            input=given, capture_output=True, text=True, timeout=120, check=False, cwd=folder,
            env={**prepared.BASE, **environment},
        )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def run() -> Run:
    return abri


@pytest.fixture(scope="session")
def run_once() -> Run:
    """As `run`, for fixtures that live longer than a test."""
    return abri


@pytest.fixture(scope="module", params=EITHER)
def bare(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Instance]:
    """An instance on HTTPS without anybody in it, shared by the tests of one file: they run once
    on SQLite, once on PostgreSQL.
    """
    with casts.bare(request.param, tmp_path_factory.mktemp("bare") / "abri") as instance:
        yield instance


@pytest.fixture
def fresh(bare: Instance, casts: Casts, tmp_path: Path) -> Iterator[Instance]:
    """As `bare`, of a test's own."""
    with casts.bare(bare.database, tmp_path / "abri") as instance:
        yield instance


@pytest.fixture(scope="module")
def made(bare: Instance) -> Path:
    """The folder of this file's instance."""
    return bare.folder


@pytest.fixture(scope="module")
def on(bare: Instance) -> Run:
    """Run a command on the instance of this file."""
    return on_instance(bare)


@pytest.fixture
def on_fresh(fresh: Instance) -> Run:
    return on_instance(fresh)


def on_instance(instance: Instance) -> Run:
    def run_on(*words: object, given: str = "", **environment: str) -> Ended:
        return abri("--config", instance.config, *words, given=given, **environment)

    return run_on
