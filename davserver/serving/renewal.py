"""Certificates are renewed every few weeks: whoever connects after that is shown the new one."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol

from davserver.domain.alarms import Alarm, is_over, sound
from davserver.domain.errors import BadInput
from davserver.serving.logs import Log
from davserver.serving.settings import Listener
from davserver.serving.tls import context_of

LOOK_SECONDS = 2.0

Stamp = tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is shown, and how the files looked just before. No context: plain HTTP."""

    context: ssl.SSLContext | None
    stamps: tuple[Stamp, ...]


def load(listener: Listener) -> Loaded:
    """Raises BadInput for files that cannot be used."""
    stamps = tuple(_stamp(file) for file in _files(listener))
    return Loaded(context_of(listener), stamps)


class ShowsCertificate(Protocol):
    tls: ssl.SSLContext | None


class Renewal:
    """Looks at the files that the listener names, for one server.

    Connections that are open keep what they were shown. Files that cannot be used change nothing,
    and are an alarm when they are met twice: somebody may be just replacing them, one by one.
    """

    def __init__(
        self, listener: Listener, loaded: Loaded, server: ShowsCertificate, log: Log
    ) -> None:
        self._listener = listener
        self._loaded = loaded
        self._server = server
        self._log = log
        self._failures = 0
        self._due = monotonic() + LOOK_SECONDS

    def look(self) -> None:
        """To be called often: does something every other second."""
        if self._loaded.context is not None and monotonic() >= self._due:
            self._due = monotonic() + LOOK_SECONDS
            self._look()

    def _look(self) -> None:
        stamps = tuple(_stamp(file) for file in _files(self._listener))
        if stamps == self._loaded.stamps:
            self._is_usable()
            return
        try:
            self._loaded = load(self._listener)
        except BadInput:
            self._failures += 1
            if self._failures > 1:
                sound(Alarm.CERTIFICATE_UNUSABLE)
            return
        self._server.tls = self._loaded.context
        self._log.info("certificate-renewed", pid=os.getpid())
        self._is_usable()

    def _is_usable(self) -> None:
        if self._failures > 1:
            is_over(Alarm.CERTIFICATE_UNUSABLE)
        self._failures = 0


def _files(listener: Listener) -> tuple[Path, ...]:
    named = (listener.certificate, listener.key, listener.client_ca)
    return tuple(one for one in named if one is not None)


def _stamp(file: Path) -> Stamp:
    """Another one when the file was changed, replaced, or given to somebody; None without one."""
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_ctime_ns
