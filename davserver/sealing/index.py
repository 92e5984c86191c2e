"""Keyed look-up values of one vault: names, folded names, category tags (FORMAT.md §5)."""

import unicodedata

from davserver.domain.actions import Category
from davserver.domain.ids import VaultId
from davserver.domain.secret import Secret
from davserver.sealing.fields import id16
from davserver.sealing.keys import MacKey
from davserver.sealing.labels import Purpose

UNICODE_VERSION = unicodedata.unidata_version
"""Stored beside a vault's `idx_gen`: other versions may fold names differently (FORMAT.md §5.4)."""


def nfc(name: str) -> str:
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """What two names share that a person takes for one: NFC(casefold(NFC)).

    casefold alone can leave NFC; the second normalisation brings it back.
    """
    return name.lower() if name.isascii() else nfc(nfc(name).casefold())


class VaultIndex:
    """The index keys of one vault. Each method gives 16 bytes; equal input, equal bytes."""

    __slots__ = ("_category", "_folded", "_name", "_tags")

    def __init__(self, index_key: Secret, vault: VaultId) -> None:
        self._name = MacKey(index_key, Purpose.INDEX_NAME, id16(vault))
        self._folded = MacKey(index_key, Purpose.INDEX_FOLDED, id16(vault))
        self._category = MacKey(index_key, Purpose.INDEX_CATEGORY, id16(vault))
        self._tags: dict[Category, bytes] = {}

    def name_index(self, name: str) -> bytes:
        return self._name.index((name if name.isascii() else nfc(name)).encode())

    def folded_index(self, name: str) -> bytes:
        return self._folded.index(folded(name).encode())

    def category_tag(self, category: Category) -> bytes:
        tag = self._tags.get(category)
        if tag is None:
            # There are eight, and every change asks for one.
            tag = self._tags[category] = self._category.index(category.value.encode())
        return tag
