"""One worker's HTTP server: cheroot's accept loop and threads around Abri's own connections."""

import contextlib
import os
import queue
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator

from cheroot.server import HTTPServer
from cheroot.workers.threadpool import ThreadPool

from davserver.serving.binding import bind, url_of
from davserver.serving.compute import ComputeSlots
from davserver.serving.connections import Connection
from davserver.serving.gateway import House, WSGIApp
from davserver.serving.health import Health, HealthPage, Phase, always_well
from davserver.serving.logs import Complaints, Log, open_log
from davserver.serving.parking import Parking
from davserver.serving.settings import Listener
from davserver.serving.tls import server_context

LOOK_SECONDS = 0.25
"""How often deadlines are looked at, and how long a stop may wait for the selector."""


class Server(HTTPServer):
    """Serves one application on one listening socket until `drain` or `stop`."""

    ConnectionClass = Connection
    expiration_interval = LOOK_SECONDS

    def __init__(
        self,
        app: WSGIApp,
        listener: Listener,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        *,
        health: Callable[[], Health] = always_well,
        log: Log,
        workers: int = 1,
    ) -> None:
        address = listening.getsockname()[:2]
        super().__init__(address, gateway=None, server_name="Abri")
        self.tls = tls
        self.port: int = address[1]
        self.multiprocess = workers > 1
        self.phase = Phase.SERVING
        self.slots = ComputeSlots(listener.compute_slots)
        self.complaints = Complaints(log)
        self.open: set[Connection] = set()
        self.house = House(
            app=app,
            listener=listener,
            health=HealthPage(health, workers),
            log=log,
            phase=lambda: self.phase,
            entropy=os.urandom,
            pid=os.getpid(),
        )
        self.requests = ThreadPool(
            self,
            min=listener.threads,
            accepted_queue_size=listener.queue,
            accepted_queue_timeout=0,
        )
        self._listening = listening

    @property
    def url(self) -> str:
        return url_of(self.house.listener, self.port)

    @property
    def has_waiting(self) -> bool:
        """Whether connections with something to do wait for a thread."""
        return bool(self.requests.qsize)

    # cheroot's hooks

    def prepare(self) -> None:
        """Takes the listening socket as it is; cheroot would bind one of its own."""
        self.socket = self._listening
        self.socket.setblocking(False)
        self._connections = Parking(self)
        self.requests.start()
        self.ready = True

    def serve(self) -> None:
        """Accepts and watches parked connections until `stop_accepting`."""
        while self.ready:
            try:
                self._connections.run(self.expiration_interval)
            except Exception as error:  # noqa: BLE001 - the accept loop outlives whatever happens
                self.house.log.failure("accept-loop", error, pid=self.house.pid)

    def process_conn(self, conn: Connection) -> None:
        if conn.fresh:
            conn.fresh = False
            self._welcome(conn)
            return
        try:
            self.requests.put(conn)
        except queue.Full:
            conn.turn_away()

    def _welcome(self, conn: Connection) -> None:
        """A new connection waits in the selector until it says something."""
        full = len(self.open) > self.house.listener.connections
        if full and not self._connections.evict():
            conn.turn_away()
        else:
            self._connections.put(conn)

    def put_conn(self, conn: Connection) -> None:
        if not self.ready:
            conn.leave()
            return
        try:
            self._connections.put(conn)
        except (OSError, ValueError, KeyError):
            conn.close()  # its socket died between the answer and here

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - cheroot's signature
        """Messages of cheroot can carry what clients sent; only the error behind them is kept."""
        error = sys.exc_info()[1]
        if error is not None:
            self.house.log.failure("server-error", error, pid=self.house.pid)

    # the end

    def stop_accepting(self) -> None:
        """Closes the port and every parked connection; running requests go on."""
        self.ready = False
        self._connections.stop()
        self._listening.close()
        self._connections.close()

    def stop(self) -> None:
        """Ends everything now, and waits for the threads."""
        if self.ready:
            self.stop_accepting()
        for connection in tuple(self.open):
            connection.stop_all()
        self.requests.stop(self.shutdown_timeout)


@contextlib.contextmanager
def running_server(
    app: WSGIApp,
    listener: Listener | None = None,
    *,
    health: Callable[[], Health] = always_well,
    log: Log | None = None,
) -> Iterator[Server]:
    """A server in this process, on a free port of the loopback unless `listener` says otherwise.

    `Server.port` and `Server.url` say where. Raises what `serve` raises.
    """
    listener = listener or Listener(port=0, plain_http=True)
    listener.check()
    tls = context_of(listener)
    (listening,) = bind(listener, 1)
    server = Server(app, listener, listening, tls, health=health, log=log or open_log())
    server.prepare()
    thread = threading.Thread(target=server.serve, name="accept")
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def context_of(listener: Listener) -> ssl.SSLContext | None:
    if listener.plain_http or listener.certificate is None or listener.key is None:
        return None
    return server_context(listener.certificate, listener.key)
