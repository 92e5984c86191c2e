"""The trail: what was done with a vault, by whom, provable and readable by its owner.

It lies below the gate and knows no rule: whoever acts says what happened, in the same transaction.
The chain and its bytes are described in docs/trail.md.
"""

from davserver.trail.entry import Actor
from davserver.trail.opening import Opening, Reads
from davserver.trail.proof import ExportedHead, Finding, Flaw
from davserver.trail.readings import TELLING, Readings
from davserver.trail.story import Deed
from davserver.trail.trail import Trail
from davserver.trail.windows import WINDOW
from davserver.trail.words import INSTANCE, Event, RowStamp, What

__all__ = [
    "INSTANCE",
    "TELLING",
    "WINDOW",
    "Actor",
    "Deed",
    "Event",
    "ExportedHead",
    "Finding",
    "Flaw",
    "Opening",
    "Readings",
    "Reads",
    "RowStamp",
    "Trail",
    "What",
]
