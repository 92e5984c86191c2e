"""Why somebody may or may not do something: for operators, who see what the person does not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from authn.directory import Directory
from davserver.domain.actions import Action, Relation, Strength
from davserver.domain.decisions import Permit, Target
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.places import Place, covering, is_recallable
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from policies.explain import Explanation, explain
from policies.texts import as_text

Language = Literal["fr", "en"]

__all__ = ["Explaining", "Explanation", "Language", "Question", "in_words"]


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


class Explaining:
    """Changes nothing and leaves no entry: no document is opened."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._directory = Directory(tools.keys)

    def explain(self, asked: Question, operator: str, now: datetime) -> Explanation:
        """The best answer among the ways in which the person reaches the place.

        Raises NotFound where there is nobody of that name, or nothing at that place.
        """
        with self._tools.db.read() as tx:
            looker = asked.owner or asked.login
            place = self._place(tx, looker, asked.path, operator, now)
            who = replace(
                self._directory.operator_for(tx, asked.login, operator, now),
                strength=asked.strength,
                address=asked.address,
                operator=None,
            )
            targets = self._targets(tx, who, place, now)
            judge = self._tools.policy.judge(tx, who.epoch.policy)
        answers = [explain(judge, who, asked.action, target, now) for target in targets]
        allowed = (one for one in answers if isinstance(one.decision, Permit))
        return next(allowed, answers[0])

    def _place(
        self, tx: Connection, looker: str, path: DrivePath, operator: str, now: datetime
    ) -> Place:
        who = self._directory.operator_for(tx, looker, operator, now)
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


def in_words(explanation: Explanation, language: Language) -> str:
    """Some lines of plain text."""
    return as_text(explanation, language)
