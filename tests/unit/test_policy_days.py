"""Days that are not like their weekday: public holidays and days of closing, to the minute."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policies.calendars import parse_calendars
from policies.hours import HOLIDAY, KINDS, SHUT, Calendar
from policies.problems import Report
from policies.sheet import read_sheet

PARIS = "Europe/Paris"
WORK = "work-hours, mon-fri, 08:00, 19:00\n"
EVERY_DAY = "guard, mon-sun+holidays, 00:00, 24:00\n"
FRANCE = "holidays, france\n"


def calendar(*lines: str) -> Calendar:
    report = Report()
    parsed = parse_calendars(read_sheet("calendars.csv", "".join(lines).encode(), report), report)
    assert report.problems == ()
    return parsed


def at(text: str, zone: str = PARIS, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def slot(calendar_: Calendar, text: str, zone: str = PARIS, slug: str | None = None) -> str:
    span = calendar_.span(at(text, zone), zone, slug)
    assert span is not None
    return span.slot


def ends(calendar_: Calendar, text: str, slug: str | None = None) -> datetime:
    span = calendar_.span(at(text), PARIS, slug)
    assert span is not None
    return span.ends


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (PARIS, "2026-05-25"),
        ("America/Guadeloupe", "2026-05-27"),
        ("America/Martinique", "2026-05-22"),
        ("America/Cayenne", "2026-06-10"),
        ("Indian/Reunion", "2027-12-20"),
        ("Indian/Mayotte", "2026-04-27"),
        ("America/St_Barthelemy", "2026-10-09"),
        ("America/Marigot", "2026-05-28"),
    ],
)
def test_working_hours_do_not_hold_on_the_holidays_of_the_time_zone(zone, day):
    with_holidays = calendar(WORK, FRANCE)
    assert slot(with_holidays, f"{day}T10:00", zone) == "closed"
    assert slot(calendar(WORK), f"{day}T10:00", zone) == "work-hours"
    elsewhere = "Indian/Mayotte" if zone != "Indian/Mayotte" else PARIS
    shared = day == "2026-05-25"
    assert slot(with_holidays, f"{day}T10:00", elsewhere) == ("closed" if shared else "work-hours")


def test_a_holiday_is_a_day_of_its_own_whatever_its_weekday():
    both = calendar(WORK, "on-call, sun+holidays, 10:00, 18:00\n", FRANCE)
    assert slot(both, "2026-05-25T10:00") == "on-call"  # Whit Monday
    assert slot(both, "2026-05-25T09:00") == "closed"
    assert slot(both, "2026-08-15T10:00") == "on-call"  # a Saturday
    assert slot(both, "2026-05-24T10:00") == "on-call"
    assert slot(both, "2026-05-26T10:00") == "work-hours"


def test_a_structure_may_keep_the_holidays_of_a_territory_that_no_zone_tells():
    local = calendar(WORK, FRANCE, "holidays, alsace-moselle, ccas-strasbourg\n")
    assert slot(local, "2026-04-03T10:00", slug="ccas-strasbourg") == "closed"
    assert slot(local, "2026-04-03T10:00", slug="ccas-lyon") == "work-hours"
    assert slot(local, "2026-04-03T10:00") == "work-hours"
    alone = calendar(WORK, "holidays, alsace-moselle, ccas-strasbourg\n")
    assert slot(alone, "2026-05-25T10:00", slug="ccas-strasbourg") == "closed"
    assert slot(alone, "2026-05-25T10:00", slug="ccas-lyon") == "work-hours"


def test_outside_of_france_no_day_is_a_holiday():
    assert slot(calendar(WORK, FRANCE), "2026-07-14T10:00", "Europe/Brussels") == "work-hours"


def test_people_of_no_structure_keep_the_holidays_of_the_zone_of_the_file():
    reunion = calendar(WORK, FRANCE, "time-zone, Indian/Reunion\n")
    span = reunion.span(at("2027-12-20T10:00", "Indian/Reunion"), None)
    assert span is not None
    assert span.slot == "closed"


def test_on_a_day_of_closing_no_slot_holds_not_even_one_for_holidays():
    shut = calendar(EVERY_DAY, FRANCE, "closed, 2026-12-24, 2026-12-26\n")
    for day, expected in ((23, "guard"), (24, "closed"), (25, "closed"), (26, "closed")):
        assert slot(shut, f"2026-12-{day}T12:00") == expected
    assert slot(shut, "2026-12-27T00:00") == "guard"


def test_a_structure_may_close_alone():
    one = calendar(WORK, "closed, 2027-08-02, 2027-08-15, ccas-lyon\n", "closed, 2027-08-16\n")
    assert slot(one, "2027-08-10T10:00", slug="ccas-lyon") == "closed"
    assert slot(one, "2027-08-16T10:00", slug="ccas-lyon") == "closed"
    assert slot(one, "2027-08-10T10:00", slug="ccas-nice") == "work-hours"
    assert slot(one, "2027-08-10T10:00") == "work-hours"
    assert one.days.slugs == {"ccas-lyon"}


def test_what_is_kept_for_one_structure_is_not_told_to_another():
    one = calendar(WORK, "closed, 2027-08-02, ccas-lyon\n")
    moment = at("2027-08-02T10:00")
    told = [one.span(moment, PARIS, slug) for slug in ("ccas-lyon", "x", "ccas-lyon", None)]
    assert [span.slot for span in told if span] == ["closed", "work-hours", "closed", "work-hours"]


def test_structures_that_the_file_does_not_name_share_what_is_kept():
    one = calendar(WORK, "closed, 2027-08-02, ccas-lyon\n")
    first = one.span(at("2026-01-14T10:00"), PARIS, "a")
    assert all(one.span(at("2026-01-14T11:00"), PARIS, f"s{n}") is first for n in range(100))


def test_a_span_ends_at_midnight_where_a_holiday_begins():
    assert ends(calendar(EVERY_DAY.replace("+holidays", ""), FRANCE), "2026-05-20T10:00") == at(
        "2026-05-25T00:00"
    )
    assert ends(calendar(EVERY_DAY, FRANCE, "closed, 2026-05-26\n"), "2026-05-20T10:00") == at(
        "2026-05-26T00:00"
    )


def test_a_night_is_cut_by_a_holiday_that_follows_a_clock_change():
    """28 March 2027 is Easter and has 23 hours in Paris; the day after is a holiday."""
    night = "night, sun, 20:00, 24:00\nnight, mon, 00:00, 06:00\n"
    assert ends(calendar(night, FRANCE), "2027-03-28T22:00") == at("2027-03-29T00:00")
    assert ends(calendar(night), "2027-03-28T22:00") == at("2027-03-29T06:00")
    assert ends(calendar(night, FRANCE), "2027-03-28T01:30") == at("2027-03-28T20:00")


def test_a_long_closing_is_told_to_its_end():
    shut = calendar(WORK, FRANCE, "closed, 2026-07-20, 2027-07-19\n")
    assert ends(shut, "2026-07-17T20:00") == at("2027-07-20T08:00")


def test_hours_that_never_change_are_asked_again_a_year_later():
    span = calendar(EVERY_DAY, FRANCE).span(at("2026-01-14T10:00"), PARIS)
    assert span is not None
    assert timedelta(days=366) < span.ends - span.starts < timedelta(days=400)


def test_the_clock_on_the_wall_says_what_kind_of_day_it_is():
    local = calendar(WORK, FRANCE, "closed, 2026-12-24, x\n")
    assert local.local_time(at("2026-05-25T10:00"), PARIS) == (
        "mon 10:00 Europe/Paris, a public holiday"
    )
    assert local.local_time(at("2026-12-24T10:00"), PARIS, "x").endswith(", a day of closing")
    assert local.local_time(at("2026-12-24T10:00"), PARIS) == "thu 10:00 Europe/Paris"


def test_the_kinds_and_edges_are_all_that_two_calendars_can_differ_in():
    """Between two edges, a kind of day has one slot; the days say which date is of which kind."""
    some = calendar(WORK, "on-call, sat+holidays, 10:07, 24:00\n", FRANCE, "closed, 2026-12-24\n")
    assert some.edges() == (0, 480, 607, 1140)
    for kind in range(len(KINDS)):
        for first, last in zip(some.edges(), (*some.edges()[1:], 1440), strict=True):
            assert len({some.slot_on(kind, minute) for minute in range(first, last)}) == 1
    assert some.slot_on(HOLIDAY, 1439) == "on-call"
    assert {some.slot_on(SHUT, minute) for minute in range(1440)} == {"closed"}
    assert some.days.kind(date(2026, 12, 24), PARIS, None) == SHUT
    assert some.days.kind(date(2026, 12, 25), PARIS, None) == HOLIDAY
    assert some.days.kind(date(2026, 12, 23), PARIS, None) == 2


ZONES = [PARIS, "America/Martinique", "America/Miquelon", "Australia/Lord_Howe", "Africa/Cairo"]


@pytest.mark.parametrize("seed", range(8))
def test_a_span_holds_to_its_last_minute_and_no_longer(seed):
    """Over midnights, holidays, closings and clock changes, minute by minute."""
    chance = random.Random(seed)
    first, second = sorted(chance.sample(range(1440), 2))
    text = (
        f"a, {chance.choice(['mon-fri', 'mon-sun', 'sat+holidays'])}, {_clock(first)}, 24:00\n"
        f"b, mon-sun+holidays, 00:00, {_clock(min(first, second))}\n" * (first > 0)
    )
    some = calendar(text, FRANCE, "closed, 2026-10-24, 2026-10-26\n")
    zone = ZoneInfo(chance.choice(ZONES))
    begin = datetime(2026, chance.choice([3, 4, 5, 10]), 22, tzinfo=UTC)
    for _ in range(12):
        now = begin + timedelta(minutes=chance.randrange(14 * 1440))
        span = Calendar(some.openings, zone.key, some.days).span(now, None)
        assert span is not None
        assert (span.slot, span.starts) == (_as_it_is(some, now, zone), now)
        moment = now
        while moment < span.ends and moment < now + timedelta(days=4):
            assert _as_it_is(some, moment, zone) == span.slot
            moment += timedelta(minutes=1)
        if span.ends < now + timedelta(days=300):
            assert _as_it_is(some, span.ends, zone) != span.slot


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _as_it_is(some: Calendar, moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    kind = some.days.kind(local.date(), zone.key, None)
    return some.slot_on(kind, local.hour * 60 + local.minute)


def opening(calendar_: Calendar, now: str, *slots: str, slug: str | None = None) -> str | None:
    found = calendar_.opens(frozenset(slots), at(now), PARIS, slug)
    return None if found is None else f"{found:%Y-%m-%dT%H:%M}"


SATURDAY = "saturday, sat, 09:00, 12:00\n"


@pytest.mark.parametrize(
    ("now", "slots", "opens"),
    [
        ("2026-01-14T07:59", ("work-hours",), "2026-01-14T08:00"),
        ("2026-01-14T19:00", ("work-hours",), "2026-01-15T08:00"),
        ("2026-01-16T19:00", ("work-hours",), "2026-01-19T08:00"),
        ("2026-01-16T19:00", ("work-hours", "saturday"), "2026-01-17T09:00"),
        ("2026-01-14T10:00", ("work-hours",), "2026-01-14T10:00"),
        ("2026-01-14T10:00", ("closed",), "2026-01-14T19:00"),
        ("2026-04-30T19:30", ("work-hours",), "2026-05-04T08:00"),
        ("2026-03-29T01:00", ("work-hours",), "2026-03-30T08:00"),
        ("2026-01-14T10:00", ("never",), None),
        ("2026-01-14T10:00", (), None),
    ],
)
def test_the_next_opening_passes_over_holidays_and_what_is_not_wanted(now, slots, opens):
    """The first of May is a Friday in 2026."""
    assert opening(calendar(WORK, SATURDAY, FRANCE), now, *slots) == opens


def test_an_opening_that_was_found_is_told_until_it_comes_and_then_the_next():
    one = calendar(WORK)
    asked = ["2026-01-14T19:00", "2026-01-15T07:59", "2026-01-15T19:00", "2026-01-14T19:30"]
    told = [opening(one, now, "work-hours") for now in asked]
    assert told == ["2026-01-15T08:00", "2026-01-15T08:00", "2026-01-16T08:00", "2026-01-15T08:00"]
    assert one.opens(frozenset({"work-hours"}), at("2026-01-14T19:00"), "Nowhere/None") is None


def test_the_next_opening_agrees_with_the_spans():
    one, wanted = calendar(WORK, SATURDAY, FRANCE), frozenset({"work-hours", "saturday"})
    chance = random.Random(4)
    for _ in range(40):
        now = at("2026-01-01T00:00") + timedelta(minutes=chance.randrange(366 * 24 * 60))
        span = one.span(now, PARIS)
        while span is not None and span.slot not in wanted:
            span = one.span(span.ends, PARIS)
        assert span is not None
        assert one.opens(wanted, now, PARIS) == max(now, span.starts)
