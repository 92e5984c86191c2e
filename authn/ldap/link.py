"""One connection to one server of a directory. ldap3 is known to this file only.

ldap3 trusts by default what Abri does not: here certificates are checked, referrals are not
followed, nothing of the server's schema is asked for, and a `bind` counts only when all three of
status, state and result say so (DESIGN §7.2).
"""

import socket
import ssl
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authn.ldap.answers import Answer, Code, LinkLost, Question, Raw, Scope, require_success
from authn.ldap.channel import Channel, Trust, resolved
from authn.ldap.port import DirectoryAway
from davserver.domain.secret import Secret

with warnings.catch_warnings():
    # pyasn1 has new names for two tables that ldap3 reads when it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3

_LDAP3: Any = ldap3  # it has no types
PORTS = {"ldaps": 636, "ldap": 389}
_PAGED = "1.2.840.113556.1.4.319"
_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"
_WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3"
_PAGE = 500
_MOST_EMPTY = 20


_SCOPES = {Scope.BASE: ldap3.BASE, Scope.TREE: ldap3.SUBTREE}


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until a connection with TLS stands, and for each answer."""

    connecting: float
    answering: float


class _Server(_LDAP3.Server):  # type: ignore[misc]  # ldap3 has no types
    """Tries each address of its host for its share of the time that is left."""

    def __init__(self, url: str, tls: "_Tls", seconds: float) -> None:
        parts = urlsplit(url)
        super().__init__(
            parts.hostname, port=parts.port or PORTS[parts.scheme], get_info=ldap3.NONE,
            use_ssl=parts.scheme == "ldaps", tls=tls, allowed_referral_hosts=[],
        )  # fmt: skip
        self.until = time.monotonic() + seconds
        self.connection: Any = None

    @property
    def left(self) -> float:
        # Zero would mean for ever.
        return max(self.until - time.monotonic(), 0.001)

    def candidate_addresses(self) -> Iterator[list[object]]:
        found = resolved(self.host, self.port, self.left)
        for number, address in enumerate(found):
            if self.connection.socket is not None:
                self.connection.socket.close()  # ldap3 forgets it
            self.connect_timeout = self.left / (len(found) - number)
            yield [*address, None, None]

    def update_availability(self, address: object, available: object) -> None:
        """Nothing is remembered: a server object lives for one connection."""


class _Tls(_LDAP3.Tls):  # type: ignore[misc]  # ldap3 has no types
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: object = None) -> None:  # noqa: ARG002 — ldap3's signature
        """In place of ldap3's own: host names checked by OpenSSL, and the name sent along."""
        now = connection.socket
        raw = now.raw if isinstance(now, Channel) else now
        raw.settimeout(connection.server.left)
        # The end of TLS's handshake and the bind are two small pieces: the second would wait for
        # the acknowledgement of the first, which servers put off for 40 ms.
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Raises where the other side is gone already: `ssl` would give a socket without handshake.
        raw.getpeername()
        private = self._context.wrap_socket(raw, server_hostname=connection.server.host)
        if private.version() is None:
            private.close()
            raise OSError("the connection ended before it was encrypted")
        connection.socket = Channel(private)


