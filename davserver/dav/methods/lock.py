"""LOCK and UNLOCK (RFC 4918 §9.10 and §9.11)."""

from davserver.dav import fields
from davserver.dav.bodies import no_body, xml_of
from davserver.dav.fields import NOTHING_OR_ALL, Depth
from davserver.dav.properties import active_lock
from davserver.dav.reply import CREATED, DONE, OK, XML, Reply, whole
from davserver.dav.visit import Visit
from davserver.dav.xmlbody import parse_lockinfo
from davserver.domain.drive import LockRequest, LockView
from davserver.http.malformed import Malformed


def lock(visit: Visit) -> Reply:
    request = visit.request
    body = xml_of(request.method, request.body)
    if not body.strip():
        return _refresh(visit)
    info = parse_lockinfo(body)
    depth = fields.depth(request.header("Depth"), NOTHING_OR_ALL)
    wanted = LockRequest(
        exclusive=info.exclusive,
        deep=depth is Depth.INFINITY,
        owner=info.owner,
        seconds=_seconds(visit),
    )
    view, created = visit.services.locking.lock(
        visit.who, request.path, wanted, request.conditions(), visit.now
    )
    status, token = CREATED if created else OK, ("Lock-Token", f"<{view.token}>")
    return whole(status, _body(visit, view), XML, token)


def _refresh(visit: Visit) -> Reply:
    """An empty body (RFC 4918 §9.10.2): the If header names the lock."""
    request = visit.request
    conditions = request.conditions()
    if len(conditions.tokens) != 1:
        raise Malformed("To refresh a lock, send an If header with its token.")
    view = visit.services.locking.refresh(
        visit.who, request.path, _seconds(visit), conditions, visit.now
    )
    return whole(OK, _body(visit, view), XML)


def unlock(visit: Visit) -> Reply:
    request = visit.request
    no_body(request.body)
    token = fields.lock_token(request.header("Lock-Token"))
    visit.services.locking.unlock(visit.who, request.path, token, visit.now)
    return DONE


def _seconds(visit: Visit) -> int:
    limits = visit.services.settings.locks
    return fields.timeout(
        visit.request.header("Timeout"),
        usual=int(limits.usual.total_seconds()),
        longest=int(limits.longest.total_seconds()),
    )


def _body(visit: Visit, view: LockView) -> bytes:
    folder = visit.request.folder_form or view.root != visit.request.path
    active = active_lock(view, visit.request.mount, folder=folder)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<D:prop xmlns:D="DAV:"><D:lockdiscovery>{active}</D:lockdiscovery></D:prop>\n'
    ).encode()
