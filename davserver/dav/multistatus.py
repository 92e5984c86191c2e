"""207 bodies (RFC 4918 §13), written as text: a tree of ten thousand children has no other fault,
but it would have to be complete before its first byte.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from http import HTTPStatus
from itertools import chain
from typing import NamedTuple

from davserver.dav.live import Live, shape_of
from davserver.dav.properties import LIVE, LOCKS, PREFIXES, QUOTAS, RIGHTS
from davserver.dav.reply import XML, Headers, Reply, whole
from davserver.dav.urls import Mount
from davserver.dav.xmlbody import Asked, Wish
from davserver.dav.xmltext import quoted
from davserver.domain.drive import EVERY_DETAIL, Detail, Details, Entry
from davserver.domain.paths import DrivePath, quoted_all
from davserver.domain.several import OfEntries, Several

_DECLARED = "".join(f" xmlns:{prefix}={quoted(uri)}" for uri, prefix in PREFIXES.items())
_HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus{_DECLARED}>\n'
_TAIL = "</D:multistatus>\n"
AT_A_TIME = 256
_PIECE = 64 * 1024
_MOST_SHAPES = 300
_OPEN, _PASSED_OVER = "\0", "\1"
"""Signs that no XML holds."""

_MULTI_STATUS = HTTPStatus.MULTI_STATUS
OK = "200 OK"
MISSING = "404 Not Found"

_SHOW = {Detail.LOCKS: LOCKS, Detail.QUOTA: QUOTAS, Detail.RIGHTS: RIGHTS}
"""Which properties show what takes a look of its own."""

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
        return self.text(OfEntries((entry,)))

    def text(self, several: Several) -> str:
        """Brothers and sisters share the encoding of their folder."""
        folder = several.folder
        if folder != self._folder:
            self._folder = folder
            self._folder_href = self._mount.href(DrivePath(folder), folder=True)
        href, names = self._folder_href, quoted_all(several.names())
        hrefs = [
            f"{href}{name}/" if is_folder and name else f"{href}{name}"
            for name, is_folder in zip(names, several.are_folders(), strict=True)
        ]
        return "".join(self._plan.responses(hrefs, several, self._mount))


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
        varying = (live.varying for _, live, _ in self._plan if live)
        self._columns = [one.column for one in varying if one]
        self._templates: dict[object, str | None] = {}
        self.details = self._details()

    def _details(self) -> Details:
        if self._wish is Wish.NAMES:
            return EVERY_DETAIL
        names = {name for name, _, _ in self._plan}
        return frozenset(detail for detail, some in _SHOW.items() if not names.isdisjoint(some))

    def responses(self, hrefs: Sequence[str], several: Several, mount: Mount) -> Iterable[str]:
        """`hrefs` are encoded already."""
        rows = zip(hrefs, *[column(several) for column in self._columns], strict=True)
        keys = several.alike()
        first = dict(zip(keys, range(len(keys)), strict=True))
        templates = {key: self._known(several.entry(at), mount) for key, at in first.items()}
        (template, *others) = templates.values()
        if template and not others:
            return map(template.__mod__, rows)
        return [
            template % row if template else self._written(row[0], several.entry(at), mount)
            for at, (row, template) in enumerate(zip(rows, map(templates.get, keys), strict=True))
        ]

    def _known(self, entry: Entry, mount: Mount) -> str | None:
        """None for what looks like nothing else: it has locks, numbers of a quota, or dead
        properties that somebody asks for.
        """
        odd = entry.locks or entry.used is not None or entry.available is not None
        if odd or self._is_names or (entry.properties and not self._is_live):
            return None
        shape = (shape_of(entry), entry.size is None, entry.sha256 is None)
        known = self._templates
        return known[shape] if shape in known else self._remembered(shape, entry, mount)

    def _remembered(self, shape: object, entry: Entry, mount: Mount) -> str | None:
        made = self._template(entry, mount)
        if len(self._templates) >= _MOST_SHAPES:
            self._templates = {}
        self._templates[shape] = made
        return made

    def _template(self, entry: Entry, mount: Mount) -> str | None:
        """Takes all columns in their order, also those that such an entry has not. None where there
        is nothing but what is missing.
        """
        found, missing = self._sorted(entry, mount, is_open=True)
        if all(one == _PASSED_OVER for one in found):
            return None
        text = self._response(_OPEN, found, missing).replace("%", "%%")
        return text.replace(_OPEN, "%s").replace(_PASSED_OVER, "%.0s")

    def _written(self, href: str, entry: Entry, mount: Mount) -> str:
        if self._is_names:
            return response(href, (Propstat(OK, "".join(_names(entry, mount))),))
        return self._response(href, *self._sorted(entry, mount))

    def _response(self, href: str, found: list[str], missing: list[str]) -> str:
        if not missing or self._minimal:
            return response(href, (Propstat(OK, "".join(found)),))
        absent = Propstat(MISSING, "".join(missing))
        return response(href, (Propstat(OK, "".join(found)), absent) if found else (absent,))

    def _sorted(
        self, entry: Entry, mount: Mount, *, is_open: bool = False
    ) -> tuple[list[str], list[str]]:
        """`is_open`: what differs from entry to entry is left open."""
        found: list[str] = []
        missing: list[str] = []
        dead = entry.properties
        for name, live, empty in self._plan:
            text = live.render(entry, mount) if live else dead.get(name)
            if text is None and name in self._asked:
                missing.append(empty)
            if is_open and live and live.varying:
                one = live.varying
                text = _PASSED_OVER if text is None else f"{one.before}{_OPEN}{one.after}"
            if text is not None:
                found.append(text)
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
    return f"<{prefix}:{local}/>" if prefix else f"<{local} xmlns={quoted(uri)}/>"


def response(href: str, stats: Iterable[Propstat]) -> str:
    """`href` is encoded already."""
    shown = "".join(
        f"<D:propstat><D:prop>{one.elements}</D:prop>"
        f"<D:status>HTTP/1.1 {one.status}</D:status>{one.explanation}</D:propstat>"
        for one in stats
    )
    return f"<D:response><D:href>{href}</D:href>{shown}</D:response>\n"


def multistatus(texts: Iterable[str], *headers: tuple[str, str]) -> Reply:
    """Of one or more responses each. A short one has a length, a long one is sent as it is made."""
    pieces = _pieces(iter(texts))
    first = next(pieces)
    second = next(pieces, None)
    if second is None:
        return whole(_MULTI_STATUS, first, XML, *headers)
    return Reply(_MULTI_STATUS, (XML, *headers), chain((first, second), pieces))


def _pieces(texts: Iterator[str]) -> Iterator[bytes]:
    held, size = [_HEAD], 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join((*held, _TAIL)).encode()


def preferred(*, minimal: bool) -> Headers:
    """RFC 7240 §3."""
    return (("Preference-Applied", "return=minimal"),) if minimal else ()
