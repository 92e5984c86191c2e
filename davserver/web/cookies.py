"""Cookies. All are `__Host-`: bound to this very host and to HTTPS (RFC 6265bis §4.1.3.2)."""

from typing import Final

SESSION: Final = "__Host-abri"
FORM: Final = "__Host-abri-form"
"""Before anybody has signed in: what the sign-in form's mark is made from."""

LANGUAGE: Final = "__Host-abri-language"
_YEAR = 31_536_000


def cookies_of(header: str | None) -> dict[str, str]:
    """The first of each name. A cookie of a neighbour that follows no rule hides none of ours: what
    other hosts of a domain have set is sent too (RFC 6265 §5.4).
    """
    pairs = (one.partition("=") for one in (header or "").split(";"))
    found: dict[str, str] = {}
    for name, _, value in pairs:
        found.setdefault(name.strip(), value.strip())
    return found


def kept_for_now(name: str, value: str) -> str:
    """Gone when the browser is closed. `Lax`, so that a link from a message opens the page that it
    means; what changes anything is a POST with a mark.
    """
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"


def kept_long(name: str, value: str) -> str:
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={_YEAR}"


def forgotten(name: str) -> str:
    return f"{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
