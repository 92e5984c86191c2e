"""MOVE, and what MOVE and COPY ask alike of their two ends.

Both ends are judged, by their effects, before anything changes (DESIGN §2.3).
"""

from dataclasses import replace
from datetime import datetime

from davserver.domain.actions import Action, Right
from davserver.domain.conditions import Conditions
from davserver.domain.decisions import Denial, Permit
from davserver.domain.errors import ConditionFailed, NoParent, NotFound, Reason
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.gate.acting import (
    change,
    check,
    record,
    refuse,
    require_movable,
    require_real,
)
from davserver.gate.conditions import WHOLE, Reach, require_unlocked
from davserver.gate.denied import owners_path
from davserver.gate.drive.pacing import count_overwrite, count_rename
from davserver.gate.drive.removing import permit_to_remove
from davserver.gate.drive.scratch import Scratch
from davserver.gate.drive.writing import permit_to_put, put_staged
from davserver.gate.lock_reach import Standing
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sharing.resharing import way_on
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import What
from davserver.vault import moving, trash
from davserver.vault.locks import locks
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.nodes.walk import Stored
from davserver.vault.staging import media_type_of


class Moving:
    def __init__(self, tools: Tools, scratch: Scratch) -> None:
        self._tools = tools
        self._scratch = scratch

    def move(
        self,
        who: Principal,
        source: DrivePath,
        destination: DrivePath,
        *,
        overwrite: bool,
        conditions: Conditions,
        now: datetime,
    ) -> bool:
        """Whether something new is at `destination`; False if what was there was replaced.

        A file moved onto a file becomes its new version. Raises NotFound, NoParent, Refused,
        Locked, ConditionFailed (also for `overwrite` False and a name that is taken).
        """
        del now  # judged and done in one transaction, by its own clock
        work = self._out_of_scratch if _is_side_file(source) else _move
        return change(
            self._tools,
            who,
            lambda sight: work(sight, source, destination, conditions, overwrite=overwrite),
        )

    def _out_of_scratch(
        self,
        sight: Sight,
        source: DrivePath,
        destination: DrivePath,
        conditions: Conditions,
        *,
        overwrite: bool,
    ) -> bool:
        """A side file that becomes a document does so as a PUT: quota, trail, category apply."""
        place = sight.place(destination)
        permit = permit_to_put(sight, place)
        _require_document_name(place)
        if place.exists and not overwrite:
            raise ConditionFailed("Overwrite: F, and the name is taken")
        check(sight, place, conditions)
        vault = require_real(place, Action.PUT)
        plain = self._scratch.taken_out(sight, source)
        media_type = media_type_of(destination.name, None)
        staged = self._tools.staging.take_bytes(vault.id, plain, media_type, sight.now)
        return put_staged(sight, place, permit, staged, None, What.SCRATCH_OUT).created


def _move(
    sight: Sight,
    source: DrivePath,
    destination: DrivePath,
    conditions: Conditions,
    *,
    overwrite: bool,
) -> bool:
    start = existing(sight, source, destination)
    vault = require_movable(start, Action.MOVE)
    goal = goal_of(sight, start, destination, Action.MOVE, overwrite=overwrite)
    take = sight.require(Action.MOVE, start)
    onto = is_save_onto(start, goal)
    if not start.owned:
        require_no_disclosure(sight, start, goal, onto=onto)
        if onto:
            _require_theirs_to_give_up(sight, start)
    put, removal = permits_there(sight, start, goal, onto=onto)
    standing = check(sight, start, conditions, WHOLE, also=goal)
    if onto:
        require_unlocked(goal, standing, conditions)
        count_overwrite(sight, goal)
        done = moving.take_over(sight.tx, vault, take, put, sight.tools.entropy, sight.now)
    else:
        free = cleared(sight, vault, goal, removal, conditions) if removal is not None else goal
        if not standing.none_at_all:
            require_unlocked(free, standing, conditions, Reach(category=start.category))
        # Locks do not travel (RFC 4918 §7.6): whoever held one finds the thing unlocked. Those on
        # what this person does not see stay: they are not theirs to end.
        locks.release(sight.tx, standing.going_along(start))
        count_rename(sight, start)
        done = moving.move(sight.tx, vault, take, put, sight.now, untaken=free.untaken)
    details = _from(start) | ({"onto": "yes"} if onto else {})
    record(sight, What.MOVE, goal, put, done.node.id, done.stamps, details)
    return not goal.exists


# ── the two ends ────────────────────────────────────────────────────────────────────────────────


def existing(sight: Sight, path: DrivePath, then: DrivePath, stored: Stored | None = None) -> Place:
    """`then`: where it goes, which is asked for next. `stored`: as `Sight.place` has it. Raises
    NotFound.
    """
    place = sight.place(path, then, stored)
    if not place.exists:
        raise NotFound("nothing is there")
    return place


