"""Where connections wait that have nothing to do: one selector for all, a deadline for each."""

from time import monotonic
from typing import Any

from cheroot.connections import ConnectionManager

from davserver.serving.connections import Connection


class Parking(ConnectionManager):
    """cheroot's selector loop with each connection's own deadline in place of one idle time."""

    _selector: Any

    def _expire(self, threshold: float) -> None:  # noqa: ARG002 - cheroot's signature
        now = monotonic()
        for descriptor, connection in self.parked():
            if connection.deadline < now:
                self._selector.unregister(descriptor)
                connection.expire()

    def evict(self) -> bool:
        """Closes the connection nearest to its deadline; False if none is parked.

        Only for the selector's thread.
        """
        parked = self.parked()
        if not parked:
            return False
        descriptor, connection = min(parked, key=lambda one: one[1].deadline)
        self._selector.unregister(descriptor)
        connection.close()
        return True

    def parked(self) -> list[tuple[int, Connection]]:
        everything: list[tuple[int, Any]] = list(self._selector.connections)
        return [(fd, one) for fd, one in everything if isinstance(one, Connection)]
