"""Recall: a document that was put into the wrong vault is erased, as if it had never come.

Only by whoever put it there, soon, and while nobody else has opened it: what somebody read cannot
be withdrawn unseen. Both trails keep who, when and the SHA-256 of every version.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from davserver.db.clock import from_us, to_us
from davserver.domain.actions import Action
from davserver.domain.conditions import NONE
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import BadInput, NotFound, Reason
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Content, Node, NodeState
from davserver.domain.paths import DrivePath
from davserver.gate.acting import check, refuse, require_movable, row_stamps
from davserver.gate.conditions import Reach
from davserver.gate.notices import NoticeKind, tell
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.gate.turned import owners_path
from davserver.trail import Event, What
from davserver.trail.story import DAMAGED, ERASED
from davserver.vault import locks, trash
from davserver.vault.rows import OpenVault, required
from davserver.vault.stamps import Stamp
from davserver.vault.thinning import purge
from davserver.vault.version_rows import OldVersion


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was erased. `path` is the owner's; `sha256` of each version, the last one first."""

    path: str
    deposited: datetime
    size: int
    sha256: tuple[bytes, ...]


def recall(sight: Sight, path: DrivePath) -> Recalled:
    """In one transaction, on behalf of its maker. Raises NotFound, BadInput, Locked, Turned."""
    place = _place(sight, path)
    vault = require_movable(place, Action.RECALL)
    node = place.node
    assert node is not None  # noqa: S101 — `_place` gives what is there
    if node.is_folder:
        raise BadInput(f"{path} is a folder: name each document in it")
    permit = sight.require(Action.RECALL, place)
    before = trash.versions(sight.tx, vault, node.id)
    _require_theirs(sight, place, node, before)
    _require_unopened(sight, place, node)
    stamps: tuple[Stamp, ...] = ()
    if node.state is NodeState.LIVE:
        _end_own_locks(sight, vault, place)
        check(sight, place, NONE, Reach(members_of_parent=True))
        stamps = trash.trash(sight.tx, vault, permit, sight.now).stamps
    stamps = (*stamps, *purge(sight.tx, vault, node.id))
    contents = [required(node.content), *(one.content for one in before)]
    _record(sight, place, permit.rule, stamps, contents)
    shas = tuple(one.sha256 for one in contents)
    return Recalled(owners_path(place), node.created, contents[0].size, shas)


# ── what it is about ────────────────────────────────────────────────────────────────────────────


def _place(sight: Sight, path: DrivePath) -> Place:
    """What is at `path` for its maker; or, where they see nothing, what they took back from there
    last and lies in the owner's trash. Raises NotFound.
    """
    place = sight.place(path)
    if place.exists:
        return place
    folder = sight.place(path.parent)
    if folder.kind is PlaceKind.NODE and folder.is_folder:
        found = _taken_back(sight, folder, path.name)
        above = (*folder.above, folder.node) if folder.node else folder.above
        covered = sight.covering(folder.known, (*above, found)) if found else ()
        if covered:
            return replace(folder, path=path, node=found, above=above, grants=covered, is_top=False)
    raise NotFound("nothing is there")


def _taken_back(sight: Sight, folder: Place, name: str) -> Node | None:
    assert folder.vault is not None and folder.node is not None  # noqa: S101, PT018 — a NODE
    named = trash.in_trash_named(sight.tx, folder.vault, folder.node.id, name)
    return next((one for one in named if one.maker == sight.who.id), None)


# ── may they ────────────────────────────────────────────────────────────────────────────────────


def _require_theirs(sight: Sight, place: Place, node: Node, before: Iterable[OldVersion]) -> None:
    """Raises Turned."""
    authors = {node.maker, node.author, *(one.author for one in before)}
    if place.owned or authors != {sight.who.id}:
        raise refuse(place, Action.RECALL, Reason.NOT_YOURS)
    if sight.now - node.created >= sight.tools.limits.recall:
        raise refuse(place, Action.RECALL, Reason.TOO_LATE)


def _require_unopened(sight: Sight, place: Place, node: Node) -> None:
    """Raises Turned when somebody else read it, or copied it or a folder that holds it. An entry
    that no longer says what was done may have been that.
    """
    assert place.vault is not None  # noqa: S101 — a real place
    told = sight.tools.trail.since(sight.tx, place.vault.id, node.created)
    copies = {node.id.hex(), *(one.id.hex() for one in place.above)}
    for entry in told:
        if entry.who != sight.who.id and _may_have_opened(entry, node.id, copies):
            raise refuse(place, Action.RECALL, Reason.OPENED_BY_OTHERS)


def _may_have_opened(entry: TrailEntry, node: NodeId, copied: set[str]) -> bool:
    match entry.what:
        case What.READ.value:
            return entry.node in {node.hex(), ""}
        case What.COPY.value:
            return entry.details.get("source") in copied
        case what:
            return what in {DAMAGED, ERASED}


def _end_own_locks(sight: Sight, vault: OpenVault, place: Place) -> None:
    """Their program may still hold it open; others' locks stand in the way."""
    live = locks.live(sight.tx, vault, sight.now)
    mine = [one.id for one in live if one.node == place.node_id and one.person == sight.who.id]
    locks.release(sight.tx, mine)


# ── what is kept ────────────────────────────────────────────────────────────────────────────────


def _record(
    sight: Sight, place: Place, rule: str, stamps: Iterable[Stamp], contents: list[Content]
) -> None:
    """In the vault's trail, and without the path in the instance's own."""
    assert place.vault is not None and place.node is not None  # noqa: S101, PT018 — a real place
    details = {
        "erased": "yes",
        "person": place.node.maker.hex(),
        "deposited": from_us(to_us(place.node.created)).isoformat(),
        "bytes": str(contents[0].size),
        "sha256": " ".join(one.sha256.hex() for one in contents),
    }
    grant = place.grants[0].id if place.grants else None
    there = Event(
        vault=place.vault.id,
        what=What.RECALL,
        who=sight.who,
        node=place.node.id,
        path=owners_path(place),
        grant=grant,
        rule=rule,
        rows=row_stamps(tuple(stamps)),
        details=details,
    )
    here = replace(
        there, vault=None, path="", rows=(), details=details | {"vault": place.vault.id.hex()}
    )
    sight.tools.trail.record_all(sight.tx, [there, here], sight.now)
    says = {"who": details["person"], **{key: details[key] for key in ("deposited", "bytes")}}
    owner = {place.vault.owner}
    tell(sight.tx, sight.tools, NoticeKind.DOCUMENT_RECALLED, owner, says, sight.now)
