"""What a serving process does besides: closing read windows, sweeping. Never in a request's way."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import AbriError
from davserver.domain.events import Events

log = Events("abri.housekeeping")

_STOP_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Chore:
    """`work` may be cut short at any time, and may run in several processes at once."""

    name: str
    every: timedelta
    work: Callable[[datetime], object]


@dataclass(frozen=True, slots=True)
class Job:
    """A chore, and when this process last did it; `ran` None: not yet. `well`: it did not fail."""

    name: str
    every: timedelta
    ran: datetime | None
    well: bool


class Housekeeping:
    """A thread. A chore that fails is logged, and tried again at its next turn."""

    def __init__(
        self, chores: Sequence[Chore], clock: Callable[[], datetime], name: str = "housekeeping"
    ) -> None:
        self._name = name
        self._chores = tuple(chores)
        self._clock = clock
        self._ran: dict[str, tuple[datetime, bool]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """The chore at hand is the last."""
        self._stop.set()

    def stop(self) -> None:
        """Waits a little for the chore at hand; what it has not done is done next time."""
        self.leave()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def jobs(self) -> tuple[Job, ...]:
        """Every chore, in its order."""
        return tuple(
            Job(one.name, one.every, *self._ran.get(one.name, (None, True))) for one in self._chores
        )

    def _run(self) -> None:
        now = self._clock()
        due = {chore.name: now + chore.every for chore in self._chores}
        while not self._stop.wait(self._pause(due)):
            for chore in self._chores:
                now = self._clock()
                if not self._stop.is_set() and _wait(chore, due[chore.name], now) <= _NOW:
                    self._ran[chore.name] = (now, self._do(chore, now))
                    due[chore.name] = self._clock() + chore.every

    def _pause(self, due: dict[str, datetime]) -> float:
        now = self._clock()
        waits = (_wait(chore, due[chore.name], now) for chore in self._chores)
        return min(waits, default=timedelta(hours=1)).total_seconds()

    def _do(self, chore: Chore, now: datetime) -> bool:
        try:
            chore.work(now)
        except AbriError as error:
            if self._ran.get(chore.name, (now, True))[1]:
                # Once. The text may name paths: the class says enough.
                log.warning("chore-failed", chore=chore.name, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 — a broken chore must not end the others
            sound(Alarm.CHORE_BROKEN, chore=chore.name, error=type(error).__name__)
        else:
            return True
        return False


def _wait(chore: Chore, due: datetime, now: datetime) -> timedelta:
    """None where the clock was set back: a chore of every second must not rest for an hour."""
    return due - now if _NOW <= due - now <= chore.every else _NOW


_NOW = timedelta()
