"""Judging a place, and what is counted of it for the decision log, under which words.

Only what a request is about: what its verb needs, and what a listing shows and hides. The letters
of `oc:permissions` and other looks at what somebody might do besides are not decisions on it.
"""

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime

from davserver.domain.actions import Action, Category, Relation
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.errors import Reason
from davserver.domain.grants import Grant
from davserver.domain.ids import GrantId, VaultId
from davserver.domain.people import Principal
from davserver.domain.tallies import Answered
from davserver.gate.places import Place, denies_others, under
from policies.decider import Judge, Question
from policies.invariants import DEPOSIT_ONLY

BY_THE_DRIVE = "drive/"
"""Before a reason: in place of a rule where the drive itself refuses, whatever the rules say."""

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


class Counting:
    """Of one sight: a listing's questions are put into words once."""

    def __init__(self, judge: Judge, who: Principal, now: datetime) -> None:
        self._judge = judge
        self._who = who
        self._now = now
        self._tally = who.tally
        self._listed: dict[Hashable, Answered] = {}

    def decision(
        self,
        decision: Permit | Denial,
        target: Target,
        of: Hashable,
        asked: Question | None = None,
    ) -> None:
        """`of`: the thing. It is told apart from others by that, and named nowhere. `asked`: what
        the rules were asked, where that is known already.
        """
        if self._tally is None:
            return
        if asked is None:
            asked = self._judge.question(self._who, decision.action, target, self._now)
        answer = self._judge.answered(*asked, decision)
        self._tally.count(answer, of, self._now, _id_of(target.grant))

    def block(self, denial: Denial) -> None:
        """The refusal of the whole drive."""
        if self._tally is None:
            return
        asked = self._judge.drive_question(self._who, self._now)
        self._tally.count(self._judge.answered(*asked, denial), "drive", self._now, None)

    def refusal_by_the_drive(self, denial: Denial, target: Target, of: Hashable) -> None:
        """A refusal that asked no rule, or came after its yes."""
        named = replace(denial, rule=BY_THE_DRIVE + denial.reason.value)
        self.decision(named, target, of)

    def listed_own(self, vault: VaultId, category: Category, of: Hashable) -> None:
        """As `listed`, of one thing in the vault that is theirs."""
        if self._tally is not None:
            answer = self._judge.listed_of_ones_own(self._who, vault, category, self._now)
            self._tally.count(answer, of, self._now, None)

    def listed_once(self, target: Target, of: Hashable) -> None:
        """As `listed`, of a thing that is alone of its kind in this request."""
        if self._tally is not None:
            answer = self._judge.listed(self._who, target, self._now)
            self._tally.count(answer, of, self._now, _id_of(target.grant))

    def listed(self, target: Target, of: Hashable, times: int = 1) -> None:
        """`times` things of the target's category, shown or hidden as LIST is answered there."""
        if self._tally is None:
            return
        grant = target.grant
        way = (grant.right, grant.to) if grant else None
        key = (target.relation, target.category, target.structure, way)
        answer = self._listed.get(key)
        if answer is None:
            decision, asked = self._judge.asked(self._who, Action.LIST, target, self._now)
            answer = self._listed[key] = self._judge.answered(*asked, decision)
        self._tally.count(answer, of, self._now, _id_of(grant), times)


def judged(
    judge: Judge, who: Principal, action: Action, target: Target, now: datetime
) -> Permit | Denial:
    """The decision on something that is on no drive, such as an account; counted."""
    decision = judge.decide(who, action, target, now)
    Counting(judge, who, now).decision(decision, target, (target.vault, target.person))
    return decision


def begins(who: Principal) -> None:
    """A transaction begins for `who`, perhaps again."""
    if who.tally is not None:
        who.tally.begin()


def stands(who: Principal) -> None:
    """What was counted so far was not undone."""
    if who.tally is not None:
        who.tally.settle()


def _id_of(grant: Grant | None) -> GrantId | None:
    return grant.id if grant else None
