"""The names that people sign in with: what they may look like, and when two are the same."""

import unicodedata

from authn.texts import quoted
from davserver.domain.errors import BadInput
from davserver.sealing.index import folded, nfc

SHORTEST = 2
LONGEST = 64
RESERVED = frozenset({"operator"})
"""The trail shows commands on nobody's behalf under this name."""

_SIGNS = frozenset("._-@+")


def clean_login(text: str) -> str:
    """The NFC form of a new login. Raises BadInput, which says what is wrong and what to do.

    A login is part of an address (`/remote.php/dav/files/LOGIN/`) and of a Basic header, where a
    colon would end it.
    """
    login = nfc(text)
    if not SHORTEST <= len(login) <= LONGEST:
        raise BadInput(
            f"login {quoted(text)}: use {SHORTEST} to {LONGEST} characters, not {len(login)}"
        )
    wrong = sorted({c for c in login if not (_is_letter_or_digit(c) or c in _SIGNS)})
    if wrong:
        raise BadInput(
            f"login {quoted(login)}: {', '.join(map(quoted, wrong))} cannot be part of it; "
            "use letters, digits and . _ - @ +"
        )
    if not _is_letter_or_digit(login[0]):
        raise BadInput(f"login {quoted(login)}: start it with a letter or a digit")
    if login_key(login) in RESERVED:
        raise BadInput(f"login {quoted(login)}: Abri uses it itself; choose another")
    return login


def login_key(login: str) -> str:
    """Equal for two logins that people take for one: `Zoé`, `zoé` and its NFD form."""
    return folded(login)


def key_to_look_up(typed: str) -> str:
    """The key of whatever somebody sent as a login; empty when nobody can have such a login.

    Never raises: a login that cannot exist takes the way of one that does not.
    """
    try:
        return login_key(clean_login(typed))
    except BadInput:
        return ""


def _is_letter_or_digit(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("L") or category == "Nd"