def goal_of(
    sight: Sight,
    start: Place,
    path: DrivePath,
    action: Action,
    *,
    overwrite: bool,
    deep: bool = True,
) -> Place:
    """Where it goes: free, or something that may be replaced as far as the headers say. `deep`:
    all that is in `start` goes along.

    Raises NoParent, ConditionFailed, Denied.
    """
    # Said of the paths alone, and first: a folder cannot go into itself, whatever is in it.
    inside = start.is_folder and path != start.path and path.is_within(start.path)
    if inside and deep:
        raise refuse(start, action, Reason.SAME_PLACE)
    goal = sight.place(path)
    if goal.kind is PlaceKind.NOWHERE:
        raise NoParent("the folder that should hold it is not there")
    require_real(goal, action)
    _require_document_name(goal)
    if path == start.path or start.path.is_within(path):
        raise refuse(start, action, Reason.SAME_PLACE)
    if start.vault is None or goal.vault is None or start.vault.id != goal.vault.id:
        raise refuse(start, action, Reason.OTHER_VAULT)
    if goal.exists and not overwrite:
        raise ConditionFailed("Overwrite: F, and the name is taken")
    return goal


def is_save_onto(start: Place, goal: Place) -> bool:
    """A file onto a file: a new version of the latter (DESIGN §2.5)."""
    return goal.exists and not goal.is_folder and not start.is_folder


def making(start: Place) -> Action:
    return Action.MKCOL if start.is_folder else Action.PUT


def require_no_disclosure(sight: Sight, start: Place, goal: Place, *, onto: bool) -> None:
    """Who is not the owner puts nothing before more people than saw it already, unless the policy
    lets them share it on, and content into no file of another category (DESIGN §2.3).

    What they wrote themselves a moment ago and now put over a file is a save (DESIGN §2.5): they
    could have PUT the same bytes there at once. `onto`: as `is_save_onto` has it.
    """
    if start.owned or start.vault is None or start.node is None:
        return
    if onto:
        if sight.is_recallable(start.node):
            return
        if start.category is not goal.category:
            raise refuse(goal, Action.PUT, Reason.CATEGORY)
    if goal.node is None and goal.above[-1:] == start.above[-1:]:
        return  # nearly always: it stays in its folder
    before = {node.id for node in start.above}
    after = {node.id for node in goal.above} | ({goal.node.id} if goal.node else set())
    if after <= before:
        return  # it lay in all of those folders already
    grants = sight.tools.grants.on_nodes(sight.tx, start.vault.id, after - before, sight.now)
    reached = {grant.to.id for grant in start.grants}
    # Whoever only deposits there sees nothing of it.
    readers = (grant.to.id for grant in grants if grant.right is not Right.DEPOSIT)
    wider = any(reader not in reached for reader in readers)
    if wider and isinstance(way_on(sight, start), Denial):
        raise refuse(start, Action.REGRANT, Reason.WIDER_AUDIENCE)


def _require_theirs_to_give_up(sight: Sight, start: Place) -> None:
    """A file that is moved onto another is no more: its name, its grants, its own identity. Only
    its owner removes it so, or whoever made it a moment ago (DESIGN §4). Raises Denied.
    """
    if start.node is not None and not sight.is_recallable(start.node):
        raise refuse(start, Action.MOVE, Reason.NOT_YOURS)


Removal = tuple[Permit, What]
"""The right to take away what has to make room, and how the trail calls that."""


def permits_there(
    sight: Sight, start: Place, goal: Place, *, onto: bool
) -> tuple[Permit, Removal | None]:
    """The right to put `start` at `goal`, and what that needs there. `onto`: as `is_save_onto` has
    it. Raises Denied.
    """
    if onto:
        return permit_to_put(sight, goal), None
    if not goal.exists:
        return sight.require(making(start), goal), None
    put = sight.require(making(start), _as_free(goal))
    require_movable(goal, Action.DELETE)
    return put, permit_to_remove(sight, goal)


def _as_free(goal: Place) -> Place:
    """The goal once what is there has gone."""
    return replace(goal, kind=PlaceKind.FREE, node=None)


def cleared(
    sight: Sight, vault: OpenVault, goal: Place, removal: Removal | None, conditions: Conditions
) -> Place:
    """The goal as a free name: what is there goes to the trash first. Raises Locked."""
    if removal is None:
        return goal
    require_unlocked(goal, Standing.at(sight, goal, tree=True), conditions, WHOLE)
    permit, what = removal
    unlocked = sight.nothing_locked(vault)
    done = trash.trash(sight.tx, vault, permit, sight.now, unlocked=unlocked)
    record(sight, what, goal, permit, done.node.id, done.stamps, {"overwritten": "yes"})
    return _as_free(goal)


def _from(start: Place) -> dict[str, str]:
    """Where it was, as the owner spells it and exactly; `inherited`: its category was its folder's.
    An undo goes by this.
    """
    folder = {"from_folder": start.above[-1].id.hex()} if start.above else {}
    inherited = start.node is not None and start.node.category is None
    return {"from": owners_path(start)} | folder | ({"inherited": "yes"} if inherited else {})


def _is_side_file(path: DrivePath) -> bool:
    return kind_of_name(path.name) is NameKind.SCRATCH


def _require_document_name(place: Place) -> None:
    if _is_side_file(place.path):
        raise refuse(place, Action.PUT, Reason.SCRATCH)
