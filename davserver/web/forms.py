"""Small forms: names and values of one POST, read once and bounded (no file: see uploads.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from davserver.domain.errors import BadInput
from davserver.http.streams import Body

MARK = "mark"
"""The field by which a form shows that it came from a page of this browser."""

_MOST_BYTES = 64 * 1024
_MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Fields:
    """What was filled in; the first value where a name comes twice."""

    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def secret(self, name: str) -> str:
        """As typed: a password may begin with a space."""
        return self.values.get(name, "")

    def is_set(self, name: str) -> bool:
        return bool(self.values.get(name))


def fields_of(text: str) -> Fields:
    """Raises BadInput for what no page of ours sends."""
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise BadInput("the form cannot be read") from None
    return Fields(dict(reversed(pairs)))


def form_of(body: Body, content_type: str) -> Fields:
    """Raises BadInput, TooLarge, Truncated."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise BadInput("this is no form of ours")
    try:
        return fields_of(body.whole(_MOST_BYTES).decode("ascii"))
    except UnicodeDecodeError:
        raise BadInput("the form cannot be read") from None
