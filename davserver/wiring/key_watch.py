"""That this machine's keyring has every generation that the database names: where several serve one
instance, the file is copied by people.
"""

from datetime import datetime

from davserver.db.database import Database
from davserver.domain.alarms import Alarm, is_over, sound
from davserver.gate.care.key_states import Use, keyring_state
from davserver.sealing.kek import KekProvider


class KeyWatch:
    """Reads the keyring anew each time, so that a key that was destroyed leaves the memory, too."""

    def __init__(self, db: Database, kek: KekProvider) -> None:
        self._db = db
        self._kek = kek
        self._missing: frozenset[str] = frozenset()

    def look(self, _: datetime) -> None:
        """Raises Unavailable, also for a keyring that cannot be read: that is the lookout's."""
        with self._db.read() as tx:
            found = keyring_state(tx, self._kek)
        missing = frozenset(
            one.id
            for one in found.states
            if not one.held and (one.opens.keys or one.use in {Use.CURRENT, Use.WAITING})
        )
        for one in sorted(missing):
            sound(Alarm.KEY_MISSING, generation=one)
        for one in sorted(self._missing - missing):
            is_over(Alarm.KEY_MISSING, one)
        self._missing = missing
