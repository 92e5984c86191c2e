"""A connection remembers answers for as long as nobody changes the database, and no longer."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select, update

from authn.credentials import Password, password_bytes
from davserver.db import tables
from davserver.db.database import Database
from davserver.db.dependencies import ANYTHING
from davserver.db.engine import open_engine
from davserver.db.query_cache import TIME_TO_LIVE, cached, lookup, store
from davserver.db.reader import SqliteReader
from davserver.db.reader_pool import ReaderPool
from davserver.domain.errors import NotFound
from davserver.domain.paths import DrivePath
from tests.support.accounts import HOME, NOON, Accounts, empty_instance, statements_of
from tests.support.drive import Drive, World
from tests.support.hidden import hide

WORDS = "quatre mots sans lien"


class Asked:
    """The revocation counter, and how often it was really read."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, tx: Connection) -> int:
        def ask() -> int:
            self.times += 1
            return int(tx.execute(select(tables.epoch.c.revocation)).scalar_one())

        return cached(tx, ANYTHING, "revocation", ask)


def read(db: Database, asked: Asked) -> int:
    with db.read() as tx:
        return asked(tx)


def counts_up(tx: Connection) -> None:
    tx.execute(update(tables.epoch).values(revocation=tables.epoch.c.revocation + 1))


def test_an_answer_is_given_again_while_nothing_changes(accounts: Accounts) -> None:
    asked = Asked()
    assert {read(accounts.db, asked) for _ in range(3)} == {0}
    assert asked.times == 1


@pytest.mark.parametrize("durable", [True, False])
def test_whatever_anybody_commits_ends_it(
    accounts: Accounts,
    database_url: str,
    durable: bool,  # noqa: FBT001
) -> None:
    asked, elsewhere = Asked(), Database(database_url)
    try:
        for number, db in enumerate((accounts.db, elsewhere, accounts.db)):
            assert read(accounts.db, asked) == number
            (db.write if durable else db.note)(counts_up)
        assert read(accounts.db, asked) == 3
    finally:
        elsewhere.close()


def test_within_a_snapshot_nothing_becomes_newer(accounts: Accounts) -> None:
    asked = Asked()
    with accounts.db.read() as tx:
        assert asked(tx) == 0
        accounts.db.write(counts_up)
        assert asked(tx) == 0
    assert read(accounts.db, asked) == 1


def test_each_connection_knows_by_itself(accounts: Accounts) -> None:
    asked = Asked()
    with accounts.db.read() as one, accounts.db.read() as another:
        assert asked(one) == asked(another) == 0
    accounts.db.write(counts_up)
    with accounts.db.read() as one, accounts.db.read() as another:
        assert asked(one) == asked(another) == 1


def test_whoever_writes_is_told_what_is_there(accounts: Accounts) -> None:
    asked = Asked()

    def work(tx: Connection) -> tuple[int, int]:
        before = asked(tx)
        counts_up(tx)
        return before, asked(tx)

    assert accounts.db.write(work) == (0, 1)


def test_what_is_remembered_has_a_bound(accounts: Accounts) -> None:
    with accounts.db.read() as tx:
        for number in range(1000):
            store(tx, ANYTHING, number, "answer")
        kept = [number for number in range(1000) if lookup(tx, ANYTHING, number)]
    assert len(kept) <= 256
    assert 999 in kept


def test_nothing_is_remembered_for_longer_than_keys_are(tmp_path: Path) -> None:
    now, asked = [0.0], []
    url = f"sqlite:///{tmp_path / 'any.db'}"
    empty_instance(url).close()
    engine = open_engine(url, durable=True, connections=4)
    readers = ReaderPool(engine, SqliteReader, 4, clock=lambda: now[0])
    closed: list[str] = []
    event.listen(engine, "close", lambda *_: closed.append("closed"))

    def ask(tx: Connection) -> None:
        cached(tx, ANYTHING, "question", lambda: asked.append("asked") or "answer")

    def two_at_a_time() -> None:
        with readers.snapshot() as one, readers.snapshot() as another:
            ask(one)
            ask(another)

    try:
        two_at_a_time()
        now[0] = TIME_TO_LIVE - 1
        two_at_a_time()
        assert len(asked) == 2
        now[0] = TIME_TO_LIVE
        two_at_a_time()
        assert len(asked) == 4
        now[0] = 2 * TIME_TO_LIVE
        for _ in range(2):
            with readers.snapshot() as tx:
                ask(tx)
        assert len(asked) == 5
        assert len(readers._kept) == 1, "nobody needed the other one"
        assert closed == ["closed"], "with what it knew, and not only laid aside"
    finally:
        readers.close()
        engine.dispose()


