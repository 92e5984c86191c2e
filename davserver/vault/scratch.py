"""The scratch area: side files of one person, sealed, for a day (DESIGN §4). Nobody else sees them.

They are not in the vault: no trail, no versions, no quota. A row holds its sealed content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from davserver.db.clock import from_us, to_us
from davserver.db.prepared import Prepared, Row
from davserver.db.tables import scratch as table
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, Entropy, NodeId, PersonId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.keys import new_key
from davserver.sealing.record import Record
from davserver.sealing.stream import open_small, seal_small
from davserver.vault.nodes.listing_cache import listing_cache


@dataclass(frozen=True, slots=True)
class SideFile:
    """One side file. `id` is its row's and its content's; sizes in bytes."""

    id: bytes
    folder: NodeId
    name: str
    size: int
    sha256: bytes
    media_type: str
    etag: bytes
    modified: datetime
    properties: dict[str, str]
    record: Record


@dataclass(frozen=True, slots=True)
class NewSideFile:
    folder: NodeId
    name: str
    plain: bytes
    media_type: str
    properties: dict[str, str]
    expires: datetime


_BESIDE = Prepared(
    select(*(column for column in table.c if column.name != "content_ct")).where(
        table.c.person_id == bindparam("person"),
        table.c.folder_id == bindparam("folder"),
        table.c.expires_at > bindparam("now"),
    )
)


class ScratchArea:
    """One per process."""

    def __init__(self, keys: InstanceKeys, entropy: Entropy) -> None:
        self._keys = keys
        self._entropy = entropy

    def find(
        self, tx: Connection, person: PersonId, folder: NodeId, name: str, now: datetime
    ) -> SideFile | None:
        """None where it is over, or its row was altered."""
        index = self._keys.scratch(person).name_index(folder, name)
        row = tx.execute(
            select(table).where(
                table.c.person_id == person,
                table.c.folder_id == folder,
                table.c.name_idx == index,
                table.c.expires_at > to_us(now),
            )
        ).mappings().first()  # fmt: skip
        found = self._opened(person, dict(row)) if row else None
        # The index stands outside of the seal: only the sealed name says which file this is.
        return found if found and found.name == name else None

    def beside(
        self, tx: Connection, person: PersonId, folder: NodeId, now: datetime
    ) -> Sequence[SideFile]:
        """The side files of one person in one folder: one statement."""
        place = {"person": person, "folder": folder, "now": to_us(now)}
        question, cache = ("beside", person, folder), listing_cache(tx)
        if question in cache:
            return ()
        rows = _BESIDE.all(tx, place)
        if not rows:
            # Only that there are none: what is there may expire, and nothing appears by itself.
            cache.store(question, ())
        opened = (self._opened(person, row) for row in rows)
        return [one for one in opened if one is not None]

    def content(self, tx: Connection, person: PersonId, file: SideFile) -> bytes:
        """Raises Damaged."""
        sealed = tx.execute(select(table.c.content_ct).where(table.c.id == file.id)).scalar_one()
        if file.record.file_key is None:
            raise Damaged("a side file without a key")
        return open_small(file.record.file_key, VaultId(person), BlobId(file.id), file.size, sealed)

    def put(self, tx: Connection, person: PersonId, new: NewSideFile, now: datetime) -> SideFile:
        """Write or overwrite; what ran out anywhere in this person's area goes."""
        keys = self._keys.scratch(person)
        item, key = self._entropy(16), new_key(self._entropy)
        sealed = seal_small(key, VaultId(person), BlobId(item), self._entropy, new.plain)
        record = Record(
            name=new.name,
            category=None,
            size=sealed.plain_size,
            sha256=sealed.plain_sha256,
            media_type=new.media_type,
            maker=person,
            origin="scratch",
            file_key=key,
            properties=new.properties,
        )
        index = keys.name_index(new.folder, new.name)
        self.remove(tx, person, new.folder, new.name)
        tx.execute(
            delete(table).where(table.c.person_id == person, table.c.expires_at <= to_us(now))
        )
        etag = self._entropy(16)
        row = {
            "id": item,
            "person_id": person,
            "folder_id": new.folder,
            "name_idx": index,
            "rec_ct": keys.seal_record(item, new.folder, record),
            "content_ct": sealed.stored,
            "size_cipher": len(sealed.stored),
            "etag": etag,
            "modified": to_us(now),
            "expires_at": to_us(new.expires),
        }
        tx.execute(insert(table), row)
        return _side_file(etag, now, item, new.folder, record)

    def remove(self, tx: Connection, person: PersonId, folder: NodeId, name: str) -> bool:
        """Whether there was one."""
        index = self._keys.scratch(person).name_index(folder, name)
        done = tx.execute(
            delete(table).where(
                table.c.person_id == person,
                table.c.folder_id == folder,
                table.c.name_idx == index,
            )
        )
        return done.rowcount > 0

    def _opened(self, person: PersonId, row: Row) -> SideFile | None:
        folder = NodeId(row["folder_id"])
        try:
            record = self._keys.scratch(person).open_record(row["id"], folder, row["rec_ct"])
        except Damaged:
            return None
        return _side_file(row["etag"], from_us(row["modified"]), row["id"], folder, record)


def _side_file(
    etag: bytes, modified: datetime, item: bytes, folder: NodeId, record: Record
) -> SideFile:
    return SideFile(
        id=item,
        folder=folder,
        name=record.name,
        size=record.size,
        sha256=record.sha256,
        media_type=record.media_type,
        etag=etag,
        modified=modified,
        properties=record.properties,
        record=record,
    )


def sweep(tx: Connection, now: datetime) -> int:
    """Forget what has run out, of everybody. Returns how many."""
    return tx.execute(delete(table).where(table.c.expires_at <= to_us(now))).rowcount
