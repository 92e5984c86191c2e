"""The conditions of a request, parsed: RFC 9110 §13 and the If header of RFC 4918 §10.4."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from davserver.domain.paths import DrivePath


@dataclass(frozen=True, slots=True)
class ETagTerm:
    """An entity tag without its quotes. `weak` ones never match where strength is asked."""

    value: str
    weak: bool = False


class Any(Enum):
    """`*` in If-Match and If-None-Match."""

    ANY = "*"


ETags = tuple[ETagTerm, ...] | Any


@dataclass(frozen=True, slots=True)
class StateTerm:
    """One term of an If list: a lock token (or any state URI) or an entity tag."""

    token: str | None
    etag: ETagTerm | None
    negated: bool


@dataclass(frozen=True, slots=True)
class IfList:
    """All terms must hold for `resource` (None: the request's own)."""

    resource: DrivePath | None
    terms: tuple[StateTerm, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold for the request to be carried out.

    `if_lists` holds when any one list does; empty means that there was no If header.
    """

    if_match: ETags | None = None
    if_none_match: ETags | None = None
    modified_since: datetime | None = None
    unmodified_since: datetime | None = None
    if_lists: tuple[IfList, ...] = ()

    @property
    def tokens(self) -> frozenset[str]:
        """Every lock token that was submitted, negated or not (RFC 4918 §10.4.1)."""
        return frozenset(t.token for one in self.if_lists for t in one.terms if t.token)


NONE = Conditions()
