"""Imports Abri once, then becomes one `abri` after another. tests/support/prepared.py starts it.

Standard input is a socket. Each order on it is JSON (`words`, `folder`) with four descriptors: the
command's three, and a pipe that is told its process and later its exit code. The command itself is
a process of its own, as a fork: nothing of one is left for the next.
"""

import atexit
import gc
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import psycopg  # noqa: F401 — as an instance on PostgreSQL would

import admin
import authn
import davserver
import policies
from admin.main import main
from davserver.domain.time_zones import time_zones
from policies.loader import shipped

_ORDER = 1 << 18
_STANDARD = (0, 1, 2)


def serve_orders() -> None:
    """Returns in each command's process, and ends this one when nobody can order any more."""
    orders = socket.socket(fileno=os.dup(0))
    poll = select.poll()
    poll.register(orders, select.POLLIN)
    running: dict[int, tuple[int, int]] = {}
    while True:
        for ready, _ in poll.poll():
            if ready in running:
                poll.unregister(ready)
                _tell_end(ready, *running.pop(ready))
                continue
            text, descriptors, _, _ = socket.recv_fds(orders, _ORDER, 4)
            if not text:
                sys.exit()
            *standard, told = descriptors
            pid = os.fork()
            if pid == 0:
                orders.detach()
                _become(json.loads(text), standard)
                return
            os.write(told, f"{pid}\n".encode())
            for one in standard:
                os.close(one)
            watched = os.pidfd_open(pid)
            running[watched] = (pid, told)
            poll.register(watched, select.POLLIN)


def _tell_end(watched: int, pid: int, told: int) -> None:
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):  # Whoever ordered it may have stopped asking.
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os.close(told)
    os.close(watched)


def _become(order: dict[str, object], standard: list[int]) -> None:
    for given, own in zip(standard, _STANDARD, strict=True):
        os.dup2(given, own)
    os.closerange(len(_STANDARD), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order["folder"] is not None:
        os.chdir(str(order["folder"]))
    words = order["words"]
    assert isinstance(words, list)
    sys.argv[1:] = words


def command() -> int:
    """Its exit code, as the interpreter would have it."""
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 — with --debug, everything is shown
        sys.excepthook(*sys.exc_info())
        return 1


def end_with(code: int) -> NoReturn:
    """At once: taking the modules apart, one by one, would take ten times as long as the rest."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def import_everything() -> None:
    for package in (admin, authn, davserver, policies):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(one.name)
    time_zones()
    # Libraries import more when they are first used.
    for words in (["grant", "list", "--help"], ["policy", "check", str(shipped())]):
        with suppress(SystemExit):
            main(words)
    gc.freeze()


if __name__ == "__main__":
    # Ctrl-C ends the tests, which then close the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_everything()
    serve_orders()
    end_with(command())
