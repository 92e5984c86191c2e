"""One worker process: builds its application after the fork, serves, and drains when told to."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import NoReturn

from davserver.domain.errors import AbriError
from davserver.serving.drain import drain
from davserver.serving.gateway import WSGIApp
from davserver.serving.health import Health, Phase, always_well
from davserver.serving.logs import Log, describe
from davserver.serving.memory import Spare
from davserver.serving.renewal import Loaded, Renewal
from davserver.serving.server import Server
from davserver.serving.settings import Listener
from davserver.serving.supervisor import READY

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
"""Called once in each worker. What it opens (database, keys, threads) belongs to that process. It
can be pickled: a function of a module, or a `partial` of one.
"""


@dataclass(frozen=True)
class Duty:
    """What the supervisor gives a worker on its way."""

    factory: AppFactory
    listener: Listener
    listening: socket.socket
    tls: Loaded
    log: Log
    workers: int
    parent: int


def live(duty: Callable[[], Duty], tell: int, log: Log) -> NoReturn:
    """A worker's whole life; its process ends here. `tell` is a pipe to the supervisor, which is
    told "ready", or why it cannot be.
    """
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGCHLD})
        code = work(duty(), lambda: _tell(tell, READY))
    except BaseException as error:  # noqa: BLE001 - a child never returns into its parent's code
        log.failure("worker-failed", error, pid=os.getpid())
        _tell(tell, _farewell(error))
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def work(duty: Duty, ready: Callable[[], None]) -> int:
    """Serves until SIGTERM, the parent's death or a broken accept loop; the exit code."""
    served = duty.factory()
    server = Server(
        served.app,
        duty.listener,
        duty.listening,
        duty.tls.context,
        health=served.health,
        log=duty.log,
        workers=duty.workers,
    )
    server.prepare()
    accepting = threading.Thread(target=server.serve, name="accept", daemon=True)
    accepting.start()
    ready()
    renewal = Renewal(duty.listener, duty.tls, server, duty.log)
    told = _wait_for_stop(duty.parent, accepting, renewal)
    if told:
        server.phase = Phase.LEAVING
        _pause(duty.listener.leaving_seconds)
    broken = drain(server, duty.listener.drain_seconds)
    served.close()
    duty.log.info("worker-stopped", pid=os.getpid(), broken_off=broken)
    return 0 if told else 1


def _wait_for_stop(parent: int, accepting: threading.Thread, renewal: Renewal) -> bool:
    """True when told to stop, False when something else ended this worker's life."""
    spare = Spare()
    while os.getppid() == parent and accepting.is_alive():
        if _told_to_stop(PARENT_LOOK_SECONDS):
            return True
        spare.look()
        renewal.look()
    return False


def _pause(seconds: float) -> None:
    """Waits, unless SIGTERM comes a second time."""
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        if _told_to_stop(left):
            return


def _told_to_stop(seconds: float) -> bool:
    """Waits for SIGTERM. A process that was held (SIGSTOP, a paused container) for longer than it
    wanted to wait gets from Python a signal that nobody sent, with numbers that lay in memory.
    """
    told = signal.sigtimedwait({signal.SIGTERM}, seconds)
    return told is not None and told.si_signo == signal.SIGTERM


def _tell(descriptor: int, message: bytes) -> None:
    with suppress(OSError):
        os.write(descriptor, message)


def _farewell(error: BaseException) -> bytes:
    """Abri's own errors speak to an operator; of any other, only the class and place are safe."""
    if isinstance(error, AbriError):
        return str(error).encode()
    facts = describe(error)
    return f"{facts['error']} ({facts['where']})".encode()
