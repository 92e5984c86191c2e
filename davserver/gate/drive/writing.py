"""Writing to a drive: files, folders, properties, removal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from davserver.domain.actions import Action
from davserver.domain.conditions import NONE, Conditions
from davserver.domain.decisions import Permit
from davserver.domain.drive import Entry, Patch, PropertyChange, Upload, Written
from davserver.domain.errors import AlreadyThere, NoParent, NoSpace, NotFound, Reason, Refused
from davserver.domain.ids import VaultId
from davserver.domain.nodes import FILE, FOLDER, Node
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.gate.acting import (
    change,
    check,
    look,
    record,
    refuse,
    require_real,
)
from davserver.gate.drive.classifying import classify, permit_to_classify
from davserver.gate.drive.free_names import free_beside
from davserver.gate.drive.pacing import count_overwrite
from davserver.gate.drive.removing import remove
from davserver.gate.drive.scratch import Scratch
from davserver.gate.drive.small_upload import RecentVaults, SmallUpload
from davserver.gate.entries.deposits import is_describable
from davserver.gate.entries.entries import Entries, of_file
from davserver.gate.places import NODE, NOWHERE, Place
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import What
from davserver.vault import quota, writing
from davserver.vault.staging import (
    INLINE_BYTES,
    Staged,
    read_fully,
    require_checksum,
)
from davserver.vault.writing import NewNode

MOST_PROPERTY_BYTES = 64 * 1024
MOST_PROPERTIES = 200


@dataclass(frozen=True, slots=True)
class _Room:
    """What is known before the first byte of an upload is read."""

    vault: VaultId
    stored_bytes: int


class Writing:
    def __init__(self, tools: Tools, scratch: Scratch) -> None:
        self._tools = tools
        self._scratch = scratch
        self._recent_vaults = RecentVaults()

    # ── PUT ─────────────────────────────────────────────────────────────────────────────────────

    def put(
        self,
        who: Principal,
        path: DrivePath,
        upload: Upload,
        conditions: Conditions,
        now: datetime,
    ) -> Written:
        """A new file, or a new version of the one that is there.

        All is judged when the last byte has come, and only then is anything visible; a file too
        large for a row is judged before its first byte is read, too. Raises NoParent,
        AlreadyThere (a folder), Refused, Locked, ConditionFailed, NoSpace, Truncated,
        WrongChecksum.
        """
        if kind_of_name(path.name) is NameKind.SCRATCH:
            return self._scratch.put(who, path, upload, conditions)
        if upload.length is not None and upload.length <= INLINE_BYTES:
            plain = read_fully(upload, upload.length)
            require_checksum(upload, plain)
            small = SmallUpload(self._tools.staging, upload, path.name, plain)
            small.seal_for(self._recent_vaults.guess(who, path), now)
            done = change(self._tools, who, lambda s: _publish_small(s, path, small, conditions))
            self._recent_vaults.went(who, path, small)
            return done
        room = look(self._tools, who, now, lambda sight: _room(sight, path, conditions))
        return self._staged(
            who, upload, path.name, room, now,
            lambda s, staged: _publish(s, path, upload.modified, staged, conditions),
        )  # fmt: skip

    def add(self, who: Principal, path: DrivePath, upload: Upload, now: datetime) -> Written:
        """A new file at `path`, or under the next name that is free when all of it has come: never
        a version of another. Raises as `put` does.
        """
        if kind_of_name(path.name) is NameKind.SCRATCH:
            return self._scratch.put(who, path, upload, NONE)
        room = look(self._tools, who, now, lambda s: _room(s, free_beside(s, path), NONE))
        return self._staged(
            who, upload, path.name, room, now,
            lambda s, staged: _publish(s, free_beside(s, path), upload.modified, staged, NONE),
        )  # fmt: skip

    def _staged(
        self,
        who: Principal,
        upload: Upload,
        name: str,
        room: _Room,
        now: datetime,
        publish: Callable[[Sight, Staged], Written],
    ) -> Written:
        staging = self._tools.staging
        staged = staging.take(room.vault, upload, name, room.stored_bytes, now)
        try:
            return change(self._tools, who, lambda sight: publish(sight, staged))
        except BaseException:
            staging.discard(staged)
            raise

    # ── MKCOL ───────────────────────────────────────────────────────────────────────────────────

    def make_folder(
        self, who: Principal, path: DrivePath, conditions: Conditions, now: datetime
    ) -> None:
        """Raises AlreadyThere, NoParent, Refused, Locked, ConditionFailed."""
        del now  # judged and made in one transaction, by its own clock
        change(self._tools, who, lambda sight: _make_folder(sight, path, conditions))

    # ── PROPPATCH ───────────────────────────────────────────────────────────────────────────────

    def set_properties(
        self,
        who: Principal,
        path: DrivePath,
        patch: Patch,
        conditions: Conditions,
        now: datetime,
    ) -> Entry:
        """Raises NotFound, Refused, Locked, ConditionFailed, NoSpace (too many or too long)."""
        if kind_of_name(path.name) is NameKind.SCRATCH:
            if patch.classify is not None:
                self._scratch.look(who, path, now)
                raise Refused(Reason.PROTECTED_PROPERTY)
            return self._scratch.set_properties(who, path, patch.dead)
        return change(self._tools, who, lambda s: _set_properties(s, path, patch, conditions))

    # ── DELETE ──────────────────────────────────────────────────────────────────────────────────

    def remove(
        self, who: Principal, path: DrivePath, conditions: Conditions, now: datetime
    ) -> None:
        """Into the owner's trash. Raises NotFound, Refused, Locked, ConditionFailed."""
        del now
        if kind_of_name(path.name) is NameKind.SCRATCH:
            self._scratch.remove(who, path)
            return
        change(self._tools, who, lambda sight: remove(sight, path, conditions))


