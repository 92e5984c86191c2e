"""The trail: what was done with a vault, by whom, provable and readable by its owner.

It lies below the gate and knows no rule: whoever acts says what happened, in the same transaction.
The chain and its bytes are described in docs/trail.md.

In reading order:
    trail     all that others call
    words     what can stand in one
    entry     what an entry says, as bytes
    chain     appending, each tied to the one before
    story     reading it
    proof     whether it is whole

Readings:
    readings  noted before a byte is sent, told to the database within a second
    opening   that somebody opens a version
    journal   this process's notes, in a file
    journals  those of every process of the machine
    told      up to where the database knows each journal
    repeats   the same person, the same version again: counted in memory
    windows   one row that counts for ten minutes, then one entry
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
