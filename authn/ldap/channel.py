"""What ldap3 has for a socket: TLS that is checked, and an end to every wait and every answer.

ldap3 knows timeouts of single reads only: a server that sends a byte now and then would hold a
thread for ever. Here each answer has one deadline, and a most that it may hold.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_BYTES = 8 * 2**20
"""Of one answer: a page of people takes a few hundred kilobytes."""

Address = tuple[int, int, int, str, tuple[object, ...]]
Lookup = Callable[..., Sequence[Any]]


class Channel:
    """Reads and writes until `allow`ed time is over or too much has come."""

    def __init__(self, raw: socket.socket) -> None:
        self.raw = raw
        self._until = 0.0
        self._left = 0

    @property
    def is_private(self) -> bool:
        return isinstance(self.raw, ssl.SSLSocket)

    def allow(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._left = MOST_BYTES

    def recv(self, size: int) -> bytes:
        self._in_time()
        data = self.raw.recv(size)
        self._left -= len(data)
        if self._left < 0:
            raise OSError("the answer does not end")
        return data

    def sendall(self, data: bytes) -> None:
        self._in_time()
        self.raw.sendall(data)

    def _in_time(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self.raw.settimeout(left)

    def shutdown(self, how: int) -> None:
        self.raw.shutdown(how)

    def close(self) -> None:
        self.raw.close()


@dataclass(slots=True)
class Trust:
    """Who may have signed the servers' certificates, and what is shown to servers that ask.

    The files are read again when they change: a certificate can be renewed without a restart.
    """

    ca: Path | None
    certificate: Path | None
    key: Path | None
    _made: ssl.SSLContext | None = None
    _stamps: tuple[int, ...] = ()
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def context(self) -> ssl.SSLContext:
        """Raises OSError or ssl.SSLError when a file cannot be read or used."""
        files = [one for one in (self.ca, self.certificate, self.key) if one is not None]
        stamps = tuple(one.stat().st_mtime_ns for one in files)
        with self._turn:
            if self._made is None or stamps != self._stamps:
                self._made, self._stamps = self._build(), stamps
            return self._made

    def _build(self) -> ssl.SSLContext:
        # Certificates required, host names checked (both are what this call gives).
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


def resolved(
    host: str, port: int, seconds: float, lookup: Lookup = socket.getaddrinfo
) -> list[Address]:
    """The addresses of a host. The system's resolver (`lookup`) knows no deadline: a thread waits
    for it. Raises TimeoutError after so many seconds, OSError where the name is not known.
    """
    answer: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()
    asking = threading.Thread(target=_resolve, args=(lookup, host, port, answer), daemon=True)
    asking.start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"the name {host} was not resolved in time") from None
    if isinstance(found, OSError):
        raise found
    return found


def _resolve(
    lookup: Lookup, host: str, port: int, answer: "queue.SimpleQueue[list[Address] | OSError]"
) -> None:
    try:
        answer.put(list(lookup(host, port, type=socket.SOCK_STREAM)))
    except OSError as error:
        answer.put(error)
