"""Saying what a document is about: its owner's alone, because it decides who may see it."""

from dataclasses import dataclass
from datetime import datetime

from authn.register import bump_revocation
from davserver.domain.actions import Action, Category
from davserver.domain.conditions import NONE
from davserver.domain.decisions import Permit
from davserver.domain.errors import NotFound, Reason
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.acting import change, check, look, record, refuse, require_real
from davserver.gate.places import Place
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import What
from davserver.vault import classifying
from davserver.vault.nodes.rows import category_of


@dataclass(frozen=True, slots=True)
class CategoryView:
    """`category` is the effective one; `own` what was set on the thing itself."""

    path: DrivePath
    category: Category
    own: Category | None


class Classifying:
    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def show(self, who: Principal, path: DrivePath, now: datetime) -> CategoryView:
        """Raises NotFound, Refused."""

        def work(sight: Sight) -> CategoryView:
            place = _existing(sight, path)
            sight.require(Action.LIST, place)
            return _view(place)

        return look(self._tools, who, now, work)

    def set(
        self, who: Principal, path: DrivePath, category: Category | None, now: datetime
    ) -> CategoryView:
        """None: the category of its folder counts from now on. Raises NotFound, Refused, Locked."""
        del now  # judged and done in one transaction, by its own clock

        def work(sight: Sight) -> CategoryView:
            place = _existing(sight, path)
            require_real(place, Action.PUT)
            permit = permit_to_classify(sight, place)
            check(sight, place, NONE)
            classify(sight, place, permit, category)
            return _view(sight.place(path))

        return change(self._tools, who, work)


def permit_to_classify(sight: Sight, place: Place) -> Permit:
    """Raises Denied."""
    permit = sight.require(Action.PUT, place)
    if not place.owned:
        raise refuse(place, Action.PUT, Reason.OWNER_ONLY)
    return permit


def classify(sight: Sight, place: Place, permit: Permit, category: Category | None) -> None:
    """In the caller's transaction. Nothing happens where it is so already. Raises Denied where its
    owner would not see it any more: nobody could bring it back.
    """
    assert place.node is not None and place.vault is not None  # noqa: S101, PT018 — a real place
    if place.node.category is category:
        return
    before, after = place.category, category or category_of(place.above)
    if after not in sight.shown_by(place.vault.id, None):
        raise refuse(place, Action.PUT, Reason.POLICY)
    done = classifying.classify(sight.tx, place.vault, permit, category, sight.now)
    if before is not after:
        # Somebody may have lost sight of it: what runs is judged again.
        bump_revocation(sight.tx)
    details = {"before": before.value, "after": after.value}
    details |= {"inherited": "yes"} if category is None else {}
    record(sight, What.CATEGORY, place, permit, place.node.id, done.stamps, details)


def _existing(sight: Sight, path: DrivePath) -> Place:
    place = sight.place(path)
    if place.node is None:
        raise NotFound(f"nothing is at {path}")
    return place


def _view(place: Place) -> CategoryView:
    return CategoryView(place.path, place.category, place.node.category if place.node else None)
