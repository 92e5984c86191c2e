"""Free loopback ports for the servers that tests start."""

import socket
import time
from contextlib import suppress
from functools import cache
from itertools import count

_FIRST, _BLOCK, _BLOCKS = 10_000, 200, 100
"""Below the ports that the kernel gives to outgoing connections: whoever asks again and again
whether a server is there yet would meet themselves one day, and keep the server from its port.
"""

_next = count()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment. Each process has its own block:
    nobody else takes the port before its server does.
    """
    first = _FIRST + _own_block()[0] * _BLOCK
    for _ in range(_BLOCK):
        port = first + next(_next) % _BLOCK
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"all ports from {first} on are taken")


@cache
def _own_block() -> tuple[int, socket.socket]:
    """Its number, and what holds it as long as this process lives: a name that one socket has."""
    for number in range(_BLOCKS):
        held = socket.socket(socket.AF_UNIX)
        with suppress(OSError):
            held.bind(f"\0abri-tests-ports-{number}")
            return number, held
        held.close()
    raise AssertionError("more test processes than blocks of ports")


def answers(port: int) -> bool:
    """Whether somebody accepts connections there now."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pause(seconds: float = 0.02) -> None:
    time.sleep(seconds)
