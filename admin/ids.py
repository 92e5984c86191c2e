"""Ids as commands take and print them: 32 hexadecimal digits."""

from davserver.domain.errors import BadInput
from davserver.domain.ids import id_from_text


def parse_id(what: str, text: str) -> bytes:
    """Raises BadInput."""
    try:
        return id_from_text(text)
    except ValueError:
        raise BadInput(f"{what} {text[:64]}: an id has 32 hexadecimal digits, as listed") from None
