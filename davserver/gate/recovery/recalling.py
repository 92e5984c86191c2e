"""Recall: a document that was put into the wrong vault is erased, as if it had never come.

Only by whoever put it there, soon, and while nobody else has opened it: what somebody read cannot
be withdrawn unseen. Both trails keep who, when and the SHA-256 of every version.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from davserver.db.clock import from_us, to_us
from davserver.domain.actions import Action
from davserver.domain.conditions import NONE
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import BadInput, NotFound, Reason
from davserver.domain.ids import PersonId
from davserver.domain.nodes import Content, Node, NodeState
from davserver.domain.paths import DrivePath
from davserver.gate.acting import check, refuse, require_movable, row_stamps
from davserver.gate.conditions import Reach
from davserver.gate.denied import owners_path
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.places import Place, PlaceKind
from davserver.gate.sight import Sight
from davserver.trail import Event, What
from davserver.trail.story import DAMAGED, ERASED
from davserver.vault import trash
from davserver.vault.locks import live as live_locks
from davserver.vault.locks import locks
from davserver.vault.nodes.rows import required
from davserver.vault.stamps import Stamp
from davserver.vault.thinning import purge

OPAQUE = frozenset({DAMAGED, ERASED})
"""What stands for an entry that does not say any more what was done."""


@dataclass(frozen=True, slots=True)
class RecalledDocument:
    """What was erased. `path` is the owner's; `sha256` of each version, the last one first."""

    path: str
    deposited: datetime
    size: int
    sha256: tuple[bytes, ...]


def recall(sight: Sight, path: DrivePath) -> RecalledDocument:
    """In one transaction, on behalf of its maker. Raises NotFound, BadInput, Locked, Denied."""
    return recall_at(sight, _place(sight, path))


def recall_at(sight: Sight, place: Place) -> RecalledDocument:
    """As `recall`, of what is there for its maker."""
    vault = require_movable(place, Action.RECALL)
    node = place.node
    assert node is not None  # noqa: S101 — `_place` gives what is there
    if node.is_folder:
        raise BadInput(f"{place.path} is a folder: name each document in it")
    permit = sight.require(Action.RECALL, place)
    before = trash.versions(sight.tx, vault, node.id)
    # Somebody may have opened it within this very second.
    sight.tools.readings.tell_in(sight.tx, sight.now)
    told = sight.tools.trail.since(sight.tx, vault.id, node.created)
    reason = obstacle(sight, place, {one.author for one in before}, told)
    if reason is not None:
        raise refuse(place, Action.RECALL, reason)
    stamps: tuple[Stamp, ...] = ()
    if node.state is NodeState.LIVE:
        _end_own_locks(sight, place)
        check(sight, place, NONE, Reach(members_of_parent=True))
        stamps = trash.trash(sight.tx, vault, permit, sight.now).stamps
    stamps = (*stamps, *purge(sight.tx, vault, node.id))
    contents = [required(node.content), *(one.content for one in before)]
    _record(sight, place, permit.rule, stamps, contents)
    shas = tuple(one.sha256 for one in contents)
    return RecalledDocument(owners_path(place), node.created, contents[0].size, shas)


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


def obstacle(
    sight: Sight, place: Place, earlier: Collection[PersonId], told: Iterable[TrailEntry]
) -> Reason | None:
    """Why what is there cannot be taken back, but for rules and places that stay where they are.

    `earlier`: who wrote its earlier versions; `told`: its vault's trail since it was made, or
    longer.
    """
    node = place.node
    assert node is not None  # noqa: S101 — asked of files only
    if place.owned or {node.maker, node.author, *earlier} != {sight.who.id}:
        return Reason.NOT_YOURS
    if sight.now - node.created >= sight.tools.limits.recall:
        return Reason.TOO_LATE
    return Reason.OPENED_BY_OTHERS if _was_opened(sight, place, node, told) else None


def _was_opened(sight: Sight, place: Place, node: Node, told: Iterable[TrailEntry]) -> bool:
    """Whether somebody else read it, or copied it or a folder that holds it. An entry that no
    longer says what was done may have been that.
    """
    copies = {node.id.hex(), *(one.id.hex() for one in place.above)}
    others = (one for one in told if one.who != sight.who.id)
    return any(_may_have_opened(one, node, copies) for one in others)


def _may_have_opened(entry: TrailEntry, node: Node, copied: set[str]) -> bool:
    """What was done before it was made does not count; reads are told when they began."""
    match entry.what:
        case What.READ.value:
            return entry.node in {node.id.hex(), ""}
        case What.COPY.value:
            return entry.at >= node.created and entry.details.get("source") in copied
        case what:
            return entry.at >= node.created and what in OPAQUE


def _end_own_locks(sight: Sight, place: Place) -> None:
    """Their program may still hold it open; others' locks stand in the way."""
    assert place.vault is not None and place.node is not None  # noqa: S101, PT018 — a real place
    there = live_locks.on(sight.tx, place.vault, {place.node.id}, sight.now)
    locks.release(sight.tx, [one for one in there if one.person == sight.who.id])


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
