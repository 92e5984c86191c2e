"""Ids as commands take and print them: 32 hexadecimal digits; and the largest number there is."""

from davserver.domain.errors import BadInput
from davserver.domain.ids import id_from_text

LARGEST = 1_000_000_000
"""No version, entry or generation has a larger number."""


def parse_id(what: str, text: str) -> bytes:
    """Raises BadInput."""
    try:
        return id_from_text(text)
    except ValueError:
        raise BadInput(f"{what} {text[:64]}: an id has 32 hexadecimal digits, as listed") from None
