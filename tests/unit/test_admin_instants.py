"""Moments on the command line: which one a text means where clocks are put forward and back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from admin.instants import coming, parse_end, parse_moment, parse_since
from davserver.domain.errors import BadInput


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Another zone for this process, for a while."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


READ = [
    ("Europe/Paris", "2026-07-01T12:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ("Europe/Paris", "2026-01-01T12:00", datetime(2026, 1, 1, 11, tzinfo=UTC)),
    # 29 March: 2:00 is followed by 3:00. 25 October: 3:00 is followed by 2:00.
    ("Europe/Paris", "2026-03-29T01:59:59", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
    ("Europe/Paris", "2026-03-29T03:00", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Paris", "2026-10-25T01:59:59", datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)),
    ("Europe/Paris", "2026-10-25T03:00", datetime(2026, 10, 25, 2, tzinfo=UTC)),
    # Whole days of 23 and of 25 hours.
    ("Europe/Paris", "2026-03-29", datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ("Europe/Paris", "2026-10-25", datetime(2026, 10, 25, 23, tzinfo=UTC)),
    # Here clocks go from 24:00 to 1:00: the day ends where the next one begins.
    ("Asia/Beirut", "2026-03-28", datetime(2026, 3, 28, 22, tzinfo=UTC)),
    ("UTC", "2026-03-29T02:30", datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "text", "meant"), READ, indirect=["zone"])
def test_a_moment_without_an_offset_is_the_machines_and_that_is_said(
    zone: str, text: str, meant: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parse_end("--until", text) == meant
    said = capsys.readouterr()
    assert said.out == ""
    assert f"--until {text}: read in this machine's zone, as {meant.astimezone():%Y-%m-%d %H}" in (
        said.err
    ), zone


BEGINNINGS = [
    ("Europe/Paris", "2026-03-29", datetime(2026, 3, 28, 23, tzinfo=UTC)),
    ("Europe/Paris", "20260330", datetime(2026, 3, 29, 22, tzinfo=UTC)),
    ("Asia/Beirut", "2026-03-29", datetime(2026, 3, 28, 22, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "text", "meant"), BEGINNINGS, indirect=["zone"])
def test_what_begins_on_a_day_does_so_at_its_beginning(
    zone: str, text: str, meant: datetime
) -> None:
    assert parse_moment("--starts", text) == meant
    assert parse_since(text, datetime(2026, 11, 27, tzinfo=UTC)) == meant
    assert parse_moment("--at", None) is None
    assert coming(meant, text, meant - timedelta(seconds=1)) == meant
    assert coming(meant, text, meant + timedelta(hours=22)) is None
    assert coming(meant, f"{meant:%Y-%m-%dT%H:%M}Z", meant) == meant
    assert zone


@pytest.mark.parametrize("zone", ["Europe/Paris"], indirect=True)
def test_a_moment_with_its_offset_is_what_it_says(
    zone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("2026-10-25T02:30+02:00", "2026-10-25T00:30Z", "2026-03-29T02:30+02:00"):
        found = parse_end("--until", text)
        assert found is not None
        assert found.isoformat() == found.astimezone(UTC).isoformat()
        assert found.minute == 30, zone
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("zone", ["Europe/Paris"], indirect=True)
@pytest.mark.parametrize(
    ("text", "says"),
    [("2026-03-29T02:30", "leave that moment out"), ("2026-10-25T02:30", r"twice.*\+02:00")],
)
def test_a_moment_that_clocks_leave_out_or_show_twice_is_asked_for_again(
    zone: str, text: str, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        parse_end("--until", text)
    assert zone