def permit_to_put(sight: Sight, place: Place, action: Action = Action.PUT) -> Permit:
    """Raises NoParent, AlreadyThere for a folder, Denied."""
    if place.kind is NOWHERE:
        raise NoParent("the folder that should hold it is not there")
    require_real(place, action)
    if place.is_folder:
        raise AlreadyThere("a folder has that name")
    return sight.require(action, place)


def _room(sight: Sight, path: DrivePath, conditions: Conditions) -> _Room:
    place = sight.place(path)
    permit = permit_to_put(sight, place)
    check(sight, place, conditions)
    vault = require_real(place, Action.PUT)
    return _Room(vault.id, quota.most_for(vault, permit.target))


def _publish_small(
    sight: Sight, path: DrivePath, small: SmallUpload, conditions: Conditions
) -> Written:
    place = sight.place(path)
    permit = permit_to_put(sight, place)
    check(sight, place, conditions)
    assert place.vault is not None  # noqa: S101 — a permit to put is for a real place
    staged = small.staged(place.vault.id, sight.now)
    return put_staged(sight, place, permit, staged, small.modified)


def _publish(
    sight: Sight,
    path: DrivePath,
    modified: datetime | None,
    staged: Staged,
    conditions: Conditions,
) -> Written:
    place = sight.place(path)
    permit = permit_to_put(sight, place)
    check(sight, place, conditions)
    return put_staged(sight, place, permit, staged, modified)


def put_staged(
    sight: Sight,
    place: Place,
    permit: Permit,
    staged: Staged,
    modified: datetime | None,
    what: What = What.WRITE,
) -> Written:
    """Publish staged content at a place that was judged, and record it."""
    vault = require_real(place, Action.PUT)
    entropy = sight.tools.entropy
    count_overwrite(sight, place)
    if place.node is None:
        new = NewNode(FILE, modified, untaken=place.untaken)
        done = writing.make(sight.tx, vault, permit, new, staged, entropy, sight.now)
    else:
        done = writing.write(sight.tx, vault, permit, staged, modified, entropy, sight.now)
    details = {"bytes": str(staged.content.size), "sha256": staged.content.sha256.hex()}
    record(sight, what, place, permit, done.node.id, done.stamps, details)
    return Written(after(sight, place, done.node), created=place.node is None)


def after(sight: Sight, place: Place, node: Node) -> Entry:
    """The entry of what was just written at `place`."""
    there = Place(place.path, NODE, place.who, place.vault, node, place.above, place.grants)
    return Entries(sight).of_folder_changed(there) if node.is_folder else of_file(there)


def _make_folder(sight: Sight, path: DrivePath, conditions: Conditions) -> None:
    place = sight.place(path)
    if place.kind is NOWHERE:
        raise NoParent("the folder that should hold it is not there")
    if place.exists:
        raise AlreadyThere("there is something of that name")
    vault = require_real(place, Action.MKCOL)
    if kind_of_name(path.name) is NameKind.SCRATCH:
        raise refuse(place, Action.MKCOL, Reason.SCRATCH)
    permit = sight.require(Action.MKCOL, place)
    check(sight, place, conditions)
    new = NewNode(FOLDER, untaken=place.untaken)
    done = writing.make(sight.tx, vault, permit, new, None, sight.tools.entropy, sight.now)
    record(sight, What.MAKE_FOLDER, place, permit, done.node.id, done.stamps)


def _set_properties(sight: Sight, path: DrivePath, patch: Patch, conditions: Conditions) -> Entry:
    place = sight.place(path)
    if not place.exists:
        raise NotFound("nothing is there")
    require_real(place, Action.PUT)
    permit = sight.require(Action.PUT, place)
    if not is_describable(place):
        raise refuse(place, Action.PUT, Reason.DEPOSIT_ONLY)
    if patch.classify is not None:
        permit = permit_to_classify(sight, place)
    check(sight, place, conditions)
    if patch.classify is not None:
        classify(sight, place, permit, patch.classify.category)
        place = sight.place(path)
        permit = sight.require(Action.PUT, place)
        if not patch.dead and patch.modified is None:
            return after(sight, place, _node(place))
    return _with_properties(sight, place, permit, patch)


def _with_properties(sight: Sight, place: Place, permit: Permit, patch: Patch) -> Entry:
    vault = require_real(place, Action.PUT)
    properties = changed_properties(_node(place).properties, patch.dead)
    count_overwrite(sight, place)
    done = writing.set_properties(sight.tx, vault, permit, properties, patch.modified, sight.now)
    record(sight, What.PROPERTIES, place, permit, done.node.id, done.stamps)
    return after(sight, place, done.node)


def _node(place: Place) -> Node:
    assert place.node is not None  # noqa: S101 — it exists and is real
    return place.node


def changed_properties(before: dict[str, str], changes: Sequence[PropertyChange]) -> dict[str, str]:
    """Raises NoSpace where a thing would carry more than it may."""
    properties = dict(before)
    for one in changes:
        properties.pop(one.name, None)
        if one.xml is not None:
            properties[one.name] = one.xml
    size = sum(len(name.encode()) + len(xml.encode()) for name, xml in properties.items())
    if size > MOST_PROPERTY_BYTES or len(properties) > MOST_PROPERTIES:
        raise NoSpace("it cannot carry that many properties")
    return properties
