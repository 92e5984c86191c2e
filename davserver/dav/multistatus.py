"""207 bodies (RFC 4918 §13), written as text: a tree of ten thousand children has no other fault,
but it would have to be complete before its first byte.
"""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from davserver.dav.properties import LIVE, PREFIXES, Live
from davserver.dav.reply import XML, Headers, Reply, whole
from davserver.dav.urls import Mount
from davserver.dav.xmlbody import Asked, Wish
from davserver.domain.drive import Entry
from davserver.domain.paths import DrivePath

_DECLARED = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for uri, prefix in PREFIXES.items())
_HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus{_DECLARED}>\n'
_TAIL = "</D:multistatus>\n"
_AT_A_TIME = 128

OK = "200 OK"
MISSING = "404 Not Found"

_IN_ALL = tuple(name for name, live in LIVE.items() if live.in_all)


class Propstat(NamedTuple):
    """Elements that share a status (RFC 4918 §14.22); `explanation` follows the status."""

    status: str
    elements: str
    explanation: str = ""


class Listing:
    """Renders entries for one PROPFIND: what can be said once is worked out here, once."""

    def __init__(self, asked: Asked, mount: Mount, *, minimal: bool) -> None:
        wanted = asked.names if asked.wish is Wish.SOME else (*_IN_ALL, *asked.names)
        self._mount = mount
        self._wish = asked.wish
        self._minimal = minimal
        self._asked = frozenset(asked.names)
        self._folder: list[str] | None = None
        self._folder_href = ""
        self._plan: tuple[tuple[str, Live | None, str], ...] = tuple(
            (name, LIVE.get(name), empty_element(name)) for name in dict.fromkeys(wanted)
        )

    def response(self, entry: Entry) -> str:
        href = self._href(entry)
        if self._wish is Wish.NAMES:
            return response(href, (Propstat(OK, "".join(self._names(entry))),))
        found, missing = self._sorted(entry)
        if not missing or self._minimal:
            return response(href, (Propstat(OK, "".join(found)),))
        absent = Propstat(MISSING, "".join(missing))
        return response(href, (Propstat(OK, "".join(found)), absent) if found else (absent,))

    def _href(self, entry: Entry) -> str:
        """Brothers and sisters share the encoding of their folder."""
        *folder, name = entry.path.parts or ("",)
        if folder != self._folder:
            self._folder = folder
            self._folder_href = self._mount.href(DrivePath(tuple(folder)), folder=True)
        slash = "/" if entry.is_folder and name else ""
        return f"{self._folder_href}{quote(name, safe='~')}{slash}"

    def _sorted(self, entry: Entry) -> tuple[list[str], list[str]]:
        found: list[str] = []
        missing: list[str] = []
        dead = entry.properties
        for name, live, empty in self._plan:
            text = live.render(entry, self._mount) if live else dead.get(name)
            if text is not None:
                found.append(text)
            elif name in self._asked:
                missing.append(empty)
        if self._wish is Wish.ALL:
            found.extend(xml for name, xml in dead.items() if name not in self._asked)
        return found, missing

    def _names(self, entry: Entry) -> Iterator[str]:
        for name, live in LIVE.items():
            if live.render(entry, self._mount) is not None:
                yield empty_element(name)
        yield from map(empty_element, entry.properties)


def empty_element(name: str) -> str:
    """`<ns:local/>` for a Clark name."""
    uri, _, local = name[1:].partition("}") if name.startswith("{") else ("", "", name)
    prefix = PREFIXES.get(uri)
    return f"<{prefix}:{local}/>" if prefix else f"<{local} xmlns={quoteattr(uri)}/>"


def response(href: str, stats: Iterable[Propstat]) -> str:
    """`href` is encoded already."""
    shown = "".join(
        f"<D:propstat><D:prop>{one.elements}</D:prop>"
        f"<D:status>HTTP/1.1 {one.status}</D:status>{one.explanation}</D:propstat>"
        for one in stats
    )
    return f"<D:response><D:href>{href}</D:href>{shown}</D:response>\n"


def multistatus(responses: Iterable[str], *headers: tuple[str, str]) -> Reply:
    """A short one has a length, a long one is sent as it is written."""
    pieces = _pieces(iter(responses))
    first = next(pieces)
    second = next(pieces, None)
    if second is None:
        return whole(HTTPStatus.MULTI_STATUS, first, XML, *headers)
    return Reply(HTTPStatus.MULTI_STATUS, (XML, *headers), _chain(first, second, pieces))


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _pieces(responses: Iterator[str]) -> Iterator[bytes]:
    batch = list(islice(responses, _AT_A_TIME))
    text = _HEAD + "".join(batch)
    while len(batch) == _AT_A_TIME:
        yield text.encode()
        batch = list(islice(responses, _AT_A_TIME))
        text = "".join(batch)
    yield (text + _TAIL).encode()


def preferred(*, minimal: bool) -> Headers:
    """RFC 7240 §3."""
    return (("Preference-Applied", "return=minimal"),) if minimal else ()
