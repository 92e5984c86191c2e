"""COPY and MOVE (RFC 4918 §9.8 and §9.9)."""

from davserver.dav import fields
from davserver.dav.bodies import xml_of
from davserver.dav.destination import destination
from davserver.dav.fields import NOTHING_OR_ALL, Depth
from davserver.dav.looking import require_all_of_it
from davserver.dav.reply import CREATED, DONE, Reply, empty
from davserver.dav.visit import Visit
from davserver.domain.paths import DrivePath


def copy(visit: Visit) -> Reply:
    request = visit.request
    target = _target(visit)
    depth = fields.depth(request.header("Depth"), NOTHING_OR_ALL)
    created = visit.services.copying.copy(
        visit.who,
        request.path,
        target,
        deep=depth is Depth.INFINITY,
        overwrite=fields.overwrite(request.header("Overwrite")),
        conditions=request.conditions(),
        now=visit.now,
    )
    return _done(visit, target, created=created)


def move(visit: Visit) -> Reply:
    request = visit.request
    target = _target(visit)
    require_all_of_it(visit)
    created = visit.services.moving.move(
        visit.who,
        request.path,
        target,
        overwrite=fields.overwrite(request.header("Overwrite")),
        conditions=request.conditions(),
        now=visit.now,
    )
    return _done(visit, target, created=created)


def _target(visit: Visit) -> DrivePath:
    """What RFC 2518 allowed as a body here is read and forgotten."""
    request = visit.request
    xml_of(request.method, request.body)
    return destination(request.header("Destination"), request.here)


def _done(visit: Visit, target: DrivePath, *, created: bool) -> Reply:
    if not created:
        return DONE
    location = visit.request.mount.href(target, folder=visit.request.folder_form)
    return empty(CREATED, ("Location", location))
