"""Sealed rows as the database gives them."""

from typing import Any

from davserver.domain.secret import Secret
from davserver.sealing.record import Record
from davserver.sealing.space import RecordContext, SpaceKeys
from davserver.sealing.values import micros


def columns_of(row: RecordContext, sealed: bytes) -> list[Any]:
    """In the order of SEALED_COLUMNS."""
    times = (micros(row.created), micros(row.modified), micros(row.made_at))
    return [
        row.node, row.parent, row.kind.value, row.state.value, row.blob, row.row_version, row.etag,
        *times, row.author, row.maker, row.idx, row.ci_idx, row.twin, sealed,
    ]  # fmt: skip


def opened(key: Secret, row: RecordContext, sealed: bytes) -> Record:
    """By the keys of the place that the row names. Raises Damaged."""
    keys = SpaceKeys.from_secret(key, row.vault, row.space, row.epoch)
    return Record(*keys.open_row(columns_of(row, sealed), row.space))
