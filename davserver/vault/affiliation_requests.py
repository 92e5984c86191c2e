"""Rows of requests for affiliations. One whose MAC is wrong is absent."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from davserver.db.authority import covered
from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.tables import affiliation_request as table
from davserver.domain.affiliations import AffiliationRequest, Answer
from davserver.domain.alarms import Alarm, sound
from davserver.domain.ids import PersonId, RequestId, StructureId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.stamps import Stamp


def one(tx: Connection, keys: InstanceKeys, request: RequestId) -> AffiliationRequest | None:
    found = _found(tx, keys, table.c.id == request)
    return found[0] if found else None


def of_person(tx: Connection, keys: InstanceKeys, person: PersonId) -> list[AffiliationRequest]:
    """What somebody asked for, whomever they asked; oldest first."""
    return _found(tx, keys, table.c.requested_by == person)


def of_vault(tx: Connection, keys: InstanceKeys, vault: VaultId) -> list[AffiliationRequest]:
    """What a beneficiary was asked."""
    return _found(tx, keys, table.c.vault_id == vault)


def of_everybody(tx: Connection, keys: InstanceKeys) -> list[AffiliationRequest]:
    return _found(tx, keys)


def add(tx: Connection, keys: InstanceKeys, request: AffiliationRequest) -> Stamp:
    columns = _columns(keys, request, 1)
    tx.execute(insert(table).values(columns))
    return _stamp(columns)


def count_try(
    tx: Connection, keys: InstanceKeys, request: AffiliationRequest
) -> tuple[AffiliationRequest, Stamp]:
    """One wrong code more."""
    return _change(tx, keys, replace(request, tries=request.tries + 1))


def answer(
    tx: Connection, keys: InstanceKeys, request: AffiliationRequest, said: Answer, now: datetime
) -> tuple[AffiliationRequest, Stamp]:
    return _change(tx, keys, replace(request, answer=said, answered=now))


def expired(tx: Connection, before: datetime, most: int) -> list[RequestId]:
    """Requests that had expired by then, whatever was answered; the oldest first."""
    old = select(table.c.id).where(table.c.expires_at <= to_us(before))
    found = tx.execute(old.order_by(table.c.expires_at).limit(most)).scalars()
    return [RequestId(one) for one in found]


def remove(tx: Connection, ids: Collection[RequestId]) -> list[Stamp]:
    """What the trail notes of those that were there."""
    mine = table.c.id.in_(list(ids))
    gone = tx.execute(select(table.c.id, table.c.row_version).where(mine)).all()
    tx.execute(delete(table).where(mine))
    return [Stamp(table.name, one.id, one.row_version, b"") for one in gone]


def _change(
    tx: Connection, keys: InstanceKeys, request: AffiliationRequest
) -> tuple[AffiliationRequest, Stamp]:
    mine = table.c.id == request.id
    version: int = tx.execute(select(table.c.row_version).where(mine)).scalar_one() + 1
    columns = _columns(keys, request, version)
    tx.execute(update(table).where(mine).values(columns))
    return request, _stamp(columns)


def _found(
    tx: Connection, keys: InstanceKeys, *where: ColumnElement[bool]
) -> list[AffiliationRequest]:
    wanted = select(table).where(*where).order_by(table.c.requested_at, table.c.id)
    opened = (_opened(keys, dict(row)) for row in tx.execute(wanted).mappings())
    return [request for request in opened if request is not None]


def _opened(keys: InstanceKeys, row: Mapping[str, Any]) -> AffiliationRequest | None:
    if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
        sound(Alarm.ROW_MAC_WRONG, table=table.name, id=repr(row["id"])[:64])
        return None
    request = RequestId(row["id"])
    return AffiliationRequest(
        id=request,
        structure=StructureId(row["structure_id"]),
        by=PersonId(row["requested_by"]),
        vault=None if row["vault_id"] is None else VaultId(row["vault_id"]),
        login=keys.open_request_login(request, row["login_ct"]),
        code_mac=row["code_mac"],
        tries=row["tries"],
        requested=from_us(row["requested_at"]),
        expires=from_us(row["expires_at"]),
        ends=from_us_or_none(row["ends"]),
        answered=from_us_or_none(row["answered_at"]),
        answer=None if row["answer"] is None else Answer(row["answer"]),
    )


def _columns(keys: InstanceKeys, request: AffiliationRequest, version: int) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "id": request.id,
        "structure_id": request.structure,
        "requested_by": request.by,
        "vault_id": request.vault,
        "login_ct": keys.seal_request_login(request.id, request.login),
        "code_mac": request.code_mac,
        "tries": request.tries,
        "requested_at": to_us(request.requested),
        "expires_at": to_us(request.expires),
        "ends": to_us_or_none(request.ends),
        "answered_at": to_us_or_none(request.answered),
        "answer": None if request.answer is None else request.answer.value,
        "row_version": version,
    }
    return {**columns, "row_mac": keys.row_mac(table.name, covered(table, columns))}


def _stamp(columns: Mapping[str, Any]) -> Stamp:
    return Stamp(table.name, columns["id"], columns["row_version"], columns["row_mac"])