class Link:
    """For one thread at a time. What fails with LinkLost must not be used again."""

    def __init__(
        self, url: str, trust: Trust, patience: Patience, strategy: str = ldap3.SYNC
    ) -> None:
        """`strategy`: of ldap3's, those that give tuples would let nobody in. Raises LinkLost."""
        self.url = url
        self._patience = patience
        with self._told():
            server = _Server(url, _Tls(trust.context()), patience.connecting)
            self._connection: Any = _LDAP3.Connection(
                server, client_strategy=strategy, auto_referrals=False, auto_range=False,
                check_names=False, auto_escape=False, auto_encode=False, read_only=True,
                return_empty_attributes=False,
            )  # fmt: skip
            server.connection = self._connection
            try:
                self._open(server)
            except BaseException:
                self.close()
                raise

    def _open(self, server: _Server) -> None:
        self._connection.open(read_server_info=False)
        if not server.ssl:
            self._connection.socket = Channel(self._connection.socket)
            self._connection.socket.allow(server.left)
            self._connection.start_tls(read_server_info=False)
        self._private()

    def _private(self) -> Channel:
        """ldap3 would open a closed connection again, without TLS, to bind: never here."""
        channel = self._connection.socket
        if self._connection.closed or not isinstance(channel, Channel) or not channel.is_private:
            raise LinkLost(f"{self.url}: the connection is not encrypted")
        return channel

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever goes wrong, from a reset to garbage that ldap3 stumbles over, is LinkLost."""
        try:
            yield
        except DirectoryAway:
            raise
        except Exception as error:
            raise LinkLost(f"{self.url}: {_reason(error)}") from error

    def bind(self, dn: str, password: Secret) -> Answer:
        """Success means that the server knows this connection as somebody."""
        channel = self._private()
        with self._told():
            channel.allow(self._patience.answering)
            own = self._connection
            own.user, own.password, own.authentication = dn, password.reveal(), ldap3.SIMPLE
            try:
                status = own.bind(read_server_info=False, controls=[(_POLICY, False, None)])
            finally:
                own.password = None
            answer = self._answer("bindResponse")
            # `is True`: other strategies of ldap3 return a tuple, which is true whatever it says.
            if (answer.code == Code.SUCCESS) is not (status is True and own.bound):
                raise LinkLost(f"{self.url}: it contradicts itself about a sign-in")
            if answer.code == Code.SUCCESS and self._is_nobody():
                raise LinkLost(f"{self.url}: it accepts a sign-in without knowing whose")
            return answer

    def _is_nobody(self) -> bool:
        """Whether it says, where it can say (RFC 4532), that nobody is signed in."""
        self._private().allow(self._patience.answering)
        self._connection.extended(_WHO_AM_I)
        answer = self._answer("extendedResp")
        return answer.code == Code.SUCCESS and not self._connection.result.get("responseValue")

    def _answer(self, kind: str) -> Answer:
        result = self._connection.result
        if result is None or result["type"] != kind:
            raise LinkLost(f"{self.url}: it answered something else than was asked")
        policy = _policy(result.get("controls", {}).get(_POLICY))
        answer = Answer(result["result"], result["message"], result["description"], policy)
        if answer.code in {Code.BUSY, Code.UNAVAILABLE}:
            raise LinkLost(f"{self.url}: {answer.what}")
        return answer

    def ask(self, question: Question, most: int = 0) -> tuple[Answer, list[Raw]]:
        """What it finds at once. `most`: how many it should stop at (0: at its own limit)."""
        return self._search(question, size_limit=most)

    def everything(self, question: Question) -> list[Raw]:
        return [one for page in self.pages(question) for one in page]

    def pages(self, question: Question) -> Iterator[list[Raw]]:
        """All that it finds, some at a time (RFC 2696). Anything but a whole answer raises."""
        cookie, met, empty = b"", set[str](), 0
        while empty < _MOST_EMPTY:
            answer, found = self._search(
                question, paged_size=_PAGE, paged_criticality=True, paged_cookie=cookie or None
            )
            require_success(self.url, answer, question.base)
            cookie = self._cookie()
            # The cookie itself may stay the same from page to page (Samba).
            if any(one.dn in met for one in found):
                break
            met |= {one.dn for one in found}
            empty = 0 if found else empty + 1
            if found:
                yield found
            if not cookie:
                return
        raise LinkLost(f"{self.url}: its pages do not end")

    def _cookie(self) -> bytes:
        control = self._connection.result.get("controls", {}).get(_PAGED)
        cookie = control and control["value"]["cookie"]
        if not isinstance(cookie, bytes):
            raise LinkLost(f"{self.url}: it does not say whether that was all")
        return cookie

    def _search(self, question: Question, **how: object) -> tuple[Answer, list[Raw]]:
        channel = self._private()
        with self._told():
            channel.allow(self._patience.answering)
            self._connection.search(
                question.base, question.filter, _SCOPES[question.scope],
                attributes=list(question.attributes), dereference_aliases=ldap3.DEREF_NEVER,
                time_limit=max(round(self._patience.answering), 1), **how,
            )  # fmt: skip
            answer = self._answer("searchResDone")
            found = [_raw(one) for one in self._connection.response if one["type"] == _ENTRY]
            return answer, found

    def certificate(self) -> Mapping[str, Any]:
        """The server's, as `ssl` tells it."""
        raw = self._private().raw
        return (raw.getpeercert() if isinstance(raw, ssl.SSLSocket) else None) or {}

    def close(self) -> None:
        channel = self._connection.socket
        if isinstance(channel, Channel):
            channel.allow(1)
        try:
            self._connection.unbind()
        except Exception:  # noqa: BLE001, S110 — whatever is left of it, it is not needed any more
            pass
        finally:
            if channel is not None:
                channel.close()


_ENTRY = "searchResEntry"


def _policy(control: Mapping[str, Any] | None) -> int | None:
    """The error in PasswordPolicyResponseValue: SEQUENCE { warning [0], error [1] }, in BER."""
    raw = (control and control["value"]) or b""
    at = 2
    while at + 2 < len(raw):
        if raw[at] == 0x81:  # noqa: PLR2004 — [1]
            return int(raw[at + 2])
        at += 2 + raw[at + 1]
    return None


def _raw(found: Mapping[str, Any]) -> Raw:
    named = {name.lower(): values or () for name, values in found["raw_attributes"].items()}
    return Raw(found["dn"], named)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300]


def is_filter(text: str) -> bool:
    """Whether it is a filter by RFC 4515, as far as ldap3 can tell."""
    try:
        _LDAP3.operation.search.parse_filter(text, None, False, False, None, False)
    except Exception:  # noqa: BLE001 — it raises more than its own errors
        return False
    return True
