"""PostgreSQL plans a statement once for each connection, perhaps while nothing is in a table yet,
nor known of it. The plans of that moment look for a name by folder and name, too.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from davserver.db.database import Database
from davserver.db.prepared import Prepared
from davserver.vault.nodes.walk_statements import (
    MOST_STEPS,
    NOTHING,
    PERHAPS,
    any_way,
    one_by_one,
    one_step,
    step_to_content,
    two_ends,
)
from tests.support.accounts import empty_instance
from tests.support.in_process import counted
from tests.support.plans import planned, steps_of

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
NAME = re.compile(r"\bname_idx\b")
DEEP = tuple(range(MOST_STEPS + 1))

WAYS: dict[str, Prepared] = {
    "one name": one_by_one((0,), (1,), from_root=True),
    "a name of two": one_by_one((0, 1), (2, 2), from_root=False, hidden=PERHAPS),
    "one and another": one_by_one((0, 1, 1), (1, 2, 1), from_root=True, hidden=NOTHING),
    "further": one_step(1, 1),
    "further, a name of two": one_step(1, 2, hidden=NOTHING),
    "further in one of several": one_step(3, 2),
    "to a content": step_to_content(1, 2, hidden=NOTHING),
    "to a content in one of several": step_to_content(2, 1, hidden=NOTHING),
    "two ends": two_ends((1, 2), hidden=NOTHING, with_content=True),
    "deep": any_way(DEEP, "postgresql"),
}


class Nothing(dict[str, bytes]):
    """A value for whatever is asked."""

    def __missing__(self, name: str) -> bytes:
        return b""


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = empty_instance(database_url)
    yield made
    made.close()


def test_a_name_is_looked_for_by_folder_and_name(db: Database) -> None:
    for way, statement in WAYS.items():
        looked_for = [
            (found_by, among_those)
            for found_by, among_those in map(conditions, steps_of(plan_of(db, statement)))
            if NAME.search(found_by + among_those)
        ]
        assert looked_for, way
        for found_by, among_those in looked_for:
            assert "parent_id" in found_by, way
            assert NAME.search(found_by), way
            assert not NAME.search(among_those), way


def test_a_name_that_is_looked_for_among_all_of_the_folder_would_be_seen(db: Database) -> None:
    one_of_two = Prepared(
        text("SELECT id FROM node WHERE parent_id = :a AND name_idx IN (:b, :c) AND state = 'live'")
    )
    among_those = "".join(conditions(step)[1] for step in steps_of(plan_of(db, one_of_two)))
    assert NAME.search(among_those)


def conditions(step: Any) -> tuple[str, str]:
    """By which it finds rows in an index, and which it looks at of each row."""
    return step.get("Index Cond", ""), step.get("Filter", "") + step.get("Join Filter", "")


def plan_of(db: Database, statement: Prepared) -> Any:
    """Before anything is known of the tables."""
    with db.engines()[1].connect() as tx, counted(db) as cost:
        for table in ("node", "blob"):
            made = f"CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL)"
            tx.exec_driver_sql(made)
        cost.statements.clear()
        statement.tuples(tx, Nothing())
        (asked,) = cost.statements
        return planned(tx.connection.cursor(), asked)
