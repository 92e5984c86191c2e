"""PROPFIND (RFC 4918 §9.1): everything is fetched and decided before the first byte is written."""

from collections.abc import Iterable
from itertools import chain

from davserver.dav import fields
from davserver.dav.bodies import xml_of
from davserver.dav.fields import Depth
from davserver.dav.looking import require_if_header
from davserver.dav.multistatus import AT_A_TIME, Listing, multistatus, preferred
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.dav.xmlbody import parse_propfind
from davserver.domain.drive import Detail, Details
from davserver.domain.several import OfEntries, Several


def propfind(visit: Visit) -> Reply:
    request = visit.request
    depth = fields.depth(request.header("Depth"), fields.ANY_DEPTH)
    asked = parse_propfind(xml_of(request.method, request.body))
    minimal = fields.minimal(request.header("Prefer"), request.header("Brief"))
    listing = Listing(asked, request.mount, minimal=minimal)
    texts = map(listing.text, _entries(visit, depth, listing.details))
    return multistatus(texts, *preferred(minimal=minimal))


def _entries(visit: Visit, depth: Depth, details: Details) -> Iterable[Several]:
    """In batches, the first one of what was asked for itself."""
    reading, path = visit.services.reading, visit.request.path
    if visit.request.header("If") is not None:
        details |= {Detail.LOCKS}  # tokens are among its conditions
    below: Iterable[Several] = ()
    if depth is Depth.ONE:
        entry, inside = reading.list(visit.who, path, visit.now, details)
        below = inside.several(AT_A_TIME)
    else:
        entry = reading.look(visit.who, path, visit.now, details)
        if entry.is_folder:
            fields.require_finite(depth)
    require_if_header(visit, entry)
    return chain((OfEntries((entry,)),), below)
