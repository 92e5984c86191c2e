"""207 bodies (RFC 4918 §13), written as text: a tree of ten thousand children has no other fault,
but it would have to be complete before its first byte.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from http import HTTPStatus
from itertools import islice
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from davserver.dav.properties import LIVE, LOCKS, PREFIXES, QUOTAS, Live, Value, shape_of
from davserver.dav.reply import XML, Headers, Reply, whole
from davserver.dav.urls import Mount
from davserver.dav.xmlbody import Asked, Wish
from davserver.domain.drive import EVERY_DETAIL, Detail, Details, Entry
from davserver.domain.paths import DrivePath, quoted

_DECLARED = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for uri, prefix in PREFIXES.items())
_HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus{_DECLARED}>\n'
_TAIL = "</D:multistatus>\n"
_AT_A_TIME = 128
_MOST_SHAPES = 300

OK = "200 OK"
MISSING = "404 Not Found"

_IN_ALL = tuple(name for name, live in LIVE.items() if live.in_all)


class Propstat(NamedTuple):
    """Elements that share a status (RFC 4918 §14.22); `explanation` follows the status."""

    status: str
    elements: str
    explanation: str = ""


class Listing:
    """Renders entries for one PROPFIND."""

    def __init__(self, asked: Asked, mount: Mount, *, minimal: bool) -> None:
        self._mount = mount
        self._plan = plan_of(asked, minimal=minimal)
        self.details = self._plan.details
        self._folder: tuple[str, ...] | None = None
        self._folder_href = ""

    def response(self, entry: Entry) -> str:
        """Brothers and sisters share the encoding of their folder."""
        parts = entry.path.parts or ("",)
        folder, name = parts[:-1], parts[-1]
        if folder != self._folder:
            self._folder = folder
            self._folder_href = self._mount.href(DrivePath(folder), folder=True)
        slash = "/" if name and entry.is_folder else ""
        href = f"{self._folder_href}{quoted(name)}{slash}"
        return self._plan.response(href, entry, self._mount)


class Plan:
    """What one list of properties makes of any entry: what can be said once is worked out here. One
    for all requests that ask alike; it says nothing of any thing or person but by its shape.
    """

    def __init__(self, asked: Asked, *, minimal: bool) -> None:
        wanted = asked.names if asked.wish is Wish.SOME else (*_IN_ALL, *asked.names)
        self._wish = asked.wish
        self._is_names = asked.wish is Wish.NAMES
        self._minimal = minimal
        self._asked = frozenset(asked.names)
        self._plan: tuple[tuple[str, Live | None, str], ...] = tuple(
            (name, LIVE.get(name), empty_element(name)) for name in dict.fromkeys(wanted)
        )
        self._is_live = asked.wish is Wish.SOME and self._asked <= LIVE.keys()
        self._templates: dict[object, tuple[str, tuple[Value, ...]]] = {}
        self.details = self._details()

    def _details(self) -> Details:
        if self._wish is Wish.NAMES:
            return EVERY_DETAIL
        names = {name for name, _, _ in self._plan}
        locks, quotas = names & LOCKS, names & QUOTAS
        return frozenset(
            detail for detail, some in ((Detail.LOCKS, locks), (Detail.QUOTA, quotas)) if some
        )

    def response(self, href: str, entry: Entry, mount: Mount) -> str:
        """`href` is encoded already."""
        if entry.locks or entry.used is not None or entry.available is not None:
            return self._written(href, entry, mount)  # it looks like nothing else
        if self._is_names or (entry.properties and not self._is_live):
            return self._written(href, entry, mount)
        shape = (shape_of(entry), entry.size is None, entry.sha256 is None)
        known = self._templates.get(shape)
        if known is None:
            known = self._remembered(shape, entry, mount)
        template, values = known
        return template % (href, *[value(entry) for value in values])

    def _remembered(
        self, shape: object, entry: Entry, mount: Mount
    ) -> tuple[str, tuple[Value, ...]]:
        if len(self._templates) >= _MOST_SHAPES:
            self._templates.clear()
        values: list[Value] = []
        # A percent sign in what is written by hand is doubled; `%s` is what differs.
        text = self._written("\0", entry, mount, values).replace("%", "%%").replace("\0", "%s")
        made = self._templates[shape] = (text, tuple(values))
        return made

    def _written(
        self, href: str, entry: Entry, mount: Mount, values: list[Value] | None = None
    ) -> str:
        """`values`: what differs is left open there, and noted."""
        if self._wish is Wish.NAMES:
            return response(href, (Propstat(OK, "".join(_names(entry, mount))),))
        found, missing = self._sorted(entry, mount, values)
        if not missing or self._minimal:
            return response(href, (Propstat(OK, "".join(found)),))
        absent = Propstat(MISSING, "".join(missing))
        return response(href, (Propstat(OK, "".join(found)), absent) if found else (absent,))

    def _sorted(
        self, entry: Entry, mount: Mount, values: list[Value] | None
    ) -> tuple[list[str], list[str]]:
        found: list[str] = []
        missing: list[str] = []
        dead = entry.properties
        for name, live, empty in self._plan:
            text = live.render(entry, mount) if live else dead.get(name)
            if text is not None and live and live.varying and values is not None:
                values.append(live.varying.value)
                text = f"{live.varying.before}\0{live.varying.after}"
            if text is not None:
                found.append(text)
            elif name in self._asked:
                missing.append(empty)
        if self._wish is Wish.ALL:
            found.extend(xml for name, xml in dead.items() if name not in self._asked)
        return found, missing


@lru_cache(maxsize=64)
def plan_of(asked: Asked, *, minimal: bool) -> Plan:
    """Programs ask for the same few lists all the time."""
    return Plan(asked, minimal=minimal)


def _names(entry: Entry, mount: Mount) -> Iterator[str]:
    for name, live in LIVE.items():
        if live.render(entry, mount) is not None:
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
