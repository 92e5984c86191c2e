"""Where the lock of a token was: PostgreSQL is asked for it along with the way to what it is said
to be on.

It is a guess: what is asked for is what `live.on` asks for, and where that turns out to be about
other nodes, it asks. Of each person's own tokens, which nobody guesses; of those that this process
has seen.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from davserver.domain.ids import NodeId, PersonId, VaultId
from davserver.vault.locks import live

_KEY = "abri.expected"
_MOST = 1000

_Where = tuple[VaultId, frozenset[NodeId]]


def expect(
    tx: Connection, person: PersonId, token: str, vault: VaultId, nodes: Collection[NodeId]
) -> None:
    """Whoever comes with that token will ask for the locks on these nodes."""
    if tx.dialect.name == "sqlite":
        return
    known: dict[tuple[PersonId, str], _Where] = vars(tx).setdefault(_KEY, {})
    if len(known) >= _MOST:
        known.clear()
    known[person, token] = vault, frozenset(nodes)


def prefetch(tx: Connection, person: PersonId, token: str, now: datetime) -> None:
    """To be asked before the way. Once: a lock is given back once."""
    known: dict[tuple[PersonId, str], _Where] = vars(tx).get(_KEY, {})
    found = known.pop((person, token), None)
    if found is not None:
        live.prefetch(tx, *found, now)
