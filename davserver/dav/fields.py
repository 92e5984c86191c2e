"""Small header fields, each parsed strictly into what it means. All raise Malformed."""

import base64
import binascii
import re
from enum import Enum
from http import HTTPStatus

from davserver.dav.errors import Declined
from davserver.http.malformed import Malformed


class Depth(Enum):
    """RFC 4918 §10.2."""

    ZERO = "0"
    ONE = "1"
    INFINITY = "infinity"


_DEPTHS = {one.value: one for one in Depth}
ANY_DEPTH = frozenset(Depth)
NOTHING_OR_ALL = frozenset({Depth.ZERO, Depth.INFINITY})


def depth(value: str | None, allowed: frozenset[Depth]) -> Depth:
    """Missing means infinity, as RFC 4918 says for every method that has it."""
    if value is None:
        return Depth.INFINITY
    found = _DEPTHS.get(value.strip().lower())
    if found in allowed:
        return found
    words = ", ".join(sorted(one.value for one in allowed))
    raise Malformed("The Depth header must be one of these here: {}.", words)


def require_finite(depth_of_folder: Depth) -> None:
    """Raises Declined: one request cannot ask for a whole tree (RFC 4918 §9.1.1)."""
    if depth_of_folder is Depth.INFINITY:
        raise Declined(
            HTTPStatus.FORBIDDEN,
            "Ask for one folder at a time: send Depth 0 or 1.",
            condition="propfind-finite-depth",
        )


def overwrite(value: str | None) -> bool:
    """RFC 4918 §10.6: T unless said otherwise."""
    match "T" if value is None else value.strip().upper():
        case "T":
            return True
        case "F":
            return False
        case _:
            raise Malformed("The Overwrite header must be T or F.")


_SECONDS = re.compile(r"Second-(\d{1,19})", re.IGNORECASE)


def timeout(value: str | None, *, usual: int, longest: int) -> int:
    """Seconds that a lock will last (RFC 4918 §10.7): the first wish that is understood, capped.

    A server may choose freely, so nothing here is an error.
    """
    for wish in (value or "").split(","):
        seconds = _SECONDS.fullmatch(wish.strip())
        if seconds:
            return max(1, min(int(seconds[1]), longest))
        if wish.strip().lower() == "infinite":
            return longest
    return usual


_TOKEN = re.compile(r"<([^<> \t]+)>|([^<> \t]+)")


def lock_token(value: str | None) -> str:
    """RFC 4918 §10.5; Windows leaves the angle brackets out."""
    found = _TOKEN.fullmatch((value or "").strip())
    if found is None:
        raise Malformed("The Lock-Token header must hold one lock token.")
    return found[1] or found[2]


_LENGTH = re.compile(r"[0-9]{1,19}")


def length(value: str | None) -> int | None:
    """A number of bytes, None where nothing was sent."""
    if value is None:
        return None
    digits = value.strip(" \t")  # RFC 9110 §5.6.3: no other sign is optional white space
    if not _LENGTH.fullmatch(digits):
        raise Malformed("A length must be a whole number of bytes.")
    return int(digits)


def minimal(prefer: str | None, brief: str | None) -> bool:
    """The client wants no list of what is missing (RFC 8144 §2.1, and `Brief` of Exchange)."""
    if prefer is None and brief is None:
        return False
    wishes = {wish.strip().lower() for wish in (prefer or "").split(",")}
    return "return=minimal" in wishes or (brief or "").strip().lower() == "t"


_SIZES = {"sha256": 32, "sha1": 20, "md5": 16}
_OC_NAMES = {"SHA256": "sha256", "SHA1": "sha1", "MD5": "md5"}
_FIELD_NAMES = {"sha-256": "sha256", "sha": "sha1", "md5": "md5"}


def digests(
    *, checksum: str | None, content_md5: str | None, dictionaries: tuple[str | None, ...]
) -> dict[str, bytes]:
    """What the client says the body's digests are: hashlib name → bytes.

    `checksum` is `OC-Checksum` (`SHA256:hex …`), `dictionaries` are Repr-Digest, Content-Digest
    (RFC 9530 §2 and §3) and the older Digest. Names that are not known are passed over.
    """
    found: dict[str, bytes] = {}
    for word in checksum.split() if checksum else ():
        name, _, text = word.partition(":")
        _keep(found, _OC_NAMES.get(name.upper()), _from_hex(text))
    if content_md5 is not None:
        _keep(found, "md5", _from_base64(content_md5))
    for field in dictionaries:
        for member in field.split(",") if field else ():
            name, _, text = member.strip().partition("=")
            _keep(found, _FIELD_NAMES.get(name.strip().lower()), _from_base64(text))
    return found


def _keep(found: dict[str, bytes], name: str | None, value: bytes | None) -> None:
    if name is None:
        return
    if value is None or len(value) != _SIZES[name]:
        raise Malformed("A checksum header is not written correctly.")
    if found.setdefault(name, value) != value:
        raise Malformed("Two checksum headers disagree.")


def _from_hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.strip().strip(":"), validate=True)
    except (binascii.Error, ValueError):
        return None
