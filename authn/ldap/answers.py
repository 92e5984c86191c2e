"""What is asked of a server and what it answers, in Abri's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from authn.ldap.port import DirectoryAway

NOTHING = "1.1"
"""An attribute that no entry has (RFC 4511 §4.5.1.8)."""


class LinkLost(DirectoryAway):
    """One server does not answer as it should: another one may."""


class Busy(DirectoryAway):
    """Abri's own connections are all in use: that says nothing about the directory."""


class Code(IntEnum):
    """Results (RFC 4511 appendix A) that mean something to Abri. All others are failures."""

    SUCCESS = 0
    SIZE_LIMIT = 4
    NO_SUCH_OBJECT = 32
    INAPPROPRIATE_AUTHENTICATION = 48
    INVALID_CREDENTIALS = 49
    BUSY = 51
    UNAVAILABLE = 52


class Scope(IntEnum):
    BASE = 0
    TREE = 2


@dataclass(frozen=True, slots=True)
class Raw:
    """An entry as it came: names of attributes in lower case, values as bytes."""

    dn: str
    attributes: Mapping[str, Sequence[bytes]]

    def all(self, name: str) -> list[str]:
        return [one.decode(errors="replace") for one in self.attributes.get(name.lower(), ())]

    def first(self, name: str) -> str | None:
        return next((one for one in self.all(name) if one), None)

    def bytes(self, name: str) -> bytes | None:
        return next((one for one in self.attributes.get(name.lower(), ()) if one), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """A server's result; `says` is its diagnostic text, which may name people. `policy`: what it
    adds about the account of a bind (draft-behera-ldap-password-policy §6.2).
    """

    code: int
    says: str
    what: str
    policy: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    base: str
    filter: str
    attributes: tuple[str, ...] = (NOTHING,)
    scope: Scope = Scope.TREE


def require_success(server: str, answer: Answer, base: str) -> None:
    """Raises DirectoryAway for anything else: what another server would answer likewise."""
    if answer.code == Code.NO_SUCH_OBJECT:
        raise DirectoryAway(f"{server}: there is no {base}, or the service account may not see it")
    if answer.code != Code.SUCCESS:
        raise DirectoryAway(f"{server}: {answer.what} (result {answer.code})")
