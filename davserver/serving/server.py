"""One worker's HTTP server: cheroot's life cycle and threads around Abri's own connections."""

import contextlib
import os
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep

from cheroot.server import HTTPServer

from davserver.serving.binding import bind, plain_address, url_of
from davserver.serving.compute import Turn
from davserver.serving.connections import Connection
from davserver.serving.crew import Crew
from davserver.serving.gateway import WorkerContext, WSGIApp
from davserver.serving.health import Health, HealthPage, Phase, always_well
from davserver.serving.logs import Complaints, Log, open_log
from davserver.serving.numbers import Numbers
from davserver.serving.parking import Parking
from davserver.serving.settings import Listener
from davserver.serving.tls import context_of

LOOK_SECONDS = 0.25
"""How often deadlines are looked at."""


class Server(HTTPServer):
    """Serves one application on one listening socket until `drain` or `stop`.

    `open`: every connection there is; `parking`: where those wait that have nothing to do.
    `phase`: where it is in its life.
    """

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
        self.complaints = Complaints(log)
        self.open: set[Connection] = set()
        self.context = WorkerContext(
            app=app,
            listener=listener,
            health=HealthPage(health, workers),
            log=log,
            life=self,
            number=Numbers(os.urandom).next,
            pid=os.getpid(),
        )
        self._listening = listening
        self._accept_over = threading.Event()
        self._accept_over.set()
        self._unseen: set[Connection] = set()
        self.parking = Parking()
        self.requests: Crew = Crew(self, self.parking, listener)

    @property
    def url(self) -> str:
        return url_of(self.context.listener, self.port)

    # cheroot's hooks

    def prepare(self) -> None:
        """Takes the listening socket as it is; cheroot would bind one of its own."""
        self._listening.setblocking(False)
        self.ready = True
        self.requests.start()

    def serve(self) -> None:
        """Accepts, and looks after deadlines, until `stop_accepting`."""
        self._accept_over.clear()
        try:
            self._serve()
        finally:
            self._accept_over.set()

    def _serve(self) -> None:
        poller = select.poll()
        poller.register(self._listening.fileno(), select.POLLIN)
        poller.register(self.parking.bell, select.POLLIN)
        looked = monotonic()
        while self.ready:
            try:
                if poller.poll(LOOK_SECONDS * 1000) and self.ready:
                    self._accept()
                if monotonic() - looked >= LOOK_SECONDS:
                    looked = monotonic()
                    for connection in self.parking.overdue(looked):
                        connection.expire()
            except Exception as error:  # noqa: BLE001 - the accept loop outlives whatever happens
                self.context.log.failure("accept-loop", error, pid=self.context.pid)
                sleep(LOOK_SECONDS)  # whatever it is, it shall not come a thousand times a second

    def put_conn(self, conn: Connection) -> None:
        if not self.ready:
            conn.leave()
            return
        try:
            self.parking.put(conn)
        except (OSError, ValueError):
            conn.close()  # its socket died between the answer and here

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - cheroot's signature
        """Messages of cheroot can carry what clients sent; only the error behind them is kept."""
        error = sys.exc_info()[1]
        if error is not None:
            self.context.log.failure("server-error", error, pid=self.context.pid)

    # new connections

    def _accept(self) -> None:
        try:
            sock, address = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # the client has left again
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self, sock, (plain_address(address[0]), address[1]))
        if self._make_room():
            self._unseen.add(connection)
            self.put_conn(connection)
        else:
            connection.turn_away()

    def _make_room(self) -> bool:
        """False when a newcomer would only wait for something that does not come."""
        limits = self.context.listener
        if len(self._unseen) >= limits.queue and not self.requests.idle:
            return False
        if len(self.open) <= limits.connections:
            return True
        victim = self.parking.nearest()
        if victim is not None:
            victim.close()
        return victim is not None

    def is_alone(self) -> bool:
        return len(self.open) <= 1

    def turn(self) -> Turn:
        return self.requests.turn()

    def came(self, connection: Connection) -> None:
        self.open.add(connection)

    def saw(self, connection: Connection) -> None:
        """A thread works on it: it is no newcomer any more."""
        self._unseen.discard(connection)

    def left(self, connection: Connection) -> None:
        self._unseen.discard(connection)
        self.open.discard(connection)

    # the end

    def stop_accepting(self) -> None:
        """Closes the port and every parked connection; running requests go on."""
        self.ready = False
        self.parking.ring()
        self._accept_over.wait()
        self._listening.close()
        self.parking.close()

    def stop(self) -> None:
        """Ends everything now, and waits for the threads."""
        if self.ready:
            self.stop_accepting()
        for connection in tuple(self.open):
            connection.stop_all()
        self.requests.stop(self.shutdown_timeout)
        self.parking.release()


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
