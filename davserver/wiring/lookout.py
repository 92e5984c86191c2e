"""What a serving process looks at by itself, so that somebody hears of it before people do."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from davserver.config import Settings
from davserver.db.database import Database
from davserver.domain.alarms import Alarm, is_over, sound
from davserver.domain.health import Sign
from davserver.gate.watch import EpochWatch
from davserver.wiring.health import disk_seen, parts_of, works

EVERY = timedelta(seconds=10)

_ALARMS: Mapping[str, Alarm] = {
    "database": Alarm.DATABASE_AWAY,
    "data": Alarm.DATA_CLOSED,
    "keys": Alarm.KEYS_CLOSED,
    "disk": Alarm.DISK_FAILED,
    "room": Alarm.DISK_NEARLY_FULL,
}
_OF: Mapping[Alarm, str] = {Alarm.DISK_FAILED: "the database"}


class Lookout:
    """What is ill in two looks, one after the other, is an alarm, and at each look until it is
    well: a database that is started anew is none.
    """

    def __init__(self, settings: Settings, db: Database, watch: EpochWatch) -> None:
        self._looks: Mapping[str, Callable[[], bool]] = {
            **parts_of(settings, db),
            # Asked here, a database that hangs would keep the lookout from telling it.
            "database": watch.is_answered,
            "room": partial(_has_room, settings),
        }
        self._ill: dict[str, bool] = {}
        """Whether its alarm was sounded."""

    def look(self, _: datetime) -> None:
        for name, question in self._looks.items():
            alarm = _ALARMS[name]
            of = _OF.get(alarm, "")
            if works(question):
                if self._ill.pop(name, False):
                    is_over(alarm, of)
            elif name in self._ill:
                self._ill[name] = True
                sound(alarm, **({"of": of} if of else {}))
            else:
                self._ill[name] = False


def _has_room(settings: Settings) -> bool:
    """A folder that is not there is no question of room."""
    try:
        return disk_seen(settings).sign is not Sign.DISK_FULL
    except OSError:
        return True
