"""Where Abri's own log lines go: JSON, one per event, as the server's."""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

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
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    ours = logging.getLogger(ROOT)
    # The last word counts: a server's process starts as a command, and its workers come out of it.
    ours.handlers[:] = [handler]
    ours.propagate = False
    ours.setLevel(least)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        line = {
            **getattr(record, FACTS, {}),
            "event": record.msg,
            "level": record.levelname.lower(),
            "timestamp": at.removesuffix("+00:00") + "Z",
        }
        return json.dumps(line, default=repr)
