"""One run over vaults and trails that changes nothing and tells everything that is wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from authn.registered import Registered
from davserver.db.tables import blob as blob_table
from davserver.db.tables import vault as vault_table
from davserver.domain.errors import Damaged, NotFound
from davserver.domain.ids import BlobId, PersonId, VaultId
from davserver.gate.tools import Tools
from davserver.trail import INSTANCE
from davserver.trail import Finding as TrailFinding
from davserver.vault.check.check import (
    CheckTools,
    check_instance,
    check_vault,
    swept_meanwhile,
)
from davserver.vault.check.findings import Finding, Flaw
from davserver.vault.check.trail import Stamps
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.stamps import Stamp

_OWNERS = select(vault_table.c.id, vault_table.c.owner_id)

Progress = Callable[[int, int], None]
"""How much of how much is done: stored bytes in a deep check, vaults otherwise."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `login`: whose vault, empty for the instance's own rows. `code` is
    stable; `where` names a row or blob by its id, or an entry of a trail by its number.
    """

    login: str
    code: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check saw. No troubles means: all of it is as it was written."""

    vaults: int
    stored_bytes: int
    troubles: tuple[Trouble, ...]


class Checking:
    """One check. `owners`: the logins of the vaults to be checked."""

    def __init__(
        self, tools: Tools, owners: Mapping[VaultId, str], progress: Progress, *, deep: bool
    ) -> None:
        self._tools = tools
        self._owners = owners
        self._progress = progress
        self._deep = deep
        self._done = 0
        self._total = 0
        self._check = CheckTools(tools.keys, tools.blobs, deep, self._read)

    def run(self, *, everything: bool) -> Report:
        """`everything`: the instance's own rows and stray bytes too. Raises Unavailable."""
        listed = [one.id for one in self._tools.blobs.list()] if everything else []
        stored = self._measure()
        self._total = stored if self._deep else len(self._owners)
        troubles: list[Trouble] = []
        for vault, login in self._owners.items():
            troubles += self._one(vault, login)
            self._done += not self._deep
            self._progress(self._done, self._total)
        if everything:
            troubles += self._instance(listed)
        return Report(len(self._owners), stored, tuple(troubles))

    def _read(self, stored_bytes: int) -> None:
        self._done += stored_bytes
        self._progress(self._done, self._total)

    def _measure(self) -> int:
        with self._tools.db.read() as tx:
            live = blob_table.c.state == "live"
            of = select(blob_table.c.vault_id, func.sum(blob_table.c.size_cipher)).where(live)
            sizes = tx.execute(of.group_by(blob_table.c.vault_id)).all()
        return sum(int(size) for one, size in sizes if one in self._owners)

    def _one(self, vault: VaultId, login: str) -> list[Trouble]:
        with self._tools.db.read() as tx:
            there = select(vault_table.c.id).where(vault_table.c.id == vault)
            if tx.execute(there).first() is None:
                return []
            trail = self._tools.trail.verify(tx, vault)
            stamps = self._stamps(tx, vault)
            found = check_vault(tx, self._check, vault, self._opened(tx, vault), stamps)
        return [*_of_trail(login, trail), *_told(login, self._still(found))]

    def _instance(self, listed: Sequence[BlobId]) -> list[Trouble]:
        with self._tools.db.read() as tx:
            trail = self._tools.trail.verify(tx, INSTANCE)
            found = check_instance(tx, self._check, listed, self._stamps(tx, INSTANCE))
        return [*_of_trail("", trail), *_told("", found)]

    def _still(self, found: Sequence[Finding]) -> list[Finding]:
        """Without what the sweeper took away while the check was reading an older moment."""
        if not any(one.flaw is Flaw.LOST_BLOB for one in found):
            return list(found)
        with self._tools.db.read() as tx:
            swept = swept_meanwhile(tx, found)
        return [one for one in found if one not in swept]

    def _opened(self, tx: Connection, vault: VaultId) -> OpenVault | None:
        try:
            return self._tools.vaults.open_anew(tx, vault)
        except (NotFound, Damaged):
            return None

    def _stamps(self, tx: Connection, vault: VaultId) -> Stamps | None:
        try:
            stamps = self._tools.trail.last_stamps(tx, vault)
        except Damaged:
            return None
        return {key: Stamp(one.table, one.id, one.version, one.hash) for key, one in stamps.items()}


def owners_of(tx: Connection, registered: Registered) -> dict[VaultId, str]:
    """Every vault, by its owner's login. An account that was tampered with has an empty one."""
    # SQLite keeps any type in any column. What is no id names no vault: `check_strays` tells of it.
    rows = [row for row in tx.execute(_OWNERS) if isinstance(row.id, bytes)]
    people = {PersonId(row.owner_id) for row in rows if isinstance(row.owner_id, bytes)}
    known = registered.logins(tx, people)
    found = {VaultId(row.id): known.get(PersonId(row.owner_id), "") for row in rows}
    return dict(sorted(found.items(), key=lambda pair: (pair[1], pair[0])))


def _told(login: str, findings: Sequence[Finding]) -> list[Trouble]:
    return [
        Trouble(login, one.flaw.value, f"{one.table} {one.id}".strip(), one.text)
        for one in findings
    ]


def _of_trail(login: str, findings: Sequence[TrailFinding]) -> list[Trouble]:
    return [
        Trouble(login, f"trail-{one.flaw.value}", f"entry {one.seq}", one.text) for one in findings
    ]
