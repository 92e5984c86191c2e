"""A served WSGI application for the tests of the serving layer: small limits, a log to look at."""

import datetime as dt
import io
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from davserver.serving.health import Health, always_well
from davserver.serving.logs import Log
from davserver.serving.server import Server, running_server
from davserver.serving.settings import Listener
from tests.support.http import Answer, Connection

Environ = dict[str, Any]


@dataclass
class Running:
    server: Server
    stream: io.StringIO

    @property
    def port(self) -> int:
        return self.server.port

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log's lines of that name."""
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]

    def connect(self, *, tls: bool = False, timeout: float = 60) -> Connection:
        return Connection(self.port, tls=tls, timeout=timeout)

    def ask(self, data: bytes, method: str = "GET") -> Answer:
        """Sends exactly that on a new connection; the answer."""
        with self.connect() as connection:
            connection.send(data)
            return connection.answer(method)


@contextmanager
def served(
    app: Callable[..., Any], *, health: Callable[[], Health] = always_well, **limits: Any
) -> Iterator[Running]:
    """Over plain HTTP unless `limits` carries a certificate."""
    settings: dict[str, Any] = {"port": 0, "plain_http": "certificate" not in limits, "threads": 4}
    stream = io.StringIO()
    listener = Listener(**(settings | limits))
    with running_server(app, listener, health=health, log=Log(stream)) as server:
        yield Running(server, stream)


@dataclass
class Recorder:
    """An application that reads its whole body and keeps what it saw."""

    environs: list[Environ] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    called: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        self.environs.append(environ)
        self.called.set()
        try:
            self.bodies.append(environ["wsgi.input"].read())
        except Exception as error:
            self.errors.append(error)
            raise
        finally:
            self.over.set()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"read"]


def refuse(_environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
    """An application that answers before it reads anything, as a guard does."""
    start_response("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="x"')])
    return [b"no"]


def hello(_environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def get(target: str = "/", *headers: str) -> bytes:
    return request("GET", target, *headers)


def request(method: str, target: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def is_closed_by_server(connection: Connection, within: float = 30) -> bool:
    """Whether the server ends the connection without sending anything more."""
    if not connection.is_open:
        return True  # the answer said so, and the client has closed its side
    connection.open().settimeout(within)
    try:
        return connection.open().recv(1) == b""
    except ConnectionError:
        return True


def eventually(holds: Callable[[], bool], within: float = 30) -> bool:
    """Whether it holds by then: nobody waits that long for what comes, however busy the machine."""
    until = time.monotonic() + within
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def small_window(port: int, size: int = 4096) -> Connection:
    """A connection whose client's kernel takes little ahead of the client."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    raw.settimeout(60)
    raw.connect(("127.0.0.1", port))
    return Connection(port, timeout=60, _socket=raw)


@contextmanager
def trickling(connection: Connection, byte: bytes, pause: float) -> Iterator[None]:
    """Meanwhile the client sends this byte every `pause` seconds, until it cannot any more."""
    over = threading.Event()

    def trickle() -> None:
        while not over.wait(pause):
            try:
                connection.open().send(byte)
            except OSError:
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def endless(over: threading.Event) -> Callable[..., Iterator[bytes]]:
    """An application whose answer has no end; `over` is set once nobody reads it."""

    def app(_environ: Environ, start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", str(10**9))])
        try:
            while True:
                yield b"x" * 65536
        finally:
            over.set()

    return app


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost and its key, made now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
