"""A folder of policy files as it stood at one moment: each file read once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policies import case_files
from policies.loader import generation_of, read_files
from policies.problems import Code, Problem, Report

SIGNATURE = "policy.sig"

Fingerprint = tuple[tuple[str, int, int, int], ...]
"""By name: size, time of change and inode. Another one means that somebody wrote."""


@dataclass(frozen=True, slots=True)
class Folder:
    """`tests` by name, such as `tests/office.toml`; `unread`: what could not be read, or has no
    place there.
    """

    files: Mapping[str, bytes]
    tests: Mapping[str, bytes]
    signature: bytes | None
    unread: tuple[Problem, ...] = ()

    @property
    def signed(self) -> Mapping[str, bytes]:
        """What its signature stands for."""
        return {**self.files, **self.tests}

    @property
    def generation(self) -> str:
        """The digest that these files would have in force."""
        return generation_of(self.files)

    @property
    def digest(self) -> str:
        """Of all of it, tests and signature too: the same text, the same verdict."""
        whole = hashlib.sha256()
        signature = {} if self.signature is None else {SIGNATURE: self.signature}
        for name, content in sorted({**self.signed, **signature}.items()):
            whole.update(f"{name}\0{len(content)}\0".encode())
            whole.update(content)
        return whole.hexdigest()


def read_folder(directory: Path) -> Folder:
    """Never raises: what cannot be read is among the problems."""
    report = Report()
    files = read_files(directory, report)
    tests = case_files.read_folder(directory, report)
    return Folder(files, tests, _signature(directory, report), report.problems)


def fingerprint(directory: Path) -> Fingerprint:
    """Cheap enough to be asked several times a second. Empty where there is no such folder."""
    try:
        paths = [directory, *directory.iterdir(), *_tests(directory)]
    except OSError:
        return ()
    found = []
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            continue
        found.append((str(path), state.st_size, state.st_mtime_ns, state.st_ino))
    return tuple(sorted(found))


def _tests(directory: Path) -> list[Path]:
    try:
        return sorted((directory / case_files.FOLDER).iterdir())
    except OSError:
        return []


def _signature(directory: Path, report: Report) -> bytes | None:
    try:
        return (directory / SIGNATURE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        report.add(SIGNATURE, (0, 0), Code.FILE_UNREADABLE, message)
        return None
