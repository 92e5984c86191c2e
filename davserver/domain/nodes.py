"""What a vault holds: folders and files, as opened from their sealed rows."""

from dataclasses import field
from datetime import datetime
from typing import Final

from davserver.domain.actions import Category
from davserver.domain.ids import BlobId, NodeId, PersonId, SpaceId, VaultId
from davserver.domain.lean import lean
from davserver.domain.secret import Secret
from davserver.domain.words import Word


class Kind(Word):
    FOLDER = "folder"
    FILE = "file"


FILE: Final = Kind.FILE
FOLDER: Final = Kind.FOLDER
"""For what is asked of thousands: Python 3.11 looks a member of an enum up by functions of Python,
which takes 0.2 µs.
"""


class NodeState(Word):
    LIVE = "live"
    TRASH = "trash"


LIVE: Final = NodeState.LIVE


@lean(frozen=True, slots=True)
class Content:
    """One immutable version's bytes: where they are, what they weigh, the key that opens them.

    `size` in bytes of plain text; `sha256` of the plain text, 32 bytes.
    """

    blob: BlobId
    size: int
    sha256: bytes
    media_type: str
    key: Secret


@lean(frozen=True, slots=True)
class Node:
    """A folder or a file of one vault. `twin` > 0 where somebody who could not see this name's
    first holder made another (DESIGN §2.2). `category` is what was set on this very node.
    """

    id: NodeId
    vault: VaultId
    space: SpaceId
    parent: NodeId | None
    kind: Kind
    state: NodeState
    name: str
    twin: int
    category: Category | None
    content: Content | None
    etag: bytes
    row_version: int
    epoch: int
    maker: PersonId
    author: PersonId
    created: datetime
    modified: datetime
    made_at: datetime
    origin: str = ""
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def is_folder(self) -> bool:
        return self.kind is FOLDER
