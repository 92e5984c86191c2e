"""What a request costs does not grow with what it is not about: the trail, other vaults, others'
grants. Nothing here is a time: statements are counted, SQLite's own steps too, and plans read.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from davserver.db import tables
from davserver.db.database import Database
from tests.support.accounts import something_changes
from tests.support.growing import (
    more_clients,
    more_documents,
    more_locked,
    more_removed,
    more_trail,
    more_vaults,
)
from tests.support.in_process import Cost, Front, counted, front_of
from tests.support.instance import Instance
from tests.support.plans import planned

pytestmark = pytest.mark.slow

SMALL = b"ten bytes " * 1000
LIST = (
    b'<?xml version="1.0"?><propfind xmlns="DAV:" xmlns:oc="http://owncloud.org/ns"><prop>'
    b"<resourcetype/><getcontentlength/><getlastmodified/><getetag/><creationdate/>"
    b"<lockdiscovery/><quota-used-bytes/><oc:id/><oc:size/><oc:permissions/></prop></propfind>"
)
PATCH = (
    b'<?xml version="1.0"?><propertyupdate xmlns="DAV:"><set><prop>'
    b'<x:y xmlns:x="urn:x">z</x:y></prop></set></propertyupdate>'
)
LOCK = (
    b'<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype>'
    b"<write/></locktype></lockinfo>"
)
ROOT = "/dav/"
SHARED = {"amina": "/dav/Dossier", "karim": "/dav/Amina%20Benali/Dossier"}
LEEWAY = 100
"""Steps of SQLite's machine: what the requests before have left in the trash of the folder. Whoever
walked through what is more here would take a thousand.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def front(instance: Instance) -> Iterator[Front]:
    """Amina shares a folder with karim; both have made and read something in it."""
    with front_of(instance) as made:
        assert made.ask("amina", "MKCOL", SHARED["amina"])[0] == 201
        for number in range(5):
            path = f"{SHARED['amina']}/{number}.txt"
            assert made.ask("amina", "PUT", path, SMALL)[0] == 201
        instance.grant("amina", "karim", "/Dossier", "write")
        yield made


def asked_by(login: str, mark: str) -> list[Asked]:
    """Each kind of request. `mark`: names that are not there yet. What is made is removed."""
    folder = SHARED[login]
    own, there = f"{folder}/{mark}", f"{folder}/3.txt"
    to = {"destination": f"http://localhost{own}-copy", "overwrite": "F"}
    moved = {"destination": f"http://localhost{own}-moved", "overwrite": "F"}
    return [
        Asked("OPTIONS", folder, 200),
        Asked("GET", there, 200),
        Asked("HEAD", there, 200),
        Asked("GET", f"{folder}/nothing", 404),
        Asked("PROPFIND", folder, 207, LIST, {"depth": "1"}),
        Asked("PROPFIND", there, 207, LIST, {"depth": "0"}),
        Asked("PROPFIND", ROOT, 207, LIST, {"depth": "1"}),
        Asked("PUT", own, 201, SMALL),
        Asked("PUT", own, 204, SMALL),
        Asked("PROPPATCH", own, 207, PATCH),
        Asked("MKCOL", f"{own}-folder", 201),
        Asked("COPY", own, 201, b"", to),
        Asked("MOVE", own, 201, b"", moved),
        Asked("LOCK", f"{own}-moved", 200, LOCK, {"depth": "0"}),
        Asked("UNLOCK", f"{own}-moved", 204),
        Asked("DELETE", f"{own}-moved", 204),
        Asked("DELETE", f"{own}-copy", 204),
        Asked("PUT", f"{own}-folder/in-it", 201, SMALL),
        Asked("MOVE", f"{own}-folder", 201, b"", moved),
        Asked("DELETE", f"{own}-moved", 204),
    ]


def costs(front: Front, mark: str) -> dict[tuple[str, int, str], Cost]:
    """Of each request of each person, of which nothing is remembered."""
    found: dict[tuple[str, int, str], Cost] = {}
    for login in SHARED:
        token = ""
        for number, one in enumerate(asked_by(login, mark)):
            headers = {**one.headers, "lock_token": token} if token else one.headers
            something_changes(front.services.db)
            with counted(front.services.db) as cost:
                answer = front.ask(login, one.method, one.path, one.body, **headers)
            assert answer[0] == one.status, (one, answer)
            token = answer[1].get("Lock-Token", "")
            found[login, number, f"{one.method} {one.path}".replace(mark, "…")] = cost
    return found


@dataclass(frozen=True, slots=True)
class Growth:
    """Something that there may be few of, or many more."""

    what: str
    of: Callable[[Instance, int], None]
    few: int
    many: int

    def __str__(self) -> str:
        return self.what


