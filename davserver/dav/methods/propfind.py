"""PROPFIND (RFC 4918 §9.1): everything is fetched before the first byte is written."""

from collections.abc import Sequence

from davserver.dav import fields
from davserver.dav.bodies import xml_of
from davserver.dav.fields import Depth
from davserver.dav.looking import require_if_header
from davserver.dav.multistatus import Listing, multistatus, preferred
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.dav.xmlbody import parse_propfind
from davserver.domain.drive import Entry


def propfind(visit: Visit) -> Reply:
    request = visit.request
    depth = fields.listing_depth(request.header("Depth"))
    asked = parse_propfind(xml_of(request.method, request.body))
    minimal = fields.minimal(request.header("Prefer"), request.header("Brief"))
    listing = Listing(asked, request.mount, minimal=minimal)
    entries = _entries(visit, depth)
    return multistatus(map(listing.response, entries), *preferred(minimal=minimal))


def _entries(visit: Visit, depth: Depth) -> Sequence[Entry]:
    reading, path = visit.services.reading, visit.request.path
    if depth is Depth.ZERO:
        entries: Sequence[Entry] = (reading.look(visit.who, path, visit.now),)
    else:
        entry, children = reading.list(visit.who, path, visit.now)
        entries = (entry, *children)
    require_if_header(visit, entries[0])
    return entries
