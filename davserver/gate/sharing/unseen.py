"""Why somebody does not see a thing: the grant that comes nearest, and what it lacks."""

from dataclasses import dataclass, replace
from datetime import datetime

from davserver.domain.actions import Category, Right
from davserver.domain.grants import Grant, ToPerson
from davserver.domain.nodes import Node
from davserver.domain.people import AccountState, Membership
from davserver.gate.places import Place
from davserver.gate.shares import GrantState, rests, state_of
from davserver.gate.sharing.insight import Ground, Insight
from davserver.gate.sight import Sight
from davserver.vault.grants.rows import GrantRow
from davserver.vault.nodes.rows import category_of
from policies.invariants import READS_NOTHING

_NEAREST = tuple(Ground)
"""Of several grants that all fall short, the one whose lack stands first is told."""

_OVER = {
    GrantState.ENDED: Ground.ENDED,
    GrantState.EXPIRED: Ground.EXPIRED,
    GrantState.UPCOMING: Ground.UPCOMING,
}


@dataclass(frozen=True, slots=True)
class Unseen:
    """`place` is the thing, as somebody would find it who sees it. `rows`: every grant ever given
    on it or on a folder above, to anybody. `memberships`: past ones and those to come too.
    """

    sight: Sight
    place: Place
    rows: tuple[GrantRow, ...]
    memberships: tuple[Membership, ...]

    @property
    def chain(self) -> tuple[Node, ...]:
        assert self.place.node is not None  # noqa: S101 — a thing is a node
        return (*self.place.above, self.place.node)


def why_not(unseen: Unseen, nothing: Insight) -> Insight:
    """`nothing` with its ground, and the grant behind it."""
    person = unseen.sight.who.person
    if person.role in READS_NOTHING:
        return replace(nothing, ground=Ground.READS_NOTHING)
    if person.state is not AccountState.ACTIVE:
        return replace(nothing, ground=Ground.BLOCKED)
    theirs = [row for row in unseen.rows if _was_theirs(unseen, row)]
    ids = {row.grant.id for row in theirs}
    grants = unseen.sight.tools.grants
    live = {one.id: one for one in grants.live_among(unseen.sight.tx, ids, unseen.sight.now)}
    found = [_lack(unseen, row, live.get(row.grant.id), nothing) for row in theirs]
    # Of those that lack the same, the latest.
    found.sort(key=lambda one: one.row.grant.created if one.row else unseen.sight.now, reverse=True)
    return min(found, key=lambda one: _NEAREST.index(one.ground), default=nothing)


def _was_theirs(unseen: Unseen, row: GrantRow) -> bool:
    mine = {unseen.sight.who.id, *(one.structure.id for one in unseen.memberships)}
    return row.grant.to.id in mine


def _lack(unseen: Unseen, row: GrantRow, live: Grant | None, nothing: Insight) -> Insight:
    found, now = replace(nothing, row=row), unseen.sight.now
    if rests(row, now):
        return replace(found, ground=Ground.RESTING)
    over = _OVER.get(state_of(row.grant, now))
    if over is not None:
        return replace(found, ground=over)
    if not isinstance(row.grant.to, ToPerson):
        ground, moment = _place_in(unseen.memberships, row.grant.to.id, now)
        if ground is not None:
            return replace(found, ground=ground, moment=moment)
    if live is None or not _within(unseen, live):
        return replace(found, ground=Ground.SUSPENDED)
    hidden = _hidden_category(unseen, live)
    if hidden is not None:
        return replace(found, ground=Ground.CATEGORY, category=hidden)
    short = Ground.DEPOSIT_ONLY if live.right is Right.DEPOSIT else Ground.UNFINISHED
    return replace(found, ground=short)


def _place_in(
    memberships: tuple[Membership, ...], structure: bytes, now: datetime
) -> tuple[Ground | None, datetime | None]:
    there = [one for one in memberships if one.structure.id == structure]
    if any(one.holds(now) for one in there):
        return None, None
    to_come = [one.starts for one in there if one.starts > now]
    if to_come:
        return Ground.JOINS, min(to_come)
    return Ground.LEFT, max((one.ends for one in there if one.ends), default=None)


def _within(unseen: Unseen, grant: Grant) -> bool:
    return grant.within is None or any(node.id == grant.within for node in unseen.chain)


def _hidden_category(unseen: Unseen, grant: Grant) -> Category | None:
    """The first on the way down from the granted thing that this grant does not show."""
    sight, chain = unseen.sight, unseen.chain
    shown = sight.visible(replace(unseen.place, grants=(grant,)), deposits=True)
    start = next(at for at, node in enumerate(chain) if node.id == grant.node)
    on_the_way = (category_of(chain[: at + 1]) for at in range(start, len(chain)))
    return next((one for one in on_the_way if one not in shown), None)
