"""Whoever takes something that takes long: that they are still signed in is looked at all along."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from davserver.domain.drive import Piece
from davserver.domain.errors import NotSignedIn
from davserver.domain.people import Principal
from davserver.web.visit import Visit

_LOOKED_EVERY = timedelta(seconds=1)


@dataclass(slots=True)
class Attended:
    """One for one answer. The page's session goes on while the answer does, for a visit is no
    shorter because what is taken is large.
    """

    visit: Visit
    _who: Principal = field(init=False)
    _looked: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._who, self._looked = self.visit.who, self.visit.now

    def who(self) -> Principal:
        """With everything as it is now, or was within the last second. Raises NotSignedIn."""
        services, visit = self.visit.services, self.visit
        now = services.clock()
        if abs(now - self._looked) >= _LOOKED_EVERY:
            if visit.session is None:
                raise NotSignedIn
            self.noted()
            token = visit.session.token
            self._who = services.sessions.resume(token, visit.address, now, visit.aside).who
            self._looked = now
        return self._who

    def over(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Breaks off where they have signed out. Raises NotSignedIn."""
        for piece in pieces:
            self.who()
            yield piece

    def noted(self) -> None:
        """What the rules answered so far is in the decision log."""
        self.visit.services.decisions.write(self._who, self.visit.request_id or None)
