"""The record of a node or version, as it is sealed (FORMAT.md §4.4)."""

import struct
from dataclasses import field
from sys import intern

from davserver.domain.actions import Category
from davserver.domain.errors import Damaged
from davserver.domain.ids import ID_BYTES, PersonId
from davserver.domain.lean import lean
from davserver.domain.secret import Secret
from davserver.sealing.keys import KEY_BYTES

LAYOUT = 1
SHA256_BYTES = 32

_HAS_CATEGORY = 1
_HAS_CONTENT = 2
_HEAD = struct.Struct(">BB16sQHBHHH")
_HEAD_BYTES = _HEAD.size
_PROPERTY = struct.Struct(">HI")
_CATEGORIES = {category.value.encode(): category for category in Category}


@lean(frozen=True, slots=True)
class Record:
    """What a row says of a node, unreadable without the space key.

    `size` in bytes and `sha256` are of the plain content. A folder, and a file without content,
    has no `file_key`, size 0 and an empty `sha256`.
    """

    name: str
    category: Category | None
    size: int
    sha256: bytes
    media_type: str
    maker: PersonId
    origin: str
    file_key: Secret | None
    properties: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_whole(self.size, self.sha256, self.file_key, self.maker)

    def encode(self) -> bytes:
        """As `encoded`."""
        return encoded(self.fields())

    def fields(self) -> "Fields":
        return (
            self.name, self.category, self.size, self.sha256, self.media_type, self.maker,
            self.origin, self.file_key, self.properties,
        )  # fmt: skip

    @classmethod
    def decode(cls, raw: bytes) -> "Record":
        """Raises Damaged unless `raw` is exactly what `encode` gives for one record."""
        return cls(*fields_in(raw))


Fields = tuple[str, Category | None, int, bytes, str, PersonId, str, Secret | None, dict[str, str]]


def encoded(fields: Fields) -> bytes:
    """The same bytes for the same fields, always. Raises ValueError for what does not fit.

    For whoever has them in something else than a record, as `fields_in`.
    """
    name, category, size, sha256, media_type, maker, origin, file_key, properties = fields
    _require_whole(size, sha256, file_key, maker)
    flags, content, word = 0, b"", b""
    if category is not None:
        flags, word = _HAS_CATEGORY, category.encode()
    if file_key is not None:
        flags, content = flags | _HAS_CONTENT, sha256 + file_key.reveal()
    texts = name.encode(), word, media_type.encode(), origin.encode()
    try:
        head = _HEAD.pack(LAYOUT, flags, maker, size, *map(len, texts), len(properties))
        pairs = [_packed(*pair) for pair in _sorted(properties)] if properties else ()
    except struct.error:
        raise ValueError("a name, text or property is too long for a record") from None
    return b"".join((head, content, *texts, *pairs))


def _require_whole(size: int, sha256: bytes, file_key: Secret | None, maker: PersonId) -> None:
    """Raises ValueError for fields that no record has."""
    if file_key is None:
        whole = not sha256 and not size
    else:
        whole = len(sha256) == SHA256_BYTES and len(file_key) == KEY_BYTES
    if not whole:
        raise ValueError("a record has size, digest and file key together, or none of them")
    if len(maker) != ID_BYTES:
        raise ValueError(f"a person id has {ID_BYTES} bytes")


def fields_in(raw: bytes) -> Fields:
    """The fields of an encoded record, in the order of `Record`. Raises Damaged as `decode` does.

    For whoever opens thousands, and makes something else of each.
    """
    try:
        return _decoded(raw)
    except (struct.error, ValueError, KeyError):
        raise Damaged("a record cannot be read") from None


def category_in(raw: bytes) -> Category | None:
    """The category of an encoded record; nothing else of it is looked at. Raises Damaged."""
    try:
        _, flags, _, _, name_length, length, *_ = _HEAD.unpack_from(raw)
        content = SHA256_BYTES + KEY_BYTES if flags & _HAS_CONTENT else 0
        at = _HEAD.size + content + name_length
        return _CATEGORIES[raw[at : at + length]] if length else None
    except (struct.error, KeyError):
        raise Damaged("a record cannot be read") from None


def _decoded(raw: bytes) -> Fields:
    layout, flags, maker, size, named, classed, typed, came, count = _HEAD.unpack_from(raw)
    if layout != LAYOUT or flags > _HAS_CATEGORY + _HAS_CONTENT:
        raise ValueError("unknown layout")
    at = _HEAD_BYTES
    sha256, file_key = b"", None
    if flags & _HAS_CONTENT:
        key_at = at + SHA256_BYTES
        sha256, file_key = raw[at:key_at], Secret(raw[key_at : key_at + KEY_BYTES])
        at = key_at + KEY_BYTES
    elif size:
        raise ValueError("a size without content")
    name_to = at + named
    category_to = name_to + classed
    type_to = category_to + typed
    end = type_to + came
    if (classed > 0) != (flags & _HAS_CATEGORY):
        raise ValueError("category flag and length disagree")
    return (
        raw[at:name_to].decode(),
        _CATEGORIES[raw[name_to:category_to]] if classed else None,
        size,
        sha256,
        # Of a thousand files most have one of a few types: one text for all of them.
        intern(raw[category_to:type_to].decode()),
        maker,
        raw[type_to:end].decode() if came else "",
        file_key,
        _properties(raw, end, count) if count or end != len(raw) else _NO_PROPERTIES,
    )


_NO_PROPERTIES: dict[str, str] = {}
"""Of nearly everything: there once. Nobody changes what was opened."""


def _properties(raw: bytes, at: int, count: int) -> dict[str, str]:
    """The rest of the record: keys strictly ascending, nothing missing, nothing after them."""
    found: dict[str, str] = {}
    before = b""
    for i in range(count):
        key_length, value_length = _PROPERTY.unpack_from(raw, at)
        value_at = at + _PROPERTY.size + key_length
        key = raw[at + _PROPERTY.size : value_at]
        if i and key <= before:
            raise ValueError("properties out of order")
        before, at = key, value_at + value_length
        found[key.decode()] = raw[value_at:at].decode()
    if at != len(raw):
        raise ValueError("too long or too short")
    return found


def _packed(key: bytes, value: bytes) -> bytes:
    return _PROPERTY.pack(len(key), len(value)) + key + value


def _sorted(properties: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return sorted((key.encode(), value.encode()) for key, value in properties.items())
