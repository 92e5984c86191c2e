"""What one listening address of Abri allows: the single argument of the serving layer."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from davserver.domain.errors import BadInput

KIB = 1024
MIB = 1024 * KIB
TIB = 1024 * 1024 * MIB


@dataclass(frozen=True)
class Listener:
    """An address with its limits. Sizes are bytes, times are seconds, rates are bytes per second.

    `check` raises BadInput with every problem in one message. Why each default is what it is:
    docs/serving.md.
    """

    host: str = "127.0.0.1"
    port: int = 8443
    plain_http: bool = False
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None

    threads: int = 32
    slow: int = 500
    compute_slots: int = 4
    backlog: int = 256
    queue: int = 256
    connections: int = 2000

    head_bytes: int = 64 * KIB
    head_lines: int = 100
    target_bytes: int = 16 * KIB
    body_bytes: int = TIB
    unread_bytes: int = 64 * KIB

    min_rate: int = 2 * KIB
    grace_seconds: float = 30.0
    handshake_seconds: float = 10.0
    head_seconds: float = 15.0
    idle_seconds: float = 300.0
    linger_seconds: float = 2.0
    leaving_seconds: float = 0.0
    drain_seconds: float = 30.0

    def problems(self) -> tuple[str, ...]:
        return (*self._bad_numbers(), *self._bad_address(), *self._bad_certificate())

    def check(self) -> None:
        """Raises BadInput naming every setting that cannot stand."""
        problems = self.problems()
        if problems:
            raise BadInput("; ".join(problems))

    def _bad_numbers(self) -> tuple[str, ...]:
        least_one = {
            "threads": self.threads,
            "compute_slots": self.compute_slots,
            "backlog": self.backlog,
            "queue": self.queue,
            "connections": self.connections,
            "head_bytes": self.head_bytes,
            "head_lines": self.head_lines,
            "target_bytes": self.target_bytes,
            "body_bytes": self.body_bytes,
            "min_rate": self.min_rate,
            "grace_seconds": self.grace_seconds,
            "handshake_seconds": self.handshake_seconds,
            "head_seconds": self.head_seconds,
            "idle_seconds": self.idle_seconds,
        }
        least_zero = {
            "slow": self.slow,
            "unread_bytes": self.unread_bytes,
            "linger_seconds": self.linger_seconds,
            "leaving_seconds": self.leaving_seconds,
            "drain_seconds": self.drain_seconds,
        }
        return (
            *(f"{name} must be more than 0" for name, value in least_one.items() if value <= 0),
            *(f"{name} cannot be negative" for name, value in least_zero.items() if value < 0),
        )

    def _bad_address(self) -> tuple[str, ...]:
        problems = []
        if not 0 <= self.port <= 65535:  # noqa: PLR2004 - the range of a port
            problems.append("port must be between 0 and 65535")
        if not self.host:
            problems.append("host is empty; 0.0.0.0 or :: means every address of this machine")
        elif self.plain_http and not is_loopback(self.host):
            problems.append(
                f"plain HTTP is for this machine only, and {self.host} can be reached from others;"
                " use a certificate, or listen on 127.0.0.1"
            )
        return tuple(problems)

    def _bad_certificate(self) -> tuple[str, ...]:
        if self.plain_http:
            return ()
        needed = (("certificate", self.certificate), ("key", self.key))
        wanted = needed if self.client_ca is None else (*needed, ("client_ca", self.client_ca))
        return tuple(
            f"{name} is missing: HTTPS needs one"
            if path is None
            else f"{name}: there is no file {path}"
            for name, path in wanted
            if path is None or not path.is_file()
        )


def is_loopback(host: str) -> bool:
    """Whether an address as written in a setting means this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
