"""What people prove themselves with: a password, or an app password made for one device."""

import base64
import re
import unicodedata
from enum import StrEnum

from davserver.domain.ids import ID_BYTES, CredentialId, Entropy
from davserver.domain.lean import lean
from davserver.domain.secret import Secret

SECRET_BYTES = 20
"""160 bits: nobody guesses that, so an app password needs no slow hash (DESIGN §5.6)."""

_SHAPE = re.compile(r"abri_([0-9a-f]{32})_([a-z2-7]{32})", re.ASCII)


class CredentialKind(StrEnum):
    """The words of the column `credential.kind`."""

    PASSWORD = "password"  # noqa: S105 — a word of a column
    APP_PASSWORD = "app-password"  # noqa: S105 — a kind, not a password
    DIRECTORY = "directory"
    """The password that a person's directory knows. Nothing of it is stored."""
    CERTIFICATE = "certificate"
    """The key of a client certificate, proved by TLS."""


@lean(frozen=True, slots=True)
class Password:
    """A login and what was typed as its password (NFC, UTF-8)."""

    login: str
    secret: Secret


@lean(frozen=True, slots=True)
class AppPassword:
    """A login and the app password of one device: the row that it names, and its 20 bytes."""

    login: str
    id: CredentialId
    secret: Secret


Credential = Password | AppPassword


def from_login_and_secret(login: str, secret: str) -> Credential:
    """What the two fields of a sign-in are. An app password is known by its shape.

    Case does not matter in an app password: keyboards of phones like to capitalise.
    """
    found = _SHAPE.fullmatch(secret.strip().lower())
    if found is None:
        return Password(login, password_bytes(secret))
    raw = base64.b32decode(found[2].upper())
    return AppPassword(login, CredentialId(bytes.fromhex(found[1])), Secret(raw))


def password_bytes(text: str) -> Secret:
    """A password as it is hashed. NFC, because macOS and Linux compose `é` differently."""
    return Secret(unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass"))


def looks_like_app_password(text: str) -> bool:
    return _SHAPE.fullmatch(text.strip().lower()) is not None


def new_app_password(login: str, entropy: Entropy) -> AppPassword:
    return AppPassword(login, CredentialId(entropy(ID_BYTES)), Secret(entropy(SECRET_BYTES)))


def shown(password: AppPassword) -> str:
    """The text that a person types into their device; it can be shown once, when it is made."""
    secret = base64.b32encode(password.secret.reveal()).decode("ascii").lower()
    return f"abri_{password.id.hex()}_{secret}"
