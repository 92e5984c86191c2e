"""Which server is asked: the first in the list that is not known to be away."""

import threading
from collections.abc import Callable

RESTING = 30.0
"""Seconds that a server which did not answer is left alone before one request tries it again."""


class Servers:
    """Thread-safe. `monotonic` counts seconds."""

    def __init__(self, urls: tuple[str, ...], monotonic: Callable[[], float]) -> None:
        self._urls = urls
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._turn = threading.Lock()

    def preferred(self) -> str:
        """The one that connections should be to."""
        with self._turn:
            return self._order()[0]

    def order(self) -> list[str]:
        """All, the best first. Whoever is given one whose rest is over tries it for all the
        others, who keep away from it meanwhile.
        """
        with self._turn:
            order = self._order()
            if order[0] in self._until:
                self._rest(order[0])
            return order

    def _order(self) -> list[str]:
        now = self._monotonic()
        return sorted(self._urls, key=lambda url: self._until.get(url, now) > now)

    def away(self, url: str) -> None:
        with self._turn:
            self._rest(url)

    def _rest(self, url: str) -> None:
        self._until[url] = self._monotonic() + RESTING

    def well(self, url: str) -> None:
        with self._turn:
            self._until.pop(url, None)
