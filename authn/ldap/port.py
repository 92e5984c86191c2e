"""What Abri asks a structure's directory, and the three kinds of answers: present, absent, unknown.

Only what a directory *said* is present or absent. Whatever it did not say, for whatever reason, is
unknown, and unknown never changes anybody's state (DESIGN §7.1).
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from davserver.domain.errors import AbriError
from davserver.domain.secret import Secret


class EntryState(StrEnum):
    """Whether the directory itself would let somebody in; the words are stored and shown."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    LOCKED = "locked"
    MUST_CHANGE = "must-change"


@dataclass(frozen=True, slots=True)
class Entry:
    """A person as the directory has them.

    `id` is what stays when names, and the place in the tree, change: entryUUID, objectGUID or
    nsUniqueId, in lower case. `account` is the name that they sign in with, without a domain;
    `dn` is where they are today.
    """

    id: str
    dn: str
    account: str
    name: str
    state: EntryState


@dataclass(frozen=True, slots=True)
class Present:
    """`groups`: those of the groups asked about that they are in, directly or through others, as
    they were asked about.
    """

    entry: Entry
    groups: frozenset[str]


class Absent(StrEnum):
    """The directory answered, completely, that there is no such person."""

    ABSENT = "absent"


class Wrong(StrEnum):
    """There is such a person, and this is not their password."""

    WRONG = "wrong"


class DirectoryAway(AbriError):
    """It did not say: down, slow, busy, half an answer, wrong certificate, wrong service password.

    The text is for administrators and names no person.
    """


BeforeTrying = Callable[[Entry], None]
"""Told whose password is about to be tried; what it raises ends the attempt before the bind."""


def try_all(_entry: Entry) -> None:
    """A `BeforeTrying` that lets every password through."""


class StaffDirectory(Protocol):
    """One directory. Thread-safe; every method ends within the timeouts of its settings.

    A group is a DN, or the id of its entry as in `Entry.id`. All but `close` raise DirectoryAway.
    """

    @property
    def name(self) -> str: ...

    def authenticate(
        self,
        account: str,
        password: Secret,
        groups: Collection[str],
        before: BeforeTrying = try_all,
    ) -> Present | Absent | Wrong:
        """Who this is, if it is their password. Somebody whose state is not ACTIVE is Present with
        that state where the directory tells it, whatever the password: the caller refuses them.
        An empty password is Wrong before anything goes over the wire (RFC 4513 §5.1.2).
        """
        ...

    def fetch(self, entry: str, groups: Collection[str]) -> Present | Absent:
        """The person of that id, now."""
        ...

    def groups(self, entry: Entry, groups: Collection[str]) -> frozenset[str]:
        """Those of `groups` that they are in, directly or through others."""
        ...

    def page(self, group: str) -> Iterator[list[Entry]]:
        """Everybody in that group, directly or through others, some at a time. Whoever asks has
        heard all of them only when it ends without DirectoryAway. A group that is not there is
        DirectoryAway too: it may have been renamed, and nobody is to lose their place for that.
        """
        ...

    def ping(self) -> None:
        """Connects and binds as the service account."""
        ...

    def close(self) -> None: ...
