"""Codes for sharing: eight letters that a professional shows, and a beneficiary types.

A code names somebody for a day, so that nobody has to spell a login or to look through a list of
people. It opens nothing by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from davserver.domain.ids import PersonId, SharingCodeId, StructureId

LIVES = timedelta(hours=24)

ENTROPY = 5
"""Random bytes of a code: 40 bits, five for each letter."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: without letters that are taken for others."""

_LETTERS = 8
_TAKEN_FOR = str.maketrans("OIL", "011", " -\N{NO-BREAK SPACE}")


@dataclass(frozen=True, slots=True)
class SharingCode:
    """`person` made it: for themselves, or (`structure`) for where they work. From `created` until
    `expires` (excluded), UTC.
    """

    id: SharingCodeId
    person: PersonId
    structure: StructureId | None
    letters: str
    created: datetime
    expires: datetime

    def holds(self, now: datetime) -> bool:
        """One from a moment to come was made before a clock was set back."""
        return self.created <= now < self.expires


def letters_from(entropy: bytes) -> str:
    number = int.from_bytes(entropy[:ENTROPY], "big")
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LETTERS)))


def letters_in(typed: str) -> str | None:
    """The eight letters, however they are grouped and whichever were mistaken; None for what can be
    no code.
    """
    letters = typed.strip().upper().translate(_TAKEN_FOR)
    fits = len(letters) == _LETTERS and all(one in _ALPHABET for one in letters)
    return letters if fits else None


def grouped(letters: str) -> str:
    """As people read it: `K7F2 9QXM`."""
    return f"{letters[:4]} {letters[4:]}"
