"""Short memories of one process: keyed, bounded, and forgotten at a restart."""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from davserver.domain.secret import Secret

T = TypeVar("T")


def tag_of(key: Secret, *parts: bytes) -> bytes:
    """A keyed hash (RFC 7693 §2.9) that keeps the parts apart. Every request makes one: an HMAC
    of OpenSSL's takes four times as long.
    """
    told_apart = b""
    for part in parts:
        told_apart += len(part).to_bytes(4, "big") + part
    return hashlib.blake2b(told_apart, digest_size=32, key=key.reveal()).digest()


class KeyedMemory(Generic[T]):
    """Remembers something about parts. Holds keyed hashes under a key that never leaves the
    process, so that a memory dump tells no password and no login.
    """

    def __init__(self, key: Secret, most: int) -> None:
        self._key = key
        self._most = most
        self._seen: OrderedDict[bytes, T] = OrderedDict()
        self._turn = threading.Lock()

    def put(self, value: T, *parts: bytes) -> None:
        tag = self._tag(parts)
        with self._turn:
            self._seen[tag] = value
            self._seen.move_to_end(tag)
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)

    def get(self, *parts: bytes) -> T | None:
        return self._seen.get(tag_of(self._key, *parts))

    def forget(self, *parts: bytes) -> None:
        with self._turn:
            self._seen.pop(self._tag(parts), None)

    def __len__(self) -> int:
        return len(self._seen)

    def _tag(self, parts: tuple[bytes, ...]) -> bytes:
        return tag_of(self._key, *parts)


class ShortMemory:
    """Remembers that something was so, for a time."""

    def __init__(self, key: Secret, lasts: timedelta, most: int) -> None:
        self._lasts = lasts
        self._seen: KeyedMemory[datetime] = KeyedMemory(key, most)

    def add(self, now: datetime, *parts: bytes) -> None:
        self._seen.put(now, *parts)

    def has(self, now: datetime, *parts: bytes) -> bool:
        """True up to `lasts` after `add`. A clock that was set back forgets."""
        return self.until(now, *parts) is not None

    def until(self, now: datetime, *parts: bytes) -> datetime | None:
        """Up to when `has` is true, None where it is not."""
        since = self._seen.get(*parts)
        if since is None:
            return None
        if timedelta() <= now - since <= self._lasts:
            return since + self._lasts
        self._seen.forget(*parts)
        return None

    def __len__(self) -> int:
        return len(self._seen)


@dataclass(frozen=True, slots=True)
class Pause:
    """From when to when something need not be tried again."""

    since: datetime
    lasts: timedelta

    def holds(self, now: datetime) -> bool:
        return self.since <= now < self.since + self.lasts


class GrowingMemory:
    """Remembers what did not work, each time longer: it may work one day."""

    def __init__(self, key: Secret, grows: int, longest: timedelta, most: int) -> None:
        self._grows = grows
        self._longest = longest
        self._seen: KeyedMemory[Pause] = KeyedMemory(key, most)

    def add(self, now: datetime, first: timedelta, *parts: bytes) -> None:
        """`first`: how long the first time counts."""
        before = self._seen.get(*parts)
        lasts = first if before is None else min(before.lasts * self._grows, self._longest)
        self._seen.put(Pause(now, lasts), *parts)

    def has(self, now: datetime, *parts: bytes) -> bool:
        """A clock that was set back forgets."""
        found = self._seen.get(*parts)
        return found is not None and found.holds(now)
