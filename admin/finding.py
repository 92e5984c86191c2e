"""What one question of `abri doctor` finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from davserver.config import Settings
from davserver.domain.health import State


@dataclass(frozen=True, slots=True)
class Finding:
    """`says` tells what was seen; where it is not well, what to do too."""

    check: str
    state: State
    says: str


Check = Callable[[Settings, datetime], Iterator[tuple[State, str]]]
