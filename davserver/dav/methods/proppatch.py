"""PROPPATCH (RFC 4918 §9.2): all changes or none."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from davserver.dav.bodies import xml_of
from davserver.dav.dates import from_unix, parsed_http_date
from davserver.dav.multistatus import empty_element, multistatus, response
from davserver.dav.properties import LIVE
from davserver.dav.reply import Reply
from davserver.dav.visit import Visit
from davserver.dav.xmlbody import parse_proppatch, text_of
from davserver.domain.drive import PropertyChange

_DATES = {
    # rclone sends seconds since 1970, others what PROPFIND showed them
    "{DAV:}lastmodified": lambda text: from_unix(text) or parsed_http_date(text),
    "{DAV:}getlastmodified": lambda text: parsed_http_date(text) or from_unix(text),
}
_OK = "200 OK"
_PROTECTED = "403 Forbidden"
_NO_DATE = "409 Conflict"
_OTHERS = "424 Failed Dependency"


@dataclass(frozen=True, slots=True)
class _Plan:
    """`dead` are the changes to store. `wrong` says for a name why it cannot be changed."""

    names: tuple[str, ...]
    dead: tuple[PropertyChange, ...]
    modified: datetime | None
    wrong: dict[str, str]


def proppatch(visit: Visit) -> Reply:
    request = visit.request
    plan = _plan(parse_proppatch(xml_of(request.method, request.body)))
    if plan.wrong:
        # Only whoever may see the thing learns which of its properties are protected.
        entry = visit.services.reading.look(visit.who, request.path, visit.now)
    else:
        entry = visit.services.writing.set_properties(
            visit.who, request.path, plan.dead, request.conditions(), visit.now, plan.modified
        )
    return multistatus([response(request.mount.href_of(entry), _groups(plan))])


def _plan(changes: tuple[PropertyChange, ...]) -> _Plan:
    dead: list[PropertyChange] = []
    wrong: dict[str, str] = {}
    modified: datetime | None = None
    for change in changes:
        if change.name in _DATES and change.xml is not None:
            modified = _DATES[change.name](text_of(change.xml))
            if modified is None:
                wrong[change.name] = _NO_DATE
        elif change.name in LIVE:
            wrong[change.name] = _PROTECTED
        else:
            dead.append(change)
    names = tuple(dict.fromkeys(change.name for change in changes))
    return _Plan(names, tuple(dead), modified, wrong)


def _groups(plan: _Plan) -> Iterator[tuple[str, str]]:
    """One propstat per outcome, with the condition element of RFC 4918 §16 where it has one."""
    usual = _OTHERS if plan.wrong else _OK
    for status in (_OK, _PROTECTED, _NO_DATE, _OTHERS):
        names = [name for name in plan.names if plan.wrong.get(name, usual) == status]
        if names:
            yield status, "".join(map(empty_element, names))
