"""What `abri doctor` asks about the policy: its files, who may sign them, the log of decisions."""

import os
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from admin.finding import State
from davserver.config import Settings
from davserver.gate.decision_files import days_in
from davserver.wiring.policy import check_policy
from davserver.wiring.signers import read_signers

_CHANGED_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_SEEN_BY_OTHERS = 0o077


def policies(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    found = check_policy(settings.policies)
    for one in found:
        yield (State.PROBLEM if one.is_error else State.WARNING), str(one)
    if not found:
        yield State.WELL, f"{settings.policies} loads without a remark"


def signers(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    """Raises WrongSettings for a file that the server would not start with."""
    file = settings.policy.signers
    keys = read_signers(file)
    if file is None or keys is None:
        yield State.WELL, "not used: policy.signers is none"
        return
    folder = file.resolve().parent
    mode = folder.stat().st_mode
    if mode & _CHANGED_BY_OTHERS and not mode & stat.S_ISVTX:
        says = f"others can put another file in the place of {file}. Run: chmod go-w {folder}"
        yield State.PROBLEM, says
    else:
        count = "1 key" if len(keys) == 1 else f"{len(keys)} keys"
        yield State.WELL, f"{file} names {count}, and others cannot change it"


def decisions(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    folder = settings.policy.decisions
    if folder is None:
        yield State.WELL, "not kept: policy.decisions is none"
    elif folder.is_dir():
        yield _log_in(folder)
    elif folder.exists():
        yield State.PROBLEM, f"{folder} is not a folder: no decision is kept; name another one"
    elif not folder.parent.is_dir() or not _writable(folder.parent):
        yield State.PROBLEM, f"{folder} is not there and cannot be made: no decision is kept"
    else:
        yield State.WELL, f"{folder} is made with the first decision"


def _log_in(folder: Path) -> tuple[State, str]:
    closed = next((one for one in _places(folder) if not os.access(one, os.W_OK)), None)
    if closed is not None:
        return State.PROBLEM, f"this account cannot write to {closed}: no decision is kept"
    if stat.S_IMODE(folder.stat().st_mode) & _SEEN_BY_OTHERS:
        return State.WARNING, f"others can look into {folder}. Run: chmod 700 {folder}"
    return State.WELL, f"{folder} is written, and for this account alone"


def _places(folder: Path) -> Iterator[Path]:
    """The folder, and the day's file where there is one: another account may have begun it."""
    yield folder
    yield from [file for _, file in days_in(folder)][-1:]


def _writable(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK)
