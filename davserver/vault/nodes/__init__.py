"""Nodes: rows that are opened, and found. Read `rows`, then `walk`.

In reading order:
    rows             rows ↔ opened nodes: the only module that opens or seals a record
    version_rows     the same for earlier versions
    node_cache       opened nodes, by the exact bytes of their rows
    listing_cache    whole folders, while nothing is committed
    index            children, ancestors, subtrees; twins and what a name means
    child_rows       what lies in one folder, read lean
    walk             down a path
    walk_statements  those of SQL
"""
