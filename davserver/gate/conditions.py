"""Whether a request's conditions hold (RFC 9110 §13.2, RFC 4918 §10.4), and whether a lock stands
in its way (RFC 4918 §7). Judged from the facts of the transaction that acts.
"""

from collections.abc import Callable
from dataclasses import dataclass

from davserver.domain.actions import Category
from davserver.domain.conditions import Any, Conditions, ETags, IfList, StateTerm
from davserver.domain.drive import Entry
from davserver.domain.errors import ConditionFailed, Locked, NotChanged
from davserver.domain.paths import DrivePath
from davserver.gate.lock_reach import Standing
from davserver.gate.places import Place
from davserver.vault.locks.locks import Lock


def require_for_reading(conditions: Conditions, entry: Entry) -> None:
    """Raises NotChanged (a 304 for a front) or ConditionFailed."""
    _require_match(conditions, entry)
    if conditions.if_none_match is not None:
        if _matches(conditions.if_none_match, entry.etag, strong=False):
            raise NotChanged(entry.etag)
    elif conditions.modified_since and _whole(entry) <= conditions.modified_since.timestamp():
        raise NotChanged(entry.etag)


def require_for_writing(conditions: Conditions, entry: Entry | None) -> None:
    """`entry` is None where the name is free for this person. Raises ConditionFailed."""
    _require_match(conditions, entry)
    if conditions.if_none_match is None or entry is None:
        return
    if _matches(conditions.if_none_match, entry.etag, strong=False):
        raise ConditionFailed("If-None-Match: it is there already")


def _require_match(conditions: Conditions, entry: Entry | None) -> None:
    if conditions.if_match is not None:
        if entry is None or not _matches(conditions.if_match, entry.etag, strong=True):
            raise ConditionFailed("If-Match: it has changed")
    elif (
        conditions.unmodified_since
        and entry is not None
        and _whole(entry) > conditions.unmodified_since.timestamp()
    ):
        raise ConditionFailed("If-Unmodified-Since: it has changed")


def _whole(entry: Entry) -> int:
    return int(entry.modified.timestamp())


def _matches(wanted: ETags, etag: str, *, strong: bool) -> bool:
    if isinstance(wanted, Any):
        return True
    return any(tag.value == etag and not (strong and tag.weak) for tag in wanted)


@dataclass(frozen=True, slots=True)
class State:
    """What an If header can ask about one resource. `etag` is None where nothing is."""

    etag: str | None
    tokens: frozenset[str]


StateAt = Callable[[DrivePath], State]
"""The state of a path as this person sees it; only their own lock tokens are in it."""


def require_if(conditions: Conditions, path: DrivePath, state_at: StateAt) -> None:
    """The If header: any one list must hold (RFC 4918 §10.4.3). Raises ConditionFailed."""
    if not conditions.if_lists:
        return
    if not any(_holds(one, path, state_at) for one in conditions.if_lists):
        raise ConditionFailed("If: none of the conditions holds")


def _holds(one: IfList, path: DrivePath, state_at: StateAt) -> bool:
    state = state_at(one.resource if one.resource is not None else path)
    return all(_term_holds(term, state) is not term.negated for term in one.terms)


def _term_holds(term: StateTerm, state: State) -> bool:
    if term.etag is not None:
        return not term.etag.weak and term.etag.value == state.etag
    return term.token in state.tokens


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a change reaches: into the thing itself, its folder's list of members (RFC 4918
    §7.4), and all that is in it. `category`: of what comes to a free name, if not the folder's own.
    """

    members_of_parent: bool = False
    tree: bool = False
    category: Category | None = None


ITSELF = Reach()
WHOLE = Reach(members_of_parent=True, tree=True)
"""For what is removed or moved, with all that is in it."""


def require_unlocked(
    place: Place, standing: Standing, conditions: Conditions, reach: Reach = ITSELF
) -> None:
    """Every lock that binds what changes must be this person's, and its token submitted.

    For a free name the folder's own lock counts. Raises Locked.
    """
    # A folder is looked through all the same: it must not show whether something hidden is locked.
    if standing.none_at_all and not (reach.tree and place.is_folder):
        return
    in_the_way = _in_the_way(place, standing, reach)
    held = [
        lock
        for lock in in_the_way
        if lock.token in conditions.tokens and lock.person == place.who.id
    ]
    for lock in in_the_way:
        if lock in held:
            continue
        if not lock.exclusive and any(other.node == lock.node for other in held):
            continue  # one shared lock's token is enough among sharers (RFC 4918 §7)
        raise Locked("somebody has locked it")


def _in_the_way(place: Place, standing: Standing, reach: Reach) -> list[Lock]:
    found = standing.on(place)
    if place.node is None or reach.members_of_parent:
        found += standing.on_members(place, reach.category)
    if reach.tree:
        found += standing.in_tree(place)
    return found


def tokens_at(place: Place, standing: Standing) -> frozenset[str]:
    """The person's own tokens of locks that bind the place, or would bind what is made there."""
    there = standing.on_members(place) if place.node is None else standing.on(place)
    return frozenset(lock.token for lock in there if lock.person == place.who.id)
