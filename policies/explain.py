"""Why one decision came out as it did, in full: for operators, never for the person refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from davserver.domain.actions import Action, Relation
from davserver.domain.decisions import Decision, Denial, Permit, Target
from davserver.domain.grants import Grant
from davserver.domain.people import Principal
from policies.changes import Change, nearest_change
from policies.decider import Judge
from policies.rules import Rule
from policies.ties import Tie, tie_of
from policies.vocabulary import Column, Point


class Origin(StrEnum):
    """Where an attribute of the question comes from."""

    ACCOUNT = "account"
    OWNERSHIP = "ownership"
    GRANT = "grant"
    MEMBERSHIP = "membership"
    NOTHING = "nothing"
    REQUEST = "request"
    DOCUMENT = "document"
    NETWORKS = "networks"
    SIGN_IN = "sign-in"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One word of the question. `detail` is the fact behind it, empty when the word says it all:
    a grant's id, the network that matched, the hour where the structure is.
    """

    column: Column
    word: str
    origin: Origin
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """`matching`: every rule that speaks of this question, in file order, with its line.
    `decisive`: the deny that won or the allow that counted; None when an invariant decided or no
    rule matched. `changes`: the smallest change that would allow it; empty when nothing would.
    `purpose`: what the grant was given for, as its giver wrote it.
    """

    generation: str
    action: Action
    decision: Decision
    visible: bool
    attributes: tuple[Attribute, ...]
    matching: tuple[Rule, ...]
    decisive: Rule | None
    grant: Grant | None
    changes: tuple[Change, ...]
    blocked: Denial | None
    purpose: str = ""

    @property
    def allowed(self) -> bool:
        return isinstance(self.decision, Permit)

    @property
    def deny(self) -> Rule | None:
        """The deny that won."""
        return self.decisive if self.decisive and not self.decisive.allows else None

    def is_like(self, other: "Explanation") -> bool:
        """Whether the person is answered the same, by whatever rule."""
        return (self.visible, _told(self.decision)) == (other.visible, _told(other.decision))


def _told(decision: Decision) -> str:
    return "" if isinstance(decision, Permit) else decision.reason


def explain(
    judge: Judge, who: Principal, action: Action, target: Target, now: datetime
) -> Explanation:
    """The decision that this judge takes on the same question, with all that led to it."""
    tie = tie_of(who, target, now)
    point = judge.point(who, action, target, tie, now)
    decision = judge.decide(who, action, target, now)
    matching = judge.snapshot.table.matching(point)
    return Explanation(
        generation=judge.snapshot.generation,
        action=action,
        decision=decision,
        visible=judge.may_see(who, target, now),
        attributes=_attributes(judge, who, point, tie, now),
        matching=matching,
        decisive=next((rule for rule in matching if rule.id == decision.rule), None),
        grant=tie.grant,
        changes=_changes(judge, point, decision),
        blocked=judge.drive_blocked(who, now),
    )


def _changes(judge: Judge, point: Point, decision: Decision) -> tuple[Change, ...]:
    """Nothing that a rule asks for helps against an invariant."""
    by_rules = isinstance(decision, Denial) and not (decision.rule or "").startswith("invariant/")
    if not by_rules:
        return ()
    snapshot = judge.snapshot
    return nearest_change(point, snapshot.vocabulary, lambda one: snapshot.table.decide(one)[0])


def _attributes(
    judge: Judge, who: Principal, point: Point, tie: Tie, now: datetime
) -> tuple[Attribute, ...]:
    structure = tie.structure
    network = judge.snapshot.networks.network_of(who.address)
    where = who.address or ""
    origins: dict[Column, tuple[Origin, str]] = {
        Column.ROLE: (Origin.ACCOUNT, ""),
        Column.RELATION: _relation_origin(tie),
        Column.ACTION: (Origin.REQUEST, ""),
        Column.CATEGORY: (Origin.DOCUMENT, ""),
        Column.STRUCTURE: (
            (Origin.MEMBERSHIP, structure.slug) if structure else (Origin.NOTHING, "")
        ),
        Column.ZONE: (Origin.NETWORKS, f"{where} → {network}" if network else where),
        Column.AUTH: (Origin.SIGN_IN, ""),
        Column.SLOT: (Origin.CALENDAR, _local_time(judge, tie, now)),
    }
    return tuple(
        Attribute(column, word, *origins[column])
        for column, word in zip(Column, point, strict=True)
    )


def _local_time(judge: Judge, tie: Tie, now: datetime) -> str:
    structure, calendar = tie.structure, judge.snapshot.calendar
    if structure is None:
        return calendar.local_time(now, None)
    return calendar.local_time(now, structure.time_zone, structure.slug)


def _relation_origin(tie: Tie) -> tuple[Origin, str]:
    match tie.relation:
        case Relation.OWNER:
            return Origin.OWNERSHIP, ""
        case Relation.GRANTEE | Relation.VIA_STRUCTURE:
            return Origin.GRANT, tie.grant.id.hex() if tie.grant else ""
        case Relation.MANAGES:
            return Origin.MEMBERSHIP, tie.structure.slug if tie.structure else ""
        case Relation.NONE:
            return Origin.NOTHING, ""
