"""Whoever asks what may hang is answered in time."""

import threading
from collections.abc import Iterator

import pytest

from davserver.wiring.patience import Patience

SOON, NEVER = 0.05, 60.0


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    end = threading.Event()
    yield end
    end.set()


def test_what_hangs_is_left_out_and_asked_once(stuck: threading.Event) -> None:
    asked: list[int] = []

    def hangs() -> bool:
        asked.append(1)
        return stuck.wait(NEVER)

    patience = Patience(SOON)
    for _ in range(3):
        # A thread that begins late answers to whoever asks next.
        told = (patience.ask({"well": lambda: True, "database": hangs}) for _ in range(1000))
        assert next(filter(None, told)) == {"well": True}
    assert len(asked) == 1


def test_it_is_told_once_it_has_answered(stuck: threading.Event) -> None:
    patience = Patience(SOON)
    assert patience.ask({"database": lambda: stuck.wait(NEVER)}) == {}
    stuck.set()
    told = (patience.ask({"database": lambda: False}) for _ in range(1000))
    assert next(filter(None, told)) == {"database": True}


def test_what_a_question_raises_is_raised() -> None:
    def fails() -> bool:
        raise LookupError

    patience = Patience(NEVER)
    with pytest.raises(LookupError):
        patience.ask({"one": fails})
    assert patience.ask({"one": lambda: 1}) == {"one": 1}
