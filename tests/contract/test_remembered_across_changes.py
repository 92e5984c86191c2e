"""Answers outlive changes that do not concern them, for those who look and for those who write."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select, update

from authn.credentials import Password, password_bytes
from davserver.db import tables
from davserver.db.aside import wait_by
from davserver.db.database import Database
from davserver.db.dependencies import ANYTHING, PEOPLE, SHARING, Dependency
from davserver.db.query_cache import cached
from davserver.domain.conditions import NONE
from davserver.domain.errors import NoParent, NotFound, NotSignedIn
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from tests.support.accounts import HOME, NOON, Accounts, statements_of
from tests.support.drive import Body, Drive, World

WORDS = "quatre mots sans lien"


class Undone(Exception):
    """What was written is not to stay."""


@dataclass
class Asked:
    """The revocation counter, and how often it was really read."""

    about: Dependency = PEOPLE
    times: int = 0

    def __call__(self, tx: Connection) -> int:
        def ask() -> int:
            self.times += 1
            return int(tx.execute(select(tables.epoch.c.revocation)).scalar_one())

        return cached(tx, self.about, "revocation", ask)


def revoked(number: int) -> Callable[[Connection], None]:
    def work(tx: Connection) -> None:
        tx.execute(update(tables.epoch).values(revocation=number))

    return work


def document(tx: Connection) -> None:
    """Something that has nothing to do with people or grants."""
    row = {"id": tables.reading_journal.c.id.type.python_type(16), "number": 1, "told_at": 1}
    tx.execute(insert(tables.reading_journal), row)
    tx.execute(tables.reading_journal.delete())


@pytest.fixture
def elsewhere(accounts: Accounts, database_url: str) -> Iterator[Database]:
    """Another process: nothing is shared but the database."""
    made = Database(database_url)
    yield made
    made.close()


def looked(db: Database, asked: Asked) -> int:
    with db.read() as tx:
        return asked(tx)


def wrote(db: Database, asked: Asked) -> int:
    def work(tx: Connection) -> int:
        document(tx)
        return asked(tx)

    return db.write(work)


@pytest.mark.parametrize("way", [looked, wrote])
def test_an_answer_outlives_what_does_not_concern_it(
    accounts: Accounts, elsewhere: Database, way: Callable[[Database, Asked], int]
) -> None:
    asked = Asked()
    for db in (accounts.db, elsewhere, accounts.db):
        assert way(accounts.db, asked) == 0
        db.write(document)
        db.note(document)
    assert asked.times == 1
    elsewhere.write(revoked(7))
    assert way(accounts.db, asked) == 7
    accounts.db.write(revoked(8))
    assert way(accounts.db, asked) == 8
    accounts.db.note(revoked(9))
    assert way(accounts.db, asked) == 9


@pytest.mark.parametrize("about", [ANYTHING, PEOPLE])
def test_whoever_writes_meets_what_they_wrote(accounts: Accounts, about: Dependency) -> None:
    asked = Asked(about)

    def work(tx: Connection) -> list[int]:
        found = [asked(tx)]
        for number in (1, 2):
            revoked(number)(tx)
            found += [asked(tx), asked(tx)]
        return found

    assert accounts.db.write(work) == [0, 1, 1, 2, 2]
    assert asked.times == 3
    assert wrote(accounts.db, asked) == 2


def test_what_concerns_people_leaves_what_concerns_sharing(accounts: Accounts) -> None:
    people, sharing, anything = Asked(), Asked(SHARING), Asked(ANYTHING)
    for number in (1, 2):
        accounts.db.write(revoked(number))
        assert wrote(accounts.db, people) == number
        wrote(accounts.db, sharing)
        assert wrote(accounts.db, anything) == number
    assert (people.times, sharing.times, anything.times) == (2, 1, 2)


# ── what is believed until it is known ──────────────────────────────────────────────────────────


def test_what_somebody_else_changed_meanwhile_is_met_at_the_second_try(
    accounts: Accounts, elsewhere: Database
) -> None:
    asked, told = Asked(), []

    def work(tx: Connection) -> None:
        told.append(asked(tx))
        document(tx)

    accounts.db.write(work)
    elsewhere.write(revoked(7))
    accounts.db.write(work)
    accounts.db.write(work)
    assert told == ([0, 7, 7] if accounts.db.sqlite else [0, 0, 7, 7])


def test_nobody_is_refused_by_what_is_not_so_any_more(
    accounts: Accounts, elsewhere: Database
) -> None:
    asked = Asked()

    def work(tx: Connection) -> int:
        found = asked(tx)
        if found == 6:
            raise Undone
        return found

    accounts.db.write(revoked(6))
    with pytest.raises(Undone):
        accounts.db.write(work)
    elsewhere.write(revoked(7))
    assert accounts.db.write(work) == 7


# ── what is undone ──────────────────────────────────────────────────────────────────────────────


def refused(asked: Asked) -> Callable[[Connection], None]:
    def work(tx: Connection) -> None:
        revoked(5)(tx)
        assert asked(tx) == 5
        raise Undone

    return work


def test_what_was_undone_was_never_so(accounts: Accounts, elsewhere: Database) -> None:
    """The next change brings the counter to the number that it had had meanwhile."""
    asked = Asked()
    assert wrote(accounts.db, asked) == 0
    with pytest.raises(Undone):
        accounts.db.write(refused(asked))
    elsewhere.write(revoked(6))
    assert wrote(accounts.db, asked) == 6
    with pytest.raises(Undone):
        accounts.db.write(refused(asked))
    assert wrote(accounts.db, asked) == 6


def test_what_was_undone_within_a_transaction_was_never_so(accounts: Accounts) -> None:
    asked = Asked()

    def work(tx: Connection) -> int:
        with pytest.raises(Undone), tx.begin_nested():
            refused(asked)(tx)
        revoked(6)(tx)
        return asked(tx)

    assert accounts.db.write(work) == 6


@dataclass
class Crowd:
    """Those who come to write while somebody else writes: they share a commit."""

    db: Database
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def add(self, work: Callable[[Connection], object]) -> object:
        def waits() -> nullcontext[None]:
            self.waiting.release()
            return nullcontext()

        wait_by(waits)
        return self.db.write(work)


def test_what_another_in_the_same_commit_had_undone_was_never_so(accounts: Accounts) -> None:
    asked, begun, gather = Asked(), threading.Event(), threading.Event()
    crowd = Crowd(accounts.db)

    def slow(_: Connection) -> None:
        begun.set()
        assert gather.wait(60)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(accounts.db.write, slow)
        assert begun.wait(60)
        waiting = []
        for work in (refused(asked), lambda tx: (revoked(6)(tx), asked(tx))):
            waiting.append(pool.submit(crowd.add, work))
            assert crowd.waiting.acquire(timeout=60)
        gather.set()
        assert first.result(60) is None
        assert isinstance(waiting[0].exception(60), Undone)
        assert waiting[1].result(60) == (None, 6)
    assert wrote(accounts.db, asked) == 6


def test_a_refusal_before_anything_is_written_costs_nobody_what_they_know(
    accounts: Accounts,
) -> None:
    asked = Asked()

    def turned_away(tx: Connection) -> None:
        asked(tx)
        raise Undone

    for _ in range(3):
        with pytest.raises(Undone):
            accounts.db.write(turned_away)
    assert asked.times == 1


# ── people ──────────────────────────────────────────────────────────────────────────────────────


def test_whoever_is_out_is_out_of_the_next_change_in_every_process(
    accounts: Accounts, elsewhere: Database
) -> None:
    there = Accounts(elsewhere)
    zoe = accounts.add("zoe", password=WORDS)
    typed = Password("zoe", password_bytes(WORDS))
    device = accounts.add_app_password(zoe)
    for one, other in ((accounts, there), (there, accounts)):
        for credential in (typed, device):
            who = one.login.sign_in(credential, HOME, NOON)
            for _ in range(2):
                one.db.write(lambda tx, who=who, one=one: one.login.refreshed(tx, who, NOON))
        assert other.login.sign_in(typed, HOME, NOON).id == zoe.id
    who = accounts.login.sign_in(device, HOME, NOON)
    accounts.db.write(lambda tx: accounts.login.refreshed(tx, who, NOON))
    there.revoke(device)
    for one in (accounts, there):
        with pytest.raises(NotSignedIn):
            one.db.write(lambda tx, one=one: one.login.refreshed(tx, who, NOON))
        with pytest.raises(NotSignedIn):
            one.login.sign_in(device, HOME, NOON)


# ── requests ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def amina(world: World) -> Drive:
    amina = world.beneficiary("amina", "fr")
    amina.mkcol("/Logement/a")
    amina.put("/Logement/a/one.pdf", b"one")
    return amina


Act = Callable[[World, Principal], object]


def put(path: str) -> Act:
    where = DrivePath.parse(path)
    return lambda world, who: world.writing.put(who, where, Body(b"again"), NONE, world.clock())


def make(path: str) -> Act:
    where = DrivePath.parse(path)
    return lambda world, who: world.writing.make_folder(who, where, NONE, world.clock())


def look(path: str) -> Act:
    where = DrivePath.parse(path)
    return lambda world, who: world.reading.look(who, where, world.clock())


def requests(world: World, drive: Drive, *acts: Act) -> Iterator[list[str]]:
    """What each request sends, from sign-in on; nothing is remembered from before them."""
    device = world.accounts.add_app_password(drive.person)
    world.accounts.login.sign_in(device, HOME, world.clock())  # it notes the day
    with statements_of(world.db) as sent:
        for act in acts:
            sent.clear()
            act(world, world.accounts.login.sign_in(device, HOME, world.clock()))
            yield list(sent)


def of_facts(sent: list[str]) -> int:
    return sum("person__id" in one for one in sent)


def of_grants(sent: list[str]) -> int:
    return sum("display_ct" in one for one in sent)


def test_one_request_after_another_asks_once_who_it_is(world: World, amina: Drive) -> None:
    one = "/Logement/a/one.pdf"
    acts = (
        put(one),
        put(one),
        make("/Logement/x"),
        make("/Logement/y"),
        look(one),
        put(one),
        look(one),
    )
    sent = list(requests(world, amina, *acts))
    facts = [of_facts(each) for each in sent]
    assert facts == [2, 0, 0, 0, 0, 0, 0]
    assert len(sent[1]) == len(sent[0]) - 2
    assert len(sent[6]) == 1, "the way and the locks, which anybody may have changed"


def test_nor_does_it_ask_again_what_is_shared(world: World, amina: Drive) -> None:
    structure = world.accounts.add_structure("ccas-lyon")
    world.grant(amina, structure, "/Logement")
    karim = world.professional("karim", structure)
    one = "/Name of amina/Logement/a/one.pdf"
    sent = list(requests(world, karim, put(one), put(one), look(one), put(one), look(one)))
    assert [of_facts(each) for each in sent] == [2, 0, 0, 0, 0]
    assert [of_grants(each) for each in sent] == [1, 0, 1, 0, 0]


def test_a_grant_that_ends_elsewhere_ends_with_the_next_change(
    world: World, amina: Drive, database_url: str
) -> None:
    karim = world.professional("karim")
    grant = world.grant(amina, karim, "/Logement")
    one = "/Name of amina/Logement/a/one.pdf"
    for _ in range(2):
        karim.put(one, b"theirs")
        assert karim.get(one) == b"theirs"
    elsewhere, now = Database(database_url), world.clock()
    by = amina.person.id
    try:
        elsewhere.write(lambda tx: world.grants.end(tx, grant.id, by=by, now=now))
    finally:
        elsewhere.close()
    with pytest.raises(NoParent):
        karim.put(one, b"too late")
    with pytest.raises(NotFound):
        karim.get(one)


def test_a_grant_is_over_by_the_clock_though_nothing_changes(world: World, amina: Drive) -> None:
    karim = world.professional("karim")
    world.grant(amina, karim, "/Logement", until=world.clock() + timedelta(hours=1))
    one = "/Name of amina/Logement/a/one.pdf"
    for minutes in (0, 30):
        world.clock.passes(minutes=minutes)
        karim.put(one, b"theirs")
    world.clock.passes(minutes=30)
    with pytest.raises(NoParent):
        karim.put(one, b"too late")
