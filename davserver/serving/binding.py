"""The port: taken once, shared by all workers, refused clearly when somebody else has it."""

import errno
import ipaddress
import socket

from davserver.domain.errors import BadInput, Unavailable
from davserver.serving.settings import Listener, is_loopback


def bind(listener: Listener, count: int) -> list[socket.socket]:
    """`count` listening sockets on one port, for one worker each.

    The kernel deals new connections out evenly between them (SO_REUSEPORT); on one shared socket
    the worker that wakes first would take nearly all. The caller keeps them open for as long as it
    runs, so that connections wait, and are not lost, while a dead worker is replaced.
    Raises BadInput for an address that is not this machine's, Unavailable for a taken port.
    """
    family, address = _resolve(listener)
    try:
        first = _open(family, address, shared=False)
        sockets = [
            first,
            *(_open(family, first.getsockname(), shared=True) for _ in range(1, count)),
        ]
        for one in sockets:
            one.listen(listener.backlog)
    except OSError as error:
        raise _explained(error, listener) from error
    return sockets


def _open(family: int, address: tuple[object, ...], *, shared: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(address)
        # The first is bound alone: with SO_REUSEPORT set before, the kernel would let it share the
        # port with a program of the same user that is already there, and nobody would notice.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError:
        sock.close()
        raise
    return sock


def _resolve(listener: Listener) -> tuple[int, tuple[object, ...]]:
    try:
        found = socket.getaddrinfo(
            listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise BadInput(f"{listener.host} is no address of this machine") from error
    # A name with both kinds of address: clients fall back to IPv4 on their own, not to IPv6.
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    if listener.plain_http and not is_loopback(str(address[0])):
        raise BadInput(f"plain HTTP is for this machine only, and {listener.host} is not")
    return family, address


def _explained(error: OSError, listener: Listener) -> BadInput | Unavailable:
    where = f"{listener.host}:{listener.port}"
    if error.errno == errno.EADDRINUSE:
        return Unavailable(
            f"{where} is already in use: another program listens there; stop it or choose another"
            " port"
        )
    if error.errno == errno.EACCES:
        return BadInput(f"{where} may not be opened: ports below 1024 need a privilege")
    return BadInput(f"{where} cannot be opened: {error.strerror}")


def plain_address(address: str) -> str:
    """A peer's address as rules about networks expect it: IPv4 as IPv4, and no interface name."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def url_of(listener: Listener, port: int) -> str:
    scheme = "http" if listener.plain_http else "https"
    host = f"[{listener.host}]" if ":" in listener.host else listener.host
    return f"{scheme}://{host}:{port}"
