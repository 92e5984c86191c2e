"""What is stored to recognise a secret again: a PHC string, whatever the kind of credential."""

import base64
import hmac

from davserver.domain.secret import Secret
from davserver.sealing.keys import app_password_verifier

_APP_PASSWORD = "$abri-app-password$v=1$"  # noqa: S105 — the name of a scheme
_CERTIFICATE = "$abri-certificate$v=1$"


def app_password_phc(secret: Secret) -> str:
    """Fast on purpose: nobody guesses 160 random bits, and sync clients sign in very often."""
    return _APP_PASSWORD + _encoded(app_password_verifier(secret))


def is_app_password(phc: str, secret: Secret) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(app_password_phc(secret).encode(), phc.encode())


def certificate_phc(key: bytes) -> str:
    """`key`: SHA-256 of a certificate's public key. No secret, and sealed as the others are."""
    return _CERTIFICATE + _encoded(key)


def is_certificate(phc: str, key: bytes) -> bool:
    return hmac.compare_digest(certificate_phc(key).encode(), phc.encode())


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii").rstrip("=")
