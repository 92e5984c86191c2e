"""Methods that drives do not have. Like all others they are for those who have signed in."""

from http import HTTPStatus
from typing import NoReturn

from davserver.dav.errors import Declined
from davserver.dav.methods.options import ALLOW
from davserver.dav.visit import Visit

_OF_HTTP = frozenset({"CONNECT", "PATCH", "POST", "TRACE"})


def unknown(visit: Visit) -> NoReturn:
    """405 for what exists elsewhere, 501 for what nobody knows (RFC 9110 §9.1)."""
    if visit.request.method in _OF_HTTP:
        raise Declined(HTTPStatus.METHOD_NOT_ALLOWED, "Drives do not have this method.", ALLOW)
    raise Declined(HTTPStatus.NOT_IMPLEMENTED, "This method is not known.", ALLOW)
