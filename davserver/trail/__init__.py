"""The trail: what was done with a vault, by whom, provable and readable by its owner.

It lies below the gate and knows no rule: whoever acts says what happened, in the same transaction.
The chain and its bytes are described in docs/trail.md.
"""

from davserver.trail.proof import ExportedHead, Finding, Flaw
from davserver.trail.repeats import SETTLED
from davserver.trail.story import Deed
from davserver.trail.trail import Trail
from davserver.trail.windows import WINDOW, Counted, Opening, Reads
from davserver.trail.words import INSTANCE, Event, RowStamp, What

__all__ = [
    "INSTANCE",
    "SETTLED",
    "WINDOW",
    "Counted",
    "Deed",
    "Event",
    "ExportedHead",
    "Finding",
    "Flaw",
    "Opening",
    "Reads",
    "RowStamp",
    "Trail",
    "What",
]
