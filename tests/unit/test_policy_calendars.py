"""Slots: named parts of the week, in the time zone of a structure, through both clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policies.calendars import parse_calendars
from policies.hours import Calendar
from policies.problems import Report
from policies.sheet import read_sheet

PARIS = "Europe/Paris"


def calendar(text: str) -> Calendar:
    report = Report()
    parsed = parse_calendars(read_sheet("calendars.csv", text.encode(), report), report)
    assert report.problems == ()
    return parsed


WORK = calendar("work-hours, mon-fri, 08:00, 19:00\nsaturday, sat, 09:00, 12:00\n")
NIGHT = calendar("night, sun, 02:30, 05:00\nlate, sun, 23:00, 24:00\nearly, mon, 00:00, 06:00\n")


def at(text: str, zone: str = PARIS, fold: int = 0) -> datetime:
    """The instant at which the wall clock shows `text` there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        ("2026-01-14T07:59:59", "closed"),
        ("2026-01-14T08:00:00", "work-hours"),
        ("2026-01-14T18:59:59", "work-hours"),
        ("2026-01-14T19:00:00", "closed"),
        ("2026-07-15T08:00:00", "work-hours"),
        ("2026-01-17T10:00:00", "saturday"),
        ("2026-01-17T12:00:00", "closed"),
        ("2026-01-18T10:00:00", "closed"),
    ],
)
def test_a_slot_includes_its_start_and_not_its_end(moment, slot):
    span = WORK.span(at(moment), PARIS)
    assert span is not None
    assert span.slot == slot


@pytest.mark.parametrize("zone", ["Indian/Reunion", "America/Martinique", "Pacific/Noumea", "UTC"])
def test_hours_are_those_of_the_structure(zone):
    for hour, slot in ((7, "closed"), (8, "work-hours"), (18, "work-hours"), (19, "closed")):
        span = WORK.span(at(f"2026-01-14T{hour:02}:00:00", zone), zone)
        assert span is not None
        assert span.slot == slot


def test_people_of_no_structure_live_in_the_zone_of_the_file():
    reunion = calendar("day, mon-sun, 08:00, 20:00\ntime-zone, Indian/Reunion\n")
    assert reunion.time_zone == "Indian/Reunion"
    assert WORK.time_zone == PARIS
    span = reunion.span(at("2026-01-14T08:00:00", "Indian/Reunion"), None)
    assert span is not None
    assert span.slot == "day"


@pytest.mark.parametrize(
    "name", ["Europe/Lyon", "../../etc/passwd", "Europe", "/etc/localtime", "a" * 300]
)
def test_an_unknown_time_zone_has_no_slot(name):
    assert WORK.span(at("2026-01-14T10:00:00"), name) is None
    assert WORK.local_time(at("2026-01-14T10:00:00"), name) == ""


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-01-14T10:00:00", "2026-01-14T19:00:00"),
        ("2026-01-14T20:00:00", "2026-01-15T08:00:00"),
        ("2026-01-16T20:00:00", "2026-01-17T09:00:00"),
        ("2026-01-17T12:00:00", "2026-01-19T08:00:00"),
        ("2026-03-28T12:00:00", "2026-03-30T08:00:00"),
    ],
)
def test_a_span_ends_when_the_slot_changes(moment, end):
    span = WORK.span(at(moment), PARIS)
    assert span is not None
    assert span.ends == at(end)


def test_two_days_join_at_midnight():
    span = NIGHT.span(at("2026-01-18T23:30:00"), PARIS)
    assert span is not None
    assert (span.slot, span.ends) == ("late", at("2026-01-19T00:00:00"))


def test_an_edge_in_the_hour_that_is_skipped_takes_effect_when_the_clock_jumps():
    """On 29 March 2026 the clock in Paris goes from 02:00 to 03:00: 02:30 does not exist."""
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    span = NIGHT.span(before, PARIS)
    assert span is not None
    assert (span.slot, span.ends) == ("closed", datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_an_hour_that_happens_twice_has_its_slot_twice():
    """On 25 October 2026 the hour from 02:00 to 03:00 happens twice in Paris."""
    first = NIGHT.span(at("2026-10-25T02:45:00", fold=0), PARIS)
    assert first is not None
    assert (first.slot, first.ends) == ("night", at("2026-10-25T02:00:00", fold=1))
    second = NIGHT.span(at("2026-10-25T02:15:00", fold=1), PARIS)
    assert second is not None
    assert (second.slot, second.ends) == ("closed", at("2026-10-25T02:30:00", fold=1))


def test_a_remembered_span_agrees_with_the_clock_minute_by_minute():
    """Through the spring clock change: what is kept never outlives its slot."""
    start = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    seen = set()
    for minutes in range(240):
        moment = start + timedelta(minutes=minutes)
        kept = NIGHT.span(moment, PARIS)
        fresh = Calendar(NIGHT.openings, PARIS).span(moment, PARIS)
        assert kept is not None
        assert fresh is not None
        assert (kept.slot, kept.ends) == (fresh.slot, fresh.ends), moment
        seen.add(kept.slot)
    assert seen == {"closed", "night"}


def test_days_may_be_listed():
    some = calendar("open, mon+wed+sat-sun, 10:00, 12:00\n")
    days = sorted(opening.day for opening in some.openings)
    assert days == [0, 2, 5, 6]


def test_without_slots_it_is_always_closed():
    empty = calendar("# nothing\n")
    span = empty.span(at("2026-01-14T10:00:00"), PARIS)
    assert span is not None
    assert span.slot == "closed"
    assert empty.slots == ()


def test_time_going_backwards_is_answered_too():
    """A span that was kept for later does not answer for an earlier moment."""
    local = Calendar(WORK.openings, PARIS)
    later = local.span(at("2026-01-14T20:00:00"), PARIS)
    earlier = local.span(at("2026-01-14T10:00:00"), PARIS)
    assert later is not None
    assert earlier is not None
    assert (later.slot, earlier.slot) == ("closed", "work-hours")
