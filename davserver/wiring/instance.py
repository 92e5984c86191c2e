"""An instance's own keys: made once with the database, opened at every start (FORMAT.md §7.2)."""

import unicodedata
from datetime import datetime

from sqlalchemy import Connection, insert, select

from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.db.database import Database
from davserver.domain.errors import AlreadyThere, Damaged, Unavailable
from davserver.domain.ids import ID_BYTES, Entropy
from davserver.domain.secret import Secret
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.kek import KekProvider, KeyPurpose, Wrapped, instance_key_context
from davserver.sealing.keys import new_key
from davserver.vault import key_generations

_FIRST = 1
_ONLY_ROW = 1


def create_instance(db: Database, kek: KekProvider, entropy: Entropy, now: datetime) -> None:
    """The rows that every request relies on: the epoch, the key generations, the instance's keys.

    Raises AlreadyThere in a database that holds an instance.
    """
    keys = {purpose: new_key(entropy) for purpose in KeyPurpose}
    instance = entropy(ID_BYTES)

    def work(tx: Connection) -> bool:
        if holds_instance(tx):
            return False
        key_generations.add(tx, kek.generations())
        for purpose, key in keys.items():
            _insert_key(tx, kek, purpose, key, now)
        tx.execute(
            insert(t.epoch).values(
                id=_ONLY_ROW,
                instance_id=instance,
                unicode_version=unicodedata.unidata_version,
                created=to_us(now),
            )
        )
        return True

    if not db.write(work):
        raise AlreadyThere("the database holds an instance already")


def holds_instance(tx: Connection) -> bool:
    return tx.execute(select(t.epoch.c.id)).first() is not None


def open_instance(db: Database, kek: KekProvider) -> InstanceKeys:
    """Raises Unavailable when the database holds no instance or the provider is away, Damaged when
    a key does not open: another keyring, or an altered row.
    """
    with db.read() as tx:
        rows = tx.execute(
            select(t.instance_key)
            .where(t.instance_key.c.retired_at.is_(None))
            .order_by(t.instance_key.c.generation)
        ).all()
    if not rows:
        raise Unavailable("the database holds no instance yet: run `abri database upgrade`")
    keys: dict[KeyPurpose, Secret] = {}
    for row in rows:
        purpose = _purpose(row.purpose)
        wrapped = Wrapped(row.kek_id, row.wrapped)
        keys[purpose] = kek.unwrap(wrapped, instance_key_context(purpose, row.generation))
    missing = [purpose.value for purpose in KeyPurpose if purpose not in keys]
    if missing:
        raise Damaged(f"the database has lost its keys for: {', '.join(missing)}")
    return InstanceKeys.from_secrets(keys)


def _purpose(word: str) -> KeyPurpose:
    try:
        return KeyPurpose(word)
    except ValueError:
        raise Damaged("the database has a key for something that Abri does not know") from None


def _insert_key(
    tx: Connection, kek: KekProvider, purpose: KeyPurpose, key: Secret, now: datetime
) -> None:
    wrapped = kek.wrap(key, instance_key_context(purpose, _FIRST))
    tx.execute(
        insert(t.instance_key).values(
            purpose=purpose.value,
            generation=_FIRST,
            kek_id=wrapped.kek_id,
            alg=key_generations.ALGORITHM,
            wrapped=wrapped.sealed,
            created=to_us(now),
        )
    )
