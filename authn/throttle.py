"""Slows guessing down, without letting a guesser lock anybody out.

Three rules, for passwords only: an app password cannot be guessed, so nothing ever slows it.

* Failures on one account from one address slow that pair: six mistakes cost two seconds, and each
  further one doubles them up to five minutes. Others at that address notice nothing, neither does
  the account's owner anywhere else.
* An address where more than a hundred *different* accounts fail, about one a minute, must wait a
  minute before it may try a password that was not just proved. A shelter with its many people
  behind one address stays far below, and who signed in there lately is not stopped at all.
* Repeating the same wrong password counts once: a forgotten phone with an old password would else
  keep its owner out.

The rows live in the database, so that all workers agree. Once mistakes cost a wait, a try counts
from before it is made: of many at once, in however many workers, one is made. Keys of rows are
HMACs. A sign-in that succeeds writes nothing unless there are failures to forget.
"""

import ipaddress
import math
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from authn.counts import Count
from authn.notes import note_if_possible
from davserver.db import tables as t
from davserver.db.clock import from_us, to_us
from davserver.db.database import Database
from davserver.db.upserts import insert_of
from davserver.sealing.instance import InstanceKeys

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(hours=1)
ACCOUNTS_PER_ADDRESS = 100
ONE_ACCOUNT_FADES_IN = timedelta(minutes=1)
ADDRESS_WAIT = timedelta(minutes=1)
SWEPT_AFTER = timedelta(days=1)
_MOST_SOURCES = 4096
"""Kept in a process: whoever signs in comes back with the next request."""
_IPV6_HOUSEHOLD = 64
"""One household or shelter has a whole /64, and changes addresses in it at will."""


@dataclass(frozen=True, slots=True)
class Source:
    """The two keys under which failures of one sign-in are counted."""

    pair: bytes
    address: bytes


class Throttle:
    """One per process, thread-safe; what it knows is in the database."""

    def __init__(self, db: Database, keys: InstanceKeys) -> None:
        self._db = db
        self._keys = keys
        self._sources: dict[tuple[str, str | None], Source] = {}
        self._swept: datetime | None = None
        self._sweeping = threading.Lock()

    def source(self, login_key: str, address: str | None) -> Source:
        known = self._sources.get((login_key, address))
        if known is None:
            known = self._source(login_key, address)
            if len(self._sources) >= _MOST_SOURCES:
                self._sources.clear()
            self._sources[login_key, address] = known
        return known

    def _source(self, login_key: str, address: str | None) -> Source:
        where = network_of(address)
        return Source(
            self._keys.row_mac("throttle", {"login": login_key, "address": where}),
            self._keys.row_mac("throttle", {"address": where}),
        )

    def counts(self, source: Source) -> tuple[Count | None, Count | None]:
        """Of the pair and of the address, as they are now."""
        with self._db.read() as tx:
            return _counts(tx, source)

    def failed(self, source: Source, now: datetime) -> None:
        """Count one wrong password. The statements are the same for an unknown login.

        Raises Unavailable when it cannot be counted: then nobody may go on guessing.
        """
        sweep = self._is_time_to_sweep(now)
        self._db.note(lambda tx: _record(tx, source, now, sweep=sweep))

    def claim(self, source: Source, now: datetime) -> int:
        """0 when the one try that a wait allows may begin: it counts as wrong until it is right, so
        that no other process lets another one begin. Else for how many seconds to wait.

        Raises Unavailable when it cannot be counted.
        """

        def claimed(tx: Connection) -> int:
            pair, _ = _counts(tx, source)
            seconds = seconds_to_wait(pair, now)
            if not seconds:
                _record(tx, source, now, sweep=False)
            return seconds

        return self._db.note(claimed)

    def forget(self, source: Source) -> None:
        """After a right password, the mistakes before it no longer matter."""
        mine = delete(t.throttle).where(t.throttle.c.key == source.pair)
        note_if_possible(self._db, mine, "mistakes-forgotten")

    def _is_time_to_sweep(self, now: datetime) -> bool:
        with self._sweeping:
            if self._swept is not None and abs(now - self._swept) < FORGOTTEN_AFTER:
                return False
            self._swept = now
            return True


def is_free(count: Count | None) -> bool:
    """Whether one more mistake costs nothing yet."""
    return count is None or count.failures < FREE_FAILURES


def seconds_to_wait(count: Count | None, now: datetime) -> int:
    """0 when nothing stands in the way. A clock that was set back makes no wait longer than it was;
    set back by more than any wait lasts, it ends them.
    """
    if count is None or count.until <= now or count.last - now > LONGEST_WAIT:
        return 0
    return math.ceil(min(count.until - now, count.until - count.last).total_seconds())


def network_of(address: str | None) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64, or whatever else it was called."""
    if address is None:
        return ""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    whole = int(parsed) >> (128 - _IPV6_HOUSEHOLD) << (128 - _IPV6_HOUSEHOLD)
    return f"{ipaddress.IPv6Address(whole)}/{_IPV6_HOUSEHOLD}"


def next_of_pair(before: Count | None, now: datetime) -> Count:
    """The pair's row after one more failure at `now`."""
    fresh = before is None or now - before.last >= FORGOTTEN_AFTER
    failures = 1 if before is None or fresh else before.failures + 1
    over = failures - FREE_FAILURES
    wait = timedelta() if over <= 0 else min(FIRST_WAIT * 2 ** min(over - 1, 16), LONGEST_WAIT)
    return Count(failures, now, now + wait)


def next_of_address(before: Count | None, now: datetime) -> Count:
    """The address's row after one more account began to fail there at `now`.

    A bucket that leaks one account a minute, in whole minutes so that nothing is lost by rounding.
    """
    if before is None:
        return Count(1, now, now)
    faded = max(0, (now - before.last) // ONE_ACCOUNT_FADES_IN)
    left = max(0, before.failures - faded)
    failures = left + 1
    last = min(before.last + faded * ONE_ACCOUNT_FADES_IN, now) if left else now
    return Count(failures, last, now + ADDRESS_WAIT if failures > ACCOUNTS_PER_ADDRESS else last)


def _record(tx: Connection, source: Source, now: datetime, *, sweep: bool) -> None:
    pair, address = _counts(tx, source)
    after = next_of_pair(pair, now)
    store(tx, source.pair, after)
    if after.failures == 1:
        store(tx, source.address, next_of_address(address, now))
    if sweep:
        tx.execute(delete(t.throttle).where(t.throttle.c.last_at < to_us(now - SWEPT_AFTER)))


def _counts(tx: Connection, source: Source) -> tuple[Count | None, Count | None]:
    counts = counts_of(tx, (source.pair, source.address))
    return counts.get(source.pair), counts.get(source.address)


def counts_of(tx: Connection, keys: Collection[bytes]) -> dict[bytes, Count]:
    """One statement."""
    found = tx.execute(select(t.throttle).where(t.throttle.c.key.in_(keys))).all()
    return {
        row.key: Count(row.failures, from_us(row.last_at), from_us(row.blocked_until))
        for row in found
    }


def store(tx: Connection, key: bytes, count: Count) -> None:
    values = {
        "failures": count.failures,
        "last_at": to_us(count.last),
        "blocked_until": to_us(count.until),
    }
    tx.execute(
        insert_of(tx.dialect.name)(t.throttle)
        .values(key=key, **values)
        .on_conflict_do_update(index_elements=[t.throttle.c.key], set_=values)
    )
