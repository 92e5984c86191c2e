"""Detached signatures: a change of the policy that a holder of a signing key has seen.

`policy.sig` lies beside the policy files and signs them, and the cases in `tests/` that try them.
It also says when it was made: an older signed set cannot be put in the place of a newer one.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.folder import SIGNATURE, Folder
from policies.loader import FILES, generation_of
from policies.problems import Code, PolicyProblems, Problem
from policies.signing_keys import fingerprint

FORMAT: Final = "abri policy signature 1"
"""The first line of the file, and of what is signed: no signature for another use fits."""

Signers = tuple[Ed25519PublicKey, ...]

SLACK = timedelta(minutes=5)
"""So far may the clocks of whoever signs and of the server be apart."""

_FILE = re.compile(
    rb"%b\nsigned: ([0-9T:-]{19}Z)\nkey: ([0-9a-f]{64})\nsignature: ([A-Za-z0-9+/]{86}==)\n"
    % FORMAT.encode()
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SIGNED_AT, _KEY_AT, _SIGNATURE_AT = (2, 9), (3, 6), (4, 12)


@dataclass(frozen=True, slots=True)
class _Read:
    signed: datetime
    key: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """`signed` None: nothing is asked for, or `problems` says what is wrong."""

    signed: datetime | None = None
    problems: tuple[Problem, ...] = ()


def look(folder: Folder, signers: Signers | None, newest: datetime | None, now: datetime) -> Look:
    """Whether a folder is signed as it must be; `signers` None: it need not be."""
    if signers is None:
        return Look()
    try:
        signed = verify(folder.signature, folder.signed, signers)
        require_in_time(signed, newest, now)
    except PolicyProblems as found:
        return Look(None, found.problems)
    return Look(signed)


def sign(files: Mapping[str, bytes], key: Ed25519PrivateKey, now: datetime) -> bytes:
    """The text of `policy.sig` for these files, cases by their name below the folder."""
    at = _written(now)
    signature = b64encode(key.sign(_message(at, files))).decode()
    name = fingerprint(key.public_key())
    return f"{FORMAT}\nsigned: {at}\nkey: {name}\nsignature: {signature}\n".encode()


def verify(signature: bytes | None, files: Mapping[str, bytes], signers: Signers) -> datetime:
    """When these files were signed. Raises PolicyProblems with what is wrong."""
    if signature is None:
        _refuse(Code.UNSIGNED, "Changes must be signed here, and this file is missing.")
    read = _parsed(signature)
    signer = next((one for one in signers if fingerprint(one) == read.key), None)
    if signer is None:
        _refuse(Code.SIGNER_UNKNOWN, "The key is none of those in policy.signers.", _KEY_AT)
    try:
        signer.verify(read.signature, _message(_written(read.signed), files))
    except InvalidSignature:
        message = "The signature does not fit these files: something was changed after it."
        _refuse(Code.SIGNATURE_WRONG, message, _SIGNATURE_AT)
    return read.signed


def require_in_time(signed: datetime, newest: datetime | None, now: datetime) -> None:
    """Raises PolicyProblems for a signature older than `newest`, that of a set which came into
    force: whoever can only write files would go back by it. One from the future would keep out
    everything that is signed until then.
    """
    if newest is not None and signed < newest:
        message = f"Signed before what came into force, which is of {_written(newest)}. Sign again."
        _refuse(Code.SIGNED_EARLIER, message, _SIGNED_AT)
    if signed > now + SLACK:
        message = f"Signed in the future: here it is {_written(now)}. Compare the clocks."
        _refuse(Code.SIGNED_AHEAD, message, _SIGNED_AT)


def _message(at: str, files: Mapping[str, bytes]) -> bytes:
    """The five files as one, then each file of cases."""
    cases = [
        f"{hashlib.sha256(files[name]).hexdigest()} {name!r}\n"
        for name in sorted(files.keys() - set(FILES))
    ]
    return f"{FORMAT}\n{at}\n{generation_of(files)}\n{''.join(cases)}".encode()


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime(_TIME)


def _parsed(raw: bytes) -> _Read:
    match = _FILE.fullmatch(raw)
    read = match and _read(*(one.decode() for one in match.groups()))
    if not read:
        message = "This is no signature as `abri policy sign` writes it. Sign again."
        _refuse(Code.SIGNATURE_UNREADABLE, message)
    return read


def _read(at: str, key: str, encoded: str) -> _Read | None:
    """None for no time, and for bytes in other letters: base64 has bits to spare."""
    try:
        signed = datetime.strptime(at, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    signature = b64decode(encoded)
    is_plain = _written(signed) == at and b64encode(signature).decode() == encoded
    return _Read(signed, key, signature) if is_plain else None


def _refuse(code: Code, message: str, place: tuple[int, int] = (0, 0)) -> NoReturn:
    raise PolicyProblems((Problem(SIGNATURE, *place, code, message),))
