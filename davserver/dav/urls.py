"""From URLs as they were sent to places on the drive, and back. Each is decoded exactly once."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from davserver.domain.drive import Entry
from davserver.domain.paths import DrivePath, quoted
from davserver.http.malformed import Malformed

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
_PLAIN = re.compile(r'/[!"$&->@-~]*')
"""A path of printable ASCII without `#`, `%` and `?`."""
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a drive hangs in the URL space: `segments` are the names before it, decoded. `prefix`
    begins with a slash and does not end with one.
    """

    segments: tuple[str, ...]
    prefix: str = field(init=False, compare=False)
    _below: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        prefix = "".join("/" + quoted(name) for name in self.segments)
        object.__setattr__(self, "prefix", prefix)
        object.__setattr__(self, "_below", prefix + "/")

    def inside(self, raw: str) -> DrivePath | None:
        """The place that a raw URL path means on this drive; None when it is not on it.

        Raises BadPath.
        """
        if raw.startswith(self._below):  # spelled as we do it: nearly every one
            return DrivePath.from_url(raw[len(self._below) :])
        names = [name for name in raw.split("/") if name]
        count = len(self.segments)
        if tuple(map(unquote, names[:count])) != self.segments:
            return None
        return DrivePath.from_url("/".join(names[count:]))

    def is_below(self, path: DrivePath) -> bool:
        """True when `path` (from the server's root) is one of the folders above this mount."""
        return len(path.parts) < len(self.segments) and path.is_within(
            DrivePath(self.segments[: len(path.parts)])
        )

    def href(self, path: DrivePath, *, folder: bool) -> str:
        """Percent-encoded, ASCII, safe in XML; a folder's ends with a slash."""
        url = self.prefix + path.to_url()
        return url + "/" if folder and not path.is_root else url

    def href_of(self, entry: Entry) -> str:
        return self.href(entry.path, folder=entry.is_folder)


def raw_path(target: str) -> str:
    """The path of a request target (RFC 9112 §3.2: origin or absolute form), still encoded.

    Bytes above ASCII, which some programs send as they are, come back percent-encoded. Raises
    Malformed on control characters, spaces, a fragment, or a `%` that encodes nothing.
    """
    if _PLAIN.fullmatch(target):  # nearly every one: nothing to encode, decode or cut off
        return target
    text = _ascii(target)
    absolute = _ABSOLUTE.match(text)
    if absolute:
        text = text[absolute.end() :] or "/"
    path = text.partition("?")[0]
    if not path.startswith("/"):
        raise Malformed("The address must begin with a slash.")
    return path


def split_url(text: str) -> tuple[str | None, str]:
    """The authority (None where there is none) and the raw path of a URL in a header.

    RFC 4918 §8.3: an absolute URI or an absolute path, without query. It is split before anything
    is decoded: `%3F` and `;` belong to names. Raises Malformed.
    """
    url = _ascii(text)
    absolute = _ABSOLUTE.match(url)
    path = url[absolute.end() :] or "/" if absolute else url
    if "?" in path or not path.startswith("/") or (path.startswith("//") and not absolute):
        raise Malformed("An address in a header must be a complete URL or path, without a query.")
    return (absolute[1] if absolute else None), path


def _ascii(text: str) -> str:
    if _UNSEEN.search(text) or "#" in text or _BAD_PERCENT.search(text):
        raise Malformed("The address is not a valid URL: encode every special character once.")
    try:
        # WSGI hands over bytes as Latin-1 (PEP 3333).
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        raise Malformed("The address is not a valid URL.") from None
    return text if text.isascii() else "".join(chr(b) if b < 0x80 else f"%{b:02X}" for b in raw)  # noqa: PLR2004 — ASCII
