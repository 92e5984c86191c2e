"""What `abri doctor` asks about the policy: its files, who may sign them, the log of decisions."""

import stat
from collections.abc import Iterator
from datetime import datetime

from davserver.config import Settings
from davserver.domain.health import Sighting, State
from davserver.gate.policy.decision_files import LogState, closed_place, state_of_log
from davserver.wiring.health import LOGS
from davserver.wiring.policy import check_policy
from davserver.wiring.signers import read_signers

_CHANGED_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


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
    found = state_of_log(folder)
    says = _OF_LOG[found].format(folder=folder)
    if folder is not None and found is LogState.NOT_WRITABLE:
        says = f"this account cannot write to {closed_place(folder)}: no decision is kept"
    yield Sighting(LOGS[found]).state, says


_OF_LOG: dict[LogState, str] = {
    LogState.OFF: "not kept: policy.decisions is none",
    LogState.KEPT: "{folder} is written, and for this account alone",
    LogState.TO_COME: "{folder} is made with the first decision",
    LogState.SEEN_BY_OTHERS: "others can look into {folder}. Run: chmod 700 {folder}",
    LogState.NO_FOLDER: "{folder} is not a folder: no decision is kept; name another one",
    LogState.CANNOT_BE_MADE: "{folder} is not there and cannot be made: no decision is kept",
    LogState.NOT_WRITABLE: "this account cannot write to {folder}: no decision is kept",
}
