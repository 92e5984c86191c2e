"""HOST:PORT as `abri init` takes it."""

import ipaddress
import re

from admin.speaking import _
from davserver.domain.errors import BadInput

_FORM = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})")
_HIGHEST = 65_535
_EVERY_NETWORK = frozenset({"0.0.0.0", "::"})  # noqa: S104 — what nobody can type into a program


def parse_listen(text: str) -> tuple[str, int]:
    """The address and port. `localhost` becomes 127.0.0.1. Raises BadInput."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadInput(f"--listen {text}: write HOST:PORT, such as 127.0.0.1:8443 or [::1]:8443")
    port = int(match["port"])
    if not 1 <= port <= _HIGHEST:
        raise BadInput(f"--listen {text}: a port is a number from 1 to {_HIGHEST}")
    if match["six"]:
        return _six(text, match["six"]), port
    host = match["host"]
    return ("127.0.0.1" if host == "localhost" else host), port


def address_of(host: str, port: int, *, plain_http: bool) -> str:
    """The URL of the drive, with the name that the certificate carries."""
    scheme = "http" if plain_http else "https"
    if host in _EVERY_NETWORK:
        return _(
            "%(scheme)s://SERVER:%(port)s/dav/, with the server's name for SERVER",
            scheme=scheme,
            port=port,
        )
    shown = "localhost" if host in {"127.0.0.1", "::1"} else f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}/dav/"


def _six(text: str, host: str) -> str:
    try:
        return str(ipaddress.IPv6Address(host))
    except ValueError:
        raise BadInput(f"--listen {text}: {host} is not an IPv6 address") from None
