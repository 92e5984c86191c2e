"""What was refused lately, by reason, and the last ones: without a name or a place."""

from werkzeug.wrappers import Response

from davserver.domain.errors import Reason
from davserver.domain.refusals import REASONS
from davserver.domain.wording import words
from davserver.gate.policy.decision_files import LogState
from davserver.gate.policy.refused import Source, Span
from davserver.web.refusal_words import ACTIONS, MEANS, ROLES, UNKNOWN, ZONES
from davserver.web.visit import Visit


def show(visit: Visit) -> Response:
    return visit.page(
        "refusals.html",
        found=visit.services.oversight.refused(visit.who, visit.now),
        spans=tuple(Span),
        by_trail=Source.TRAIL,
        off=LogState.OFF,
        because=lambda reason: _because(visit, reason),
        means=MEANS,
        actions=ACTIONS,
        roles=ROLES,
        zones=ZONES,
    )


def _because(visit: Visit, reason: Reason | None) -> str:
    if reason is None:
        return visit.texts.gettext(UNKNOWN)
    return words(REASONS, visit.texts.speech)[reason].because
