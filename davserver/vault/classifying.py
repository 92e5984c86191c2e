"""The category of a document: what it is about travels with it, and decides who sees it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from davserver.domain.actions import Category
from davserver.domain.decisions import Permit
from davserver.domain.nodes import Node
from davserver.vault import changes
from davserver.vault.nodes import index
from davserver.vault.nodes.rows import OpenVault, category_of
from davserver.vault.writing import Changed, raised, update_node


def classify(
    tx: Connection, vault: OpenVault, permit: Permit, category: Category | None, now: datetime
) -> Changed:
    """Writes the category onto the permit's node; None: from now on its folder's counts.

    The counters move on every folder above and, below a folder, on every one whose category
    changes with it: whoever gains sight of them reads them anew, whatever they saw before.
    """
    target = permit.target
    node = target.node
    assert node is not None  # noqa: S101 — a permit to change something names it
    after = category or category_of(target.above)
    done = update_node(tx, vault, node, raised(vault, node, category=category))
    if after is not target.category:
        below = inheriting(index.subtree(tx, vault, node.id)) if node.is_folder else []
        folders = [*target.above, *(one for one in below if one.is_folder)]
        tags = {vault.index.category_tag(one) for one in (target.category, after)}
        changes.bump(tx, folders, tags | {changes.tag_of(vault, node, after)}, now)
    return done


def inheriting(nodes: Sequence[Node]) -> list[Node]:
    """Of a subtree, parents first: its top, and all below that have their category from it."""
    found = {nodes[0].id: nodes[0]} if nodes else {}
    for node in nodes[1:]:
        if node.category is None and node.parent in found:
            found[node.id] = node
    return list(found.values())
