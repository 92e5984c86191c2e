"""Where Abri's own log lines go: JSON, one per event, as the server's."""

import sys
from pathlib import Path

import structlog

_INFO = 20


def log_to(file: Path | None) -> None:
    """To the end of that file (0600 if new), or to standard error. Raises OSError."""
    stream = sys.stderr
    if file is not None:
        file.touch(mode=0o600)
        stream = file.open("a", encoding="utf-8", buffering=1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
