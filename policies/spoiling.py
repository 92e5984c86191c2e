"""The same question, with one thing that makes it nobody's business."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.people import Membership, StructureKind
from policies.stage import OTHER_VAULT, SOMEBODY_ELSE, Question, made_up_structure

_ELSEWHERE = made_up_structure("trial-elsewhere", StructureKind.CCAS)
_HOUR = timedelta(hours=1)


def of_another_vault(one: Question) -> Question:
    return _about(one, vault=OTHER_VAULT)


def of_somebody_else(one: Question) -> Question:
    return _about(one, vault=None, person=SOMEBODY_ELSE)


def no_live_grant(one: Question) -> Iterator[Question]:
    """Of a question that stands on a grant."""
    grant = one.target.grant
    yield _about(one, grant=None)
    yield of_another_vault(one)
    if grant is None:
        return
    if isinstance(grant.to, ToStructure):
        yield from no_membership(one)
    for spoilt in (
        replace(grant, vault=OTHER_VAULT),
        replace(grant, to=ToPerson(SOMEBODY_ELSE)),
        replace(grant, to=ToStructure(_ELSEWHERE.id)),
        replace(grant, starts=one.now + _HOUR),
        replace(grant, until=one.now),
        replace(grant, ended=one.now - _HOUR),
    ):
        yield _about(one, grant=spoilt)


def no_membership(one: Question) -> Iterator[Question]:
    """Of a question that stands on a place in a structure."""
    yield _by(one)
    for membership in one.who.memberships:
        yield _by(one, replace(membership, structure=_ELSEWHERE))
        yield _by(one, replace(membership, ends=one.now))
        yield _by(one, replace(membership, starts=one.now + _HOUR))


def _by(one: Question, *memberships: Membership) -> Question:
    return replace(one, who=replace(one.who, memberships=memberships))


def _about(one: Question, **changes: Any) -> Question:
    return replace(one, target=replace(one.target, **changes))
