"""Whose documents a change of the rules makes more visible: they are told when it is in force.

It is worked out before anything is written, on one snapshot: over all living grants it can take
seconds, which nobody's upload may wait for.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from davserver.domain.actions import Action
from davserver.domain.ids import PersonId
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.policy.effects import Effect
from davserver.gate.policy.survey import Reached, Survey, VaultChange, counts
from davserver.gate.tools import Tools
from davserver.vault.outline import owners_of
from policies.snapshot import Snapshot
from policies.ways import Comparison


class More(StrEnum):
    """What others can do that they could not do before, or not in such circumstances."""

    SEE = "see"
    READ = "read"
    CHANGE = "change"
    SHARE_ON = "share-on"


MEANS: dict[Action, More | None] = {
    Action.LIST: More.SEE,
    Action.GET: More.READ,
    Action.PUT: More.CHANGE,
    Action.MKCOL: More.CHANGE,
    Action.LOCK: More.CHANGE,
    Action.MOVE: More.CHANGE,
    Action.RECALL: More.CHANGE,
    Action.REGRANT: More.SHARE_ON,
    # For owners only, whatever the rules say; or about no document.
    Action.DELETE: None,
    Action.GRANT: None,
    Action.REVOKE: None,
    Action.AUDIT: None,
    Action.ACCOUNT: None,
}


class Gains(NamedTuple):
    """`people` gain `more` on so many documents and folders. `is_new`: some of it they could not
    do in any circumstances; otherwise only networks, hours or sign-ins are added.
    """

    people: int
    documents: int
    folders: int
    more: tuple[More, ...]
    is_new: bool

    @property
    def says(self) -> dict[str, str]:
        """As the notice says it: no name, of nobody and nothing."""
        return {
            "people": str(self.people),
            "documents": str(self.documents),
            "folders": str(self.folders),
            "more": ",".join(self.more),
            "how": "new" if self.is_new else "wider",
        }


@dataclass(frozen=True, slots=True)
class Widened:
    """What others gain on what is `owner`'s."""

    owner: PersonId
    gains: Gains


def made_more_visible(
    tx: Connection, tools: Tools, old: Snapshot, new: Snapshot, now: datetime
) -> list[Widened]:
    """By owner: what others gain on their documents by the grants that live now, if `new` came into
    force in the place of `old`. Reads only.
    """
    survey = Survey(tx, tools, Comparison(old, new), now)
    changes = ((one.vaults, _gains(one)) for one in survey.vaults(Comparison.widens))
    found = {vault: gains for vaults, gains in changes if gains is not None for vault in vaults}
    owners = owners_of(tx, found)
    return [Widened(owners[one], gains) for one, gains in found.items() if one in owners]


def tell_owners(tx: Connection, tools: Tools, found: Iterable[Widened], now: datetime) -> None:
    """A notice to each of them: one statement for all to whom the same is said."""
    alike: dict[Gains, list[PersonId]] = {}
    for one in found:
        alike.setdefault(one.gains, []).append(one.owner)
    for gains, owners in alike.items():
        tell(tx, tools, NoticeKind.POLICY_WIDENED, owners, gains.says, now)


def _gains(change: VaultChange) -> Gains | None:
    gaining = [(effect, reached) for effect, reached in change.effects.items() if _more(effect)]
    if not gaining:
        return None
    more = {word for effect, _ in gaining for word in _more(effect)}
    documents, folders = counts(reached for _, reached in gaining)
    return Gains(
        people=len(_people(reached for _, reached in gaining)),
        documents=documents,
        folders=folders,
        more=tuple(word for word in More if word in more),
        is_new=any(_is_new(effect) for effect, _ in gaining),
    )


def _people(several: Iterable[Reached]) -> Collection[PersonId]:
    return frozenset().union(*(some for one in several for some in one.people))


def _more(effect: Effect) -> set[More]:
    words = (MEANS[action] for action, pair in effect.changes if pair.gained)
    return {word for word in words if word is not None}


def _is_new(effect: Effect) -> bool:
    return any(MEANS[action] and pair.after and not pair.before for action, pair in effect.changes)
