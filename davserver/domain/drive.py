"""What a drive shows and takes: the values that pass between a front and the gate."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from davserver.domain.actions import Action, Category, Right
from davserver.domain.ids import GrantId, PersonId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import FOLDER, Kind
from davserver.domain.paths import DrivePath


@lean(frozen=True, slots=True)
class LockView:
    """A lock as one person may see it. `token` is None when it is somebody else's."""

    root: DrivePath
    token: str | None
    exclusive: bool
    deep: bool
    owner: str
    seconds_left: int


@lean(frozen=True, slots=True)
class Entry:
    """A folder or file as one person sees it at one moment.

    `id` is 16 bytes and stable for the thing's life. `etag` is opaque, of letters and digits.
    `size` is in bytes (None for a folder). `properties` are dead ones: Clark name (`{ns}name`) →
    the whole XML element as text. `may` holds what this person may do here; `used` and `available`
    are bytes for RFC 4331, None where this person gets no number.
    """

    path: DrivePath
    id: bytes
    kind: Kind
    etag: str
    size: int | None
    media_type: str
    created: datetime
    modified: datetime
    may: frozenset[Action]
    sha256: bytes | None = None
    properties: dict[str, str] = field(default_factory=dict)
    locks: tuple[LockView, ...] = ()
    used: int | None = None
    available: int | None = None
    lockable: bool = True
    describable: bool = True
    """Whether properties may be set where `may` has `put`: not on a folder that only takes."""
    category: Category | None = None
    """The effective one; None for folders that only hold a drive together."""

    @property
    def is_folder(self) -> bool:
        return self.kind is FOLDER


class Detail(Enum):
    """Of an entry, what takes a look of its own: read where somebody will show it."""

    LOCKS = "locks"
    QUOTA = "quota"
    """Of the folder that is looked at."""
    RIGHTS = "rights"
    """What this person may do there: `may` and `lockable`."""


EVERY_DETAIL = frozenset(Detail)
Details = frozenset[Detail]


Piece = bytes | memoryview
"""Of a download: a view over fresh memory spares a copy, and serves a socket as bytes do."""


class Download(Protocol):
    """An opened file version. Its bytes stay the same however long the reading takes."""

    entry: Entry

    def read(self, offset: int, length: int) -> Iterator[Piece]:
        """The plain bytes of that range, each piece verified before it is given.

        Raises Damaged when stored bytes fail their seal, Refused or NotFound when the right to
        read ended meanwhile: the front must then break the connection, not end it cleanly.
        """

    def close(self) -> None:
        """May be called twice."""


class Upload(Protocol):
    """The body of a PUT. `length` is the announced number of bytes, None when chunked."""

    length: int | None
    media_type: str | None
    modified: datetime | None
    """The client's own time of the file (`X-OC-Mtime`), if it sent one."""
    sha256: bytes | None
    """What the client says the bytes' SHA-256 is, checked before publishing."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the announced end only. Raises Truncated when cut short."""

    def read_into(self, room: memoryview) -> int:
        """As `read`, what has arrived into the beginning of `room`; how many bytes."""


@lean(frozen=True, slots=True)
class Written:
    """What a PUT, MKCOL or LOCK on a free name left behind."""

    entry: Entry
    created: bool


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """Set (`xml` is the element) or remove (`xml` is None) one dead property."""

    name: str
    xml: str | None


@dataclass(frozen=True, slots=True)
class Classify:
    """Another category for a thing; None: its folder's."""

    category: Category | None


@dataclass(frozen=True, slots=True)
class Patch:
    """What a PROPPATCH changes: all of it, or nothing. `modified`: the time that the thing shows
    from now on. `classify`: for its owner only.
    """

    dead: tuple[PropertyChange, ...] = ()
    modified: datetime | None = None
    classify: Classify | None = None


@dataclass(frozen=True, slots=True)
class LockRequest:
    exclusive: bool
    deep: bool
    owner: str
    seconds: int


@dataclass(frozen=True, slots=True)
class GrantView:
    """A grant as a command or page lists it. `seen_at` is where the other side finds it. `parent`
    is the grant that `giver` shared on; None where the vault's owner gave it. Where it rests, `to`
    has `left` a structure (its slug) at `left_at`.
    """

    id: GrantId
    vault: VaultId
    giver: str
    to: str
    path: str
    right: Right
    starts: datetime
    until: datetime | None
    ended: datetime | None
    state: str
    seen_at: str
    purpose: str = ""
    parent: GrantId | None = None
    to_name: str = ""
    """How people call whom `to` names."""
    left: str = ""
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of a vault's trail, opened. `count` > 1 where repeated reads were folded."""

    seq: int
    at: datetime
    what: str
    who: PersonId | None
    who_login: str
    node: str
    path: str
    reason: str
    count: int
    details: dict[str, str]
