"""An LDAP server that lies: BER by hand, for what real servers will not do.

Unless a test says otherwise it is honest about one person, `karim`, whose password is `right`.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.authority import Pair

BIND, SEARCH, EXTENDED = 0x60, 0x63, 0x77
KARIM = "uid=karim,ou=people,dc=test"
KARIM_ID = "11111111-2222-3333-4444-555555555555"
_PAGED = "1.2.840.113556.1.4.319"
_START_TLS = b"1.3.6.1.4.1.1466.20037"


@dataclass(frozen=True)
class Request:
    id: int
    op: int
    body: bytes
    number: int
    """How many of this kind have come before, over all connections."""

    @property
    def starts_tls(self) -> bool:
        return self.op == EXTENDED and _START_TLS in self.body


Lie = Callable[[Request], bytes | Iterable[bytes] | None]
"""What is answered; None: the truth. Ending before anything is said closes the connection."""


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes(4, "big")
    return bytes([tag, 0x84]) + size + body


def text(of: str) -> bytes:
    return tlv(4, of.encode())


def message(number: int, operation: bytes, controls: bytes = b"") -> bytes:
    return tlv(0x30, tlv(2, number.to_bytes(4, "big")), operation, controls)


def result(tag: int, code: int = 0, says: str = "", more: bytes = b"") -> bytes:
    return tlv(tag, tlv(10, bytes([code])), text(""), text(says), more)


def entry(dn: str, **attributes: str) -> bytes:
    pairs = (tlv(0x30, text(name), tlv(0x31, text(of))) for name, of in attributes.items())
    return tlv(0x64, text(dn), tlv(0x30, *pairs))


def page_control(cookie: bytes) -> bytes:
    value = tlv(4, tlv(0x30, tlv(2, b"\0"), tlv(4, cookie)))
    return tlv(0xA0, tlv(0x30, text(_PAGED), value))


def karim() -> bytes:
    return entry(KARIM, uid="karim", cn="Karim", entryUUID=KARIM_ID)


def bind_result(request: Request, code: int) -> bytes:
    return message(request.id, result(0x61, code))


def search_done(request: Request, code: int = 0, cookie: bytes = b"") -> bytes:
    return message(request.id, result(0x65, code), page_control(cookie))


def honest(request: Request) -> bytes:
    if request.op == BIND:
        return bind_result(request, 49 if b"wrong" in request.body else 0)
    if request.op == EXTENDED:
        who = b"" if request.starts_tls else tlv(0x8B, b"dn:" + KARIM.encode())
        return message(request.id, result(0x78, more=who))
    return message(request.id, karim()) + search_done(request)


@dataclass
class LyingLdap:
    pair: Pair
    lie: Lie
    starts_tls: bool = False
    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    """Every request, as it came."""
    _counts: dict[int, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"{'ldap' if self.starts_tls else 'ldaps'}://127.0.0.1:{self.port}"

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.settimeout(10)
            threading.Thread(target=self._connection, args=(connection,), daemon=True).start()

    def _connection(self, raw: socket.socket) -> None:
        with (
            contextlib.suppress(OSError, EOFError, IndexError),
            contextlib.ExitStack() as open_ones,
        ):
            connection = raw if self.starts_tls else self._private(raw)
            open_ones.callback(connection.close)
            while True:
                request = self._request(connection)
                lie = self.lie(request)
                pieces = (
                    [honest(request)] if lie is None else [lie] if isinstance(lie, bytes) else lie
                )
                said = False
                for piece in pieces:
                    connection.sendall(piece)
                    said = True
                if not said:
                    return
                if request.starts_tls and lie is None:
                    connection = self._private(connection)
                    open_ones.callback(connection.close)

    def _private(self, raw: socket.socket) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pair.certificate, self.pair.key)
        return context.wrap_socket(raw, server_side=True)

    def _request(self, connection: socket.socket) -> Request:
        body = _value(connection)
        self.heard.append(body)
        number = body[2 : 2 + body[1]]
        rest = body[2 + body[1] :]
        at = self._counts.get(rest[0], 0)
        self._counts[rest[0]] = at + 1
        if rest[0] == 0x42:
            raise EOFError
        return Request(int.from_bytes(number, "big"), rest[0], rest, at)


def _value(connection: socket.socket) -> bytes:
    size = _exactly(connection, 2)[1]
    if size & 0x80:
        size = int.from_bytes(_exactly(connection, size & 0x7F), "big")
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = connection.recv(size - len(got))
        if not more:
            raise EOFError
        got += more
    return got


@contextmanager
def lying_ldap(pair: Pair, lie: Lie, *, starts_tls: bool = False) -> Iterator[LyingLdap]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = LyingLdap(pair, lie, starts_tls, listening.getsockname()[1])
        threading.Thread(target=server.serve, args=(listening,), daemon=True).start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)
