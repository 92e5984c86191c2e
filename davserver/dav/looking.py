"""Conditions that are judged by a look: those of HEAD, GET of a folder and PROPFIND, and Depth."""

from davserver.dav import fields
from davserver.dav.fields import NOTHING_OR_ALL, Depth
from davserver.dav.visit import Visit
from davserver.domain.conditions import Conditions
from davserver.domain.drive import Entry
from davserver.domain.errors import NotFound
from davserver.domain.paths import DrivePath
from davserver.gate.conditions import State, require_for_reading, require_if
from davserver.http.malformed import Malformed

_NOTHING = State(None, frozenset())


def require_conditions(visit: Visit, entry: Entry) -> None:
    """All of RFC 9110 §13 and the If header. Raises NotChanged, ConditionFailed."""
    conditions = visit.request.conditions()
    require_for_reading(conditions, entry)
    _require_if(visit, conditions, entry)


def require_if_header(visit: Visit, entry: Entry) -> None:
    """The If header alone: PROPFIND selects no representation (RFC 9110 §13.2.1)."""
    if visit.request.header("If") is not None:
        _require_if(visit, visit.request.conditions(), entry)


def require_all_of_it(visit: Visit) -> None:
    """DELETE and MOVE take all that is there (RFC 4918 §9.6.1, §9.9.2). Depth 0 says that of a
    file; of a folder it says less, and its sender must not lose everything.

    Raises Malformed, NotFound.
    """
    said = visit.request.header("Depth")
    if said is None or fields.depth(said, NOTHING_OR_ALL) is Depth.INFINITY:
        return
    if visit.services.reading.look(visit.who, visit.request.path, visit.now).is_folder:
        raise Malformed("The Depth header must be infinity for a folder.")


def _require_if(visit: Visit, conditions: Conditions, entry: Entry) -> None:
    def state_at(path: DrivePath) -> State:
        return _state(entry if path == entry.path else _look(visit, path))

    require_if(conditions, entry.path, state_at)


def _look(visit: Visit, path: DrivePath) -> Entry | None:
    try:
        return visit.services.reading.look(visit.who, path, visit.now)
    except NotFound:
        return None


def _state(entry: Entry | None) -> State:
    if entry is None:
        return _NOTHING
    return State(entry.etag, frozenset(lock.token for lock in entry.locks if lock.token))
