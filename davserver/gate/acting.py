"""What every use case that changes something does alike: see, check conditions, record."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from authn.cached_sign_in import CachedPrincipal, StaleSignIn
from davserver.domain.actions import Action
from davserver.domain.conditions import NONE, Conditions
from davserver.domain.decisions import Denial, Permit
from davserver.domain.drive import Entry
from davserver.domain.errors import Reason
from davserver.domain.grants import ToStructure
from davserver.domain.ids import NodeId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.conditions import (
    ITSELF,
    Reach,
    State,
    require_for_writing,
    require_if,
    require_unlocked,
    tokens_at,
)
from davserver.gate.counting import begins, stands
from davserver.gate.denied import Denied, owners_path, recorded
from davserver.gate.entries.entries import Entries
from davserver.gate.judging import UNTIED
from davserver.gate.lock_reach import Standing
from davserver.gate.places import FREE, VIRTUAL, Place, thing_of
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import Event, RowStamp, What
from davserver.vault import affiliations
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.stamps import Stamp

T = TypeVar("T")


def change(tools: Tools, who: Principal, work: Callable[[Sight], T]) -> T:
    """Run `work` in one durable transaction, on facts read in it (DESIGN §2.4). Raises as it does,
    NotSignedIn and its kind.
    """

    def closure(tx: Connection) -> T:
        now = tools.clock()
        begins(who)
        known = tools.login.refreshed(tx, who, now)
        if known.vault is not None:
            tools.trail.prefetch(tx, known.vault, known.id)
        return _done(Sight(tools, tx, known, now), work)

    stands(who)
    try:
        return tools.db.write(closure)
    except Denied as denied:
        raise recorded(tools, denied) from None
    except StaleSignIn as stale:
        revalidation = stale.revalidation
    return change(tools, revalidation.sign_in_anew(), work)


def look(
    tools: Tools,
    who: Principal,
    now: datetime,
    work: Callable[[Sight], T],
    *,
    expects_query: bool = True,
) -> T:
    """Run `work` on one snapshot, perhaps twice. `who` was read at the start of this very request,
    or is in that snapshot. Raises as `change` does. `expects_query`: as
    `Database.read_optimistically` means it.
    """

    def closure(tx: Connection) -> T:
        begins(who)
        known = tools.login.refreshed(tx, who, now) if isinstance(who, CachedPrincipal) else who
        return _done(Sight(tools, tx, known, now), work)

    stands(who)
    try:
        return tools.db.read_optimistically(closure, expects_query=expects_query)
    except Denied as denied:
        raise recorded(tools, denied) from None
    except StaleSignIn as stale:
        revalidation = stale.revalidation
    return look(tools, revalidation.sign_in_anew(), now, work, expects_query=expects_query)


def _done(sight: Sight, work: Callable[[Sight], T]) -> T:
    try:
        return work(sight)
    except Denied as denied:
        if denied.by_drive:
            targets = (*denied.place.targets(), UNTIED)
            thing = thing_of(denied.place)
            sight.counting.refusal_by_the_drive(denied.denial, targets[0], thing)
        raise


def refuse(place: Place, action: Action, reason: Reason) -> Denied:
    return Denied(place, Denial(action, reason), by_drive=True)


def require_real(place: Place, action: Action) -> OpenVault:
    """Raises Denied where nothing can be made or changed: the folders that only structure a
    drive. Gives the vault.
    """
    if place.vault is None or place.kind in VIRTUAL or (place.node is None and not place.above):
        raise refuse(place, action, Reason.DRIVE_ROOT)
    if place.kind is FREE and not place.owned and not place.grants:
        raise refuse(place, action, Reason.DRIVE_ROOT)
    return place.vault


def require_movable(place: Place, action: Action) -> OpenVault:
    """As `require_real`; and the root of a drive or of a grant stays where it is."""
    vault = require_real(place, action)
    if place.is_top:
        raise refuse(place, action, Reason.DRIVE_ROOT if place.owned else Reason.GRANT_ROOT)
    return vault


def check(
    sight: Sight,
    place: Place,
    conditions: Conditions,
    reach: Reach = ITSELF,
    also: Place | None = None,
) -> Standing:
    """All that RFC 9110 §13 and RFC 4918 §7, §10.4 ask before a change. Gives the live locks that
    may concern it, and those at another place that will be asked of.

    Raises ConditionFailed, Locked.
    """
    places = (place, also) if also is not None else (place,)
    standing = Standing.at(sight, *places, tree=reach.tree)
    if conditions is not NONE:
        require_conditions(sight, place, conditions)
    require_unlocked(place, standing, conditions, reach)
    return standing


def require_conditions(sight: Sight, place: Place, conditions: Conditions) -> None:
    """As `check`, of a place that itself stays as it is. Raises ConditionFailed."""
    simple = conditions.if_match or conditions.if_none_match or conditions.unmodified_since
    if simple:
        require_for_writing(conditions, entry_of(sight, place))
    require_if(conditions, place.path, lambda path: state_of(sight, path))


def entry_of(sight: Sight, place: Place) -> Entry | None:
    return Entries(sight).one(place) if place.exists else None


def state_of(sight: Sight, path: DrivePath) -> State:
    place = sight.place(path)
    entry = entry_of(sight, place)
    if place.vault is None:
        return State(entry.etag if entry else None, frozenset())
    standing = Standing.at(sight, place)
    return State(entry.etag if entry else None, tokens_at(place, standing))


def record(
    sight: Sight,
    what: What,
    place: Place,
    permit: Permit,
    node: NodeId | None,
    stamps: Sequence[Stamp],
    details: dict[str, str] | None = None,
) -> None:
    """The trail's entry, in the transaction that does it. What is done for a structure keeps its
    affiliation from falling idle.
    """
    grant = permit.target.grant
    if grant is not None and isinstance(grant.to, ToStructure):
        affiliations.note_activity(sight.tx, grant.vault, grant.to.id, sight.now)
    event = Event(
        vault=permit.target.vault,
        what=what,
        who=sight.who,
        node=node,
        path=owners_path(place),
        grant=grant.id if grant else None,
        rule=permit.rule,
        rows=tuple(stamps),
        details=details or {},
    )
    sight.tools.trail.record(sight.tx, event, sight.now)


def row_stamps(stamps: Collection[Stamp]) -> tuple[RowStamp, ...]:
    """As the trail takes them. It knows no vault, whose stamps are the same."""
    return tuple([RowStamp(one.table, one.id, one.version, one.hash) for one in stamps])
