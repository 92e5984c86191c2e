"""URLs in headers, judged against this server: Destination, and the tags of an If header."""

from dataclasses import dataclass
from http import HTTPStatus

from davserver.dav.errors import Declined
from davserver.dav.urls import Mount, split_url
from davserver.domain.paths import DrivePath
from davserver.http.malformed import Malformed

_PORTS = (":443", ":80")


@dataclass(frozen=True, slots=True)
class Here:
    """What is ours: a drive, and the host name under which the client knows it."""

    mount: Mount
    host: str

    def place(self, url: str) -> DrivePath | None:
        """The place on this drive that a URL means, None when it lies elsewhere.

        Raises Malformed, BadPath.
        """
        authority, raw = split_url(url)
        is_ours = authority is None or authority == self.host
        if not is_ours and _name(authority or "") != _name(self.host):
            return None
        return self.mount.inside(raw)


def destination(value: str | None, here: Here) -> DrivePath:
    """RFC 4918 §10.3. Raises Malformed, BadPath, Declined with 502 for another server or drive."""
    if value is None:
        raise Malformed("COPY and MOVE need a Destination header.")
    place = here.place(value.strip())
    if place is None:
        raise Declined(HTTPStatus.BAD_GATEWAY, "The destination is not on this drive.")
    return place


def _name(authority: str) -> str:
    """A host as it is compared: without case, usual port, and whom the client signs in as, which
    KDE's programs and lftp put before it. The scheme is not compared: behind a proxy that ends TLS
    it differs.
    """
    host = authority.rpartition("@")[2].lower()
    for port in _PORTS:
        host = host.removesuffix(port)
    return host
