"""The generations of key-encryption keys as the database names them, and what each still opens.

The database says which one wraps what is new, for all processes and machines alike; the provider
has the keys. A key that nobody may use any more is not counted: of an erased vault, or revoked. It
is never wrapped anew, and dies with its generation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, update

from davserver.db.clock import from_us, from_us_or_none, to_us, to_us_or_none
from davserver.db.tables import epoch, instance_key, kek, key_wrap, space, vault
from davserver.domain.errors import Damaged, Unavailable
from davserver.sealing.kek import Generation, GenerationState

LOCAL = "local"
"""The provider of a keyring file."""

ALGORITHM = "aes-siv"


@dataclass(frozen=True, slots=True)
class Opens:
    """How many keys in use a generation opens: of vaults, and of the instance itself."""

    vaults: int = 0
    instance: int = 0

    @property
    def keys(self) -> int:
        return self.vaults + self.instance


def in_use() -> ColumnElement[bool]:
    """Of a `key_wrap` joined with its vault: whether anybody may ever need it."""
    return and_(
        vault.c.erased_at.is_(None),
        key_wrap.c.rcpt_type == "kek",
        key_wrap.c.revoked_at.is_(None),
    )


def of_vaults(*columns: ColumnElement[Any]) -> Select[Any]:
    """Wraps in use, with their vaults."""
    return (
        select(*columns)
        .select_from(key_wrap)
        .join(space, space.c.id == key_wrap.c.space_id)
        .join(vault, vault.c.id == space.c.vault_id)
        .where(in_use())
    )


def add(tx: Connection, generations: Iterable[Generation]) -> None:
    """Those that the database does not name yet. Which one is in use there stays as it is."""
    known = states(tx)
    for one in generations:
        if one.kek_id not in known:
            waits = known and one.state is GenerationState.ACTIVE
            state = GenerationState.DECRYPT_ONLY if waits else one.state
            tx.execute(
                insert(kek).values(
                    id=one.kek_id,
                    provider=LOCAL,
                    ref=one.kek_id,
                    alg=ALGORITHM,
                    state=state.value,
                    created=to_us(one.created),
                    destroyed_at=to_us_or_none(one.destroyed),
                )
            )


def named(tx: Connection) -> tuple[Generation, ...]:
    """All that the database names, oldest first. Raises Damaged for a state that there is not."""
    rows = tx.execute(select(kek).order_by(kek.c.created, kek.c.id)).all()
    return tuple(
        Generation(
            row.id, _state(row.state), from_us(row.created), from_us_or_none(row.destroyed_at)
        )
        for row in rows
    )


def _state(word: str) -> GenerationState:
    try:
        return GenerationState(word)
    except ValueError:
        raise Damaged("a key generation was altered in the database") from None


def states(tx: Connection) -> Mapping[str, GenerationState]:
    return {one.kek_id: one.state for one in named(tx)}


def active(tx: Connection) -> str:
    """The one that wraps what is new. Raises Unavailable where somebody altered which it is."""
    is_used = kek.c.state == GenerationState.ACTIVE.value
    found = tx.execute(select(kek.c.id).where(is_used)).scalars().all()
    if len(found) != 1:
        raise Unavailable("the database names no key generation to be used, or several")
    kek_id: str = found[0]
    return kek_id


def use(tx: Connection, kek_id: str) -> None:
    """From now on this one wraps what is new. What processes keep opened is opened anew."""
    before = kek.c.state == GenerationState.ACTIVE.value
    tx.execute(update(kek).where(before).values(state=GenerationState.DECRYPT_ONLY.value))
    is_it = kek.c.id == kek_id
    tx.execute(update(kek).where(is_it).values(state=GenerationState.ACTIVE.value))
    _raise_epoch(tx)


def destroy(tx: Connection, kek_id: str, now: datetime) -> None:
    """Nothing is wrapped under it any more, by no process."""
    gone = {"state": GenerationState.DESTROYED.value, "destroyed_at": to_us(now)}
    is_it = (kek.c.id == kek_id, kek.c.state != GenerationState.DESTROYED.value)
    tx.execute(update(kek).where(*is_it).values(gone))
    _raise_epoch(tx)


def opened_by(tx: Connection) -> Mapping[str, Opens]:
    """By generation; those that open nothing are left out."""
    wraps = of_vaults(key_wrap.c.kek_id, func.count()).group_by(key_wrap.c.kek_id)
    own = (
        select(instance_key.c.kek_id, func.count())
        .where(instance_key.c.retired_at.is_(None))
        .group_by(instance_key.c.kek_id)
    )
    vaults, instance = (_counted(tx, one) for one in (wraps, own))
    return {
        one: Opens(vaults.get(one, 0), instance.get(one, 0))
        for one in sorted(vaults.keys() | instance.keys())
    }


def _counted(tx: Connection, asked: Select[Any]) -> Mapping[str, int]:
    return {str(one): int(number) for one, number in tx.execute(asked)}


def _raise_epoch(tx: Connection) -> None:
    tx.execute(update(epoch).values({epoch.c["keys"]: epoch.c["keys"] + 1}))
