"""The decision log read again, with other rules: `abri policy replay`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from davserver.domain.errors import Unavailable
from davserver.domain.people import Structure
from davserver.gate.policy.decision_files import Damage, files_since, read_file
from policies.logged import Gap, Logged
from policies.replay import HIDDEN, Difference, Replay, Said, Times
from policies.snapshot import Snapshot

__all__ = ["HIDDEN", "Damage", "Difference", "Replay", "Replayed", "Said", "Times", "replay_log"]

Tell = Callable[[int, int], None]


@dataclass
class Replayed:
    """`damage`: the first line that could not be read, of `damaged`; `lost`: what the log says that
    it could not write.
    """

    replay: Replay
    damage: Damage | None = None
    damaged: int = 0
    lost: int = 0

    @property
    def differs(self) -> bool:
        return bool(self.replay.differences)


def replay_log(
    folders: Sequence[Path],
    snapshot: Snapshot,
    structures: Iterable[Structure],
    since: datetime,
    tell: Tell,
) -> Replayed:
    """One line at a time: memory does not grow with the log. `tell` hears of each file that is
    done. Raises Unavailable for what cannot be read.
    """
    done = Replayed(Replay(snapshot, {one.id: one for one in structures}))
    try:
        files = [file for folder in folders for file in files_since(folder, since)]
        for number, file in enumerate(files):
            tell(number, len(files))
            for line in read_file(file):
                _take(done, line, since)
    except OSError as error:
        raise Unavailable(f"{error.filename}: cannot be read: {error.strerror}") from error
    return done


def _take(done: Replayed, line: Logged | Gap | Damage, since: datetime) -> None:
    match line:
        case Damage():
            done.damage = done.damage or line
            done.damaged += 1
        case Gap(at=at, lost=lost) if at >= since:
            done.lost += lost
        case Logged(at=at) if at >= since:
            done.replay.add(line)
