"""Grants as written and as told: what giving, renewing and taking back do alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from authn.registered import Registered
from davserver.domain.actions import Right
from davserver.domain.decisions import Permit
from davserver.domain.drive import GrantView
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.grants import Grant, Grantee, ToPerson
from davserver.domain.ids import ID_BYTES, GrantId
from davserver.domain.nodes import Node
from davserver.domain.paths import DrivePath
from davserver.domain.people import Person, Role
from davserver.gate.shares import Shares
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import Event, RowStamp, What
from davserver.vault.grants.grants import Naming
from davserver.vault.grants.rows import GrantRow

MOST_PURPOSE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A grant as it is asked for; `starts` None: now."""

    to: Grantee
    path: DrivePath
    right: Right
    starts: datetime | None
    until: datetime | None
    purpose: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What led to a grant: told in the same entry, with the rows that say so."""

    details: dict[str, str] = field(default_factory=dict)
    rows: tuple[RowStamp, ...] = ()


ALONE = Beside()


@dataclass(frozen=True, slots=True)
class Ledger:
    """`allowance`: how many bytes the other side may add through one grant (DESIGN §4)."""

    tools: Tools
    registered: Registered
    shares: Shares
    allowance: int

    def professional(self, tx: Connection, to: ToPerson) -> Person:
        """Raises NotFound, the same for nobody and for somebody who is no professional."""
        person = self.registered.people(tx, {to.id}).get(to.id)
        if person is None or person.role is not Role.PROFESSIONAL:
            raise NotFound("there is no such professional")
        return person

    def insert(
        self, sight: Sight, wish: Wish, node: Node, owner: Person, parent: GrantRow | None = None
    ) -> GrantRow:
        """A new grant on `node` of `owner`'s vault, made by who acts."""
        grants = self.tools.grants
        naming = Naming(node.vault, owner.name, node.id, node.name, wish.to)
        folder, name = grants.free_names(sight.tx, naming, sight.now)
        grant = Grant(
            id=GrantId(self.tools.entropy(ID_BYTES)),
            vault=node.vault,
            node=node.id,
            to=wish.to,
            right=wish.right,
            starts=wish.starts or sight.now,
            until=wish.until,
            ended=None,
            folder=folder,
            name=name,
            allowance=self.allowance,
            created=sight.now,
            parent=parent.grant.id if parent else None,
        )
        return grants.insert(sight.tx, grant, by=sight.who.id, purpose=wish.purpose)

    def tell(
        self,
        tx: Connection,
        what: What,
        permit: Permit,
        rows: Iterable[GrantRow],
        now: datetime,
        beside: Beside = ALONE,
    ) -> list[GrantView]:
        """Records what was written, under the permit's person, and shows it."""
        written, who = list(rows), permit.who
        views = self.shares.views(tx, written, who.epoch.keys, now)
        pairs = zip(written, views, strict=True)
        events = [_event(what, permit, row, view, beside) for row, view in pairs]
        self.tools.trail.record_all(tx, events, now)
        return views


def ledger_of(tools: Tools, allowance: int) -> Ledger:
    registered = Registered(tools.keys)
    return Ledger(tools, registered, Shares(tools, registered), allowance)


def require_sensible(wish: Wish, node: Node, now: datetime) -> None:
    """Raises BadInput."""
    if wish.right is Right.DEPOSIT and not node.is_folder:
        raise BadInput(f"{wish.path} is a file: documents can only be deposited in a folder")
    if wish.until is not None:
        require_to_come("until", wish.until, now)
    if wish.starts is not None:
        require_to_come("starts", wish.starts, now)
        if wish.until is not None and wish.until <= wish.starts:
            raise BadInput("until: the end must come after the start")
    if len(wish.purpose) > MOST_PURPOSE_CHARACTERS:
        raise BadInput(f"purpose: at most {MOST_PURPOSE_CHARACTERS} characters")


def require_to_come(what: str, at: datetime, now: datetime) -> None:
    """Raises BadInput."""
    if at <= now:
        raise BadInput(f"{what} {at.isoformat()}: that is over; choose a moment to come")


def overlap(wish: Wish, grant: Grant, now: datetime) -> bool:
    """Whether both would be live at some moment."""
    starts = wish.starts or now
    begins_before = wish.until is None or grant.starts < wish.until
    return begins_before and (grant.until is None or starts < grant.until)


def _event(what: What, permit: Permit, row: GrantRow, view: GrantView, beside: Beside) -> Event:
    """The names of people stay out of the trail: their ids can be forgotten."""
    grant = row.grant
    return Event(
        vault=grant.vault,
        what=what,
        who=permit.who,
        node=grant.node,
        path=view.path,
        grant=grant.id,
        rule=permit.rule,
        rows=(RowStamp("grant", grant.id, row.version, row.mac), *beside.rows),
        details=to_details(grant.to, view.to)
        | {"right": grant.right.value}
        | given(
            {
                "starts": grant.starts.isoformat() if grant.starts > grant.created else "",
                "until": grant.until.isoformat() if grant.until else "",
                "purpose": row.purpose,
                "parent": grant.parent.hex() if grant.parent else "",
            }
        )
        | beside.details,
    )


def to_details(to: Grantee, shown: str) -> dict[str, str]:
    """Whom it is for, as the trail says it; `shown`: a structure as it is written."""
    return {"to-person": to.id.hex()} if isinstance(to, ToPerson) else {"to-structure": shown}


def given(details: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in details.items() if text}
