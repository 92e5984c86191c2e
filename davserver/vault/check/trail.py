"""Rows against what the trail last said of them (DESIGN §5.2).

An old row that is put back opens, because it was genuine once; only here it is found. The trail
itself must be verified first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from davserver.domain.ids import VaultId
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.check.rows import Rows, stamped_version_id
from davserver.vault.stamps import NODE, VERSION, Stamp, stamp_of

Stamps = Mapping[tuple[str, bytes], Stamp]
"""By table and id, the last stamp of each row in one trail."""

GRANT = "grant"
AFFILIATION = "affiliation"
SUSPENSION = "grant_suspension"
OFFER = "grant_offer"
VAULT = "vault"


@dataclass(frozen=True, slots=True)
class Present:
    """A row as it is now, as far as a stamp can tell."""

    table: str
    id: bytes
    version: object
    hash: object


def check_vault_rows(rows: Rows, stamps: Stamps) -> Iterator[Finding]:
    return compared(rows.id, list(_present(rows)), stamps)


def compared(
    vault: VaultId | None, present: Iterable[Present], stamps: Stamps
) -> Iterator[Finding]:
    """Also what the trail tells of and is not there. `vault` is whose trail it is."""
    seen = set()
    for row in present:
        seen.add((row.table, row.id))
        flaw = _flaw(row, stamps.get((row.table, row.id)))
        if flaw is not None:
            yield Finding(flaw, vault, row.table, shown(row.id))
    for key, stamp in stamps.items():
        if stamp.hash and key not in seen:
            yield Finding(Flaw.VANISHED_ROW, vault, stamp.table, stamp.id.hex())


def _flaw(row: Present, stamp: Stamp | None) -> Flaw | None:
    if stamp is None:
        return Flaw.UNTOLD_ROW
    if not stamp.hash:
        return Flaw.RETURNED_ROW
    if stamp.hash == row.hash:
        return None
    older = isinstance(row.version, int) and row.version < stamp.version
    return Flaw.OLD_ROW if older else Flaw.CHANGED_ROW


def _present(rows: Rows) -> Iterator[Present]:
    yield Present(VAULT, rows.id, 0, rows.vault["row_mac"])
    for row in rows.nodes:
        yield Present(NODE, row["id"], row["row_version"], _hashed(row["rec_ct"]))
    for row in rows.versions:
        key = stamped_version_id(row)
        if key is not None:
            yield Present(VERSION, key, row["version"], _hashed(row["rec_ct"]))
    for row in rows.grants:
        yield Present(GRANT, row["id"], row["row_version"], row["row_mac"])
    for row in rows.affiliations:
        yield Present(AFFILIATION, row["id"], row["row_version"], row["row_mac"])
    for row in rows.suspensions:
        yield Present(SUSPENSION, row["id"], 1, row["row_mac"])
    for row in rows.offers:
        yield Present(OFFER, row["id"], row["row_version"], row["row_mac"])


def _hashed(record: object) -> object:
    return stamp_of(record) if isinstance(record, bytes) else None
