"""Who looked, what changed, what was refused: the trail of my safe."""

from dataclasses import dataclass

from werkzeug.wrappers import Response

from davserver.domain.drive import TrailEntry
from davserver.domain.errors import Reason
from davserver.domain.refusals import REASONS
from davserver.domain.wording import words
from davserver.web.happened import (
    KINDS,
    Kind,
    answers_operator,
    by_operator,
    happened,
    is_of,
    kind_named,
    to_whom,
)
from davserver.web.typed import number_typed
from davserver.web.visit import Visit

_SHOWN = 50
_AT_ONCE = 200
_MOST_READ = 2000
"""Entries that are looked through for one page of a filter: further ones are a press away."""


@dataclass(frozen=True, slots=True)
class Found:
    """Latest first, by the clock: a reading is told of by its first moment, but may be numbered
    up to ten minutes later. `further`: the number before which the next page begins; None at the
    end.
    """

    entries: list[TrailEntry]
    further: int | None


def show(visit: Visit) -> Response:
    kind = kind_named(visit.query.text("only"))
    found = _found(visit, kind, number_typed(visit.query.text("before")))
    return visit.page(
        "history.html",
        found=found,
        kind=kind,
        kinds=KINDS,
        happened=happened,
        because=lambda entry: _because(visit, entry),
        by_operator=by_operator,
        answers_operator=answers_operator,
        to_whom=to_whom,
    )


def _found(visit: Visit, kind: Kind, before: int | None) -> Found:
    entries: list[TrailEntry] = []
    looked_at = 0
    while looked_at < _MOST_READ:
        some = visit.services.history.show(
            visit.who,
            visit.who.person.login,
            visit.now,
            limit=_AT_ONCE,
            before=before,
            by_name=True,
        )
        for entry in reversed(some):
            if is_of(entry, kind):
                entries.append(entry)
            if len(entries) == _SHOWN and entry.seq > 1:
                return Found(_by_the_clock(entries), entry.seq)
        numbers = [entry.seq for entry in some if entry.seq]
        if len(some) < _AT_ONCE or not numbers:
            return Found(_by_the_clock(entries), None)
        before, looked_at = min(numbers), looked_at + len(some)
    return Found(_by_the_clock(entries), before)


def _by_the_clock(entries: list[TrailEntry]) -> list[TrailEntry]:
    return sorted(entries, key=lambda one: one.at, reverse=True)


def _because(visit: Visit, entry: TrailEntry) -> str:
    """Why something was refused, in the reader's language."""
    reason = next((one for one in Reason if one.value == entry.reason), None)
    return words(REASONS, visit.texts.speech)[reason].because if reason else ""
