"""Questions that may hang, as a database or a disk does: whoever asks them is answered in time."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import Any

Question = Callable[[], Any]


class Patience:
    """Each is asked in a thread of its own. One that still waits for its answer is not asked again:
    there is never more than one thread for each.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._asked: dict[str, Future[Any]] = {}
        self._turn = Lock()

    def ask(self, questions: Mapping[str, Question]) -> dict[str, Any]:
        """The answers that came in time. Raises what a question raised."""
        with self._turn:
            for name, question in questions.items():
                if name not in self._asked:
                    self._asked[name] = _begun(name, question)
            done, _ = wait([self._asked[name] for name in questions], self._seconds)
            found = {name: self._asked[name] for name in questions if self._asked[name] in done}
            for name in found:
                del self._asked[name]
        return {name: one.result() for name, one in found.items()}


def _begun(name: str, question: Question) -> "Future[Any]":
    answer: Future[Any] = Future()

    def run() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:  # noqa: BLE001 — raised where it was asked
            answer.set_exception(error)

    # A process may end while one hangs.
    Thread(target=run, name=f"asks-{name}", daemon=True).start()
    return answer
