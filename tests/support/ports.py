"""Free loopback ports for the servers that tests start."""

import os
import socket
import time
from contextlib import suppress
from itertools import count

_FIRST, _BLOCK, _BLOCKS = 10_000, 200, 100
"""Below the ports that the kernel gives to outgoing connections: whoever asks again and again
whether a server is there yet would meet themselves one day, and keep the server from its port.
"""

_next = count()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment. Each process has its own block."""
    first = _FIRST + os.getpid() % _BLOCKS * _BLOCK
    for _ in range(_BLOCK):
        port = first + next(_next) % _BLOCK
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"all ports from {first} on are taken")


def answers(port: int) -> bool:
    """Whether somebody accepts connections there now."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pause(seconds: float = 0.02) -> None:
    time.sleep(seconds)
