"""The trail as everybody above uses it."""

import os
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, null, update

from davserver.db.clock import to_us
from davserver.db.tables import trail, trail_actor
from davserver.domain.drive import TrailEntry
from davserver.domain.ids import Entropy, PersonId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.trail import proof, story, windows
from davserver.trail.chain import Chain
from davserver.trail.entry import unsealed
from davserver.trail.opening import Opening, Reads
from davserver.trail.proof import ExportedHead, Finding
from davserver.trail.words import Event, RowStamp

_BATCH = 200


class Trail:
    """Every method works inside the caller's transaction. Shared between threads."""

    def __init__(self, keys: InstanceKeys, entropy: Entropy = os.urandom) -> None:
        self._keys = keys.trail
        self._chain = Chain(keys.trail, entropy)

    def prefetch(self, tx: Connection, vault: VaultId, person: PersonId) -> None:
        """`record` will be told of something that they did there: what it reads may be asked along
        with other questions.
        """
        self._chain.prefetch(tx, vault, person)

    def record(self, tx: Connection, event: Event, now: datetime) -> int:
        """Appends one entry and gives its number. Three statements; four for somebody's first.

        Raises Damaged when the trail was tampered with: what cannot be recorded is not done.
        """
        return self._chain.append_one(tx, unsealed(event), now)

    def record_all(self, tx: Connection, events: Iterable[Event], now: datetime) -> list[int]:
        """As `record`, for several, in as many statements as for one."""
        return self._chain.append(tx, [unsealed(event) for event in events], now)

    def note_reading(self, tx: Connection, reading: Opening, reads: Reads) -> int:
        """Counts reads of one version, and says how many its window has. One statement, but where
        a window that is over must be closed first: that raises Damaged as `record` does.
        """
        counted = windows.count(tx, self._keys, reading, reads)
        if counted is None:
            self._close(tx, windows.of_version(reading.person, reading.etag), reads.first)
            counted = windows.count(tx, self._keys, reading, reads)
            assert counted is not None  # noqa: S101 — none is in the way any more
        return counted

    def count_on(self, tx: Connection, reading: Opening, reads: Reads) -> None:
        """As `note_reading`, but a window that is over stays open, and counts on: for trails to
        which nothing can be appended.
        """
        windows.count(tx, self._keys, reading, reads, also_old=True)

    def close_windows(
        self,
        tx: Connection,
        now: datetime,
        *,
        vault: VaultId | None = None,
        everything: bool = False,
    ) -> int:
        """Turns read windows that are over, or all, into entries. How many there were."""
        due = windows.of_vault(vault)
        return self._close(tx, due if everything else due & windows.expired(now), now)

    def entries(
        self,
        tx: Connection,
        vault: VaultId,
        *,
        limit: int,
        before: int | None = None,
        names: story.Names,
        full: bool = False,
    ) -> list[TrailEntry]:
        """The last `limit` entries, newest last, then reads whose window is still open (number 0;
        on the first page only). `before`: only entries with a lower number. `full`: with address
        and credential, for investigations.
        """
        page = story.Page(limit, before, full)
        found = story.written(tx, self._keys, vault, page)
        if before is None:
            still_open = windows.open_windows(tx, self._keys, windows.of_vault(vault))
            found += [story.pending(one.draft, page) for one in still_open]
        return story.with_names(found[max(0, len(found) - limit) :], names)

    def since(self, tx: Connection, vault: VaultId, moment: datetime) -> list[TrailEntry]:
        """All that was appended from then on, oldest first, and the reads whose window is open; for
        whoever decides by it: without logins.
        """
        return self.since_in(tx, {vault}, moment)[vault]

    def since_in(
        self, tx: Connection, vaults: Collection[VaultId], moment: datetime
    ) -> dict[VaultId, list[TrailEntry]]:
        """The same of several trails, in as many statements as of one."""
        still_open = windows.open_windows(tx, self._keys, windows.of_vaults(tx, vaults))
        page = story.Page(0, None, full=False)
        found = story.since(tx, self._keys, vaults, to_us(moment))
        for one in still_open:
            if one.draft.vault in found:
                found[one.draft.vault].append(story.pending(one.draft, page))
        return found

    def done_by(
        self, tx: Connection, vault: VaultId, person: PersonId, moment: datetime
    ) -> list[story.Deed]:
        """What they did in that vault from then on, oldest first; what was done in their name by a
        command is left out.
        """
        where = windows.of_vault(vault) & windows.of_person(person)
        drafts = [one.draft for one in windows.open_windows(tx, self._keys, where)]
        theirs = [one for one in drafts if one.vault == vault and story.is_by(one, person)]
        found = story.by_person(tx, self._keys, vault, person, to_us(moment))
        return [*found, *(story.deed(0, one) for one in theirs)]

    def by_operators(self, tx: Connection, vault: VaultId, since: datetime, among: int) -> int:
        """How many of the last `among` entries that are not older an operator made in somebody's
        name. Two statements.
        """
        return story.by_operators(tx, self._keys, vault, to_us(since), among)

    def verify(
        self,
        tx: Connection,
        vault: VaultId | None = None,
        *,
        exported: Iterable[ExportedHead] = (),
    ) -> list[Finding]:
        """Every flaw in one trail, or in all of them; empty means whole. `exported` are heads kept
        elsewhere: without them nobody sees that the whole database was put back to an older state.
        """
        return list(dict.fromkeys(proof.findings(tx, self._keys, vault, exported)))

    def export_heads(self, tx: Connection) -> list[ExportedHead]:
        """One head per trail, to be kept off this machine."""
        return proof.heads(tx, self._keys)

    def erased(self, tx: Connection, vault: VaultId | None = None) -> int:
        """How many entries have lost their content, which is no flaw but should be said."""
        return story.erased(tx, vault)

    def last_stamps(self, tx: Connection, vault: VaultId) -> dict[tuple[str, bytes], RowStamp]:
        """By table and id, how the trail last saw each row. Verify first. Raises Damaged."""
        return story.last_stamps(tx, vault)

    def forget(self, tx: Connection, person: PersonId, now: datetime) -> None:
        """Erases who they were from every entry in every trail: those still verify. What they did
        stays, because it belongs to the vaults' owners. After `Readings.tell_in`: a reading that is
        told later would name them again.
        """
        self._close(tx, windows.of_person(person), now)
        tx.execute(delete(trail_actor).where(trail_actor.c.person_id == person))
        gone = {"actor_id": null(), "actor_ct": null()}
        tx.execute(update(trail).where(trail.c.actor_id == person).values(gone))

    def _close(self, tx: Connection, where: windows.Which, now: datetime) -> int:
        closed = 0
        while True:
            batch = windows.open_windows(tx, self._keys, where, _BATCH)
            if batch:
                self._chain.append(tx, [one.draft.unsealed() for one in batch], now)
                windows.drop(tx, batch)
                closed += len(batch)
            if len(batch) < _BATCH:
                return closed
