"""What an undo did, or would do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Act(StrEnum):
    """What was done to one thing. Stable words: they are printed."""

    CONTENT = "content"
    """An earlier version is the present one again."""
    PLACE = "place"
    """It has its name and folder again."""
    BROUGHT_BACK = "brought-back"
    """Out of the trash."""
    TRASHED = "trashed"
    """What they made is in the owner's trash."""


class Why(StrEnum):
    """Why something was left as it is. Stable words: they are printed."""

    IN_TRASH = "in-trash"
    NO_VERSION = "no-version"
    NO_FOLDER = "no-folder"
    WRITTEN_SINCE = "written-since"
    HOLDS_OTHERS = "holds-others"


WHY_TEXTS: dict[Why, str] = {
    Why.IN_TRASH: "it is in the trash: restore it, and run this again with --since",
    Why.NO_VERSION: "no earlier version of it is kept",
    Why.NO_FOLDER: "the folder where it was is gone",
    Why.WRITTEN_SINCE: "somebody else has written it since",
    Why.HOLDS_OTHERS: "things of others are in it",
}


@dataclass(frozen=True, slots=True)
class Undone:
    """Paths are the owner's: where it is now, and where it was before this."""

    act: Act
    path: str
    was: str


@dataclass(frozen=True, slots=True)
class Left:
    path: str
    why: Why


@dataclass(frozen=True, slots=True)
class UndoReport:
    """`since`: what was done from then on was taken back. `paused`: whether their changes still
    stand still. `more`: there is more than a preview shows.
    """

    since: datetime
    done: tuple[Undone, ...]
    left: tuple[Left, ...]
    paused: bool
    more: bool = False

    def count(self, act: Act) -> int:
        return sum(one.act is act for one in self.done)
