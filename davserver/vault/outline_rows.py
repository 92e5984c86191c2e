"""What is read of nodes for outlines of many vaults (`davserver.vault.outline`)."""

from itertools import product

from sqlalchemy import text

from davserver.db.id_list import id_list
from davserver.db.prepared import Prepared
from davserver.sealing.space import SEALED_COLUMNS

_DEEPEST = 1000
"""As in `davserver.vault.nodes.index`: whoever writes the database can make folders hold each
other.
"""
FEW = ("id", "parent_id", "kind", "vault_id")
MANY = (*SEALED_COLUMNS, "epoch", "vault_id")
"""Both begin with the same three and end with the vault."""
BY_ID, BY_PARENT, BY_VAULT = "id", "parent_id", "vault_id"


def _nodes(dialect: str, which: str, columns: tuple[str, ...]) -> Prepared:
    """Live nodes by one of their columns."""
    ids = f"WITH wanted(one) AS MATERIALIZED ({id_list(dialect, 'ids')})"
    listed = ", ".join(f"n.{name}" for name in columns)
    joined = f"SELECT {listed} FROM wanted w JOIN node n ON n.{which} = w.one"
    return Prepared(text(f"{ids} {joined} WHERE n.state = 'live'"))


NODES = {
    (dialect, which, opened): _nodes(dialect, which, columns)
    for dialect, which, (opened, columns) in product(
        ("sqlite", "postgresql"),
        (BY_ID, BY_PARENT, BY_VAULT),
        ((False, FEW), (True, MANY)),
    )
}


def _counted(dialect: str) -> Prepared:
    return Prepared(
        text(
            f"""
    WITH RECURSIVE granted(id) AS MATERIALIZED ({id_list(dialect, "ids")}),
    up(start, kind, id, parent_id, state, depth) AS (
        SELECT n.id, n.kind, n.id, n.parent_id, n.state, 0
        FROM granted g JOIN node n ON n.id = g.id
        UNION ALL
        SELECT u.start, u.kind, n.id, n.parent_id, n.state, u.depth + 1
        FROM up u JOIN node n ON n.id = u.parent_id WHERE u.depth < {_DEEPEST}),
    reached(start, kind, inside) AS (
        SELECT start, kind,
            SUM(CASE WHEN id <> start AND id IN (SELECT id FROM granted) THEN 1 ELSE 0 END)
        FROM up GROUP BY start, kind
        HAVING MIN(CASE WHEN state = 'live' THEN 1 ELSE 0 END) = 1
        AND MAX(CASE WHEN parent_id IS NULL THEN 1 ELSE 0 END) = 1),
    down(start, inside, id, kind) AS (
        SELECT start, inside, start, kind FROM reached
        UNION ALL
        SELECT d.start, d.inside, n.id, n.kind FROM down d
        JOIN node n ON n.parent_id = d.id AND n.state = 'live' WHERE d.kind = 'folder')
    SELECT start, inside, SUM(CASE WHEN kind = 'file' THEN 1 ELSE 0 END) AS files,
        SUM(CASE WHEN kind = 'folder' THEN 1 ELSE 0 END) AS folders
    FROM down GROUP BY start, inside
    """
        )
    )


COUNTED = {dialect: _counted(dialect) for dialect in ("sqlite", "postgresql")}
