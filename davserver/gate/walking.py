"""Walks down paths, and the cache of them: whoever goes the same way again asks less."""

from collections.abc import Hashable

from sqlalchemy import Connection

from davserver.db.dependencies import ANYTHING, FOLDERS
from davserver.db.query_cache import cached, is_writing, lookup, store
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.nodes.walk import Stored, Walk, further, further_both, walk, walk_both
from davserver.vault.nodes.walk_statements import PERHAPS, Hidden

Names = tuple[str, ...]


class PathWalker:
    """The walks of one request, in one transaction.

    Whoever reads one document of a folder after another looks the folder up once: the walk to the
    folder is cached, and the last name is looked for each time (`further`). Where nothing is hidden
    from this person, that walk is valid until any folder changes. What may be hidden is cached only
    as long as nobody commits anything: what is hidden and what is absent must cost the same, and
    any change may make one of the other (DESIGN §2.2).
    """

    def __init__(self, tx: Connection, who: Principal) -> None:
        self._tx = tx
        self._who = who
        self.then: DrivePath | None = None
        """The place asked for after the next one, before anything changes: one statement leads to
        both, where they lie below the same start.
        """
        self.stored: Stored | None = None
        """Takes the row of the content at the end, where it can be read along."""
        self.ahead: tuple[NodeId, Names, Walk] | None = None
        """The walk to `then`, where one statement led to both."""
        self.unlocked: VaultId | None = None
        """A vault in which nothing at all was locked, as a walk in it has seen."""

    def down(
        self, vault: OpenVault, start: NodeId, path: DrivePath, skipped: int, *, hidden: Hidden
    ) -> Walk:
        """From `start`, to which so many of the first names of `path` led. `hidden`: on the way to
        `then`, too.
        """
        found = self._down(vault, start, path.parts, skipped, hidden)
        if found.unlocked:
            self.unlocked = vault.id
        return found

    def above(self, vault: OpenVault, node: NodeId) -> Walk:
        """The ancestors of a node, and nothing below it."""
        return self._one(vault, node, (), PERHAPS)

    def _down(
        self, vault: OpenVault, start: NodeId, parts: Names, skipped: int, hidden: Hidden
    ) -> Walk:
        names = parts[skipped:]
        then, self.then, ahead, self.ahead = self.then, None, self.ahead, None
        if ahead is not None and ahead[:2] == (start, names):
            return ahead[2]
        if then is None or then.parts[:skipped] != parts[:skipped]:
            return self._one(vault, start, names, hidden)
        others = then.parts[skipped:]
        found, other = self._both(vault, start, names, others, hidden)
        self.ahead = (start, others, other)
        return found

    # ── one path ────────────────────────────────────────────────────────────────────────────────

    def _one(self, vault: OpenVault, start: NodeId, names: Names, hidden: Hidden) -> Walk:
        def ask() -> Walk:
            return self._from_folder(vault, start, names, hidden)

        if is_writing(self._tx):
            return ask()
        return cached(self._tx, ANYTHING, self._question(vault, start, names), ask)

    def _from_folder(self, vault: OpenVault, start: NodeId, names: Names, hidden: Hidden) -> Walk:
        if not names:
            return walk(self._tx, vault, start, names, hidden=hidden)
        about = ANYTHING if hidden is PERHAPS else FOLDERS
        to_folder = self._question(vault, start, names[:-1])
        before: Walk | None = lookup(self._tx, about, to_folder)
        if before is not None and before.above:
            return further(self._tx, vault, before, names[-1], hidden=hidden, stored=self.stored)
        found = walk(self._tx, vault, start, names, hidden=hidden)
        if hidden is not PERHAPS:
            self._store_folder(vault, start, names, found)
        else:
            store(self._tx, ANYTHING, to_folder, _to_folder(found))
        return found

    # ── two paths ───────────────────────────────────────────────────────────────────────────────

    def _both(
        self, vault: OpenVault, start: NodeId, names: Names, others: Names, hidden: Hidden
    ) -> tuple[Walk, Walk]:
        if hidden is not PERHAPS and names and others:
            one = lookup(self._tx, FOLDERS, self._question(vault, start, names[:-1]))
            other = lookup(self._tx, FOLDERS, self._question(vault, start, others[:-1]))
            if one is not None and other is not None:
                ends = (one, names[-1]), (other, others[-1])
                return further_both(self._tx, vault, *ends, hidden=hidden, stored=self.stored)
        walks = walk_both(self._tx, vault, start, names, others, hidden=hidden)
        if hidden is not PERHAPS:
            for gone, found in zip((names, others), walks, strict=True):
                self._store_folder(vault, start, gone, found)
        return walks

    # ── the cache ───────────────────────────────────────────────────────────────────────────────

    def _store_folder(self, vault: OpenVault, start: NodeId, names: Names, found: Walk) -> None:
        """The walk to the folder that holds the last of `names`, if it is there, from the vault's
        root down, and each name on it is one folder's alone.
        """
        above = found.above
        if not names or not above or above[0].id != vault.root or not above[-1].is_folder:
            return
        for name, meant in zip(names, found.below[:-1]):  # noqa: B905 — the last name is looked for each time
            node = meant[0].node if len(meant) == 1 else None
            if node is None or not node.is_folder or node.twin or node.name != name:
                return
        store(self._tx, FOLDERS, self._question(vault, start, names[:-1]), _to_folder(found))

    def _question(self, vault: OpenVault, start: NodeId, names: Names) -> Hashable:
        return "walk", self._who.id, vault.id, start, names


def _to_folder(found: Walk) -> Walk:
    """Without its last name. That nothing is locked is true at one moment only."""
    return Walk(found.above, found.below[:-1], unlocked=False)
