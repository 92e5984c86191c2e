"""How many wrong passwords of staff reach a directory: fewer than make it lock an account.

Three counts, in the database so that all workers and nodes agree:

* Per account, over all addresses: `wrong_passwords` until nothing was wrong for `wrong_within`.
  Directories forget likewise. Some of them are kept for addresses where this account signed in
  within the last two weeks, so that strangers cannot use all of them up.
* Per account and address: whether it signed in there lately.
* Per directory: wrong passwords of strangers, whatever the account. Three hundred at once, then one
  a second: a crowd of addresses, each of which guesses little, meets this one.

A try counts from *before* the directory is asked, until the password was right or nothing was
answered: however many come at once, no more get through. Whoever meets tries that are under way
waits for their answers: several workers may verify one person at the same moment.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from authn.counts import Count
from authn.throttle import counts_of, network_of, store
from davserver.db import tables as t
from davserver.db.database import Database
from davserver.domain.errors import NoSpace, Unavailable
from davserver.domain.events import Events
from davserver.sealing.instance import InstanceKeys

AT_HOME_FOR = timedelta(days=14)
AT_HOME_AGAIN_AFTER = timedelta(days=1)
KEPT_FOR_HOMES = 3
"""One in so many tries is kept for addresses where the account signed in lately."""

STRANGERS_AT_ONCE = 300
ONE_STRANGER_FADES_IN = timedelta(seconds=1)

UNDER_WAY_FOR = timedelta(seconds=60)
"""A try whose answer nobody noted by then, because its process died, counts as a wrong one."""

_PAUSE = 0.02
_log = Events("abri.authn")


@dataclass(frozen=True, slots=True)
class Limit:
    """`tries` with a wrong password per account, until none was wrong for `within`."""

    tries: int
    within: timedelta

    def allowed(self, *, at_home: bool) -> int:
        if at_home or self.tries == 1:
            return self.tries
        return self.tries - max(1, self.tries // KEPT_FOR_HOMES)


@dataclass(frozen=True, slots=True)
class Spot:
    """The keys under which tries are counted, of one account from one address."""

    account: bytes
    under_way: bytes
    home: bytes
    directory: bytes


@dataclass(frozen=True, slots=True)
class Tries:
    """Of one account: with a wrong password, and under way."""

    wrong: int
    under_way: int


class Guesses:
    """Shared between threads; what it knows is in the database."""

    def __init__(self, db: Database, keys: InstanceKeys, patience: float = 5.0) -> None:
        """`patience`: seconds that a try waits for the answers to others."""
        self._db = db
        self._keys = keys
        self._patience = patience

    def spot(self, directory: str, who: str, address: str | None) -> Spot:
        """`who`: the id of their entry, or the name that was asked for where nobody has it."""
        one = {"directory": directory, "who": who}
        return Spot(
            self._keys.row_mac("throttle", one),
            self._keys.row_mac("throttle", {**one, "state": "under way"}),
            self._keys.row_mac("throttle", {**one, "home": network_of(address)}),
            self._keys.row_mac("throttle", {"directory": directory}),
        )

    def is_at_home(self, spot: Spot, now: datetime) -> bool:
        with self._db.read() as tx:
            return _is_at_home(counts_of(tx, (spot.home,)).get(spot.home), now)

    def take(self, spot: Spot, limit: Limit, now: datetime) -> bool:
        """Counts one try. False when it would be one too many: then the directory is not asked.

        Raises Unavailable when it cannot be counted, or the answers to others do not come.
        """
        patient_until = time.monotonic() + self._patience
        while True:
            took = self._taken(spot, limit, now)
            if took is not None:
                return took
            if time.monotonic() > patient_until:
                raise Unavailable("too many sign-ins of one account at this moment")
            time.sleep(_PAUSE)

    def _taken(self, spot: Spot, limit: Limit, now: datetime) -> bool | None:
        try:
            return self._db.note(lambda tx: _take(tx, spot, limit, now))
        except NoSpace as error:
            raise Unavailable("a try cannot be counted") from error

    def unanswered(self, spot: Spot) -> None:
        self._note("try-not-given-back", lambda tx: _end(tx, spot))

    def right(self, spot: Spot, now: datetime) -> None:
        """The address is one of this account's."""

        def work(tx: Connection) -> None:
            _end(tx, spot)
            _come_home(tx, spot.home, now)

        self._note("try-not-given-back", work)

    def wrong(self, spot: Spot, limit: Limit, now: datetime) -> None:
        """It counts for the account, and for its directory."""

        def work(tx: Connection) -> None:
            _end(tx, spot)
            found = counts_of(tx, (spot.account, spot.directory))
            wrong = _wrong_ones(found.get(spot.account), limit, now)
            store(tx, spot.account, Count(wrong + 1, now, now))
            store(tx, spot.directory, next_of_directory(found.get(spot.directory), now))

        self._note("guess-not-counted", work)

    def _note(self, what: str, work: Callable[[Connection], None]) -> None:
        """Where it cannot be written, the try goes on being counted."""
        try:
            self._db.note(work)
        except (NoSpace, Unavailable):
            _log.warning("not-noted", what=what)


