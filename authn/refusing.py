"""How those leave who are not let in: alike, and at moments that tell nothing of the work done."""

import time
from collections.abc import Callable

from davserver.db.aside import Aside
from davserver.domain.errors import NotSignedIn, SlowDown, Unavailable

BEAT = 0.05
"""Seconds. Refusals leave at whole multiples of it after they came: whether there was a row to
authenticate takes some 100 µs, which would else tell who has an account here.
"""

STAFF_BEAT = 0.25
"""The same for names that may be a directory's. That one takes some milliseconds for a name that it
does not know, and some tens for a password that is wrong; for one too many it is not even asked.
"""


class Refusing:
    """Around a sign-in. `require_there`, for names that may be a directory's, raises Unavailable
    while that one is away: then nobody is refused, whether Abri could have told by itself or not.

    Every request pays for it: a class and no generator.
    """

    __slots__ = ("_aside", "_begun", "_require_there")

    def __init__(self, require_there: Callable[[], None] | None, aside: Aside) -> None:
        self._require_there = require_there
        self._aside = aside
        self._begun = time.monotonic()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        if isinstance(error, NotSignedIn | SlowDown):
            _leave(self._begun, self._require_there, self._aside)
        elif isinstance(error, Unavailable) and self._require_there is not None:
            _wait(self._begun, BEAT, self._aside)


def _leave(begun: float, require_there: Callable[[], None] | None, aside: Aside) -> None:
    if require_there is None:
        _wait(begun, BEAT, aside)
        return
    try:
        require_there()
    except Unavailable:
        _wait(begun, BEAT, aside)
        raise
    _wait(begun, STAFF_BEAT, aside)


def _wait(begun: float, beat: float, aside: Aside) -> None:
    with aside():
        time.sleep(beat - (time.monotonic() - begun) % beat)
