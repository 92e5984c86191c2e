"""What an administrator sees first: what needs them, the rules in force and those before."""

from werkzeug.wrappers import Response

from davserver.gate.policy.refused import Source, Span
from davserver.gate.policy.rulebook import Generation
from davserver.web.mistakes import in_words
from davserver.web.pages.health import rows_of
from davserver.web.policy_words import ORIGINS, VERDICTS, WELL, not_in_force, warnings
from davserver.web.typed import number_typed
from davserver.web.visit import Visit

_AT_ONCE = 10
_MOST_PROBLEMS = 50


def show(visit: Visit) -> Response:
    oversight = visit.services.oversight
    status = oversight.rules(visit.who, visit.now)
    return visit.page(
        "overview.html",
        policy=status,
        warnings=warnings(status),
        refused=oversight.refused(visit.who, visit.now, Span.HOUR),
        hour=Span.HOUR,
        by_trail=Source.TRAIL,
        ill=[one for one in rows_of(visit) if one.is_ill],
    )


def rules(visit: Visit) -> Response:
    status = visit.services.oversight.rules(visit.who, visit.now)
    return visit.page(
        "rules.html",
        policy=status,
        warnings=not_in_force(status),
        is_well=status.folder.verdict in WELL,
        most=_MOST_PROBLEMS,
        in_words=lambda one: in_words(one, visit.texts),
        verdict=VERDICTS[status.folder.verdict],
        origin=lambda one: _origin(visit, one),
    )


def earlier(visit: Visit) -> Response:
    """Ten at once."""
    every = visit.services.oversight.generations(visit.who, visit.now)
    before = number_typed(visit.query.text("before"))
    if before is not None:
        every = tuple(one for one in every if one.number < before)
    shown = every[:_AT_ONCE]
    return visit.page(
        "rules_earlier.html",
        generations=shown,
        further=shown[-1].number if len(every) > _AT_ONCE else None,
        origin=lambda one: _origin(visit, one),
    )


def _origin(visit: Visit, one: Generation) -> str:
    return visit.texts.gettext(ORIGINS[one.origin], number=one.brought_back)
