"""What people are to be told: rows that wait until the notice service has sent them.

They are written in the transaction that does what they tell of. They hold ids and words, never a
person's name; and no more than their kind says.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, bindparam, insert, select, update

from davserver.db.clock import from_us, to_us
from davserver.db.tables import notice as table
from davserver.db.tables import person as person_table
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import ID_BYTES, NoticeId, PersonId
from davserver.gate.tools import Tools
from davserver.sealing.instance import InstanceKeys

_KIND = "kind"


class NoticeKind(StrEnum):
    AFFILIATION_REQUESTED = "affiliation-requested"
    AFFILIATION_CONFIRMED = "affiliation-confirmed"
    AFFILIATION_REFUSED = "affiliation-refused"
    AFFILIATION_LEFT = "affiliation-left"
    AFFILIATION_RELEASED = "affiliation-released"
    AFFILIATION_OVER = "affiliation-over"
    AFFILIATION_FOR_YOU = "affiliation-for-you"
    CHANGES_PAUSED = "changes-paused"
    CHANGES_FOR_YOU = "changes-for-you"
    DOCUMENT_RECALLED = "document-recalled"
    POLICY_WIDENED = "policy-widened"
    GRANT_OFFERED = "grant-offered"
    GRANTS_REST = "grants-rest"
    GRANTS_RESUME = "grants-resume"


SAYS: dict[NoticeKind, frozenset[str]] = {
    # To the beneficiary. Nobody else is shown the code.
    NoticeKind.AFFILIATION_REQUESTED: frozenset(
        {"request", "structure", "code", "until", "expires"}
    ),
    # To whoever asked, or the structure's managers.
    NoticeKind.AFFILIATION_CONFIRMED: frozenset({"vault", "structure", "until"}),
    NoticeKind.AFFILIATION_REFUSED: frozenset({"request", "structure"}),
    NoticeKind.AFFILIATION_LEFT: frozenset({"vault", "structure"}),
    # To the beneficiary.
    NoticeKind.AFFILIATION_RELEASED: frozenset({"structure"}),
    # To both sides; `why`: date or idle.
    NoticeKind.AFFILIATION_OVER: frozenset({"vault", "structure", "why"}),
    # To the beneficiary, when it was not their own sign-in that did it; `how`: code or operator.
    NoticeKind.AFFILIATION_FOR_YOU: frozenset({"structure", "what", "how"}),
    # To the owner; `who`: whose changes, as an id.
    NoticeKind.CHANGES_PAUSED: frozenset({"who", "changes", "from"}),
    # To the owner, when somebody at the machine ended a pause; `what`: undo or resume.
    NoticeKind.CHANGES_FOR_YOU: frozenset({"who", "what"}),
    # To the owner; `who` had put it there.
    NoticeKind.DOCUMENT_RECALLED: frozenset({"who", "deposited", "bytes"}),
    # To the owner, when a change of the rules lets others do more; `more`: see, read, change or
    # share-on, with commas; `how`: new, or wider where only circumstances are added.
    NoticeKind.POLICY_WIDENED: frozenset({"people", "documents", "folders", "more", "how"}),
    # To the owner: an operator would share something, or let a grant (`renews`) last longer.
    NoticeKind.GRANT_OFFERED: frozenset({"offer", "right", "renews", "expires"}),
    # To the owner; `who` works no more, or again, in `structure`, and has so many grants by name.
    NoticeKind.GRANTS_REST: frozenset({"who", "structure", "grants"}),
    NoticeKind.GRANTS_RESUME: frozenset({"who", "structure", "grants"}),
}
"""What a notice of each kind says, word by word. What does not apply is an empty text."""


@dataclass(frozen=True, slots=True)
class Notice:
    id: NoticeId
    person: PersonId
    kind: NoticeKind
    says: Mapping[str, str]
    created: datetime


def tell(
    tx: Connection,
    tools: Tools,
    kind: NoticeKind,
    people: Collection[PersonId],
    says: Mapping[str, str],
    now: datetime,
) -> None:
    """One statement, however many people. Whoever does not exist is told nothing: whether a person
    is there must not show in the number of statements.
    """
    if set(says) != SAYS[kind]:
        wrong = ", ".join(sorted(set(says) ^ SAYS[kind]))
        message = f"a notice {kind.value} says exactly what the table says: {wrong}"
        raise ValueError(message)
    plain = _plain(kind, says)
    rows = [_row(tools, person, kind, plain, now) for person in sorted(set(people))]
    if rows:
        tx.execute(_INSERT, rows)


def waiting(tx: Connection, keys: InstanceKeys, limit: int) -> list[Notice]:
    """Those that nobody has sent yet, oldest first. One that was tampered with is left out, so that
    it neither misleads anybody nor holds up the others.
    """
    found: list[Notice] = []
    wanted = select(table).where(table.c.sent_at.is_(None)).order_by(table.c.created, table.c.id)
    options = {"yield_per": limit}
    with tx.execute(wanted, execution_options=options) as rows:
        for row in rows.mappings():
            one = _opened(keys, row)
            if one is not None:
                found.append(one)
            if len(found) == limit:
                break
    return found


def unsent(tx: Connection, keys: InstanceKeys, person: PersonId, kind: NoticeKind) -> list[Notice]:
    """What this person has not been sent yet, of one kind: they may look it up themselves."""
    theirs = (table.c.person_id == person, table.c.kind == kind.value, table.c.sent_at.is_(None))
    opened = (_opened(keys, row) for row in tx.execute(select(table).where(*theirs)).mappings())
    return [one for one in opened if one is not None]


def mark_sent(tx: Connection, ids: Collection[NoticeId], now: datetime) -> None:
    """What they said is not kept: it may have been a code."""
    sent = {"sent_at": to_us(now), "payload_ct": b""}
    tx.execute(update(table).where(table.c.id.in_(list(ids))).values(sent))


_COLUMNS = ("id", "person_id", "kind", "payload_ct", "created")
_INSERT = insert(table).from_select(
    _COLUMNS,
    select(
        bindparam("one", type_=LargeBinary),
        person_table.c.id,
        bindparam("word", type_=table.c.kind.type),
        bindparam("sealed", type_=LargeBinary),
        bindparam("at", type_=BigInteger),
    ).where(person_table.c.id == bindparam("person")),
)


def _row(
    tools: Tools, person: PersonId, kind: NoticeKind, plain: bytes, now: datetime
) -> dict[str, object]:
    one = NoticeId(tools.entropy(ID_BYTES))
    sealed = tools.keys.seal_notice(one, person, plain)
    return {"one": one, "person": person, "word": kind.value, "sealed": sealed, "at": to_us(now)}


def _plain(kind: NoticeKind, says: Mapping[str, str]) -> bytes:
    """The kind is inside too: the column could be changed by whoever writes to the database."""
    return json.dumps({_KIND: kind.value, **says}, ensure_ascii=False, sort_keys=True).encode()


def _opened(keys: InstanceKeys, row: Mapping[Any, Any]) -> Notice | None:
    try:
        one, person = NoticeId(bytes(row["id"])), PersonId(bytes(row["person_id"]))
        said = json.loads(keys.open_notice(one, person, row["payload_ct"]))
        kind = NoticeKind(said.pop(_KIND))
        if row["kind"] == kind.value:
            return Notice(one, person, kind, said, from_us(row["created"]))
    except (Damaged, TypeError, ValueError):
        pass
    sound(Alarm.ROW_DAMAGED, table=table.name, id=repr(row["id"])[:64])
    return None
