"""The only spelling of a place on a drive: NFC segments, parsed once, compared as a whole."""

import re
import string
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from davserver.domain.errors import BadPath
from davserver.domain.lean import lean

MAX_SEGMENT_BYTES = 255
MAX_SEGMENTS = 64
_UNFIT = re.compile(r"[/\x00-\x1f\x7f]")
"""The separator, C0 and DEL."""
_SHORT = re.compile(r"/*+(?:(?!\.\.?(?:/|\Z))[^/\x00-\x1f\x7f\ud800-\udfff]{1,63}+(?:/++|\Z))*+")
"""Names that can be stored, of at most 252 bytes each: nearly every path, in one pass."""


@lean(frozen=True, slots=True, order=True)
class DrivePath:
    """A clean, absolute place on somebody's drive. Ways in: `parse`, `from_url`, `/`."""

    parts: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "DrivePath":
        """From plain text such as `/Santé/ordonnance.pdf`. Raises BadPath."""
        # Nothing composes with a slash: the whole is composed as its names are.
        normal = text if text.isascii() else unicodedata.normalize("NFC", text)
        if _SHORT.fullmatch(normal):
            parts = tuple(filter(None, normal.split("/")))
            if len(parts) <= MAX_SEGMENTS:
                return cls(parts)
        return cls._checked(text.split("/"))

    @classmethod
    def from_url(cls, raw: str) -> "DrivePath":
        """From a percent-encoded URL path (no query), decoded exactly once. Raises BadPath.

        `%2F` is refused rather than taken for a separator or for a character of a name.
        """
        return cls.parse(raw if "%" not in raw and raw.isascii() else _decoded(raw))

    @classmethod
    def _checked(cls, segments: list[str]) -> "DrivePath":
        parts = tuple([clean_name(segment) for segment in segments if segment])
        if len(parts) > MAX_SEGMENTS:
            raise BadPath(f"more than {MAX_SEGMENTS} folders deep")
        return cls(parts)

    def __truediv__(self, name: str) -> "DrivePath":
        return DrivePath((*self.parts, clean_name(name)))

    @property
    def name(self) -> str:
        return self.parts[-1] if self.parts else ""

    @property
    def parent(self) -> "DrivePath":
        return DrivePath(self.parts[:-1])

    @property
    def is_root(self) -> bool:
        return not self.parts

    def is_within(self, other: "DrivePath") -> bool:
        """True for the place itself too."""
        return self.parts[: len(other.parts)] == other.parts

    def to_url(self) -> str:
        text = "/" + "/".join(self.parts)
        if _PLAIN_PATH.fullmatch(text):
            return text.replace(" ", "%20")
        return "/" + "/".join(map(quoted, self.parts))

    def __str__(self) -> str:
        return "/" + "/".join(self.parts)


_UNRESERVED = frozenset((string.ascii_letters + string.digits + "-._~").encode())
_QUOTED = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)]
"""RFC 3986 §2.3: what is not unreserved is encoded."""
_PLAIN = re.compile(r"[A-Za-z0-9._~ \n-]*")
"""Names without anything to encode but spaces; no name has an end of a line in it."""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._~ /-]*")


def quoted(name: str) -> str:
    """A name as a segment of a URL's path: ASCII, and safe in XML. As `urllib.parse.quote`, in a
    third of the time, as each child of a listing has a name.
    """
    return "".join(map(_QUOTED.__getitem__, name.encode()))


def quoted_all(names: Sequence[str]) -> list[str]:
    """As `quoted`, of one or many: nearly all names are of letters, digits and spaces."""
    together = "\n".join(names)
    if _PLAIN.fullmatch(together):
        return together.replace(" ", "%20").split("\n")
    return list(map(quoted, names))


def clean_name(name: str) -> str:
    """The NFC form of one name (macOS sends NFD). Raises BadPath where a name cannot be stored."""
    normal, size = (name, len(name)) if name.isascii() else _composed(name)
    if normal in {"", ".", ".."}:
        raise BadPath("a name cannot be empty, “.” or “..”")
    if _UNFIT.search(normal):
        raise BadPath("a name cannot contain “/” or control characters")
    if size > MAX_SEGMENT_BYTES:
        raise BadPath(f"a name is at most {MAX_SEGMENT_BYTES} bytes long")
    return normal


def _composed(name: str) -> tuple[str, int]:
    """The NFC form, and its bytes in UTF-8. Raises BadPath."""
    try:
        normal = unicodedata.normalize("NFC", name)
        return normal, len(normal.encode())
    except UnicodeEncodeError:
        raise BadPath("a name must be valid Unicode") from None


def _decoded(raw: str) -> str:
    """A path of a URL, all of it at once: a slash that was encoded is not among what is left."""
    if "%2f" in raw.lower():
        raise BadPath("a name cannot contain %2F")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeError:
        raise BadPath("a path must be UTF-8") from None
