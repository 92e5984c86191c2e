"""What `abri doctor` asks about the policy: its files, who may sign them, the log of decisions."""

import stat
from collections.abc import Iterator
from datetime import datetime

from admin.policy_mistakes import problem_told
from admin.speaking import N_, _, ngettext
from davserver.config import Settings
from davserver.domain.health import Sighting, State
from davserver.gate.policy.decision_files import LogState, closed_place, state_of_log
from davserver.wiring.health import LOGS
from davserver.wiring.policy import check_policy
from davserver.wiring.signers import read_signers

_CHANGED_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def policies(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    found = check_policy(settings.policies)
    for one in found:
        yield (State.PROBLEM if one.is_error else State.WARNING), problem_told(str(one))
    if not found:
        yield State.WELL, _("%(policies)s loads without a remark", policies=settings.policies)


def signers(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    """Raises WrongSettings for a file that the server would not start with."""
    file = settings.policy.signers
    keys = read_signers(file)
    if file is None or keys is None:
        yield State.WELL, _("not used: policy.signers is none")
        return
    folder = file.resolve().parent
    mode = folder.stat().st_mode
    if mode & _CHANGED_BY_OTHERS and not mode & stat.S_ISVTX:
        says = _(
            "others can put another file in the place of %(file)s. Run: chmod go-w %(folder)s",
            file=file,
            folder=folder,
        )
        yield State.PROBLEM, says
    else:
        says = ngettext(
            "%(file)s names %(number)s key, and others cannot change it",
            "%(file)s names %(number)s keys, and others cannot change it",
            len(keys),
            file=file,
        )
        yield State.WELL, says


def decisions(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    folder = settings.policy.decisions
    found = state_of_log(folder)
    says = _(_OF_LOG[found]).format(folder=folder)
    if folder is not None and found is LogState.NOT_WRITABLE:
        says = _(
            "this account cannot write to %(place)s: no decision is kept",
            place=closed_place(folder),
        )
    yield Sighting(LOGS[found]).state, says


_OF_LOG: dict[LogState, str] = {
    LogState.OFF: N_("not kept: policy.decisions is none"),
    LogState.KEPT: N_("{folder} is written, and for this account alone"),
    LogState.TO_COME: N_("{folder} is made with the first decision"),
    LogState.SEEN_BY_OTHERS: N_("others can look into {folder}. Run: chmod 700 {folder}"),
    LogState.NO_FOLDER: N_("{folder} is not a folder: no decision is kept; name another one"),
    LogState.CANNOT_BE_MADE: N_("{folder} is not there and cannot be made: no decision is kept"),
    LogState.NOT_WRITABLE: N_("this account cannot write to {folder}: no decision is kept"),
}
