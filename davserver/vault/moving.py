"""MOVE, and what looks like one but is a save: identities stay where people expect them.

A file that is moved onto another becomes that one's new version (DESIGN §2.5): id, grants and
category stay, dead properties come from the source. Renaming away, writing anew and deleting what
was renamed is one save too: `reunite` gives the first file its name back with the new content.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import folder_change, node_version
from davserver.db.tables import lock as lock_table
from davserver.db.tables import node as node_table
from davserver.domain.actions import Category
from davserver.domain.decisions import Permit
from davserver.domain.ids import Entropy
from davserver.domain.nodes import Node
from davserver.vault import changes
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.nodes.version_rows import sealed_version, version_from
from davserver.vault.stamps import Stamp, node_removed, version_removed, version_written
from davserver.vault.writing import Changed, announce, free_twin, keep_version, raised, update_node


def move(
    tx: Connection,
    vault: OpenVault,
    take: Permit,
    put: Permit,
    now: datetime,
    *,
    untaken: bool,
) -> Changed:
    """The permit's node at the other permit's free name. Only its own row changes. `untaken`: this
    transaction has seen already that nothing at all has the name there.

    Its effective category is written onto it when it changes folders, so that it cannot change
    by where it lies (DESIGN §2.3).
    """
    node, parent = take.target.node, put.target.parent
    assert node is not None and parent is not None  # noqa: S101, PT018 — permits for MOVE have both
    stays = node.parent == parent.id
    after = raised(
        vault,
        node,
        parent=parent.id,
        name=put.target.name,
        twin=0 if untaken else free_twin(tx, vault, parent, put.target.name),
        category=node.category if stays else take.target.category,
    )
    left = {"left_at": to_us(now), "left_by": take.who.id}
    done = update_node(tx, vault, node, after, left, leaves=True)
    tags = tags_below(tx, vault, node, take.target.category)
    # Its category travels with it: only its name can change how it is noticed.
    tags.add(changes.tag_of(vault, after, take.target.category))
    _announce_both(tx, take, put, tags, now)
    return done


def take_over(
    tx: Connection,
    vault: OpenVault,
    take: Permit,
    put: Permit,
    entropy: Entropy,
    now: datetime,
) -> Changed:
    """The source's content becomes the destination file's new version; the source is no more."""
    source, destination = take.target.node, put.target.node
    assert source is not None and destination is not None  # noqa: S101, PT018 — as above
    done = _absorb(tx, vault, source, destination, destination, entropy, now)
    tags = tags_below(tx, vault, source, take.target.category)
    tags.add(changes.tag_of(vault, destination, put.target.category))
    _announce_both(tx, take, put, tags, now)
    return done


def reunite(
    tx: Connection,
    vault: OpenVault,
    permit: Permit,
    successor: Node,
    former_folders: Sequence[Node],
    entropy: Entropy,
    now: datetime,
) -> Changed:
    """The last step of a save: the permit's node, renamed away a moment ago and about to be
    deleted, takes its name back from `successor` with `successor`'s content as a new version.
    """
    ghost = permit.target.node
    assert ghost is not None  # noqa: S101 — a permit to delete names what it deletes
    done = _absorb(tx, vault, successor, ghost, successor, entropy, now)
    category = permit.target.category
    announce(tx, vault, [*permit.target.above, *former_folders], [(ghost, category)], now)
    announce(tx, vault, former_folders, [(done.node, category)], now)
    return done


def _absorb(
    tx: Connection,
    vault: OpenVault,
    source: Node,
    destination: Node,
    place: Node,
    entropy: Entropy,
    now: datetime,
) -> Changed:
    """`place`: whose folder and name the destination bears then."""
    kept = keep_version(tx, vault, destination, now)
    adopted, rehomed = _adopt_versions(tx, vault, source, destination)
    of_source = lock_table.c.vault_id == vault.id, lock_table.c.node_id == source.id
    tx.execute(delete(lock_table).where(*of_source))
    tx.execute(delete(node_table).where(node_table.c.id == source.id))
    gone = node_removed(source.id, source.row_version)
    done = update_node(
        tx,
        vault,
        destination,
        raised(
            vault,
            destination,
            skipped=adopted,
            parent=place.parent,
            name=place.name,
            twin=place.twin,
            content=source.content,
            etag=entropy(16),
            author=source.author,
            modified=source.modified,
            made_at=now,
            properties=source.properties,
        ),
        {"left_parent": None, "left_idx": None, "left_at": None, "left_by": None},
    )
    return done.besides((*kept, *rehomed, gone))


def _adopt_versions(
    tx: Connection, vault: OpenVault, source: Node, destination: Node
) -> tuple[int, list[Stamp]]:
    """Earlier versions of what is taken over stay readable, as versions of what took over. They
    get the next free numbers; when each was replaced stays with it. Returns how many there are,
    and the rows that went and came.
    """
    of_source = node_version.c.node_id == source.id
    rows = tx.execute(select(node_version).where(of_source).order_by(node_version.c.version))
    before = [version_from(vault, row) for row in rows.mappings()]
    after = [
        sealed_version(vault, replace(old, node=destination.id, number=number))
        for number, old in enumerate(before, start=destination.row_version + 1)
    ]
    if after:
        tx.execute(delete(node_version).where(of_source))
        tx.execute(insert(node_version), after)
    went = [version_removed(source.id, old.number) for old in before]
    return len(after), [*went, *map(version_written, after)]


def _announce_both(
    tx: Connection, take: Permit, put: Permit, tags: set[bytes], now: datetime
) -> None:
    changes.bump(tx, (*take.target.above, *put.target.above), tags, now)


def tags_below(tx: Connection, vault: OpenVault, node: Node, category: Category) -> set[bytes]:
    """The tags under which a node, and for a folder all that ever changed in it, is noticed."""
    tags = {changes.tag_of(vault, node, category)}
    if node.is_folder:
        tags.update(row["tag"] for row in _KNOWN_TAGS.all(tx, {"folder": node.id}))
    return tags


_KNOWN_TAGS = Prepared(
    select(folder_change.c.tag).where(folder_change.c.folder_id == bindparam("folder"))
)
