"""What both fronts read of a WSGI environ (PEP 3333), and of the keys that our server adds."""

from contextlib import nullcontext
from functools import cache
from typing import Any

from davserver.config import Listen
from davserver.db.aside import Aside
from davserver.http.client_certificate import parse_client_certificate
from davserver.http.forwarded import Peer, Said, direct, is_listed, peer

Environ = dict[str, Any]


def header(environ: Environ, name: str) -> str | None:
    """Bytes as Latin-1 (PEP 3333); None when it was not sent."""
    value: str | None = environ.get(key_of(name))
    return value


_BARE = frozenset({"Content-Type", "Content-Length"})


def peer_of(environ: Environ, listen: Listen) -> Peer:
    """A listed proxy is believed about its client, nobody else is."""
    private = environ["wsgi.url_scheme"] == "https" or listen.plain_http
    return _peer(environ, listen, private=private)


def is_https(environ: Environ, listen: Listen) -> bool:
    """Whether the client itself speaks TLS: to us, or to a listed proxy."""
    return _peer(environ, listen, private=environ["wsgi.url_scheme"] == "https").private


def _peer(environ: Environ, listen: Listen, *, private: bool) -> Peer:
    remote = str(environ.get("REMOTE_ADDR") or "")
    if not listen.proxies:
        return direct(remote, private)
    return peer(
        remote,
        private=private,
        listen=listen,
        said=Said(
            header(environ, "Forwarded"),
            header(environ, "X-Forwarded-For"),
            header(environ, "X-Forwarded-Proto"),
        ),
    )


def take_certificate(environ: Environ, listen: Listen) -> bytes | None:
    """The client's certificate in DER, its key proved. From a listed proxy it is the one that the
    proxy names: its own is not its client's.

    The proxies' field is taken out: nobody further inside may believe it of a stranger.
    """
    name = listen.certificate_header
    said = environ.pop(key_of(name), None) if name else None
    if listen.proxies and is_listed(str(environ.get("REMOTE_ADDR") or ""), listen):
        return parse_client_certificate(str(said)) if said is not None else None
    own = environ.get("abri.client_certificate")
    return own if isinstance(own, bytes) else None


def aside_in(environ: Environ) -> Aside:
    """How the server wants waiting to be done (docs/serving.md); nothing special without one."""
    turn = environ.get("abri.compute")
    return nullcontext if turn is None else turn.waiting


def keys_of(*names: str) -> frozenset[str]:
    """Where these fields stand: a request that sent none of them is told by one look."""
    return frozenset(map(key_of, names))


@cache
def key_of(name: str) -> str:
    """Where the field of that name stands, which the code gives: there are few."""
    key = name.upper().replace("-", "_")
    return key if name in _BARE else "HTTP_" + key
