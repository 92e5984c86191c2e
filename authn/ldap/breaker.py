"""A directory that does not answer costs microseconds: it is left alone for a while.

A refusal of the breaker is DirectoryAway like any other: it never says that somebody is absent.
"""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from authn.ldap.answers import Busy, LinkLost
from authn.ldap.port import (
    Absent,
    BeforeTrying,
    DirectoryAway,
    Entry,
    Present,
    StaffDirectory,
    Wrong,
    try_all,
)
from davserver.domain.secret import Secret

FAILURES = 3
"""In a row, until it is left alone."""

RESTING = 5.0
"""Seconds until one call tries it again."""


class Breaker:
    """Thread-safe. `monotonic` counts seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._failures = 0
        self._closed_until = 0.0
        self._trying = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call. Raises DirectoryAway at once while the directory is left alone."""
        probe = self._enter()
        try:
            yield
        except LinkLost:
            self._leave(probe, well=False)
            raise
        except Busy:
            self._leave(probe, well=None)
            raise
        except DirectoryAway:
            # It answered, at once: a group that is not there, a service account without rights.
            self._leave(probe, well=True)
            raise
        except BaseException:
            self._leave(probe, well=None)
            raise
        self._leave(probe, well=True)

    def _enter(self) -> bool:
        """Whether this call is the one that tries whether it is back."""
        with self._turn:
            if self._failures < FAILURES:
                return False
            if self._trying or self._monotonic() < self._closed_until:
                raise DirectoryAway("it did not answer a moment ago, and is left alone for a while")
            self._trying = True
            return True

    def _leave(self, probe: bool, *, well: bool | None) -> None:  # noqa: FBT001 — what `_enter` gave
        with self._turn:
            if probe:
                self._trying = False
            if well is True:
                self._failures = 0
            elif well is False:
                self._failures += 1
                self._closed_until = self._monotonic() + RESTING


class GuardedDirectory:
    """A directory behind a breaker, which begins to be at its first question."""

    def __init__(
        self, name: str, make: Callable[[], StaffDirectory], monotonic: Callable[[], float]
    ) -> None:
        self._name = name
        self._make = make
        self._turn = threading.Lock()
        self._made: StaffDirectory | None = None
        self._breaker = Breaker(monotonic)

    @property
    def name(self) -> str:
        return self._name

    @property
    def _inner(self) -> StaffDirectory:
        with self._turn:
            if self._made is None:
                self._made = self._make()
            return self._made

    def authenticate(
        self,
        account: str,
        password: Secret,
        groups: Collection[str],
        before: BeforeTrying = try_all,
    ) -> Present | Absent | Wrong:
        with self._breaker.call():
            return self._inner.authenticate(account, password, groups, before)

    def fetch(self, entry: str, groups: Collection[str]) -> Present | Absent:
        with self._breaker.call():
            return self._inner.fetch(entry, groups)

    def groups(self, entry: Entry, groups: Collection[str]) -> frozenset[str]:
        with self._breaker.call():
            return self._inner.groups(entry, groups)

    def page(self, group: str) -> Iterator[list[Entry]]:
        """The breaker is asked for each page: who reads may take their time between two."""
        pages = self._inner.page(group)
        while True:
            with self._breaker.call():
                some = next(pages, None)
            if some is None:
                return
            yield some

    def ping(self) -> None:
        with self._breaker.call():
            self._inner.ping()

    def close(self) -> None:
        with self._turn:
            if self._made is not None:
                self._made.close()
