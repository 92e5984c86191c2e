"""What a PROPPATCH will do, worked out before anything is asked of the gate."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from davserver.dav.dates import from_unix, parsed_http_date
from davserver.dav.multistatus import OK, Propstat, empty_element
from davserver.dav.properties import LIVE
from davserver.dav.xmlbody import text_of
from davserver.domain.drive import PropertyChange

_DATES = {
    # rclone sends seconds since 1970, others what PROPFIND showed them
    "{DAV:}lastmodified": lambda text: from_unix(text) or parsed_http_date(text),
    "{DAV:}getlastmodified": lambda text: parsed_http_date(text) or from_unix(text),
}
PROTECTED = "403 Forbidden"
NO_DATE = "409 Conflict"
OTHERS = "424 Failed Dependency"

_EXPLAINED = {
    PROTECTED: "<D:error><D:cannot-modify-protected-property/></D:error>",
    NO_DATE: "<D:responsedescription>This is not a date.</D:responsedescription>",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """`dead` are the changes to store. `wrong` says for a name why it cannot be changed."""

    names: tuple[str, ...]
    dead: tuple[PropertyChange, ...]
    modified: datetime | None
    wrong: dict[str, str]


def plan_of(changes: tuple[PropertyChange, ...]) -> Plan:
    dead: list[PropertyChange] = []
    wrong: dict[str, str] = {}
    modified: datetime | None = None
    for change in changes:
        if change.name in _DATES and change.xml is not None:
            modified = _DATES[change.name](text_of(change.xml))
            if modified is None:
                wrong[change.name] = NO_DATE
        elif change.name in LIVE:
            wrong[change.name] = PROTECTED
        else:
            dead.append(change)
    names = tuple(dict.fromkeys(change.name for change in changes))
    return Plan(names, tuple(dead), modified, wrong)


def outcome(plan: Plan) -> Iterator[Propstat]:
    """All succeeded, or each that is wrong has its reason and the others depended on it (RFC 4918
    §9.2.1).
    """
    usual = OTHERS if plan.wrong else OK
    for status in (OK, PROTECTED, NO_DATE, OTHERS):
        names = [name for name in plan.names if plan.wrong.get(name, usual) == status]
        if names:
            elements = "".join(map(empty_element, names))
            yield Propstat(status, elements, _EXPLAINED.get(status, ""))
