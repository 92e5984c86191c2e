"""What is stored to recognise a secret again: a PHC string, whatever the kind of credential."""

import base64
import hmac

from davserver.domain.secret import Secret
from davserver.sealing.keys import app_password_verifier

_APP_PASSWORD = "$abri-app-password$v=1$"  # noqa: S105 — the name of a scheme


def app_password_phc(secret: Secret) -> str:
    """Fast on purpose: nobody guesses 160 random bits, and sync clients sign in very often."""
    encoded = base64.b64encode(app_password_verifier(secret)).decode("ascii")
    return _APP_PASSWORD + encoded.rstrip("=")


def is_app_password(phc: str, secret: Secret) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(app_password_phc(secret).encode(), phc.encode())
