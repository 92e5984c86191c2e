"""What commands show of vaults: numbers, earlier versions, trash, locks."""

from dataclasses import dataclass
from datetime import datetime

from davserver.domain.ids import LockId, NodeId, VaultId
from davserver.domain.nodes import Kind
from davserver.domain.paths import DrivePath


@dataclass(frozen=True, slots=True)
class VaultView:
    """`owner` is a login, empty where the account was tampered with. `used` and `quota` in bytes;
    `used` is what counts against the quota. `folders` without the first one; `files` and `folders`
    include what lies in a trashed folder, `trash` counts what was removed as one thing. `paused`:
    the logins of those whose changes stand still there.
    """

    id: VaultId
    owner: str
    used: int
    quota: int
    folders: int
    files: int
    versions: int
    trash: int
    paused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionView:
    """An earlier version. `size` in bytes; `author` is a login; it was the present one from
    `written` to `replaced`.
    """

    number: int
    size: int
    author: str
    written: datetime
    replaced: datetime


@dataclass(frozen=True, slots=True)
class TrashView:
    """Something in the trash. `path`: where it was, as far as its folders still exist; `size` in
    bytes, None for a folder.
    """

    id: NodeId
    path: DrivePath
    kind: Kind
    size: int | None
    since: datetime


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A live lock. `path` is the owner's, None where it lies on nothing that can be reached;
    `holder` is a login; `owner` what the holder's program wrote about itself.
    """

    id: LockId
    path: DrivePath | None
    holder: str
    owner: str
    exclusive: bool
    deep: bool
    expires: datetime
