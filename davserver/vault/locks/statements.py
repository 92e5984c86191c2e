"""What is locked among some nodes or below a folder, in SQL.

There may be thousands of nodes in the folder, and of locks in the rest of the vault too. A few
locks are followed up, each as far as the folder; where there are more, the folder is gone through.
What is elsewhere costs nothing, and it is one statement whatever is locked, so that hidden locks
cost nothing (DESIGN §2.2).
"""

FEW = 8
_CHILDREN_EACH = "LATERAL (SELECT * FROM node WHERE parent_id = d.id OFFSET 0) n"


def locked_around(here: str, dialect: str, which: str = "") -> str:
    """The ids of the nodes. `here`: what gives those that are asked for beside what is in the
    folder. `which`: what more a lock has to be. Beside what these name, `:vault`, `:folder` and
    `:levels` (below it, at most `index.DEEPEST`) are to be bound.
    """
    locked = f"FROM lock WHERE vault_id = :vault{which}"
    each = "CROSS JOIN lock l WHERE l.vault_id = :vault AND l.node_id"
    # PostgreSQL, while it knows nothing of a young table, would join all nodes with those folders.
    below = "node n" if dialect == "sqlite" else _CHILDREN_EACH
    return f"""
        WITH RECURSIVE many(one) AS (SELECT 1 {locked} LIMIT 1 OFFSET {FEW})
        , down(id, depth) AS (
            SELECT n.id, 1 FROM many CROSS JOIN node n
            WHERE n.parent_id = :folder AND n.state = 'live'
            UNION ALL
            SELECT n.id, d.depth + 1 FROM down d CROSS JOIN {below}
            WHERE n.parent_id = d.id AND n.state = 'live' AND d.depth < :levels)
        SELECT few.node_id FROM (SELECT node_id {locked} LIMIT {FEW}) AS few
        WHERE few.node_id IN ({here}) OR EXISTS (
            WITH RECURSIVE up(at, depth) AS (
                SELECT n.parent_id, 1 FROM node n WHERE n.id = few.node_id
                UNION ALL
                SELECT n.parent_id, u.depth + 1 FROM up u CROSS JOIN node n
                WHERE n.id = u.at AND u.at <> :folder AND u.depth < :levels)
            SELECT 1 FROM up WHERE at = :folder)
        UNION ALL SELECT l.node_id FROM many {each} IN ({here})
        UNION ALL SELECT l.node_id FROM down d {each} = d.id
    """
