"""Many who ask the same at once are one question."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from authn.single_flight import SingleFlight
from davserver.domain.errors import NotSignedIn, Unavailable
from tests.support.serving import eventually

MANY = 8


class Question:
    """It is answered when `go` is set."""

    def __init__(self, answer: object) -> None:
        self.asked: list[int] = []
        self.begun = threading.Event()
        self.go = threading.Event()
        self._answer = answer

    def __call__(self) -> object:
        self.asked.append(threading.get_ident())
        self.begun.set()
        assert self.go.wait(60)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def waiting(flights: SingleFlight, key: bytes) -> int:
    flying = flights._under_way.get(key)
    return len(flying._condition._waiters) if flying else 0


def test_whoever_comes_meanwhile_gets_the_same_answer():
    flights: SingleFlight[object] = SingleFlight(60)
    question = Question("yes")
    with ThreadPoolExecutor(MANY) as pool:
        first = pool.submit(flights.run, b"k", question)
        assert question.begun.wait(60)
        others = [pool.submit(flights.run, b"k", question) for _ in range(MANY - 1)]
        assert eventually(lambda: waiting(flights, b"k") == MANY - 1)
        assert flights.run(b"other", lambda: "another") == "another"
        question.go.set()
        assert {one.result(60) for one in (first, *others)} == {"yes"}
    assert len(question.asked) == 1
    assert waiting(flights, b"k") == 0


def test_a_question_under_way_is_not_asked_again():
    flights: SingleFlight[object] = SingleFlight(0.05)
    question = Question("yes")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(flights.run, b"k", question)
        assert question.begun.wait(60)
        with pytest.raises(Unavailable):
            flights.run(b"k", question)
        question.go.set()
        assert first.result(60) == "yes"
    assert len(question.asked) == 1


def test_a_refusal_is_an_answer_too_and_the_next_one_asks_anew():
    flights: SingleFlight[object] = SingleFlight(60)
    for _ in range(2):
        question = Question(NotSignedIn())
        question.go.set()
        with pytest.raises(NotSignedIn):
            flights.run(b"k", question)
        assert len(question.asked) == 1
