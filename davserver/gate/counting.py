"""What is counted of a judged place for the decision log, and under which words.

Only what a request is about: what its verb needs, and what a listing shows and hides. The letters
of `oc:permissions` and other looks at what somebody might do besides are not decisions on it.
"""

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime

from davserver.domain.actions import Action, Category
from davserver.domain.decisions import Denial, Permit, Target
from davserver.domain.ids import VaultId
from davserver.domain.people import Principal
from davserver.domain.tallies import Answered
from policies.decider import Judge, Question

BY_THE_DRIVE = "drive/"
"""Before a reason: in place of a rule where the drive itself refuses, whatever the rules say."""


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
        self._tally.count(answer, of, self._now, target.grant.id if target.grant else None)

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
            self._tally.count(answer, of, self._now, target.grant.id if target.grant else None)

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
        self._tally.count(answer, of, self._now, grant.id if grant else None, times)


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
