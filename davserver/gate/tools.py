"""What every use case works with. Made once per process, in `davserver.wiring`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from authn.login import Login
from davserver.db.database import Database
from davserver.domain.ids import Entropy
from davserver.sealing.instance import InstanceKeys
from davserver.trail import Readings, Trail
from davserver.vault.blobs.store import BlobStore
from davserver.vault.grants.grants import GrantBook
from davserver.vault.staging import Staging
from davserver.vault.vault import Vaults
from policies.in_force import InForce


@dataclass(frozen=True, slots=True)
class Limits:
    """What the configuration says about the drive; sizes in bytes."""

    recall: timedelta = timedelta(hours=24)
    changes_per_minute: int = 50
    lock_seconds: int = 1800
    longest_lock_seconds: int = 3600
    scratch_bytes: int = 50 * 1024 * 1024
    scratch_kept: timedelta = timedelta(hours=24)
    grants_need_owner: bool = False
    """What an operator gives in somebody's name waits until they say yes themselves."""
    one_save: timedelta = timedelta(seconds=60)
    """Within how long renaming away, writing anew and deleting count as one save (DESIGN §2.5)."""


@dataclass(frozen=True, slots=True)
class Tools:
    db: Database
    login: Login
    policy: InForce
    vaults: Vaults
    grants: GrantBook
    trail: Trail
    readings: Readings
    staging: Staging
    blobs: BlobStore
    keys: InstanceKeys
    entropy: Entropy
    clock: Callable[[], datetime]
    limits: Limits
