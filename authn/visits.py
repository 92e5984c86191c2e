"""One sign-in under way."""

from collections.abc import Callable
from datetime import datetime

from authn.facts import Asked, Facts
from authn.staff_names import TypedName
from authn.throttle import Source
from davserver.domain.lean import lean


@lean(frozen=True, slots=True)
class Visit:
    """Whose name was typed, and what is known of them. `read` asks again by a key.

    `is_staff`: not Abri knows the password, but a directory.
    """

    typed: TypedName
    asked: Asked
    facts: Facts
    address: str | None
    now: datetime
    read: Callable[[str], Facts]

    @property
    def source(self) -> Source:
        return Source(self.asked.pair, self.asked.address)

    @property
    def is_staff(self) -> bool:
        """A local login wins."""
        there = self.facts.person is not None
        return self.typed.staff is not None and not (there and self.facts.account is None)
