"""Whether each part of the service is well, in a plain word, and what to do."""

from dataclasses import dataclass

from werkzeug.wrappers import Response

from davserver.domain.health import Sighting, Sign, State
from davserver.web.health_words import FEW, FEWER, HEALTH, JOBS, STATES
from davserver.web.visit import Visit

_JOBS = frozenset({Sign.JOB_DONE, Sign.JOB_TO_COME, Sign.JOB_LATE, Sign.JOB_FAILED})


@dataclass(frozen=True, slots=True)
class Row:
    """In the reader's language."""

    state: State
    word: str
    part: str
    says: str
    do: str

    @property
    def is_ill(self) -> bool:
        return self.state is not State.WELL


def show(visit: Visit) -> Response:
    rows = rows_of(visit)
    return visit.page("health.html", rows=rows, ill=[one for one in rows if one.is_ill])


def rows_of(visit: Visit) -> list[Row]:
    return [_row(visit, one) for one in visit.services.oversight.health(visit.who, visit.now)]


def _row(visit: Visit, one: Sighting) -> Row:
    texts, words = visit.texts, HEALTH[one.sign]
    name = texts.gettext(JOBS.get(one.name, one.name)) if one.sign in _JOBS else one.name
    few = one.sign is Sign.SESSIONS and (one.number or 0) < FEW
    told = {
        "name": name,
        "amount": _amount(visit, one),
        "when": texts.moment(one.moment) if one.moment else "",
    }
    return Row(
        state=one.state,
        word=texts.gettext(STATES[one.state]),
        part=texts.gettext(words.part, **told),
        says=texts.gettext(FEWER if few else words.says, **told),
        do=texts.gettext(words.do) if words.do else "",
    )


def _amount(visit: Visit, one: Sighting) -> str:
    if one.number is None:
        return ""
    return (
        visit.texts.number(one.number)
        if one.sign is Sign.SESSIONS
        else visit.texts.size(one.number)
    )
