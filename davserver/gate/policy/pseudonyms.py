"""People and vaults as reports name them: by pseudonyms that stay the same, or by logins."""

from base64 import b32encode
from collections.abc import Collection, Sequence
from itertools import islice

from sqlalchemy import Connection

from authn.registered import Registered
from davserver.domain.ids import PersonId, VaultId
from davserver.sealing.instance import InstanceKeys
from davserver.vault.outline import owners_of

_LETTERS = 10
"""Fifty bits: among a million there are hardly two alike."""


class Speaker:
    """`most`: how many owners are named at once; None: all."""

    def __init__(
        self, tx: Connection, keys: InstanceKeys, *, names: bool, most: int | None
    ) -> None:
        self._tx = tx
        self._keys = keys
        self._names = names
        self._most = most

    def people(self, people: Collection[PersonId]) -> tuple[str, ...]:
        if self._names:
            return tuple(sorted(self._logins(people)))
        return tuple(sorted(pseudonym(self._keys, "p", one) for one in people))

    def owners(self, vaults: Sequence[VaultId]) -> tuple[str, ...]:
        """Of these vaults; a vault's pseudonym is not its owner's."""
        some = list(islice(vaults, self._most))
        if self._names:
            return tuple(sorted(self._logins(set(owners_of(self._tx, some).values()))))
        return tuple(sorted(pseudonym(self._keys, "v", one) for one in some))

    def _logins(self, people: Collection[PersonId]) -> Collection[str]:
        return Registered(self._keys).logins(self._tx, people).values()


def pseudonym(keys: InstanceKeys, kind: str, one: bytes) -> str:
    """`p-` or `v-` and ten letters and digits, the same in every report of this instance."""
    code = b32encode(keys.pseudonym(kind, one)).decode().lower()
    return f"{kind}-{code[:_LETTERS]}"
