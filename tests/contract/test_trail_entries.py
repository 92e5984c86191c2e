"""What is recorded, how it reads, and what it costs; on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from davserver.db import tables
from davserver.domain.errors import Damaged, Reason
from davserver.domain.ids import GrantId
from davserver.trail import INSTANCE, Event, RowStamp, What
from tests.support.accounts import HOME, NOON, statements_of
from tests.support.trails import (
    AMINA,
    KARIM,
    NODE,
    OTHER_SAFE,
    SAFE,
    ZOE,
    TrailBook,
    principal,
    trail_book,
    written,
)

GRANT = GrantId(b"grant".ljust(16, b"."))


@pytest.fixture
def book(database_url: str) -> Iterator[TrailBook]:
    with trail_book(database_url) as made:
        yield made


def test_entries_are_numbered_per_vault_from_one(book: TrailBook) -> None:
    assert [book.record(written("/a")), book.record(written("/b"))] == [1, 2]
    assert book.record(written("/c", vault=OTHER_SAFE, who=ZOE)) == 1
    assert book.record(Event(vault=None, what=What.STRUCTURE_ADD, who=principal(KARIM))) == 1


def test_an_entry_reads_back_with_everything_that_was_said(book: TrailBook) -> None:
    event = Event(
        vault=SAFE,
        what=What.REFUSED,
        who=principal(KARIM),
        node=NODE,
        path="/Santé/été “1”.pdf",
        grant=GRANT,
        rule="named-modify",
        reason=Reason.READ_ONLY,
        details={"action": "put"},
    )
    book.record(event)
    (entry,) = book.entries()
    assert (entry.seq, entry.at, entry.what) == (1, NOON, "refused")
    assert (entry.who, entry.who_login) == (KARIM, "karim")
    assert (entry.node, entry.path) == (NODE.hex(), "/Santé/été “1”.pdf")
    assert (entry.reason, entry.count) == ("read-only", 1)
    assert entry.details == {"action": "put", "strength": "password"}


def test_where_somebody_came_from_is_for_investigations_only(book: TrailBook) -> None:
    book.record(written("/a", who=KARIM))
    assert HOME not in str(book.entries())
    assert book.entries(full=True)[0].details["address"] == HOME


def test_a_command_on_somebodys_behalf_is_recorded_as_such(book: TrailBook) -> None:
    book.record(Event(vault=SAFE, what=What.WRITE, who=principal(AMINA, operator="root")))
    (entry,) = book.entries()
    assert entry.who_login == "amina"
    assert entry.details["operator"] == "root"


def test_people_in_details_are_ids_and_read_as_logins(book: TrailBook) -> None:
    details = {"to-person": KARIM.hex(), "right": "read"}
    book.record(Event(vault=SAFE, what=What.GRANT, who=principal(AMINA), details=details))
    assert book.entries()[0].details["to-person"] == "karim"
    assert book.entries(names=lambda _: {})[0].details["to-person"] == ""


def test_a_login_where_an_id_belongs_is_refused() -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        Event(vault=SAFE, what=What.GRANT, who=None, details={"to-person": "karim"})


def test_what_nobody_did_has_no_actor(book: TrailBook) -> None:
    book.record(Event(vault=SAFE, what=What.ERASE, who=None))
    (entry,) = book.entries()
    assert (entry.who, entry.who_login, entry.details) == (None, "", {})
    assert book.flaws(SAFE) == []


def test_the_newest_entries_come_last_and_older_pages_can_be_asked_for(book: TrailBook) -> None:
    for number in range(1, 6):
        book.record(written(f"/{number}"))
    assert [entry.path for entry in book.entries(limit=2)] == ["/4", "/5"]
    assert [entry.path for entry in book.entries(limit=2, before=4)] == ["/2", "/3"]
    assert book.entries(limit=2, before=1) == []


def test_the_instances_own_trail_is_apart(book: TrailBook) -> None:
    book.record(Event(vault=None, what=What.STRUCTURE_ADD, who=None, details={"slug": "ccas"}))
    assert book.entries() == []
    assert book.entries(INSTANCE)[0].details == {"slug": "ccas"}


def test_nothing_that_was_said_can_be_read_in_the_database(book: TrailBook) -> None:
    book.record(written("/canary-path.pdf", who=KARIM))
    stored = b"".join(part for part in book.row(1).values() if isinstance(part, bytes))
    for canary in (b"canary", b"write", HOME.encode(), b"karim\x00", b"password"):
        assert canary not in stored


def test_an_entry_costs_three_statements_on_postgresql_two_and_somebodys_first_one_more(
    book: TrailBook,
) -> None:
    with statements_of(book.db) as first:
        book.record(written("/a"))
    with statements_of(book.db) as second:
        book.record(written("/b"))
    assert (len(first), len(second)) == ((4, 3) if book.db.sqlite else (3, 2))


def test_many_entries_cost_as_many_statements_as_one(book: TrailBook) -> None:
    book.record(written("/a"))
    events = [written(f"/{number}") for number in range(20)]
    with statements_of(book.db) as sent:
        numbers = book.db.write(lambda tx: book.trail.record_all(tx, events, NOON))
    assert len(sent) == 3
    assert numbers == list(range(2, 22))
    assert book.db.write(lambda tx: book.trail.record_all(tx, [], NOON)) == []


def test_what_is_undone_leaves_no_entry(book: TrailBook) -> None:
    book.record(written("/kept"))

    def fails(tx: object) -> None:
        book.trail.record(tx, written("/undone"), NOON)
        raise LookupError

    with pytest.raises(LookupError):
        book.db.write(fails)
    assert [entry.path for entry in book.entries()] == ["/kept"]
    assert book.record(written("/after")) == 2
    assert book.flaws(SAFE) == []


def test_the_trail_says_what_it_last_knew_of_every_row(book: TrailBook) -> None:
    first = RowStamp("node", b"1" * 16, 1, b"a" * 32)
    again = RowStamp("node", b"1" * 16, 2, b"b" * 32)
    grant = RowStamp("grant", b"2" * 16, 1, b"c" * 32)
    gone = RowStamp("node", b"3" * 16, 9, b"")
    for rows in ((first, gone), (), (again, grant)):
        event = Event(vault=SAFE, what=What.WRITE, who=principal(AMINA), rows=rows)
        book.record(event)
    with book.db.read() as tx:
        stamps = book.trail.last_stamps(tx, SAFE)
    assert stamps == {
        ("node", first.id): again,
        ("grant", grant.id): grant,
        ("node", gone.id): gone,
    }


def test_one_damaged_entry_does_not_hide_the_others(book: TrailBook) -> None:
    for path in ("/a", "/b", "/c"):
        book.record(written(path))
    book.change_entry(2, payload_ct=book.row(1)["payload_ct"])
    assert [entry.what for entry in book.entries()] == ["write", "damaged", "write"]


@pytest.mark.parametrize("forged", [{"seq": 7}, {"head": b"h" * 32}, {"mac": b"m" * 32}])
def test_nothing_is_recorded_behind_a_forged_head(book: TrailBook, forged: dict[str, Any]) -> None:
    book.record(written("/a"))
    book.tamper(lambda tx: tx.execute(tables.trail_head.update().values(forged)))
    with pytest.raises(Damaged):
        book.record(written("/b"))
    with pytest.raises(Damaged):
        book.db.write(lambda tx: book.trail.record_all(tx, [written("/b")], NOON))


def test_what_another_process_recorded_is_followed(book: TrailBook) -> None:
    other = TrailBook(book.db, book.keys)
    numbers = [one.record(written("/a")) for one in (book, other, book, book, other, other)]
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert book.flaws(SAFE) == []


def test_entries_of_nobody_and_of_several_stand_in_one_chain(book: TrailBook) -> None:
    nobody = Event(vault=SAFE, what=What.ERASE, who=None)
    assert book.record(nobody) == 1
    events = [nobody, written("/a", who=KARIM), written("/b", vault=OTHER_SAFE, who=ZOE)]
    assert book.db.write(lambda tx: book.trail.record_all(tx, events, NOON)) == [2, 3, 1]
    assert book.record(written("/c", who=KARIM)) == 4
    assert [entry.who for entry in book.entries()] == [None, None, KARIM, KARIM]
    assert book.flaws() == []


def test_nothing_is_recorded_over_entries_whose_head_is_gone(book: TrailBook) -> None:
    book.record(written("/a"))
    book.tamper(lambda tx: tx.execute(tables.trail_head.delete()))
    with pytest.raises(Damaged):
        book.record(written("/b"))
    assert len(book.entries()) == 1


def test_the_time_of_an_entry_is_kept_to_the_microsecond(book: TrailBook) -> None:
    book.record(written("/a"), NOON + timedelta(microseconds=123_457))
    assert book.entries()[0].at == NOON + timedelta(microseconds=123_457)


def test_writers_at_the_same_time_make_one_whole_chain(book: TrailBook) -> None:
    def record(number: int) -> int:
        return book.record(written(f"/{number}", who=(AMINA, KARIM, ZOE)[number % 3]))

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(record, range(24)))
    assert sorted(numbers) == list(range(1, 25))
    assert {entry.path for entry in book.entries()} == {f"/{number}" for number in range(24)}
    assert book.flaws(SAFE) == []
