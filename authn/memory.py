"""Short memories of one process: keyed, bounded, and forgotten at a restart."""

import hmac
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from davserver.domain.secret import Secret


class ShortMemory:
    """Remembers that something was so, for a time. Holds HMACs under a key that never leaves the
    process, so that a memory dump tells no password and no login.
    """

    def __init__(self, key: Secret, lasts: timedelta, most: int) -> None:
        self._key = key
        self._lasts = lasts
        self._most = most
        self._seen: OrderedDict[bytes, datetime] = OrderedDict()
        self._turn = threading.Lock()

    def add(self, now: datetime, *parts: bytes) -> None:
        tag = self._tag(parts)
        with self._turn:
            self._seen[tag] = now
            self._seen.move_to_end(tag)
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)

    def has(self, now: datetime, *parts: bytes) -> bool:
        """True up to `lasts` after `add`. A clock that was set back forgets."""
        tag = self._tag(parts)
        with self._turn:
            since = self._seen.get(tag)
            if since is None:
                return False
            if timedelta() <= now - since <= self._lasts:
                return True
            del self._seen[tag]
            return False

    def __len__(self) -> int:
        return len(self._seen)

    def _tag(self, parts: tuple[bytes, ...]) -> bytes:
        keyed = hmac.new(self._key.reveal(), digestmod="sha256")
        for part in parts:
            keyed.update(len(part).to_bytes(4, "big") + part)
        return keyed.digest()
