"""Where Abri's own log lines go: JSON, one per event, as the server's."""

import sys
from pathlib import Path
from typing import TextIO

import structlog

from davserver.domain.errors import Unavailable

_INFO, _ERROR = 20, 40


def log_errors() -> None:
    """For a command: whoever typed it reads what it prints, and in its log lines only damage."""
    _configure(sys.stderr, _ERROR)


def log_to(file: Path | None) -> None:
    """For a server: to the end of that file (0600 if new), or to standard error. Raises
    Unavailable.
    """
    if file is None:
        _configure(sys.stderr, _INFO)
        return
    try:
        file.touch(mode=0o600)
        stream = file.open("a", encoding="utf-8", buffering=1)
    except OSError as error:
        raise Unavailable(f"log.file: {file} cannot be written: {error.strerror}") from error
    _configure(stream, _INFO)


def _configure(stream: TextIO, least: int) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(stream),
        # A logger that was used keeps to what is said here last: a server's process starts as a
        # command, and its workers come out of it.
        cache_logger_on_first_use=False,
    )
