"""Checking vaults: what the rows say against each other, against the stored bytes and against the
trail (DESIGN §5.2). Reads only.

A check of a vault runs in one snapshot. `docs/checking.md` says what each finding means.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from davserver.db.tables import blob
from davserver.domain.ids import BlobId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.blobs.store import BlobStore
from davserver.vault.check import rows as check_rows
from davserver.vault.check.authority import check_people, check_strays, check_vault_authority
from davserver.vault.check.blobs import BLOB, check_blobs, check_store, check_sums
from davserver.vault.check.contents import Progress, check_contents
from davserver.vault.check.findings import Finding, Flaw
from davserver.vault.check.locks import check_locks
from davserver.vault.check.policy import check_policy
from davserver.vault.check.rows import Opened
from davserver.vault.check.trail import Stamps, check_vault_rows
from davserver.vault.check.tree import check_tree
from davserver.vault.nodes.rows import OpenVault


@dataclass(frozen=True, slots=True)
class CheckTools:
    """`deep`: every content is read and opened. `progress`: see `check_contents`."""

    keys: InstanceKeys
    store: BlobStore
    deep: bool
    progress: Progress


def check_vault(
    tx: Connection,
    tools: CheckTools,
    vault_id: VaultId,
    vault: OpenVault | None,
    stamps: Stamps | None,
) -> list[Finding]:
    """Every flaw of one vault. `vault` is None when it does not open: then only what needs no key
    of it is checked. `stamps` are those of its trail, None when that cannot be read.
    """
    rows, opened = check_rows.load(tx, vault_id), Opened()
    findings = list(check_vault_authority(tx, tools.keys, rows))
    if vault is None:
        findings.append(Finding(Flaw.LOCKED_UP, vault_id, "vault", vault_id.hex()))
    else:
        opened = check_rows.opened(vault, rows, findings)
        findings += check_tree(vault, rows, opened)
        findings += check_blobs(rows, opened, tools.store)
        findings += check_locks(tx, vault, rows, opened)
    if tools.deep:
        named = [name.content for name in opened.contents()]
        findings += check_contents(tx, rows, named, tools.store, tools.progress)
    findings += check_sums(rows)
    if stamps is None:
        findings.append(Finding(Flaw.NO_TELLING, vault_id, "trail", ""))
    else:
        findings += check_vault_rows(rows, stamps)
    return list(dict.fromkeys(findings))


def check_instance(
    tx: Connection, tools: CheckTools, listed: Sequence[BlobId], stamps: Stamps | None
) -> list[Finding]:
    """What belongs to no single vault. `listed`: what the store held before this snapshot began;
    `stamps`: those of the instance's own trail, None when that cannot be read.
    """
    findings = [*check_people(tx, tools.keys, stamps), *check_strays(tx)]
    findings += check_policy(tx, tools.keys, stamps)
    return list(dict.fromkeys([*findings, *check_store(tx, list(listed), tools.store)]))


def swept_meanwhile(tx: Connection, findings: Collection[Finding]) -> set[Finding]:
    """Those of `findings` that only say that the sweeper went on while the check was reading: `tx`
    is of a later moment, and what seemed lost is needed by nothing any more.
    """
    lost = {one for one in findings if one.flaw is Flaw.LOST_BLOB and one.table == BLOB}
    if not lost:
        return set()
    ids = [bytes.fromhex(one.id) for one in lost]
    wanted = select(blob.c.id).where(blob.c.id.in_(ids), blob.c.state == "live")
    needed = {one.hex() for one in tx.execute(wanted).scalars()}
    return {one for one in lost if one.id not in needed}
