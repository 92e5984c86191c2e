"""What is known of one person, or one structure, and one thing: may they, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from davserver.domain.actions import Category
from davserver.domain.errors import Reason
from davserver.domain.paths import DrivePath
from davserver.domain.people import Role, Structure
from davserver.vault.grants.rows import GrantRow


class Can(StrEnum):
    CHANGE = "change"
    READ = "read"
    DEPOSIT = "deposit"
    REPLACE = "replace"
    """They put it there a moment ago, through a grant to deposit, and do not read it."""
    NAME = "name"
    """It is seen, and not opened."""
    NOTHING = "nothing"


class Ground(StrEnum):
    """Why: first what lets somebody see, then what keeps them from it."""

    OWNER = "owner"
    NAMED = "named"
    TEAM = "team"
    SHARED_ON = "shared-on"
    REFUSED = "refused"
    READS_NOTHING = "reads-nothing"
    BLOCKED = "blocked"
    DEPOSIT_ONLY = "deposit-only"
    CATEGORY = "category"
    UNFINISHED = "unfinished"
    LEFT = "left"
    JOINS = "joins"
    RESTING = "resting"
    SUSPENDED = "suspended"
    UPCOMING = "upcoming"
    EXPIRED = "expired"
    ENDED = "ended"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, with the structure that they act for, if any; or (`is_team`) the professionals of
    one structure, whoever they are.
    """

    login: str
    name: str
    role: Role
    structure: Structure | None
    is_team: bool


@dataclass(frozen=True, slots=True)
class Insight:
    """`path` is the owner's. `row` is the grant that decides, which `giver` gave on `shared`, and
    to `team` where it is a structure's. `category`: the one that is not shown. `moment`: when
    somebody left or joins; where their grant rests for it, `left` is what they left.
    """

    subject: Subject
    owner: str
    path: DrivePath
    can: Can
    ground: Ground
    row: GrantRow | None = None
    giver: str = ""
    shared: DrivePath | None = None
    team: Structure | None = None
    category: Category | None = None
    reason: Reason | None = None
    moment: datetime | None = None
    left: Structure | None = None
