"""The file of the demonstration's passwords: whom it made, and whether it was done."""

import os
from dataclasses import dataclass
from pathlib import Path

from davserver.domain.errors import BadInput

NAME = "demo-passwords.txt"
"""Beside config.yaml, 0600."""

_HEAD = "# The demonstration's people and their passwords."
_DONE = "# complete"


@dataclass(frozen=True, slots=True)
class Memory:
    """`passwords` by login. `complete`: all was made, and what people changed since stays."""

    passwords: dict[str, str]
    complete: bool


def recall(file: Path) -> Memory:
    """Nothing where there is no file. Raises BadInput for a file that is something else."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return Memory({}, complete=False)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: move it away") from error
    passwords: dict[str, str] = {}
    for line in lines:
        login, space, password = line.partition(" ")
        if space and not line.startswith("#"):
            passwords[login] = password
    return Memory(passwords, complete=_DONE in lines)


def remember(file: Path, memory: Memory) -> None:
    """Replaces the file whole."""
    beside = file.with_name(f"{file.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    lines = [_HEAD, *(f"{login} {one}" for login, one in memory.passwords.items())]
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write("\n".join([*lines, *([_DONE] if memory.complete else []), ""]))
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
