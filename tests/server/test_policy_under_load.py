"""While policies take turns, each answer is by one of them, whole, and by the one in force.

The long form, with 500 changes in a minute: benchmarks/reloads.py.
"""

import pytest

from tests.support.instance import Instance, serving
from tests.support.reloading import READERS, WRITERS, Race, prepared

pytestmark = [pytest.mark.server, pytest.mark.slow]

RELOADS, CLIENTS, ANSWERS = 30, 8, 10
"""Half as many changes again as generations are kept; after each, a client asks once more."""


def test_answers_are_by_the_policy_that_their_request_met_and_none_mixes_two(
    instance: Instance,
) -> None:
    instance.set("policy.activation", "manual")
    with serving(instance, workers=2), instance.opened() as services:
        race = Race(instance, services, prepared(instance))
        race.run(RELOADS, CLIENTS, lambda race: race.wait_for(ANSWERS))
    race.compare_with_log()
    assert race.wrong == []
    assert race.logged >= race.asked
    assert race.asked >= RELOADS * ANSWERS
    # A client's second question after a change meets none: then only one answer is right.
    assert race.pinned >= RELOADS * (ANSWERS - CLIENTS)
    assert min(race.seen[READERS], race.seen[WRITERS]) >= RELOADS
