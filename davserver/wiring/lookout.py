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

_ALARMS: Mapping[str, tuple[Alarm, Mapping[str, str]]] = {
    "database": (Alarm.DATABASE_AWAY, {}),
    "data": (Alarm.DATA_CLOSED, {}),
    "keys": (Alarm.KEYS_CLOSED, {}),
    "disk": (Alarm.DISK_FAILED, {"of": "the database"}),
    "room": (Alarm.DISK_NEARLY_FULL, {}),
}


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
            alarm, facts = _ALARMS[name]
            if works(question):
                if self._ill.pop(name, False):
                    is_over(alarm, **facts)
            elif name in self._ill:
                self._ill[name] = True
                sound(alarm, **facts)
            else:
                self._ill[name] = False


def _has_room(settings: Settings) -> bool:
    """A folder that is not there is no question of room."""
    try:
        return disk_seen(settings).sign is not Sign.DISK_FULL
    except OSError:
        return True
