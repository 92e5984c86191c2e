"""The way down a path, remembered for whoever goes it again while nothing changes."""

from collections.abc import Sequence

from sqlalchemy import Connection

from davserver.db.dependencies import ANYTHING, FOLDERS
from davserver.db.query_cache import cached, is_writing, lookup, store
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.nodes.way import Stored, Way, further, further_both, walk, walk_both
from davserver.vault.nodes.way_statements import PERHAPS, Hidden


class Walks:
    """The ways that one request goes, in one transaction. `then`: the place of which it asks after
    this one, and before anything changes: the way there is read with the first. `stored`: takes
    the content of what is at the end, where it can be read along.
    """

    def __init__(self, tx: Connection, who: Principal) -> None:
        self._tx = tx
        self._who = who
        self.ahead: tuple[NodeId, tuple[str, ...], Way] | None = None
        """The way to the place asked for next, where one statement led to both."""
        self.then: DrivePath | None = None
        self.stored: Stored | None = None
        self.unlocked: VaultId | None = None
        """A vault in which nothing at all was locked, as the way to a place in it has told."""

    def down(
        self,
        vault: OpenVault,
        start: NodeId,
        parts: tuple[str, ...],
        skipped: int,
        *,
        hidden: Hidden = PERHAPS,
    ) -> Way:
        """From `start`, to which so many of the first names of the path led. `hidden`: on the way
        to `then`, too.
        """
        way = self._down(vault, start, parts, skipped, hidden=hidden)
        if way[2]:
            self.unlocked = vault.id
        return way

    def _down(
        self,
        vault: OpenVault,
        start: NodeId,
        parts: tuple[str, ...],
        skipped: int,
        *,
        hidden: Hidden,
    ) -> Way:
        names = parts[skipped:]
        then, self.then, ahead, self.ahead = self.then, None, self.ahead, None
        if ahead is not None and ahead[:2] == (start, names):
            return ahead[2]
        if then is None or then.parts[:skipped] != parts[:skipped]:
            return walked(
                self._tx, self._who, vault, start, names, hidden=hidden, stored=self.stored
            )
        others = then.parts[skipped:]
        way, other = self._both(vault, start, names, others, hidden=hidden)
        self.ahead = (start, others, other)
        return way

    def _both(
        self,
        vault: OpenVault,
        start: NodeId,
        names: tuple[str, ...],
        others: tuple[str, ...],
        *,
        hidden: Hidden,
    ) -> tuple[Way, Way]:
        if hidden is not PERHAPS and names and others:
            one = lookup(self._tx, FOLDERS, _way(self._who, vault, start, names[:-1]))
            other = lookup(self._tx, FOLDERS, _way(self._who, vault, start, others[:-1]))
            if one is not None and other is not None:
                ends = (one, names[-1]), (other, others[-1])
                return further_both(self._tx, vault, *ends, hidden=hidden, stored=self.stored)
        ways = walk_both(self._tx, vault, start, names, others, hidden=hidden)
        if hidden is not PERHAPS:
            for gone, way in zip((names, others), ways, strict=True):
                _keep_folder(self._tx, self._who, vault, start, gone, way)
        return ways


def walked(
    tx: Connection,
    who: Principal,
    vault: OpenVault,
    start: NodeId,
    names: Sequence[str],
    *,
    hidden: Hidden = PERHAPS,
    stored: Stored | None = None,
) -> Way:
    """As `walk`. Whoever reads one document of a folder after another goes the way to the folder
    once. `stored` gets nothing where the way is remembered.
    """
    names = tuple(names)

    def go() -> Way:
        return _gone(tx, who, vault, start, names, hidden=hidden, stored=stored)

    return go() if is_writing(tx) else cached(tx, ANYTHING, _way(who, vault, start, names), go)


def _gone(
    tx: Connection,
    who: Principal,
    vault: OpenVault,
    start: NodeId,
    names: tuple[str, ...],
    *,
    hidden: Hidden,
    stored: Stored | None,
) -> Way:
    if not names:
        return walk(tx, vault, start, names, hidden=hidden)
    to_folder = _way(who, vault, start, names[:-1])
    # What is hidden or absent is remembered for as long as both cost the same: any change may make
    # one of the other.
    before: Way | None = (
        lookup(tx, ANYTHING, to_folder) if hidden is PERHAPS else lookup(tx, FOLDERS, to_folder)
    )
    if before is not None and before[0]:
        return further(tx, vault, before, names[-1], hidden=hidden, stored=stored)
    way = walk(tx, vault, start, names, hidden=hidden)
    if hidden is PERHAPS:
        store(tx, ANYTHING, to_folder, (way[0], way[1][:-1], False))
    else:
        _keep_folder(tx, who, vault, start, names, way)
    return way


def _keep_folder(
    tx: Connection,
    who: Principal,
    vault: OpenVault,
    start: NodeId,
    names: tuple[str, ...],
    way: Way,
) -> None:
    """The way to the folder of what is at the end of `names`, on which nothing is hidden from them:
    until any folder changes, if it is there, from the vault's root down, and each name on it is one
    folder's alone.
    """
    above, below, _ = way
    if not names or not above or above[0].id != vault.root or not above[-1].is_folder:
        return
    for name, found in zip(names, below[:-1]):  # noqa: B905 — the last name is looked for each time
        node = found[0].node if len(found) == 1 else None
        if node is None or not node.is_folder or node.twin or node.name != name:
            return
    store(tx, FOLDERS, _way(who, vault, start, names[:-1]), (above, below[:-1], False))


def _way(
    who: Principal, vault: OpenVault, start: NodeId, names: tuple[str, ...]
) -> tuple[object, ...]:
    return "way", who.id, vault.id, start, names
