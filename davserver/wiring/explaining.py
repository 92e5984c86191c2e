"""Why somebody may or may not do something: for operators, who see what the person does not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from authn.registered import Registered
from davserver.domain.actions import Action, Relation, Strength
from davserver.domain.decisions import Target
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.languages import Language
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.places import Place, covering, is_recallable
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from policies.decider import Judge
from policies.explain import Explanation, explain
from policies.snapshot import Snapshot
from policies.texts import as_text, both_as_text

__all__ = ["Explained", "Explaining", "Explanation", "Question", "in_words"]


@dataclass(frozen=True, slots=True)
class Question:
    """Whether `login` may do `action` to `path`, signed in with `strength` from `address`.

    `path` is a place on `owner`'s drive; on `login`'s own where `owner` is None.
    """

    login: str
    action: Action
    path: DrivePath
    owner: str | None
    strength: Strength
    address: str | None


@dataclass(frozen=True, slots=True)
class Explained:
    """`candidate`: what other rules would answer, where they were named."""

    in_force: Explanation
    candidate: Explanation | None = None

    @property
    def differs(self) -> bool:
        return self.candidate is not None and not self.in_force.is_like(self.candidate)


class Explaining:
    """Changes nothing and leaves no entry: no document is opened."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._registered = Registered(tools.keys)

    def explain(
        self, asked: Question, operator: str, now: datetime, candidate: Snapshot | None = None
    ) -> Explained:
        """The best answer among the ways in which the person reaches the place; that of other rules
        too, where there are some.

        Raises NotFound where there is nobody of that name, or nothing at that place.
        """
        with self._tools.db.read() as tx:
            looker = asked.owner or asked.login
            place = self._place(tx, looker, asked.path, operator, now)
            who = replace(
                self._registered.operator_for(tx, asked.login, operator, now),
                strength=asked.strength,
                address=asked.address,
                operator=None,
            )
            targets = self._targets(tx, who, place, now)
            in_force = self._tools.policy.judge(tx, who.epoch.policy)
            judges = [in_force, *([Judge(candidate)] if candidate else [])]
            found = [self._best(tx, judge, who, asked.action, targets, now) for judge in judges]
        return Explained(found[0], found[1] if candidate else None)

    def _best(
        self,
        tx: Connection,
        judge: Judge,
        who: Principal,
        action: Action,
        targets: Sequence[Target],
        now: datetime,
    ) -> Explanation:
        answers = [explain(judge, who, action, target, now) for target in targets]
        best = next((one for one in answers if one.allowed), answers[0])
        if best.grant is None:
            return best
        return replace(best, purpose=self._tools.grants.one(tx, best.grant.id).purpose)

    def _place(
        self, tx: Connection, looker: str, path: DrivePath, operator: str, now: datetime
    ) -> Place:
        who = self._registered.operator_for(tx, looker, operator, now)
        place = Sight(self._tools, tx, who, now).place(path)
        if place.vault is None:
            raise BadInput(f"{path} on the drive of {looker} holds no document: name one in it")
        if not place.exists:
            raise NotFound(f"nothing is at {path} on the drive of {looker}")
        return place

    def _targets(
        self, tx: Connection, who: Principal, place: Place, now: datetime
    ) -> Sequence[Target]:
        """One per live grant that covers the place, hidden or not; one without any if none does."""
        if place.vault is None:
            return ()
        grantees = (who.id, *who.structures)
        known = tuple(self._tools.grants.live_for(tx, place.vault.id, grantees, now))
        chain = (*place.above, place.node) if place.node else place.above
        since = now - self._tools.limits.recall
        grants = covering(known, chain, lambda node: is_recallable(node, who.id, since))
        theirs = replace(place, who=who, known=known, grants=grants)
        nothing = Target(
            vault=place.vault.id,
            relation=Relation.NONE,
            category=place.category,
            node=place.node,
            parent=place.parent,
            above=place.above,
        )
        return theirs.targets() or [nothing]


def in_words(explained: Explained, language: Language) -> str:
    """Some lines of plain text."""
    if explained.candidate is None:
        return as_text(explained.in_force, language)
    return both_as_text(explained.in_force, explained.candidate, language)
