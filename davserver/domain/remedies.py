"""What would turn a refusal by rules into a yes, as far as it is in somebody's hands."""

from dataclasses import dataclass
from datetime import datetime

from davserver.domain.actions import Strength, Zone


@dataclass(frozen=True, slots=True)
class Remedy:
    """Every part that is set is needed. `hours`: another hour; `opens` is then the next one that
    will do, on the clock of the structure, or None when it is too far away to tell.
    """

    strength: Strength | None = None
    zone: Zone | None = None
    hours: bool = False
    opens: datetime | None = None
