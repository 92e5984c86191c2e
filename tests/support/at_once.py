"""Several do everything at the same time before two workers that remember. Then all stand still,
and the workers are asked what somebody is asked who remembers nothing of the same instance.
"""

import copy
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tests.support import acts_of_access as access
from tests.support import acts_on_drives as drives
from tests.support.everybody import OFTEN, arrive
from tests.support.in_process import Front
from tests.support.instance import Instance
from tests.support.side_by_side import Answer, Deed, Given, SideBySide, done, monday_morning, opened
from tests.support.story import Story

_ALONE = {drives.time, drives.stranger, access.password}
"""What changes for everybody what they are in the middle of."""
_ACTS = {act: often for act, often in OFTEN.items() if act not in _ALONE}
_SEVERAL, _PATIENCE = 4, 120


class Chance(Given):
    """Nobody draws the same at once."""

    def entropy(self, size: int) -> bytes:
        return os.urandom(size)


class AtOnce(SideBySide):
    def request(
        self,
        worker: int,
        said: str,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> Answer:
        return self.workers[worker].asked(said, method, path, body, headers or {}, address)

    def deed(self, worker: int, what: str, deed: Deed) -> object:  # noqa: ARG002 — as told there
        return done(self.workers[worker % 2].services, deed, self.given.now)


def live_at_once(worlds: AtOnce, seed: int, rounds: int, acts: int, questions: int) -> Story:
    """Raises Different, or what anybody met. Gives the story of whoever asked."""
    first = Story(worlds, seed)
    arrive(first)
    for number in range(rounds):
        met: list[BaseException] = []
        several = [_others(first, seed + 1000 * (number + 1) + one) for one in range(_SEVERAL)]
        threads = [threading.Thread(target=_live, args=(one, acts, met)) for one in several]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_PATIENCE)
        assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
        if met:
            raise met[0]
        for _ in range(questions):
            first.ask()
    return first


def _others(first: Story, seed: int) -> Story:
    other = Story(first.worlds, seed)
    other.people, other.grants = copy.deepcopy(first.people), list(first.grants)
    return other


def _live(story: Story, acts: int, met: list[BaseException]) -> None:
    try:
        for _ in range(acts):
            (act,) = story.dice.choices(list(_ACTS), list(_ACTS.values()))
            act(story)
    except BaseException as error:  # noqa: BLE001 — raised by whoever started the thread
        met.append(error)


@contextmanager
def at_once(instance: Instance) -> Iterator[AtOnce]:
    given = Chance(monday_morning())
    with ExitStack() as stack:
        workers = [Front(instance, stack.enter_context(opened(instance, given))) for _ in range(2)]
        yield AtOnce(instance, instance, given, workers)
