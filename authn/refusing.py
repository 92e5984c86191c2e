"""How those leave who are not let in: alike, and at moments that tell nothing of the work done."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from davserver.domain.errors import NotSignedIn, SlowDown, Unavailable

BEAT = 0.05
"""Seconds. Refusals leave at whole multiples of it after they came: whether there was a row to
authenticate takes some 100 µs, which would else tell who has an account here.
"""

STAFF_BEAT = 0.25
"""The same for names that may be a directory's. That one takes some milliseconds for a name that it
does not know, and some tens for a password that is wrong; for one too many it is not even asked.
"""

Aside = Callable[[], AbstractContextManager[None]]


@contextmanager
def refusing(require_there: Callable[[], None] | None, aside: Aside) -> Iterator[None]:
    """Around a sign-in. `require_there`, for names that may be a directory's, raises Unavailable
    while that one is away: then nobody is refused, whether Abri could have told by itself or not.
    """
    begun = time.monotonic()
    try:
        yield
    except (NotSignedIn, SlowDown):
        _leave(begun, require_there, aside)
        raise
    except Unavailable:
        if require_there is not None:
            _wait(begun, BEAT, aside)
        raise


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
