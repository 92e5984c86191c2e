"""One question at a time: whoever asks what is being asked already waits for that answer."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from typing import Generic, TypeVar

from davserver.domain.errors import Unavailable

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """One per process and kind of question. Thread-safe."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds that somebody waits for an answer that another asked for."""
        self._patience = patience
        self._turn = threading.Lock()
        self._under_way: dict[bytes, Future[T]] = {}

    def run(self, key: bytes, ask: Callable[[], T]) -> T:
        """What `ask` gives, or raises, to everybody who came with the same key meanwhile.

        Whoever comes after the answer asks anew: `ask` looks first at what may be known by then.
        Raises Unavailable when another's question takes too long.
        """
        with self._turn:
            flying = self._under_way.get(key)
            mine: Future[T] = Future()
            if flying is None:
                self._under_way[key] = mine
        if flying is not None:
            return self._wait(flying)
        try:
            answer = ask()
        except BaseException as error:
            self._land(key)
            mine.set_exception(error)
            raise
        self._land(key)
        mine.set_result(answer)
        return answer

    def _wait(self, flying: "Future[T]") -> T:
        try:
            return flying.result(self._patience)
        except StillWaiting as error:
            raise Unavailable("an answer takes too long") from error

    def _land(self, key: bytes) -> None:
        with self._turn:
            del self._under_way[key]
