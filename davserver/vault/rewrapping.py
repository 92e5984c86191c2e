"""Keys wrapped under another generation: those of vaults a few in each transaction, which may be
run again or never come. The keys themselves stay as they are, and so does all that they seal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from davserver.db.authority import covered
from davserver.db.tables import instance_key, key_wrap, space, vault
from davserver.domain.errors import Damaged
from davserver.domain.ids import VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.kek import (
    KekProvider,
    KeyPurpose,
    Wrapped,
    instance_key_context,
    space_key_context,
)
from davserver.vault.key_generations import of_vaults

AT_ONCE = 100
START = b""
"""Before every id."""

_UPDATE = (
    update(key_wrap)
    .where(key_wrap.c.id == bindparam("of"))
    .values(
        {name: bindparam(f"new_{name}") for name in ("kek_id", "rcpt_id", "wrapped", "row_mac")}
    )
)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction did. `unopened`: vaults of which a wrap is not genuine, and stays as it
    is. `after`: where the next one goes on; None: there is none.
    """

    done: int
    unopened: tuple[VaultId, ...]
    after: bytes | None


def rewrap_some(
    tx: Connection,
    kek: KekProvider,
    keys: InstanceKeys,
    kek_id: str,
    after: bytes = START,
    at_once: int = AT_ONCE,
) -> Batch:
    """The next wraps that are under another generation than `kek_id`. Raises Unavailable."""
    old = of_vaults(*key_wrap.c, space.c.vault_id, vault.c.owner_id).where(
        key_wrap.c.kek_id != kek_id, key_wrap.c.id > after
    )
    rows = [dict(row) for row in tx.execute(old.order_by(key_wrap.c.id).limit(at_once)).mappings()]
    changed, unopened = [], []
    for row in rows:
        try:
            changed.append(_rewrapped(kek, keys, row, kek_id))
        except Damaged:
            unopened.append(VaultId(row["vault_id"]))
    if changed:
        tx.execute(_UPDATE, changed)
    return Batch(len(changed), tuple(unopened), rows[-1]["id"] if len(rows) == at_once else None)


def rewrap_own(tx: Connection, kek: KekProvider, kek_id: str) -> int:
    """All of the instance's own keys; how many were not under `kek_id`. Raises Damaged,
    Unavailable.
    """
    old = (instance_key.c.retired_at.is_(None), instance_key.c.kek_id != kek_id)
    rows = tx.execute(select(instance_key).where(*old)).all()
    for row in rows:
        context = instance_key_context(KeyPurpose(row.purpose), row.generation)
        wrapped = again(kek, Wrapped(row.kek_id, row.wrapped), context, kek_id)
        is_it = (instance_key.c.purpose == row.purpose, instance_key.c.generation == row.generation)
        new = {"kek_id": wrapped.kek_id, "wrapped": wrapped.sealed}
        tx.execute(update(instance_key).where(*is_it).values(new))
    return len(rows)


def opened_with(tx: Connection, kek: KekProvider, kek_id: str) -> int:
    """How many keys in use that generation opens, whatever their rows say of it. Raises Unavailable
    when the provider does not have it.
    """
    own = select(instance_key).where(instance_key.c.retired_at.is_(None))
    every = [
        (row.wrapped, instance_key_context(KeyPurpose(row.purpose), row.generation))
        for row in tx.execute(own)
    ]
    vaults = of_vaults(*key_wrap.c, space.c.vault_id, vault.c.owner_id)
    every += [(row["wrapped"], _context(dict(row))) for row in tx.execute(vaults).mappings()]
    return sum(_opens(kek, Wrapped(kek_id, wrapped), context) for wrapped, context in every)


def _opens(kek: KekProvider, wrapped: Wrapped, context: bytes) -> bool:
    try:
        kek.unwrap(wrapped, context)
    except Damaged:
        return False
    return True


def _context(row: Mapping[str, Any]) -> bytes:
    return space_key_context(row["vault_id"], row["space_id"], row["epoch"], row["owner_id"])


def _rewrapped(
    kek: KekProvider, keys: InstanceKeys, row: dict[str, Any], kek_id: str
) -> dict[str, Any]:
    """Raises Damaged for a row that is not as it was written: nothing is made genuine here."""
    if not keys.row_is_genuine(key_wrap.name, covered(key_wrap, row), row["row_mac"]):
        raise Damaged("the wrap's row is not genuine")
    context = _context(row)
    wrapped = again(kek, Wrapped(row["kek_id"], row["wrapped"]), context, kek_id)
    new = {"kek_id": kek_id, "rcpt_id": kek_id, "wrapped": wrapped.sealed}
    new["row_mac"] = keys.row_mac(key_wrap.name, covered(key_wrap, row | new))
    return {"of": row["id"], **{f"new_{name}": value for name, value in new.items()}}


def again(kek: KekProvider, wrapped: Wrapped, context: bytes, kek_id: str) -> Wrapped:
    """The same key under `kek_id`, opened once more before anybody relies on it.

    Raises Damaged, Unavailable.
    """
    key = kek.unwrap(wrapped, context)
    new = kek.wrap(key, context, kek_id)
    if kek.unwrap(new, context) != key:
        raise Damaged("a key that was wrapped anew does not open")
    return new
