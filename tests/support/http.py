"""An HTTP/1.1 client that sends exactly what a test says, and hides nothing of the answer."""

import base64
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_READ = 1 << 16


class Cut(Exception):
    """The connection ended before the answer was complete."""


@dataclass(frozen=True)
class Answer:
    """One response. Headers are in the order in which they came, names as they came."""

    status: int
    phrase: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    interim: tuple[int, ...] = ()

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def text(self) -> str:
        return self.body.decode()

    def __str__(self) -> str:
        return f"{self.status} {self.phrase}\n{self.headers}\n{self.body[:2000]!r}"


@dataclass
class Connection:
    """One TCP (or TLS) connection to a server on this machine, from any of its own addresses.

    `card`: the files of the client certificate that it shows, and of its key.
    """

    port: int
    tls: bool = False
    timeout: float = 60
    source: str = "127.0.0.1"
    card: tuple[Path, Path] | None = None
    _socket: socket.socket | None = field(default=None, repr=False)
    _rest: bytes = field(default=b"", repr=False)

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def open(self) -> socket.socket:
        if self._socket is None:
            raw = socket.create_connection(
                ("127.0.0.1", self.port), timeout=self.timeout, source_address=(self.source, 0)
            )
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = _in_tls(raw, self.card) if self.tls else raw
            self._rest = b""
        return self._socket

    def send(self, data: bytes) -> None:
        self.open().sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """Read one whole response. Raises Cut when the connection ends before that."""
        interim: list[int] = []
        while True:
            status, phrase, headers = self._head()
            if status >= 200:
                break
            interim.append(status)
        body = b"" if method == "HEAD" or status in {204, 304} else self._body(headers)
        result = Answer(status, phrase, headers, body, tuple(interim))
        if (result.header("Connection") or "").lower() == "close":
            self.close()
        return result

    def _head(self) -> tuple[int, str, tuple[tuple[str, str], ...]]:
        raw = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = raw.split("\r\n")
        _, status, phrase = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        return int(status), phrase, tuple((name, value.strip()) for name, _, value in pairs)

    def _body(self, headers: tuple[tuple[str, str], ...]) -> bytes:
        named = {name.lower(): value for name, value in headers}
        if named.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        if "content-length" in named:
            return self._exactly(int(named["content-length"]))
        pieces = [self._rest]
        self._rest = b""
        while piece := self.open().recv(_READ):
            pieces.append(piece)
        self.close()
        return b"".join(pieces)

    def _chunks(self) -> bytes:
        pieces = []
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            pieces.append(self._exactly(size))
            self._until(b"\r\n")
        while self._until(b"\r\n"):
            pass
        return b"".join(pieces)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(mark)
        return head

    def _exactly(self, size: int) -> bytes:
        pieces = [self._rest[:size]]
        self._rest = self._rest[size:]
        missing = size - len(pieces[0])
        while missing:
            piece = self.open().recv(min(_READ, missing))
            if not piece:
                raise Cut(f"{missing} bytes of the body are missing")
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _more(self) -> None:
        piece = self.open().recv(_READ)
        if not piece:
            raise Cut(f"the connection ended after {self._rest!r}")
        self._rest += piece

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def __del__(self) -> None:
        # A test may forget its connections: the server is told, and nobody is warned about it.
        self.close()

    def reset(self) -> None:
        """End the connection by RST, as a pulled cable or a killed program does."""
        linger_for_nothing = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.open().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_nothing)
        self.close()

    def finish_sending(self) -> None:
        """End our half of the connection by FIN; answers can still be read."""
        self.open().shutdown(socket.SHUT_WR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class Caller:
    """A person's program: sends their login unasked, keeps its connection.

    `again`: a request is repeated when the kept connection turns out to be closed.
    """

    port: int
    login: str | None = None
    password: str = ""
    tls: bool = False
    timeout: float = 60
    again: bool = True
    source: str = "127.0.0.1"
    card: tuple[Path, Path] | None = None
    connection: Connection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.connection = Connection(
            self.port, tls=self.tls, timeout=self.timeout, source=self.source, card=self.card
        )

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
    ) -> Answer:
        """One request and its answer. Raises Cut or OSError when there is none."""
        repeat = self.again and self.connection.is_open
        try:
            return self._once(method, target, headers, body)
        except (Cut, ConnectionError):
            self.connection.close()
            if not repeat:
                raise
            return self._once(method, target, headers, body)

    def _once(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        body: bytes | None,
    ) -> Answer:
        self.connection.send(self.head(method, target, headers, body) + (body or b""))
        return self.connection.answer(method)

    def head(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
    ) -> bytes:
        """The bytes before the body, for tests that send the body in their own way."""
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        given = {name.lower() for name, _ in pairs}
        lines = [f"{method} {target} HTTP/1.1"]
        if "host" not in given:
            lines.append(f"Host: localhost:{self.port}")
        if self.login is not None and "authorization" not in given:
            lines.append(f"Authorization: {basic(self.login, self.password)}")
        lines += [f"{name}: {value}" for name, value in pairs]
        if body is not None and not given & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode()

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def chunked(*pieces: bytes, end: bool = True) -> bytes:
    """A body in chunks; without `end` it lacks the last chunk, as an upload that was cut does."""
    parts = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    return b"".join([*parts, b"0\r\n\r\n" if end else b""])


def _in_tls(raw: socket.socket, card: tuple[Path, Path] | None) -> ssl.SSLSocket:
    # The certificate was made for this test a moment ago; who it names is checked elsewhere.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if card is not None:
        context.load_cert_chain(*card)
    return context.wrap_socket(raw, server_hostname="localhost")
