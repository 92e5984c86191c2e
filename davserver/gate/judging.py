"""May they, at that place: any one way in that allows it is enough."""

from datetime import datetime

from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import Reason
from davserver.domain.grants import Grant
from davserver.domain.ids import VaultId
from davserver.domain.people import Principal
from davserver.gate.places import Place, denies_others, under
from policies.decider import Judge, Question
from policies.invariants import DEPOSIT_ONLY

UNTIED = Target(vault=None, relation=Relation.NONE, category=Category.UNCLASSIFIED)
"""What nothing ties to the person: an absent name, as far as they may know."""


Judged = tuple[Permit | Denial, Target, Question | None]
"""A decision, on what, and what the rules were asked, if they were."""


def best(judge: Judge, who: Principal, action: Action, place: Place, now: datetime) -> Judged:
    """Any one way in that allows it is enough; otherwise the first way's reason counts."""
    first: Judged | None = None
    for target in place.targets():
        decision, question = judge.asked(who, action, target, now)
        by_grant = target.grant is not None
        if by_grant and isinstance(decision, Permit) and denies_others(action, target):
            decision = Denial(action, Reason.DEPOSIT_ONLY, DEPOSIT_ONLY.rule)
        if isinstance(decision, Permit):
            return decision, target, question
        first = first or (decision, target, question)
    return first or (Denial(action, Reason.POLICY), UNTIED, None)


def allowed(
    judge: Judge, who: Principal, actions: tuple[Action, ...], place: Place, now: datetime
) -> frozenset[Action]:
    """Those of `actions` for which `best` is a permit."""
    return frozenset(
        action
        for target in place.targets()
        for action in judge.allowed(who, actions, target, now)
        if not denies_others(action, target)
    )


def shown(
    judge: Judge, who: Principal, vault: VaultId, grant: Grant | None, now: datetime
) -> frozenset[Category]:
    """The categories that they see in that vault by the grant, or as its owner."""
    if grant is None and who.vault == vault:
        return judge.shown_of_ones_own(who)
    return judge.visible_categories(who, under(who, vault, grant), now)
