"""Answers of the rules as the decision log counts them, made by hand."""

from datetime import UTC, datetime

from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import Reason
from davserver.domain.ids import GrantId, StructureId
from davserver.domain.people import Structure, StructureKind
from davserver.domain.tallies import Answered, Counted
from policies.logged import said
from policies.vocabulary import Point
from tests.support.trails import KARIM, principal

AT = datetime(2026, 11, 26, 8, 30, 1, 250_000, UTC)
GRANT, OTHER = GrantId(b"g" * 16), GrantId(b"h" * 16)
POINT = Point(
    "professional", "via-structure", "get", "housing", "ccas-lyon", "internal", "password", "day"
)
CCAS = Structure(
    StructureId(b"s" * 16), "ccas-lyon", "CCAS de Lyon", StructureKind.CCAS, "Indian/Reunion"
)
POLICY = "0123456789abcdef" * 4
YES = Permit(
    principal(KARIM),
    Action.GET,
    Target(None, Relation.VIA_STRUCTURE, Category.HOUSING),
    "team-consult",
    None,
)
NO = Denial(Action.GET, Reason.POLICY)


def answered(
    decision: Permit | Denial = YES, structure: Structure | None = CCAS, point: Point = POINT
) -> Answered:
    reason = decision.reason.value if isinstance(decision, Denial) else None
    text = said(point, decision, structure, (POLICY, 7))
    return Answered(point, reason is None, reason, decision.rule, text)


ANSWER, REFUSED = answered(), answered(NO, None)
COUNTED = Counted(ANSWER, AT, frozenset({GRANT}), 34)
