"""A cache of whole folders beside the query cache of each connection: what was listed lately."""

from collections.abc import Callable, Hashable, Sized
from typing import Any, TypeVar

from sqlalchemy import Connection

from davserver.db.dependencies import ANYTHING
from davserver.db.query_cache import cached
from davserver.vault.nodes.node_cache import WHOLE_FOLDER

T = TypeVar("T", bound=Sized)

_MOST = 15_000
"""Children, altogether. The nodes themselves are in `davserver.vault.nodes.node_cache`, once."""


class ListingCache:
    """Of one connection, emptied when anything is committed. An entry weighs what it has children;
    a folder that is too large for `NodeCache` is not cached here either.
    """

    __slots__ = ("_kept", "_weight")

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}
        self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, question: Hashable) -> bool:
        return question in self._kept

    def cached(self, question: Hashable, ask: Callable[[], T]) -> T:
        """As `davserver.db.query_cache.cached`."""
        answer: T | None = self._kept.get(question)
        if answer is None:
            answer = ask()
            self.store(question, answer)
        return answer

    def store(self, question: Hashable, answer: Sized) -> None:
        weight = 1 + len(answer)
        if weight > WHOLE_FOLDER:
            return
        if self._weight + weight > _MOST:
            self._kept.clear()
            self._weight = 0
        self._kept[question] = answer
        self._weight += weight


def listing_cache(tx: Connection) -> ListingCache:
    return cached(tx, ANYTHING, "listings", ListingCache)
