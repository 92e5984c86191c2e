"""Alarms: a complete table, and a log that they do not flood."""

import errno
import json
import logging
import re
from io import StringIO
from pathlib import Path

import pytest

from admin.logs import OncePerMinute, writes_lines
from davserver.domain.alarms import ALARMS, NAME, TO_DO, Alarm, is_over, sound
from davserver.domain.disks import DISK_ERRORS, of_disk
from davserver.domain.errors import NoSpace
from davserver.domain.events import FACTS
from tests.support.events import capture_logs

ROOT = Path(__file__).parents[2]
PARTS = ("davserver", "authn", "policies", "admin")
CODE = [file for part in PARTS for file in (ROOT / part).rglob("*.py")]


def test_every_alarm_says_what_to_do_and_stands_in_the_documentation() -> None:
    assert set(ALARMS) == set(Alarm)
    assert all(ALARMS.values())
    page = (ROOT / "docs/alarms.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert rows == [one.value for one in Alarm]


def test_every_alarm_is_sounded_somewhere_and_nothing_else_is_an_error() -> None:
    text = "\n".join(file.read_text() for file in CODE if file.name != "alarms.py")
    assert [one.name for one in Alarm if not re.search(rf"\bAlarm\.{one.name}\b", text)] == []
    assert NAME not in text


def test_a_line_says_what_to_do() -> None:
    stream = StringIO()
    ours = logging.getLogger(NAME)
    handler = writes_lines(stream)
    ours.addHandler(handler)
    try:
        sound(Alarm.KEYS_CLOSED)
    finally:
        ours.removeHandler(handler)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"]) == ("keys-closed", "error")
    assert line["alarm"] == ALARMS[Alarm.KEYS_CLOSED]


@pytest.mark.parametrize("number", DISK_ERRORS)
def test_a_disk_that_takes_nothing_is_an_alarm(number: int) -> None:
    with capture_logs() as told:
        kind = type(of_disk(OSError(number, "no"), "contents"))
    (line,) = told
    assert line["event"] == ("disk-full" if kind is NoSpace else "disk-failed")
    assert (line["of"], line["error"]) == ("contents", errno.errorcode[number])


class Line:
    """What comes through to a log, and with which facts."""

    def __init__(self) -> None:
        self._filter = OncePerMinute()

    def comes(self, at: float, event: str = "row-mac-wrong", **facts: object) -> object:
        """How many were left out before it; None: it is left out itself."""
        record = logging.makeLogRecord({"name": NAME, "msg": event, "created": at, FACTS: facts})
        if event != "alarm-over":
            setattr(record, TO_DO, "…")
        if not self._filter.filter(record):
            return None
        told: dict[str, object] = getattr(record, FACTS)
        return told.get("left_out", 0)


def test_the_same_alarm_comes_once_a_minute_and_says_how_many_were_left_out() -> None:
    log = Line()
    assert log.comes(0, id="a") == 0
    assert [log.comes(second, id="a") for second in range(1, 60)] == [None] * 59
    assert log.comes(60, id="a") == 59
    assert log.comes(61, id="a") is None
    assert log.comes(61, event="disk-full", of="contents") == 0


def test_alarms_of_one_kind_are_told_apart_as_long_as_they_are_few() -> None:
    log = Line()
    came = [log.comes(0, id=str(number)) for number in range(1000)]
    assert came == [0] * 20 + [None] * 980
    assert log.comes(60, id="x") == 980


def test_what_is_over_may_begin_again_at_once() -> None:
    log = Line()
    assert log.comes(0, event="database-away") == 0
    assert log.comes(10, event="alarm-over", of="database-away") == 0
    assert log.comes(20, event="database-away") == 0


def test_what_is_no_alarm_always_comes() -> None:
    record = logging.makeLogRecord({"name": "abri.authn", "msg": "sign-in-refused", "created": 0})
    assert all(OncePerMinute().filter(record) for _ in range(3))


def test_the_end_of_an_alarm_is_told_and_is_none() -> None:
    with capture_logs() as told:
        is_over(Alarm.DATABASE_AWAY)
    assert told == [{"event": "alarm-over", "of": "database-away", "log_level": "info"}]


def test_the_end_of_an_alarm_about_one_of_several_says_which() -> None:
    with capture_logs() as told:
        is_over(Alarm.DISK_FAILED, "the database")
    (line,) = told
    assert (line["of"], line["where"]) == ("disk-failed", "the database")
