"""What names of structures, people and devices may be. Each raises BadInput, with what to do."""

import re
import unicodedata

from davserver.domain.errors import BadInput
from davserver.domain.languages import LANGUAGES
from davserver.domain.time_zones import time_zones

LONGEST_NAME = 200
LONGEST_SHOWN = 64
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}[a-z0-9]", re.ASCII)


def quoted(text: str) -> str:
    """For messages: cut to 64 characters, and what cannot be printed is spelled out, so that nobody
    writes escape sequences to an operator's terminal.
    """
    cut = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
    return "“" + "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in cut) + "”"


def clean_slug(text: str) -> str:
    """A structure's short name, part of commands and policy files."""
    if not _SLUG.fullmatch(text):
        raise BadInput(
            f"structure {quoted(text)}: its short name is 2 to 64 characters of a–z, 0–9 and -, "
            "with no - at either end, for example ccas-lyon"
        )
    if text == "none":
        raise BadInput("structure “none”: policy files call it so where there is none")
    return text


def clean_text(text: str, what: str) -> str:
    """A name as people read it, NFC, without space around it."""
    clean = unicodedata.normalize("NFC", text).strip()
    if not clean:
        raise BadInput(f"{what}: it is empty; write the name that people know")
    if len(clean) > LONGEST_NAME:
        raise BadInput(f"{what}: use at most {LONGEST_NAME} characters, not {len(clean)}")
    if any(_is_unseen(character) for character in clean):
        raise BadInput(f"{what}: it has a character that cannot be seen; type it again")
    return clean


def _is_unseen(character: str) -> bool:
    """Control, format (text direction!), surrogate, private and unassigned characters: they show as
    nothing, or make one name look like another. Persian and Indian names need the two joiners.
    """
    return unicodedata.category(character).startswith("C") and character not in "\u200c\u200d"


def clean_time_zone(text: str) -> str:
    if text not in time_zones():
        raise BadInput(f"time zone {quoted(text)}: use a name such as Europe/Paris")
    return text


def clean_language(text: str) -> str:
    if text not in LANGUAGES:
        raise BadInput(f"language {quoted(text)}: use {' or '.join(LANGUAGES)}")
    return text
