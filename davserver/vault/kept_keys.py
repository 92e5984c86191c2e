"""A vault whose keys are in memory: for minutes. What was seen in its folders is handed on to the
same keys, opened again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from davserver.vault.nodes.rows import OpenVault

KEPT = timedelta(minutes=5)
"""How long opened keys stay in memory (DESIGN §5.7)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`keys`: the epoch counter under which it was opened."""

    vault: OpenVault
    keys: int
    since: datetime

    def serves(self, keys: int, now: datetime) -> bool:
        return self.keys == keys and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """A clock that was set back ends it, or it would live for as long as that took longer."""
        return not timedelta() <= now - self.since < KEPT

    def followed_by(self, opened: OpenVault, keys: int, now: datetime) -> "Kept":
        """Whoever works in a folder of thousands does not wait for all its names every five
        minutes. Nothing is handed on to other keys, nor what nobody used for as long again.
        """
        same = self.keys == keys and self.vault.wraps == opened.wraps
        if same and now < self.since + 2 * KEPT:
            opened = replace(opened, node_cache=self.vault.node_cache.later())
        return kept(opened, keys, now)


def kept(opened: OpenVault, keys: int, now: datetime) -> Kept:
    return Kept(opened, keys, now)
