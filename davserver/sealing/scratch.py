"""Keys of one person's scratch area, where side files rest for a day (FORMAT.md §10)."""

from davserver.domain.ids import NodeId, PersonId
from davserver.domain.secret import Secret
from davserver.sealing.fields import id16, optional_id
from davserver.sealing.index import nfc
from davserver.sealing.keys import MacKey, Sealer
from davserver.sealing.labels import Purpose
from davserver.sealing.record import Record


class ScratchKeys:
    """A side file's content is a blob like any other (SealingWriter, with the person's id in place
    of the vault's); its file key and name stand in the record that is sealed here.
    """

    __slots__ = ("_index", "_record")

    def __init__(self, key: Secret, person: PersonId) -> None:
        self._record = Sealer(key, Purpose.SCRATCH_RECORD, id16(person))
        self._index = MacKey(key, Purpose.SCRATCH_INDEX, id16(person))

    def name_index(self, folder: NodeId | None, name: str) -> bytes:
        """16 bytes; `folder` is None at the top of a professional's drive."""
        return self._index.index(optional_id(folder) + nfc(name).encode())

    def seal_record(self, item: bytes, folder: NodeId | None, record: Record) -> bytes:
        """`item`: the 16 bytes that name the side file's row."""
        return self._record.seal(record.encode(), optional_id(folder) + id16(item))

    def open_record(self, item: bytes, folder: NodeId | None, sealed: bytes) -> Record:
        """Raises Damaged."""
        return Record.decode(self._record.open(sealed, optional_id(folder) + id16(item)))
