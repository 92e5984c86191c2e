"""What is above the drives: a word at the root, and folders that lead down to them.

Windows walks from the root and gvfs climbs up to it, both with OPTIONS and PROPFIND. Nothing here
is anybody's, so nothing asks for a credential.
"""

from http import HTTPStatus

from davserver.dav import fields
from davserver.dav.bodies import xml_of
from davserver.dav.errors import Declined
from davserver.dav.fields import Depth
from davserver.dav.methods.options import options
from davserver.dav.multistatus import (
    MISSING,
    OK,
    Propstat,
    empty_element,
    multistatus,
    response,
)
from davserver.dav.reply import TEXT, Reply, whole
from davserver.dav.urls import Mount
from davserver.dav.xmlbody import Asked, Wish, parse_propfind
from davserver.dav.xmltext import xml_text
from davserver.domain.errors import NotFound
from davserver.domain.paths import DrivePath
from davserver.http.streams import Body

ALLOW = ("Allow", "OPTIONS, GET, HEAD, PROPFIND")
_FOLDER = "<D:resourcetype><D:collection/></D:resourcetype>"


class Doorstep:
    """Answers for every path of the server that is on no drive."""

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        self._mounts = mounts

    def answer(self, method: str, path: DrivePath, body: Body, depth: str | None) -> Reply:
        """`path` counts from the server's root. Raises NotFound, Declined, Malformed, TooLarge."""
        if method == "OPTIONS":
            return options()
        below = self._names_below(path)
        if not below:
            raise NotFound
        if method == "PROPFIND":
            return _listing(path, below, body, depth)
        if method in {"GET", "HEAD"}:
            return whole(HTTPStatus.OK, self._welcome(), TEXT)
        raise Declined(HTTPStatus.METHOD_NOT_ALLOWED, "Nothing can be changed here.", ALLOW)

    def _names_below(self, path: DrivePath) -> tuple[str, ...]:
        depth = len(path.parts)
        return tuple(
            dict.fromkeys(one.segments[depth] for one in self._mounts if one.is_below(path))
        )

    def _welcome(self) -> bytes:
        drives = " ".join(f"{one.prefix}/" for one in self._mounts)
        return f"This is Abri. Mount your drive at: {drives}\n".encode()


def _listing(path: DrivePath, below: tuple[str, ...], body: Body, depth: str | None) -> Reply:
    asked = parse_propfind(xml_of("PROPFIND", body))
    far = fields.depth(depth, fields.ANY_DEPTH)
    fields.require_finite(far)
    children = tuple(path / name for name in below) if far is Depth.ONE else ()
    root = Mount(())
    return multistatus(
        response(root.href(place, folder=True), _properties(place, asked))
        for place in (path, *children)
    )


def _properties(place: DrivePath, asked: Asked) -> list[Propstat]:
    values = {
        "{DAV:}resourcetype": _FOLDER,
        "{DAV:}displayname": f"<D:displayname>{xml_text(place.name or '/')}</D:displayname>",
    }
    if asked.wish is Wish.NAMES:
        return [Propstat(OK, "".join(map(empty_element, values)))]
    if asked.wish is Wish.ALL:
        return [Propstat(OK, "".join(values.values()))]
    found = "".join(values[name] for name in asked.names if name in values)
    missing = "".join(empty_element(name) for name in asked.names if name not in values)
    stats = [Propstat(OK, found), Propstat(MISSING, missing)]
    return [one for one in stats if one.elements] or [Propstat(OK, "")]
