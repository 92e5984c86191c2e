"""Which locks are at some nodes or below a folder, in SQL.

There may be thousands of nodes in the folder, and of locks in the rest of the vault too. A few
locks are followed up, each as far as the folder; where there are more, the folder is gone through.
What is elsewhere costs nothing, and it is one statement whatever is locked, so that hidden locks
cost nothing (DESIGN §2.2).
"""

FEW = 8
_CHILDREN_EACH = "LATERAL (SELECT * FROM node WHERE parent_id = d.id OFFSET 0) n"


def ids_around(here: str, of_vault: str, dialect: str) -> str:
    """Their ids. `here`: what gives the ids of the nodes. `of_vault`: which locks count. Beside
    what these name, `:folder` and `:levels` (below it, at most `index.DEEPEST`) are to be bound.
    """
    # PostgreSQL, while it knows nothing of a young table, would join all nodes with those folders.
    below = "node n" if dialect == "sqlite" else _CHILDREN_EACH
    return f"""
        WITH RECURSIVE many(one) AS (SELECT 1 FROM lock WHERE {of_vault} LIMIT 1 OFFSET {FEW})
        , down(id, depth) AS (
            SELECT n.id, 1 FROM many CROSS JOIN node n
            WHERE n.parent_id = :folder AND n.state = 'live'
            UNION ALL
            SELECT n.id, d.depth + 1 FROM down d CROSS JOIN {below}
            WHERE n.parent_id = d.id AND n.state = 'live' AND d.depth < :levels)
        SELECT few.id FROM (SELECT id, node_id FROM lock WHERE {of_vault} LIMIT {FEW}) AS few
        WHERE few.node_id IN ({here}) OR EXISTS (
            WITH RECURSIVE up(at, depth) AS (
                SELECT n.parent_id, 1 FROM node n WHERE n.id = few.node_id
                UNION ALL
                SELECT n.parent_id, u.depth + 1 FROM up u CROSS JOIN node n
                WHERE n.id = u.at AND u.at <> :folder AND u.depth < :levels)
            SELECT 1 FROM up WHERE at = :folder)
        UNION ALL SELECT l.id FROM many CROSS JOIN lock l WHERE l.node_id IN ({here})
        UNION ALL SELECT l.id FROM down d CROSS JOIN lock l WHERE l.node_id = d.id
    """
