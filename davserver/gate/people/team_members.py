"""The people of a structure as its manager sees them: one place each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from davserver.domain.ids import PersonId
from davserver.domain.people import AccountState, Membership, Person, Role, directory_of

LATELY = timedelta(days=30)
"""So long people who left are still shown: a mistake is seen, and put right."""


class Presence(StrEnum):
    """In the order in which they are shown."""

    HERE = "here"
    TO_COME = "to-come"
    LEFT = "left"


class Kept(StrEnum):
    """Why a manager does not end somebody's place."""

    DIRECTORY = "directory"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in the structure, from `since` (included) to `until` (excluded), UTC.
    `directory`: the one that gave it, empty for none. `signs_in` is told of those alone who work
    there now: nobody else's account is their business.
    """

    id: PersonId
    login: str
    name: str
    role: Role
    presence: Presence
    since: datetime
    until: datetime | None
    directory: str = ""
    signs_in: bool = True

    @property
    def kept(self) -> Kept | None:
        """A manager's place is an administrator's to end: so none shuts the others out, nor the
        structure out of its own pages.
        """
        if self.role is Role.MANAGER:
            return Kept.MANAGER
        return Kept.DIRECTORY if self.directory else None

    @property
    def lasts(self) -> bool:
        return self.presence is not Presence.LEFT


def members(found: Iterable[tuple[Person, Membership]], now: datetime) -> tuple[Member, ...]:
    """In the order in which they are shown."""
    theirs: dict[PersonId, tuple[Person, list[Membership]]] = {}
    for person, membership in found:
        theirs.setdefault(person.id, (person, []))[1].append(membership)
    every = [_member(person, some, now) for person, some in theirs.values()]
    order = list(Presence)
    return tuple(
        sorted(
            (one for one in every if one is not None),
            key=lambda one: (order.index(one.presence), one.name.casefold(), one.login),
        )
    )


def _member(person: Person, theirs: Collection[Membership], now: datetime) -> Member | None:
    """Several memberships, one after the other or from two sources, are one place. None for one
    that was called off before it began.
    """
    real = [one for one in theirs if one.ends is None or one.ends > one.starts]
    here = [one for one in real if one.holds(now)]
    to_come = [one for one in real if one.starts > now]
    shown = (here and [*here, *to_come]) or to_come or real
    if not shown:
        return None
    given = [directory_of(one.source) for one in shown]
    return Member(
        id=person.id,
        login=person.login,
        name=person.name,
        role=person.role,
        presence=Presence.HERE if here else Presence.TO_COME if to_come else Presence.LEFT,
        since=min(one.starts for one in shown),
        until=_last_end(shown),
        directory=next(filter(None, given), ""),
        signs_in=not here or person.state is AccountState.ACTIVE,
    )


def _last_end(some: Sequence[Membership]) -> datetime | None:
    ends = [one.ends for one in some if one.ends is not None]
    return max(ends) if len(ends) == len(some) else None