MORE = [
    Growth("entries-of-the-trail", more_trail, 10, 2_000),
    Growth("vaults", more_vaults, 1, 150),
    Growth("beneficiaries", more_clients, 1, 20),
    Growth("documents-elsewhere", more_documents, 10, 1_000),
    Growth("locked-elsewhere", more_locked, 10, 1_000),
    Growth("removed-from-the-folder", more_removed, 10, 1_000),
]


@pytest.mark.parametrize("more", MORE, ids=str)
def test_a_request_takes_the_same_statements_and_steps_whatever_else_there_is(
    front: Front, more: Growth
) -> None:
    found = []
    for mark, count in (("few", more.few), ("many", more.many)):
        more.of(front.instance, count)
        costs(front, f"{mark}-first")
        found.append(costs(front, mark))
    for asked, few in found[0].items():
        login, _, request = asked
        many = found[1][asked]
        assert many.statements == few.statements, (login, request)
        # On a professional's root each beneficiary is a line.
        if (login, request) != ("karim", f"PROPFIND {ROOT}"):
            assert many.steps <= few.steps + LEEWAY, (login, request)


TABLES = "|".join(sorted(tables.metadata.tables))
SCANNED = re.compile(r"^SCAN (\w+)", re.MULTILINE)
ALIAS = re.compile(rf'\b({TABLES})\b"? (?:AS )?"?(\w+)')
VERBS = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}


def test_no_statement_of_a_request_walks_through_a_table(front: Front) -> None:
    walks = Walks(front.services.db)
    looked_at, walked = set(), set()
    for cost in costs(front, "once").values():
        for statement, values in cost.values.items():
            if statement.split()[0] in VERBS:
                looked_at.add(statement)
                walked |= walks.through(statement, values)
    assert walked == {"epoch"}  # it has one row
    assert len(looked_at) > 30


def test_a_walk_through_a_table_would_be_seen(front: Front) -> None:
    walks = Walks(front.services.db)
    by_nothing = "SELECT at FROM trail AS t WHERE payload_hash IS NOT NULL"
    assert walks.through(by_nothing, ()) == {"trail"}
    by_something = (
        "SELECT n.id FROM node n WHERE n.parent_id = n.id AND EXISTS (SELECT 1 FROM vault)"
    )
    assert walks.through(by_something, ()) == {"node", "vault"}


def test_a_walk_through_an_index_would_be_seen(front: Front) -> None:
    by_half = "SELECT id FROM node WHERE name_idx = id AND state = 'live'"
    assert Walks(front.services.db).through(by_half, ()) == {"node"}


@dataclass(frozen=True, slots=True)
class Walks:
    """The tables that a database would go through from one end to the other for a statement; common
    table expressions and lists of values are none.
    """

    db: Database

    def through(self, statement: str, values: Any) -> set[str]:
        with self.db.read() as tx:
            cursor = tx.connection.cursor()
            if not self.db.sqlite:
                whole = re.search(AS_KNOWN, statement)
                return set() if whole else _without_condition(planned(cursor, statement))
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            told = "\n".join(row[3] for row in cursor.fetchall())
        named = {alias: table for table, alias in ALIAS.findall(statement)}
        found = {named.get(name, name) for name in SCANNED.findall(told)}
        return found & set(tables.metadata.tables)


AS_KNOWN = r'FROM down d JOIN node n|FROM "grant" LEFT OUTER JOIN affiliation'
"""Questions about a whole tree, and about the grants to somebody: by which index to look for those
PostgreSQL knows only when it has looked at the tables (ANALYZE).
"""


def _without_condition(plan: Any) -> set[str]:
    """The tables of which rows are looked for without the first column of an index."""
    found = set()
    below = plan.get("Plans", [])
    table = plan.get("Relation Name")
    if table is not None and plan["Node Type"] != "ModifyTable":
        by = [one for one in below if "Index Name" in one] if "Bitmap" in plan["Node Type"] else []
        if not all(map(_by_first_column, by or [plan])):
            found.add(str(table))
    return found.union(*map(_without_condition, below))


def _by_first_column(scan: Any) -> bool:
    name, condition = scan.get("Index Name"), scan.get("Index Cond", "")
    first = FIRST_COLUMNS.get(str(name))
    return first is not None and re.search(rf"\b{first}\b", condition) is not None


def _first_columns() -> Iterator[tuple[str, str]]:
    for table in tables.metadata.tables.values():
        for index in table.indexes:
            yield str(index.name), next(iter(index.columns)).name
        for one in table.constraints:
            if isinstance(one, PrimaryKeyConstraint | UniqueConstraint):
                yield str(one.name), next(iter(one.columns)).name


FIRST_COLUMNS = dict(_first_columns())
