"""Any history of entries and reads is told in full; any tampering with it is found."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from davserver.db import tables
from davserver.trail import RowStamp
from davserver.trail.entry import packed_rows, unpacked_rows
from tests.support.accounts import NOON
from tests.support.cast import EITHER
from tests.support.postgres import PostgresServer, any_database
from tests.support.trails import (
    KARIM,
    OTHER_SAFE,
    SAFE,
    ZOE,
    TrailBook,
    emptied_book,
    trail_book,
    written,
)

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "read", "close", "wait"]),
        st.sampled_from([KARIM, ZOE]),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=25,
)
STAMPS = st.lists(
    st.builds(
        RowStamp,
        st.text("abcdefghij_", min_size=1, max_size=20),
        st.binary(min_size=1, max_size=32),
        st.integers(0, 2**64 - 1),
        st.one_of(st.just(b""), st.binary(min_size=32, max_size=32)),
    )
)


@pytest.fixture(scope="module", params=EITHER)
def trail_url(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_when_needed: Callable[[], PostgresServer],
) -> Iterator[str]:
    """One database for all examples: each begins by emptying it."""
    with any_database(request.param, tmp_path_factory.mktemp("trail"), postgres_when_needed) as url:
        with trail_book(url):
            pass
        yield url


@given(STAMPS)
def test_rows_come_back_as_they_were_packed(stamps: list[RowStamp]) -> None:
    assert unpacked_rows(packed_rows(stamps)) == stamps


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(steps=STEPS)
def test_every_write_and_every_read_is_told(
    trail_url: str, steps: list[tuple[str, Any, int]]
) -> None:
    with emptied_book(trail_url) as book:
        after, writes, reads, opened = timedelta(0), 0, 0, {}
        for step, who, version in steps:
            etag = bytes([version]) * 16
            if step == "write":
                writes += 1
                book.record(written(f"/{writes}", who=who), NOON + after)
            elif step == "read":
                reads += 1
                began = opened.get((who, version))
                first = began is None or after - began >= timedelta(minutes=10)
                assert book.read(who, after, etag) is first
                opened[who, version] = after if first else began
            elif step == "close":
                closed = book.close(after)
                over = [key for key, at in opened.items() if after - at >= timedelta(minutes=10)]
                assert closed == len(over)
                for key in over:
                    del opened[key]
            else:
                after += timedelta(minutes=4)
        told = book.entries()
        assert sum(entry.count for entry in told if entry.what == "read") == reads
        assert [one.path for one in told if one.what == "write"] == [
            f"/{number + 1}" for number in range(writes)
        ]
        assert book.flaws(SAFE) == ([(0, "no-trail")] if not _numbers(book) else [])


COLUMNS = ("at", "prev", "payload_hash", "actor_hash", "link", "payload_ct", "actor_ct", "seq")


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    one=st.integers(1, 6),
    other=st.integers(1, 6),
    how=st.sampled_from(["drop", "copy", *COLUMNS]),
)
def test_any_single_change_of_a_trail_is_found(
    trail_url: str, one: int, other: int, how: str
) -> None:
    with emptied_book(trail_url) as book:
        for number in range(6):
            book.record(written(f"/{number}", who=(KARIM, ZOE)[number % 2]))
        book.record(written("/elsewhere", vault=OTHER_SAFE))
        assert book.flaws() == []
        changed = _change(book, one, other, how)
        assert bool(book.flaws()) is changed


def _change(book: TrailBook, one: int, other: int, how: str) -> bool:
    """Whether anything is different afterwards."""
    here = (tables.trail.c.vault_id == SAFE) & (tables.trail.c.seq == one)
    if how == "drop":
        book.tamper(lambda tx: tx.execute(delete(tables.trail).where(here)))
        return True
    if how == "seq":
        moved = update(tables.trail).where(here).values(seq=one + 100 * other)
        book.tamper(lambda tx: tx.execute(moved))
        return True
    mine, theirs = book.row(one), book.row(other)
    names = COLUMNS[:-1] if how == "copy" else (how,)
    values = {name: theirs[name] for name in names}
    book.tamper(lambda tx: tx.execute(update(tables.trail).where(here).values(values)))
    return any(mine[name] != value for name, value in values.items())


def _numbers(book: TrailBook) -> list[int]:
    with book.db.read() as tx:
        return list(tx.execute(select(tables.trail.c.seq)).scalars())
