"""The log read from its end: the last lines first, bounded, whatever lies in it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from davserver.gate.policy import decision_tail
from davserver.gate.policy.decision_tail import Tail

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLENTY = 10**9


def line(at: datetime, word: str = "x") -> bytes:
    moment = at.isoformat(timespec="milliseconds")[:-6]
    return f'{{"at":"{moment}Z","word":"{word}"}}'.encode()


def written(folder: Path, *lines: bytes, day: datetime = NOON, end: bytes = b"\n") -> None:
    with (folder / f"{day.date()}.jsonl").open("ab") as file:
        file.write(b"\n".join(lines) + end)


def read(folder: Path, since: datetime = NOON - 7 * DAY, most: int = PLENTY) -> list[bytes]:
    return list(Tail(folder, since, most))


def test_the_last_line_of_the_last_day_comes_first(tmp_path: Path) -> None:
    days = [NOON - DAY, NOON]
    lines = [[line(day + timedelta(minutes=n)) for n in range(3)] for day in days]
    for day, some in zip(days, lines, strict=True):
        written(tmp_path, *some, day=day)
    assert read(tmp_path) == [*reversed(lines[1]), *reversed(lines[0])]
    assert read(tmp_path / "absent") == []


@pytest.mark.parametrize("length", [1, 2, 37, 4096])
def test_lines_are_whole_wherever_a_block_ends(tmp_path: Path, length: int) -> None:
    block = decision_tail._BLOCK
    lines = [line(NOON + timedelta(seconds=n), "y" * (n % length)) for n in range(600)]
    while sum(map(len, lines)) < 3 * block:
        lines += lines
    written(tmp_path, *lines)
    assert read(tmp_path) == lines[::-1]


def test_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    lines = [line(NOON + timedelta(seconds=n)) for n in range(1000)]
    written(tmp_path, *lines)
    size = len(lines[0]) + 1
    tail = Tail(tmp_path, NOON - DAY, 10 * size)
    # Where the bytes end nobody knows whether a line is whole: it does not count.
    assert list(tail) == lines[:-10:-1]
    assert tail.is_cut
    whole = Tail(tmp_path, NOON - DAY, 1000 * size)
    assert list(whole) == lines[::-1]
    assert not whole.is_cut


def test_older_lines_are_not_read_to_the_end_of_the_file(tmp_path: Path) -> None:
    old = [line(NOON - timedelta(hours=5, seconds=n)) for n in range(20_000)][::-1]
    new = [line(NOON - timedelta(minutes=n)) for n in range(10)][::-1]
    written(tmp_path, *old, *new)
    tail = Tail(tmp_path, NOON - timedelta(hours=1), 2 * decision_tail._BLOCK)
    found = list(tail)
    assert found[:10] == new[::-1]
    assert len(found) < 100, "a clock that was wrong once is no end"
    assert not tail.is_cut


def test_what_is_just_being_written_does_not_count(tmp_path: Path) -> None:
    written(tmp_path, line(NOON), line(NOON)[:20], end=b"")
    assert read(tmp_path) == [line(NOON)]
    longer = tmp_path / "long"
    longer.mkdir()
    written(longer, line(NOON), b"z" * (2 * decision_tail._BLOCK), end=b"")
    assert read(longer) == [line(NOON)]


def test_rubbish_of_any_length_is_given_in_pieces_that_are_short(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").write_text("not ours\n")
    written(tmp_path, line(NOON), os.urandom(100).hex().encode() * 10_000, b"", line(NOON))
    found = read(tmp_path)
    assert (found[0], found[-1]) == (line(NOON), line(NOON))
    assert max(map(len, found)) <= decision_tail._BLOCK + decision_tail._LONGEST_LINE
