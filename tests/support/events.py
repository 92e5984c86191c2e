"""What was logged meanwhile."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from davserver.domain.events import FACTS, ROOT


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        facts = getattr(record, FACTS, {})
        self.told.append({**facts, "event": record.msg, "log_level": record.levelname.lower()})


@contextmanager
def capture_logs() -> Iterator[list[dict[str, Any]]]:
    kept, ours = _Kept(), logging.getLogger(ROOT)
    level = ours.level
    ours.addHandler(kept)
    ours.setLevel(logging.INFO)
    try:
        yield kept.told
    finally:
        ours.removeHandler(kept)
        ours.setLevel(level)
