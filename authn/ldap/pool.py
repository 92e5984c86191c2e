"""Connections to a directory: a few that stay open for searches, and one for each password.

A shared connection is never bound as somebody else to try a password (DESIGN §7.2).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from authn.ldap.answers import Answer, Code, LinkLost
from authn.ldap.channel import Trust
from authn.ldap.link import Link, Patience
from authn.ldap.port import DirectoryAway
from authn.ldap.servers import Servers
from authn.ldap.slots import Slots
from davserver.domain.secret import Secret

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Service:
    """The account that searches; none where the client certificate says enough."""

    dn: str
    password_file: Path

    def password(self) -> Secret:
        """Read each time: it can be changed without a restart."""
        try:
            line = self.password_file.read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
        except OSError as error:
            raise DirectoryAway(f"bind_password_file cannot be read: {error.strerror}") from error
        if not line:
            raise DirectoryAway("bind_password_file is empty")
        return Secret(line)


class Pool:
    """Thread-safe. At most `most` connections for searches at a time."""

    def __init__(
        self,
        servers: Servers,
        trust: Trust,
        patience: Patience,
        service: Service | None,
        most: int,
    ) -> None:
        self._servers = servers
        self._trust = trust
        self._patience = patience
        self._service = service
        self._slots = Slots(most)
        self._turn = threading.Lock()
        self._idle: list[Link] = []
        self._closed = False

    def run(self, act: Callable[[Link], T]) -> T:
        """What `act` makes of a connection that is bound as the service account. It may be run
        again on another server, and only reads.
        """
        with self._slots.one(self._patience.answering):
            kept = self._kept()
            if kept is not None:
                try:
                    return self._use(kept, act)
                except LinkLost:
                    # It may only have been closed while idle: then this server is well.
                    self._drop(kept.url)
            return self._first_that_answers(lambda url: self._use(self._opened(url), act))

    def _first_that_answers(self, ask: Callable[[str], T]) -> T:
        lost: LinkLost | None = None
        for url in self._servers.order():
            try:
                answered = ask(url)
            except LinkLost as error:
                self._servers.away(url)
                self._drop(url)
                lost = error
            else:
                self._servers.well(url)
                return answered
        raise lost or LinkLost("there is no server")

    def _kept(self) -> Link | None:
        best = self._servers.preferred()
        with self._turn:
            others = [one for one in self._idle if one.url != best]
            self._idle = [one for one in self._idle if one.url == best]
            kept = self._idle.pop() if self._idle else None
        _close(others)
        return kept

    def _use(self, link: Link, act: Callable[[Link], T]) -> T:
        try:
            made = act(link)
        except BaseException:
            link.close()
            raise
        with self._turn:
            keep = not self._closed
            if keep:
                self._idle.append(link)
        if not keep:
            link.close()
        return made

    def _drop(self, url: str) -> None:
        with self._turn:
            dropped = [one for one in self._idle if one.url == url]
            self._idle = [one for one in self._idle if one.url != url]
        _close(dropped)

    def _opened(self, url: str) -> Link:
        """As the service account."""
        link = Link(url, self._trust, self._patience)
        if self._service is None:
            return link
        try:
            answer = link.bind(self._service.dn, self._service.password())
        except BaseException:
            link.close()
            raise
        if answer.code != Code.SUCCESS:
            link.close()
            raise DirectoryAway(f"{url}: the service account cannot sign in: {answer.what}")
        return link

    @contextmanager
    def of_its_own(self) -> Iterator[Link]:
        """A connection as the service account for one long reading, beside the shared ones."""
        link = self._first_that_answers(self._opened)
        try:
            yield link
        except LinkLost:
            self._servers.away(link.url)
            raise
        finally:
            link.close()

    def try_password(self, dn: str, password: Secret) -> Answer:
        """What a bind says, on a connection that is used for nothing else. Another server is asked
        only while none has been told the password: each would count a wrong one.
        """
        link = self._first_that_answers(lambda url: Link(url, self._trust, self._patience))
        try:
            return link.bind(dn, password)
        except LinkLost:
            self._servers.away(link.url)
            raise
        finally:
            link.close()

    def close(self) -> None:
        with self._turn:
            self._closed = True
            idle, self._idle = self._idle, []
        _close(idle)


def _close(links: list[Link]) -> None:
    for one in links:
        one.close()
