"""What a new password must be. Length is what helps; rules about signs only make people write
passwords down (NIST SP 800-63B §3.1.1.2), so there are none.
"""

from authn.credentials import looks_like_app_password
from davserver.domain.errors import BadInput
from davserver.sealing.index import folded

SHORTEST = 12
LONGEST = 256
FEWEST_DIFFERENT = 5


def check_new_password(text: str, login: str, name: str) -> None:
    """Raises BadInput, which says what is wrong and what to do; the password is never repeated."""
    if len(text) < SHORTEST:
        raise BadInput(
            f"password: {len(text)} characters are too few; use {SHORTEST} or more, "
            "for example four words that do not belong together"
        )
    if len(text) > LONGEST:
        raise BadInput(f"password: use at most {LONGEST} characters")
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in text):  # noqa: PLR2004 — C0 and DEL
        raise BadInput("password: it has a control character that keyboards cannot type; drop it")
    if len(set(text)) < FEWEST_DIFFERENT:
        raise BadInput(f"password: use at least {FEWEST_DIFFERENT} different characters")
    if looks_like_app_password(text):
        raise BadInput("password: this is an app password; choose one of your own")
    if _is_made_of(text, (login, name)):
        raise BadInput("password: it is only the login or the name; choose another")


def _is_made_of(text: str, words: tuple[str, ...]) -> bool:
    """True when nothing of weight is left once login and name are taken out."""
    left = folded(text)
    for word in (folded(part) for whole in words for part in (whole, *whole.split())):
        left = left.replace(word, "") if word else left
    return len(left) < FEWEST_DIFFERENT
