"""PROPFIND (RFC 4918 §9.1): everything is fetched and decided before the first byte is written."""

from collections.abc import Iterable
from itertools import chain

from davserver.dav import fields
from davserver.dav.bodies import xml_of
from davserver.dav.fields import Depth
from davserver.dav.looking import require_if_header
from davserver.dav.multistatus import Listing, multistatus, preferred
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.dav.xmlbody import parse_propfind
from davserver.domain.drive import Detail, Details, Entry


def propfind(visit: Visit) -> Reply:
    request = visit.request
    depth = fields.listing_depth(request.header("Depth"))
    asked = parse_propfind(xml_of(request.method, request.body))
    minimal = fields.minimal(request.header("Prefer"), request.header("Brief"))
    listing = Listing(asked, request.mount, minimal=minimal)
    return multistatus(
        map(listing.response, _entries(visit, depth, listing.details)), *preferred(minimal=minimal)
    )


def _entries(visit: Visit, depth: Depth, details: Details) -> Iterable[Entry]:
    reading, path = visit.services.reading, visit.request.path
    if visit.request.header("If") is not None:
        details |= {Detail.LOCKS}  # tokens are among its conditions
    if depth is Depth.ZERO:
        entry = reading.look(visit.who, path, visit.now, details)
        below: Iterable[Entry] = ()
    else:
        entry, below = reading.list(visit.who, path, visit.now, details)
    require_if_header(visit, entry)
    return chain((entry,), below)
