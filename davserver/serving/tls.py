"""TLS 1.2 and 1.3 for HTTP/1.1. Worker threads drive the handshakes, never the accept loop."""

import socket
import ssl
from pathlib import Path

from davserver.domain.errors import BadInput
from davserver.serving.settings import Listener

# RFC 9325 §4.2.1: with TLS 1.2, only forward secrecy and authenticated encryption.
TLS12_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"

HANDSHAKE = 0x16
"""First byte of every TLS record that opens a connection (RFC 8446 §5.1)."""


def context_of(listener: Listener) -> ssl.SSLContext | None:
    """Of the files as they are now; none where it speaks plain HTTP. Raises BadInput."""
    if listener.plain_http or listener.certificate is None or listener.key is None:
        return None
    return server_context(listener.certificate, listener.key, listener.client_ca)


def server_context(certificate: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """With `client_ca` clients may show a certificate; one that it did not sign ends the handshake.

    Raises BadInput when the files are no certificate chain and its key, or no authorities.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(TLS12_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{certificate} and {key} are not a certificate and its key, without a passphrase,"
            " in PEM form"
        ) from error
    if client_ca is not None:
        _ask_for_certificates(context, client_ca)
    return context


def _ask_for_certificates(context: ssl.SSLContext, client_ca: Path) -> None:
    context.verify_mode = ssl.CERT_OPTIONAL
    # The file says whom to trust: an authority in it that another one has signed, too.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(client_ca)
    except (OSError, ValueError) as error:
        raise BadInput(f"{client_ca} holds no certificate of an authority, in PEM form") from error


def client_certificate(sock: socket.socket) -> bytes | None:
    """The one that the handshake has verified, in DER; it came with the proof of its key (RFC 8446
    §4.4.3). None where none was shown.
    """
    if not isinstance(sock, ssl.SSLSocket) or sock.context.verify_mode is ssl.CERT_NONE:
        return None
    return sock.getpeercert(binary_form=True)


def _no_password() -> str:
    """Answers instead of OpenSSL asking on the terminal of a service."""
    raise ValueError("the key has a passphrase")


def wrap(context: ssl.SSLContext, sock: socket.socket) -> ssl.SSLSocket:
    """The same connection, its handshake not begun. The plain socket object is empty afterwards."""
    return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)


def speaks_tls(sock: socket.socket) -> bool | None:
    """Whether the first byte opens TLS; None while there is none. Raises OSError."""
    try:
        first = sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return None
    return first[:1] == bytes([HANDSHAKE])
