"""The decision log on a real disk: files, modes, many processes, and folders that take nothing."""

import errno
import json
import multiprocessing
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from davserver.domain.people import Principal
from davserver.domain.tallies import Tally
from davserver.gate.policy.decision_files import Damage, files_since, read_file
from davserver.gate.policy.decision_log import DecisionLog
from policies.logged import Gap, Logged
from tests.support.drive import Clock
from tests.support.events import capture_logs
from tests.support.logged import ANSWER, GRANT, REFUSED
from tests.support.trails import KARIM, principal

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
KEEP = timedelta(days=30)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "decisions"


def decided(log: DecisionLog, at: datetime, times: int = 1, request: str = "r") -> None:
    who = counted()
    assert who.tally is not None
    who.tally.count(ANSWER, "thing", at, GRANT, times)
    who.tally.count(REFUSED, "thing", at, GRANT, times)
    log.write(who, request)


def counted() -> Principal:
    return replace(principal(KARIM), tally=Tally())


def written(folder: Path, since: datetime = NOON - KEEP) -> list[Logged | Gap | Damage]:
    return [one for file in files_since(folder, since) for one in read_file(file)]


def counts(folder: Path, since: datetime = NOON - KEEP) -> list[int]:
    return [one.count for one in written(folder, since) if isinstance(one, Logged)]


def test_each_day_has_a_file_that_only_its_owner_reads(folder: Path, clock: Clock):
    log = DecisionLog(folder, KEEP, clock)
    decided(log, clock())
    clock.passes(hours=12)
    decided(log, clock())
    assert sorted(one.name for one in folder.iterdir()) == ["2026-11-26.jsonl", "2026-11-27.jsonl"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    assert counts(folder) == [1] * 4
    assert counts(folder, clock()) == [1] * 2


def test_a_file_goes_when_the_last_line_that_it_can_hold_is_too_old(folder: Path, clock: Clock):
    log = DecisionLog(folder, KEEP, clock)
    decided(log, clock())
    (folder / "notes.jsonl").touch()
    clock.now = datetime(2026, 12, 26, 23, 59, tzinfo=UTC)
    log.sweep(clock())
    assert len(list(folder.iterdir())) == 2
    clock.passes(minutes=1)
    log.sweep(clock())
    assert [one.name for one in folder.iterdir()] == ["notes.jsonl"], "others' files are theirs"
    log.sweep(clock())


def test_none_keeps_none(clock: Clock):
    log = DecisionLog(None, KEEP, clock)
    decided(log, NOON)
    log.sweep(NOON)
    log.close()


def test_a_request_without_decisions_writes_nothing(folder: Path, clock: Clock):
    log = DecisionLog(folder, KEEP, clock)
    log.write(counted(), "r")
    log.write(principal(KARIM), "r")
    assert not folder.exists()


def _many(folder: Path, number: int) -> None:
    log = DecisionLog(folder, KEEP, Clock(NOON))
    for n in range(200):
        decided(log, NOON, times=n + 1, request=f"{number}-{n}")


def test_lines_of_many_processes_do_not_mix(folder: Path):
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_many, args=(folder, number)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(30)
    text = (folder / "2026-11-26.jsonl").read_text()
    found = [json.loads(line) for line in text.splitlines()]
    assert len(found) == 4 * 200 * 2
    requests = [one["request"] for one in found]
    assert requests[::2] == requests[1::2], "a request's lines stay together"
    assert sum(one["count"] for one in found) == 4 * 2 * sum(range(201))


def test_a_folder_that_cannot_be_written_is_told_once_and_loses_nothing(folder: Path, clock: Clock):
    folder.write_text("a file stands here")
    log = DecisionLog(folder, KEEP, clock)
    with capture_logs() as told:
        for _ in range(5):
            decided(log, clock())
            clock.passes(seconds=2)
    assert [one["event"] for one in told] == ["decisions-not-written"]
    assert told[0]["error"] == "ENOTDIR"
    folder.unlink()
    with capture_logs() as told:
        decided(log, clock())
    assert told == [
        {"event": "decisions-written-again", "lines": 12, "lost": 0, "log_level": "info"}
    ]
    assert counts(folder) == [1] * 12


def test_what_waits_is_bounded_and_the_gap_is_written_down(folder: Path, clock: Clock):
    folder.write_text("a file stands here")
    log = DecisionLog(folder, KEEP, clock, most_waiting=2000)
    for _ in range(5):
        decided(log, clock())
    folder.unlink()
    clock.passes(minutes=10)
    log.sweep(clock())
    found = written(folder)
    kept = [one for one in found if isinstance(one, Logged)]
    assert 0 < len(kept) < 10
    assert found[-1] == Gap(clock(), 10 - len(kept))
    decided(log, clock())
    assert len(written(folder)) == len(found) + 2


def test_what_still_waits_at_the_end_is_told_as_lost(folder: Path, clock: Clock):
    folder.write_text("a file stands here")
    log = DecisionLog(folder, KEEP, clock)
    decided(log, clock())
    with capture_logs() as told:
        log.close()
    assert told == [{"event": "decisions-lost", "lines": 2, "log_level": "error"}]


@pytest.mark.parametrize("fits", [0, 1, 100, 430, 431, 500])
def test_a_disk_that_is_full_in_the_middle_of_a_line_spoils_that_line_alone(
    folder: Path, clock: Clock, fits: int
):
    """Only so many bytes fit; later there is room again."""
    left = [fits]

    def small(handle: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= (written := os.write(handle, data[: left[0]]))
        return written

    log = DecisionLog(folder, KEEP, clock, write=small)
    decided(log, clock(), times=1)
    decided(log, clock(), times=2)
    left[0] = 1_000_000
    clock.passes(seconds=2)
    decided(log, clock(), times=3)
    found = written(folder)
    assert [one.count for one in found if isinstance(one, Logged)] == [1, 1, 2, 2, 3, 3]
    assert len([one for one in found if isinstance(one, Damage)]) <= 1


def test_damage_is_told_line_by_line_and_never_read_whole(folder: Path, clock: Clock):
    log = DecisionLog(folder, KEEP, clock)
    decided(log, clock())
    file = folder / "2026-11-26.jsonl"
    with file.open("ab") as end:
        end.write(b"\xff\xfe\n\n" + b"x" * 100_000 + b"\n")
    decided(log, clock())
    found = written(folder)
    assert [one.line for one in found if isinstance(one, Damage)] == [3, 5]
    assert len(found) == 6
