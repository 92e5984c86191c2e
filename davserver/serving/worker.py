"""One worker process: builds its application after the fork, serves, and drains when told to."""

import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from davserver.serving.drain import drain
from davserver.serving.gateway import WSGIApp
from davserver.serving.health import Health, Phase, always_well
from davserver.serving.logs import Log
from davserver.serving.server import Server
from davserver.serving.settings import Listener

PARENT_LOOK_SECONDS = 0.5


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Served:
    """What a worker serves. `close` is called once, after the last request."""

    app: WSGIApp
    health: Callable[[], Health] = always_well
    close: Callable[[], None] = _nothing


AppFactory = Callable[[], Served]
"""Called once in each worker. What it opens (database, keys, threads) belongs to that process."""


@dataclass(frozen=True)
class Duty:
    """What the supervisor gives a worker on its way."""

    factory: AppFactory
    listener: Listener
    listening: socket.socket
    tls: ssl.SSLContext | None
    log: Log
    workers: int
    parent: int


def work(duty: Duty, ready: Callable[[], None]) -> int:
    """Serves until SIGTERM, the parent's death or a broken accept loop; the exit code."""
    served = duty.factory()
    server = Server(
        served.app,
        duty.listener,
        duty.listening,
        duty.tls,
        health=served.health,
        log=duty.log,
        workers=duty.workers,
    )
    server.prepare()
    accepting = threading.Thread(target=server.serve, name="accept", daemon=True)
    accepting.start()
    ready()
    told = _wait_for_stop(duty.parent, accepting)
    if told:
        server.phase = Phase.LEAVING
        _pause(duty.listener.leaving_seconds)
    broken = drain(server, duty.listener.drain_seconds)
    served.close()
    duty.log.info("worker-stopped", pid=os.getpid(), broken_off=broken)
    return 0 if told else 1


def _wait_for_stop(parent: int, accepting: threading.Thread) -> bool:
    """True when told to stop, False when something else ended this worker's life."""
    while os.getppid() == parent and accepting.is_alive():
        if signal.sigtimedwait({signal.SIGTERM}, PARENT_LOOK_SECONDS):
            return True
    return False


def _pause(seconds: float) -> None:
    """Waits, unless SIGTERM comes a second time."""
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        if signal.sigtimedwait({signal.SIGTERM}, left):
            return
