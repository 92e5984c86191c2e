"""Reads are counted for ten minutes and become one entry (DESIGN §2.7); on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from davserver.db import tables
from tests.support.accounts import NOON, statements_of
from tests.support.trails import KARIM, OTHER_SAFE, SAFE, ZOE, TrailBook, trail_book, written

MINUTE = timedelta(minutes=1)
OTHER_VERSION = b"version two".ljust(16, b".")


@pytest.fixture
def book(database_url: str) -> Iterator[TrailBook]:
    with trail_book(database_url) as made:
        yield made


def open_windows(book: TrailBook) -> int:
    with book.db.read() as tx:
        return tx.execute(select(func.count()).select_from(tables.read_window)).scalar_one()


def test_only_the_first_read_opens_a_window(book: TrailBook) -> None:
    assert [book.read(), book.read(after=MINUTE), book.read(after=9 * MINUTE)] == [
        True,
        False,
        False,
    ]
    assert open_windows(book) == 1


def test_every_person_and_every_version_has_a_window_of_its_own(book: TrailBook) -> None:
    assert book.read(KARIM)
    assert book.read(ZOE)
    assert book.read(KARIM, etag=OTHER_VERSION)


def test_a_read_costs_one_statement(book: TrailBook) -> None:
    with statements_of(book.db) as first:
        book.read()
    with statements_of(book.db) as again:
        book.read(after=MINUTE)
    assert (len(first), len(again)) == (1, 1)


def test_open_windows_are_shown_last_and_without_a_number(book: TrailBook) -> None:
    book.read()
    book.read(after=MINUTE)
    book.record(written("/a"))
    _, entry = book.entries()
    assert (entry.seq, entry.what, entry.count, entry.at) == (0, "read", 2, NOON)
    assert (entry.who_login, entry.path) == ("karim", "/Santé/ordonnance.pdf")
    assert entry.details["last"] == (NOON + MINUTE).isoformat()
    assert [one.seq for one in book.entries(before=10)] == [1]
    assert [one.seq for one in book.entries(limit=1)] == [0]


def test_a_read_after_ten_minutes_closes_the_old_window_and_opens_another(book: TrailBook) -> None:
    book.read()
    book.read(after=5 * MINUTE)
    assert book.read(after=10 * MINUTE)
    closed, still_open = book.entries()
    assert (closed.seq, closed.count, closed.at) == (1, 2, NOON)
    assert (still_open.seq, still_open.count, still_open.at) == (0, 1, NOON + 10 * MINUTE)
    assert book.flaws(SAFE) == []


def test_closing_takes_windows_that_are_over_only(book: TrailBook) -> None:
    book.read(KARIM)
    book.read(ZOE, after=5 * MINUTE)
    assert book.close(9 * MINUTE) == 0
    assert book.close(10 * MINUTE) == 1
    assert [(entry.who_login, entry.seq) for entry in book.entries()] == [("karim", 1), ("zoe", 0)]


def test_closing_everything_and_closing_one_vault(book: TrailBook) -> None:
    book.read(KARIM)
    book.read(KARIM, etag=OTHER_VERSION, vault=OTHER_SAFE)
    assert book.close(MINUTE, vault=OTHER_SAFE, everything=True) == 1
    assert book.close(MINUTE, everything=True) == 1
    assert book.close(MINUTE, everything=True) == 0
    assert [one.seq for one in book.entries(SAFE) + book.entries(OTHER_SAFE)] == [1, 1]
    assert book.flaws(SAFE) + book.flaws(OTHER_SAFE) == []


def test_hundreds_of_windows_close_in_batches_of_six_statements(book: TrailBook) -> None:
    for number in range(230):
        book.read(etag=number.to_bytes(16, "big"))
    with statements_of(book.db) as sent:
        assert book.close(10 * MINUTE) == 230
    # Per batch of 200: read windows, read heads and keys, move the head, add entries, drop
    # windows; and once the new actor's key.
    assert len(sent) == 2 * 5 + 1
    assert open_windows(book) == 0
    assert book.flaws(SAFE) == []


def test_paths_in_windows_are_sealed(book: TrailBook) -> None:
    book.read()
    with book.db.read() as tx:
        row = tx.execute(select(tables.read_window)).mappings().one()
    assert b"ordonnance" not in row["detail_ct"]
    assert all("ordonnance" not in str(value) for value in row.values())


def test_a_window_whose_particulars_were_altered_is_still_a_read(book: TrailBook) -> None:
    book.read(KARIM)
    book.tamper(lambda tx: tx.execute(update(tables.read_window).values(detail_ct=b"x" * 64)))
    assert book.close(10 * MINUTE) == 1
    (entry,) = book.entries()
    assert (entry.what, entry.who, entry.path) == ("read", None, "")
    assert entry.details["damaged"] == "window"


def test_a_window_cannot_be_hung_on_another_person_or_vault(book: TrailBook) -> None:
    book.read(KARIM)
    moved = update(tables.read_window).values(vault_id=OTHER_SAFE, node_id=bytes(16))
    book.tamper(lambda tx: tx.execute(moved))
    assert book.close(10 * MINUTE) == 1
    assert [entry.path for entry in book.entries(SAFE)] == ["/Santé/ordonnance.pdf"]
    with book.db.read() as tx:
        row = dict(tx.execute(select(tables.trail)).mappings().one())
    assert row["vault_id"] == SAFE


def test_a_window_copied_to_another_person_names_nobody(book: TrailBook) -> None:
    book.read(KARIM)
    with book.db.read() as tx:
        row = dict(tx.execute(select(tables.read_window)).mappings().one())
    book.tamper(lambda tx: tx.execute(insert(tables.read_window).values({**row, "person_id": ZOE})))
    book.close(10 * MINUTE)
    told = {(entry.who_login, entry.path, "damaged" in entry.details) for entry in book.entries()}
    assert told == {("karim", "/Santé/ordonnance.pdf", False), ("", "", True)}


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_readers_and_the_closing_watcher_do_not_lose_a_read(book: TrailBook) -> None:
    for who in (KARIM, ZOE):
        book.read(who)

    def read(number: int) -> bool:
        return book.read((KARIM, ZOE)[number % 2], after=timedelta(minutes=10, seconds=number))

    with ThreadPoolExecutor(4) as pool:
        closing = pool.submit(lambda: [book.close(10 * MINUTE) for _ in range(3)])
        list(pool.map(read, range(24)))
        closing.result()
    book.close(30 * MINUTE)
    assert sum(entry.count for entry in book.entries()) == 26
    assert book.flaws(SAFE) == []
