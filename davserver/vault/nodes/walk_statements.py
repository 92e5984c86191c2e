"""The statements of a walk down a path: rows of nodes with the depth at which they lie.

SQLite makes a table of its own in memory for each IN list and each recursion, which costs more than
what is looked up: two names took 92 µs, where plain joins take half. Most names have one index.

PostgreSQL joins as it likes: while it knows nothing of a young table it went through all live nodes
of all vaults for each path. So there each name is looked for in an array of what was found before,
which leaves it no choice: 40 µs for two names, where the recursion took 530 among 1 500 nodes. And
each index by itself: to look for one of two (`IN`) it went through all things of their folder.

Where a name is nothing's, `:start` is read once more: as much work as for a hidden thing. For whom
nothing is hidden there that is left out. Whoever sees the whole vault, and may know of each lock,
is told too whether there is any in it, so that it need not be asked for as a rule.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Final

from sqlalchemy import text

from davserver.db.prepared import Prepared
from davserver.vault.nodes.index import COLUMNS, DEEPEST
from davserver.vault.nodes.rows import INSTEAD, NODE_COLUMNS


class Hidden(Enum):
    """What may be hidden, on a way that is asked for, from whoever asks."""

    PERHAPS = "perhaps"
    """Anything: what is absent costs as much as what is there."""
    NOTHING_HERE = "nothing here"
    """Nothing that the names of the way could mean; what is elsewhere in the vault may be."""
    NOTHING = "nothing"
    """Nothing in the whole vault."""

    __hash__ = object.__hash__  # instead of one in Python: each is there once


PERHAPS: Final = Hidden.PERHAPS
NOTHING_HERE: Final = Hidden.NOTHING_HERE
NOTHING: Final = Hidden.NOTHING

MOST_STEPS = 6
"""As many names as are joined one to the next: each joins all before it once more."""
Steps = tuple[int, ...]
"""For each name the number of the one that it is looked for in: 0 for the start, 1 for the first.
(0, 1, 2) is one path; (0, 1, 1) leads to two names in the same folder.
"""
STORED_COLUMNS = ("store", "state", "inline_ct")
"""Of the row of a content."""
_SELECTED = f"{COLUMNS}, n.left_parent, n.left_idx, n.left_at, n.left_by"
LOCKED = 2 * INSTEAD
"""The depth of a row that says that something in the vault is locked, or was until lately."""
_COLUMNS = len(NODE_COLUMNS) + 4
"""Of a row, after its depth."""
_STORED = len(STORED_COLUMNS)
_JOINED_CONTENT = "LEFT JOIN blob b ON b.vault_id = n.vault_id AND b.id = n.blob_id"
_UP = f"""
    WITH RECURSIVE up(id, parent_id, depth) AS (
        SELECT id, parent_id, 0 FROM node WHERE id = :start
        UNION ALL
        SELECT n.id, n.parent_id, u.depth - 1 FROM up u JOIN node n ON n.id = u.parent_id
        WHERE u.depth > -{DEEPEST})