def tries(wrong: Count | None, under_way: Count | None, limit: Limit, now: datetime) -> Tries:
    """Of one account, as its two rows tell at `now`."""
    certain = _wrong_ones(wrong, limit, now)
    if under_way is None:
        return Tries(certain, 0)
    if now - under_way.last >= limit.within:
        return Tries(certain, 0)
    if now - under_way.last >= UNDER_WAY_FOR:
        return Tries(certain + under_way.failures, 0)
    return Tries(certain, under_way.failures)


def _wrong_ones(count: Count | None, limit: Limit, now: datetime) -> int:
    """A directory, too, forgets them all after a quiet time, and none before."""
    return 0 if count is None or now - count.last >= limit.within else count.failures


def next_of_directory(before: Count | None, now: datetime) -> Count:
    """A bucket that leaks one wrong password a second."""
    if before is None:
        return Count(1, now, now)
    faded = max(0, (now - before.last) // ONE_STRANGER_FADES_IN)
    left = max(0, before.failures - faded)
    last = before.last + faded * ONE_STRANGER_FADES_IN if left else now
    return Count(min(left + 1, STRANGERS_AT_ONCE + 1), last, now)


def is_crowded(count: Count | None, now: datetime) -> bool:
    """Whether strangers must wait with trying passwords at this directory."""
    if count is None:
        return False
    faded = max(0, (now - count.last) // ONE_STRANGER_FADES_IN)
    return count.failures - faded >= STRANGERS_AT_ONCE


def _take(tx: Connection, spot: Spot, limit: Limit, now: datetime) -> bool | None:
    """None when it depends on tries that are under way."""
    found = counts_of(tx, (spot.account, spot.under_way, spot.home, spot.directory))
    at_home = _is_at_home(found.get(spot.home), now)
    if not at_home and is_crowded(found.get(spot.directory), now):
        return False
    so_far = tries(found.get(spot.account), found.get(spot.under_way), limit, now)
    allowed = limit.allowed(at_home=at_home)
    if so_far.wrong >= allowed:
        return False
    if so_far.wrong + so_far.under_way >= allowed:
        return None
    if so_far.under_way == 0 and spot.under_way in found:
        # Those nobody heard of again are wrong ones from here on, or forgotten.
        store(tx, spot.account, Count(so_far.wrong, found[spot.under_way].last, now))
    store(tx, spot.under_way, Count(so_far.under_way + 1, now, now))
    return True


def _end(tx: Connection, spot: Spot) -> None:
    """One try fewer is under way."""
    count = counts_of(tx, (spot.under_way,)).get(spot.under_way)
    if count is None or count.failures <= 1:
        tx.execute(delete(t.throttle).where(t.throttle.c.key == spot.under_way))
        return
    store(tx, spot.under_way, Count(count.failures - 1, count.last, count.until))


def _come_home(tx: Connection, key: bytes, now: datetime) -> None:
    """Such a row holds until when it counts, so that it is not swept before."""
    before, until = counts_of(tx, (key,)).get(key), now + AT_HOME_FOR
    if before is None or not timedelta() <= until - before.last < AT_HOME_AGAIN_AFTER:
        store(tx, key, Count(0, until, until))


def _is_at_home(row: Count | None, now: datetime) -> bool:
    return row is not None and now < row.last
