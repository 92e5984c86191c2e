"""Permits and denials. A permit names its target: the vault acts on nothing else."""

from dataclasses import field
from datetime import datetime

from davserver.domain.actions import Action, Category, Relation
from davserver.domain.errors import Reason
from davserver.domain.grants import Grant
from davserver.domain.ids import PersonId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.domain.people import Principal, Structure
from davserver.domain.remedies import Remedy


@lean(frozen=True, slots=True)
class Target:
    """The thing to be judged, with the facts that the judgement needs, all from one transaction.

    `node` is None when the thing does not exist yet: then `parent` and `name` say where it would
    be. `category` is the effective one: the node's own, else the nearest folder's.
    `grant` is the live grant that reaches the thing (None for an owner, or nobody). `above` are the
    folders that hold it, the vault's root first.
    `person` is whose account it is, for `account` and for a person's own `audit` only: people
    without a vault have an account too.
    """

    vault: VaultId | None
    relation: Relation
    category: Category
    node: Node | None = None
    parent: Node | None = None
    name: str = ""
    grant: Grant | None = None
    structure: Structure | None = None
    above: tuple[Node, ...] = ()
    person: PersonId | None = None


@lean(frozen=True, slots=True)
class Permit:
    """A yes to one action on one target by one person. Only `policies.decider` makes one.

    `valid_until`: when it must be asked again at the latest (UTC); None if nothing ends it.
    """

    who: Principal
    action: Action
    target: Target
    rule: str
    valid_until: datetime | None


@lean(frozen=True, slots=True)
class Denial:
    """A no. `reason` and `remedy` may be told only when the thing is visible to the person. Two
    are the same whatever would help.
    """

    action: Action
    reason: Reason
    rule: str | None = None
    remedy: Remedy | None = field(default=None, compare=False)


Decision = Permit | Denial
