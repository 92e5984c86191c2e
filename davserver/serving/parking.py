"""Where connections wait that have nothing to do: one epoll for all, a deadline for each.

Whoever takes a connection out of `_parked` owns it, be it the thread that serves it or the one
that looks after deadlines; taking is one dictionary operation, so there is never a second owner.
"""

import os
import select
from collections.abc import Iterator

from davserver.serving.connections import Connection

# One event, then silence until the connection is parked again.
_ONCE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLONESHOT


class Parking:
    """`bell` is a descriptor that becomes readable when the server stops."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._parked: dict[int, Connection] = {}
        self._closed = False
        self.bell, self._rope = os.pipe()
        self._epoll.register(self.bell, select.EPOLLIN)

    def __len__(self) -> int:
        """How many wait here."""
        return len(self._parked)

    def put(self, connection: Connection) -> None:
        """From now on any thread may find it ready. Raises OSError or ValueError for a dead one."""
        descriptor = connection.socket.fileno()
        self._parked[descriptor] = connection  # before arming: an event must find it here
        try:
            self._arm(descriptor, connection)
        except (OSError, ValueError):
            if self._parked.get(descriptor) is connection:
                del self._parked[descriptor]
            raise
        if self._closed and self._parked.pop(descriptor, None) is not None:
            connection.dismiss()

    def _arm(self, descriptor: int, connection: Connection) -> None:
        if connection.registered:
            self._epoll.modify(descriptor, _ONCE)
        else:
            connection.registered = True
            self._epoll.register(descriptor, _ONCE)

    def wait(self) -> Connection | None:
        """A connection with something to do; None if somebody else took it, or the bell rang."""
        for descriptor, _ in self._epoll.poll(maxevents=1):
            return self._parked.pop(descriptor, None)
        return None

    def overdue(self, now: float) -> Iterator[Connection]:
        """Takes out those whose deadline has passed."""
        for descriptor, connection in list(self._parked.items()):
            if connection.deadline < now and self._parked.pop(descriptor, None) is not None:
                yield connection

    def nearest(self) -> Connection | None:
        """Takes out the one that would have to go next; None if none is parked."""
        for descriptor, _ in sorted(self._parked.items(), key=lambda one: one[1].deadline):
            connection = self._parked.pop(descriptor, None)
            if connection is not None:
                return connection
        return None

    def ring(self) -> None:
        """Wakes every thread that waits here, now and later: the byte is never read."""
        os.write(self._rope, b"!")

    def close(self) -> None:
        """Closes every parked connection, and each that is still put here."""
        self._closed = True
        for descriptor in list(self._parked):
            connection = self._parked.pop(descriptor, None)
            if connection is not None:
                connection.dismiss()

    def release(self) -> None:
        """Gives the descriptors back, once no thread is left."""
        self._epoll.close()
        os.close(self.bell)
        os.close(self._rope)
