"""Where Abri's own log lines go: JSON, one per event, as the server's."""

import json
import logging
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from davserver.domain.alarms import OVER, TO_DO
from davserver.domain.errors import Unavailable
from davserver.domain.events import FACTS, ROOT


def log_errors() -> None:
    """For a command: whoever typed it reads what it prints, and in its log lines only damage."""
    _configure(sys.stderr, logging.ERROR)


def log_to(file: Path | None) -> None:
    """For a server: to the end of that file (0600 if new), or to standard error. Raises
    Unavailable.
    """
    if file is None:
        _configure(sys.stderr, logging.INFO)
        return
    try:
        file.touch(mode=0o600)
        stream = file.open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise Unavailable(f"log.file: {file} cannot be written: {error.strerror}") from error
    _configure(stream, logging.INFO)


def _configure(stream: TextIO, least: int) -> None:
    ours = logging.getLogger(ROOT)
    # The last word counts: a server's process starts as a command, and its workers come out of it.
    ours.handlers[:] = [writes_lines(stream)]
    ours.propagate = False
    ours.setLevel(least)


def writes_lines(stream: TextIO) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(OncePerMinute())
    return handler


@dataclass(slots=True)
class _Minute:
    began: float
    told: set[str] = field(default_factory=set)
    left_out: int = 0


class OncePerMinute(logging.Filter):
    """The same alarm once a minute, and few of one kind: what every request meets would fill the
    disk. The next line of that kind says how many were left out.
    """

    _SECONDS = 60
    _MOST = 20
    """Lines of one kind in a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = threading.Lock()
        self._minutes: dict[str, _Minute] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        facts = getattr(record, FACTS, {})
        with self._turn:
            if hasattr(record, TO_DO):
                return self._comes(record, facts)
            if record.msg == OVER:
                self._minutes.pop(facts["of"], None)
        return True

    def _comes(self, record: logging.LogRecord, facts: dict[str, object]) -> bool:
        minute = self._minutes.get(record.msg)
        if minute is None or not 0 <= record.created - minute.began < self._SECONDS:
            left_out = minute.left_out if minute is not None else 0
            minute = self._minutes[record.msg] = _Minute(record.created)
            if left_out:
                setattr(record, FACTS, {**facts, "left_out": left_out})
        said = repr(facts)
        if said in minute.told or len(minute.told) == self._MOST:
            minute.left_out += 1
            return False
        minute.told.add(said)
        return True


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        line = {
            **getattr(record, FACTS, {}),
            "event": record.msg,
            **({"alarm": getattr(record, TO_DO)} if hasattr(record, TO_DO) else {}),
            "level": record.levelname.lower(),
            "timestamp": at.removesuffix("+00:00") + "Z",
        }
        return json.dumps(line, default=repr)
