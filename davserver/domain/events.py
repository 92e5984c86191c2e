"""What happens beside the answers: words of our own and facts, for the log.

On Python's own logging, under the name `abri`: what libraries log is not ours, and goes elsewhere.
Where lines end up, and how they look, is said by whoever runs the process (`admin.logs`). What
somebody must do something about is an alarm (`domain.alarms`).
"""

import logging
from typing import Final

ROOT: Final = "abri"
FACTS: Final = "abri_facts"
"""The attribute of a log record that holds the facts."""


class Events:
    """One part's log. An event is a stable word; no fact may be what a client sent, nor a name."""

    def __init__(self, part: str) -> None:
        self._logger = logging.getLogger(f"{ROOT}.{part.removeprefix(f'{ROOT}.')}")

    def info(self, event: str, **facts: object) -> None:
        self._logger.info(event, extra={FACTS: facts})

    def warning(self, event: str, **facts: object) -> None:
        self._logger.warning(event, extra={FACTS: facts})
