"""The real `abri` command in folders of a test's own."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ABRI = str(Path(sys.executable).with_name("abri"))


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


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
def run():
    return abri


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance on HTTPS, shared by the tests of one file: they only look at it."""
    folder = tmp_path_factory.mktemp("made") / "abri"
    ended = abri("init", folder, "--listen", "127.0.0.1:18443")
    assert ended.code == 0, ended
    return folder
