"""What a drive lets people do at most, by the settings."""

from davserver.config import Settings
from davserver.gate.tools import Limits


def limits_of(settings: Settings) -> Limits:
    return Limits(
        recall=settings.vaults.recall,
        changes_per_minute=settings.vaults.changes_per_minute,
        lock_seconds=int(settings.locks.usual.total_seconds()),
        longest_lock_seconds=int(settings.locks.longest.total_seconds()),
        scratch_bytes=settings.scratch.largest,
        scratch_kept=settings.scratch.keep,
        grants_need_owner=settings.operator.needs_owner,
    )