# ── what is asked through it ────────────────────────────────────────────────────────────────────


def test_a_membership_begins_and_ends_by_the_clock_though_nothing_changes(
    accounts: Accounts,
) -> None:
    zoe = accounts.add("zoe", password=WORDS)
    structure, hour = accounts.add_structure("ccas-lyon"), timedelta(hours=1)
    accounts.add_membership(zoe, structure, NOON + hour, NOON + 2 * hour)
    typed = Password("zoe", password_bytes(WORDS))
    accounts.login.sign_in(typed, HOME, NOON)

    def structures(hours: float) -> int:
        now = NOON + hours * hour
        return len(accounts.login.sign_in(typed, HOME, now).memberships)

    assert [structures(hours) for hours in (0, 1, 1.5, 2, 3, 1)] == [0, 1, 1, 0, 0, 1]


@pytest.fixture
def amina(world: World) -> Drive:
    amina = world.beneficiary("amina", "fr")
    amina.mkcol("/Logement/a")
    for name in ("one", "two", "three"):
        amina.put(f"/Logement/a/{name}.pdf", name.encode())
    return amina


@pytest.fixture
def karim(world: World, amina: Drive) -> Drive:
    structure = world.accounts.add_structure("ccas-lyon")
    world.grant(amina, structure, "/Logement")
    return world.professional("karim", structure)


IN = "/Name of amina/Logement/a"


def test_a_document_beside_one_that_was_read_costs_less(world: World, karim: Drive) -> None:
    who, costs = karim.who, []
    paths = [DrivePath.parse(f"{IN}/{name}.pdf") for name in ("one", "two", "two")]
    with statements_of(world.db) as sent:
        for path in paths:
            sent.clear()
            world.reading.look(who, path, world.clock())
            costs.append([" ".join(one.split()) for one in sent])
    walks = [sum(one.startswith("WITH RECURSIVE up") for one in cost) for cost in costs]
    assert walks == [1, 0, 0]
    steps = [sum(one.startswith("SELECT 1 AS depth") for one in cost) for cost in costs]
    assert steps == [0, 1, 0]


def test_what_changed_is_met_at_once(amina: Drive, karim: Drive) -> None:
    assert karim.get(f"{IN}/one.pdf") == b"one"
    amina.put("/Logement/a/one.pdf", b"other")
    assert karim.get(f"{IN}/one.pdf") == b"other"
    amina.move("/Logement/a/one.pdf", "/Logement/a/four.pdf")
    with pytest.raises(NotFound):
        karim.look(f"{IN}/one.pdf")
    assert karim.get(f"{IN}/four.pdf") == b"other"
    amina.move("/Logement/a", "/Travail/a")
    with pytest.raises(NotFound):
        karim.look(f"{IN}/four.pdf")


def test_a_hidden_folder_costs_what_an_absent_one_does_also_when_asked_again(
    world: World, amina: Drive, karim: Drive
) -> None:
    hide(world, amina, "/Logement/a", "hidden")
    hide(world, amina, "/Logement/a/hidden", "there")
    ways = {}
    for folder in ("hidden", "absent", "one.pdf"):
        with statements_of(world.db) as sent:
            for name in ("there", "nothing", "there"):
                with pytest.raises(NotFound):
                    karim.look(f"{IN}/{folder}/{name}")
        ways[folder] = list(sent)
    assert ways["hidden"] == ways["absent"] == ways["one.pdf"]