"""


def _told(hidden: Hidden, columns: int = _COLUMNS) -> Sequence[str]:
    """Of locks only whoever may know of each."""
    if hidden is not NOTHING:
        return ()
    any_lock = "EXISTS (SELECT 1 FROM lock WHERE vault_id = :vault)"
    return (f"SELECT {LOCKED}{', NULL' * columns} WHERE {any_lock}",)


def way_to(step: int, after: Steps) -> Sequence[int]:
    """The numbers of the names down to this one, it last."""
    way = [step]
    while before := after[way[0] - 1]:
        way.insert(0, before)
    return way


@lru_cache(maxsize=128)
def steps(after: Steps, *, from_root: bool, hidden: Hidden = PERHAPS) -> Prepared:
    """For SQLite: down so many names of one index each. Nothing is above a root."""
    start = f"SELECT 0 AS depth, {_SELECTED} FROM node n WHERE n.id = :start"
    if not from_root:
        start = f"{_UP} SELECT p.depth AS depth, {_SELECTED} FROM up p JOIN node n ON n.id = p.id"
    ways = [way_to(step, after) for step in range(1, len(after) + 1)]
    below = [one for way in ways for one in _step(way, hidden=hidden)]
    return Prepared(text(_union([start, *below, *_told(hidden)])))


def _step(way: Sequence[int], *, hidden: Hidden) -> tuple[str, ...]:
    """What is there, and the start instead."""
    there = f"SELECT {way[-1]}, {_SELECTED} FROM {_chain(way, 'n')}"
    if hidden is not PERHAPS:
        return (there,)
    absent = f"NOT EXISTS (SELECT 1 FROM {_chain(way, 'last')})"
    return (
        there,
        f"SELECT {INSTEAD + way[-1]}, {_SELECTED} FROM node n WHERE n.id = :start AND {absent}",
    )


def _chain(way: Sequence[int], last: str) -> str:
    """The names one below the other, in the order in which they are to be looked up."""
    those = [*(f"s{step}" for step in way[:-1]), last]
    parents = [":start", *(f"{one}.id" for one in those[:-1])]
    conditions = [
        f"{one}.parent_id = {parent} AND {one}.name_idx = :a{step - 1} AND {one}.state = 'live'"
        for step, one, parent in zip(way, those, parents, strict=True)
    ]
    joined = " CROSS JOIN ".join(f"node {one}" for one in those)
    return f"{joined} WHERE {' AND '.join(conditions)}"


@lru_cache(maxsize=128)
def one_by_one(
    after: Steps, indexes: tuple[int, ...], *, from_root: bool, hidden: Hidden = PERHAPS
) -> Prepared:
    """For PostgreSQL: down so many names, of one index each or two. Nothing is above a root."""
    there = f"SELECT 0 AS depth, {_SELECTED} FROM node n WHERE n.id = :start"
    tables, selects = [], [there]
    if not from_root:
        tables.append(f"""
            up AS (
                {there} UNION ALL
                SELECT u.depth - 1, {_SELECTED} FROM up u JOIN node n ON n.id = u.parent_id
                WHERE u.depth > -{DEEPEST})
        """)
        selects = ["SELECT * FROM up"]
    for number, before in enumerate(after):
        step = number + 1
        parent = f"= ANY (ARRAY(SELECT id FROM s{before}))" if before else "= :start"
        those = _union(
            f"SELECT {step} AS depth, {_SELECTED} FROM node n WHERE {called}"
            for called in _called(parent, indexes[number], str(number))
        )
        tables.append(f"s{step} AS MATERIALIZED ({those})")
        selects.append(f"SELECT * FROM s{step}")
        if hidden is PERHAPS:
            absent = f"NOT EXISTS (SELECT 1 FROM s{step})"
            instead = f"SELECT {INSTEAD + step}, {_SELECTED} FROM node n"
            selects.append(f"{instead} WHERE n.id = :start AND {absent}")
    selects += _told(hidden)
    begin = f"WITH RECURSIVE {', '.join(tables)} " if tables else ""
    return Prepared(text(begin + _union(selects)))


@lru_cache(maxsize=64)
def one_step(folders: int, indexes: int, *, hidden: Hidden = PERHAPS) -> Prepared:
    """From one of some folders by one name."""
    ways = _called(_among("folder", folders), indexes)
    there = [f"SELECT 1 AS depth, {_SELECTED} FROM node n WHERE {called}" for called in ways]
    if hidden is not PERHAPS:
        return Prepared(text(_union([*there, *_told(hidden)])))
    absent = [f"NOT EXISTS (SELECT 1 FROM node n WHERE {called})" for called in ways]
    instead = (
        f"SELECT {INSTEAD + 1}, {_SELECTED} FROM node n "
        f"WHERE {' AND '.join(['n.id = :folder0', *absent])}"
    )
    return Prepared(text(_union([*there, instead])))


@lru_cache(maxsize=16)
def step_to_content(folders: int, indexes: int, *, hidden: Hidden) -> Prepared:
    """As `one_step`, where nothing is hidden, and after each row that of its content."""
    columns = ", ".join(f"b.{name}" for name in STORED_COLUMNS)
    there = (
        f"SELECT 1 AS depth, {_SELECTED}, {columns} FROM node n {_JOINED_CONTENT} WHERE {called}"
        for called in _called(_among("folder", folders), indexes)
    )
    return Prepared(text(_union([*there, *_told(hidden, _COLUMNS + _STORED)])))


@lru_cache(maxsize=16)
def two_ends(indexes: tuple[int, int], *, hidden: Hidden, with_content: bool = False) -> Prepared:
    """From a folder by a name, and from another (or the same) by another, where nothing is hidden
    from whoever asks. `with_content`: after each row that of its content, of the first end.
    """
    more = [", ".join(f"b.{name}" for name in STORED_COLUMNS), ", ".join(["NULL"] * _STORED)]
    joined = [f" {_JOINED_CONTENT}", ""] if with_content else ["", ""]
    ends = (
        f"SELECT {end + 1} AS depth, {_SELECTED}{f', {more[end]}' if with_content else ''} "
        f"FROM node n{joined[end]} WHERE {called}"
        for end, count in enumerate(indexes)
        for called in _called(f"= :folder{end}", count, str(end))
    )
    told = _told(hidden, _COLUMNS + _STORED if with_content else _COLUMNS)
    return Prepared(text(_union([*ends, *told])))


def _called(parent: str, indexes: int, number: str = "") -> Sequence[str]:
    """What is true of a thing there of that name: one condition for each index."""
    return [
        f"n.parent_id {parent} AND n.name_idx = :{letter}{number} AND n.state = 'live'"
        for letter in "ab"[:indexes]
    ]


def _among(word: str, count: int) -> str:
    if count == 1:
        return f"= :{word}0"
    return f"IN ({', '.join(f':{word}{number}' for number in range(count))})"


def _union(selects: Iterable[str]) -> str:
    return " UNION ALL ".join(selects)


@lru_cache(maxsize=64)
def any_way(after: Steps, dialect: str, *, hidden: Hidden = PERHAPS) -> Prepared:
    """Down any number of names of two indexes each."""
    postgresql = dialect == "postgresql"
    binary = "BYTEA" if postgresql else "BLOB"
    called = "n.parent_id = d.id AND n.name_idx = w.idx AND n.state = 'live'"
    # What ends with OFFSET PostgreSQL does by itself, for each of what it is joined to.
    below_it = (
        f"CROSS JOIN LATERAL (SELECT n.id FROM node n WHERE {called} OFFSET 0) n"
        if postgresql
        else f"JOIN node n ON {called}"
    )
    asked = ", ".join(
        f"({before}, {depth + 1}, CAST(:{which}{depth} AS {binary}))"
        for depth, before in enumerate(after)
        for which in "ab"
    )
    down = f"""
        , wanted(before, depth, idx) AS (VALUES {asked})
        , down(id, depth) AS (
            SELECT CAST(:start AS {binary}), 0
            UNION
            SELECT n.id, w.depth FROM down d
            JOIN wanted w ON w.before = d.depth
            {below_it})
    """
    below = f"""
        UNION ALL SELECT id, depth FROM down WHERE depth > 0
        UNION ALL SELECT CAST(:start AS {binary}), {INSTEAD} + d.depth
        FROM (SELECT DISTINCT depth FROM wanted) d WHERE d.depth NOT IN (SELECT depth FROM down)
    """
    statement = text(
        f"""
        {_UP} {down if after else ""}
        SELECT p.depth AS depth, {_SELECTED}
        FROM (SELECT id, depth FROM up {below if after else ""}) p JOIN node n ON n.id = p.id
        {"".join(f" UNION ALL {one}" for one in _told(hidden))}
        """
    )
    return Prepared(statement)
