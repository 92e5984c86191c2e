"""Numbers of requests. They are drawn many at a time: for each draw Python lets other threads go
first, in the middle of a request.
"""

from collections import deque

from davserver.domain.ids import Entropy

_BYTES = 8
_AT_ONCE = 256


class Numbers:
    """Thread-safe. Nothing is drawn before the first is asked for: two processes of one origin
    share none.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._drawn: deque[str] = deque()

    def next(self) -> str:
        """16 hexadecimal digits."""
        while True:
            try:
                return self._drawn.popleft()
            except IndexError:
                text, digits = self._entropy(_BYTES * _AT_ONCE).hex(), 2 * _BYTES
                self._drawn.extend(text[at : at + digits] for at in range(0, len(text), digits))
