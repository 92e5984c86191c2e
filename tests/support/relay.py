"""Passes bytes between clients and a server: slowly where a test wants it, or out of a namespace.

As a program it is given a socket that listens in one network namespace, and connects in its own:
`python relay.py DESCRIPTOR PORT`.
"""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Relay:
    """`delay`: seconds before each piece that the server sends. `most`: after that many bytes from
    the server nothing more comes, and nothing ends.
    """

    target: int
    port: int = 0
    delay: float = 0
    most: int | None = None
    tell: Callable[[int], None] = lambda _: None
    """Told how much a connection has had from the server so far."""

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._both, args=(client,), daemon=True).start()

    def _both(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while piece := client.recv(65536):
                    server.sendall(piece)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join()

    def _pass(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := server.recv(65536):
                time.sleep(self.delay)
                if self.most is not None:
                    piece = piece[: max(self.most - passed, 0)]
                passed += len(piece)
                self.tell(passed)
                client.sendall(piece)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay_to(target: int) -> Iterator[Relay]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Relay(target, listening.getsockname()[1])
        threading.Thread(target=made.serve, args=(listening,), daemon=True).start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        Relay(int(sys.argv[2])).serve(given)
