"""What administrators are told on pages has its words for everything that can be."""

from davserver.domain.actions import Action, Zone
from davserver.domain.errors import Reason
from davserver.domain.health import Sighting, Sign, State
from davserver.domain.people import Role
from davserver.gate.policy.decision_files import LogState
from davserver.gate.policy.rulebook import Origin, Verdict
from davserver.web.health_words import HEALTH, STATES
from davserver.web.policy_words import ORIGINS, VERDICTS
from davserver.web.refusal_words import ACTIONS, MEANS, ROLES, ZONES
from davserver.wiring.health import LOGS


def test_each_table_is_complete() -> None:
    assert set(HEALTH) == set(Sign)
    assert set(STATES) == set(State)
    assert set(VERDICTS) == set(Verdict)
    assert set(ORIGINS) == set(Origin)
    assert set(MEANS) == set(Reason)
    assert set(ACTIONS) == set(Action)
    assert set(ROLES) == set(Role)
    assert set(ZONES) == set(Zone)
    assert set(LOGS) == set(LogState)


def test_whatever_is_not_well_says_what_to_do_and_nothing_else_asks_for_anything() -> None:
    ill = {one for one in Sign if Sighting(one).state is not State.WELL}
    asking = {one for one, words in HEALTH.items() if words.do}
    # Whether a log is kept is the administrator's choice: how to, is told all the same.
    assert asking - ill == {Sign.DECISIONS_OFF}
    assert ill <= asking
