"""Making a signing key, and signing a folder of policy files with it."""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from davserver.domain.errors import AlreadyThere, BadInput, Unavailable
from davserver.domain.ids import Entropy
from davserver.wiring.policy import read_policy, require_usable
from policies.folder import SIGNATURE
from policies.signing import sign, verify
from policies.signing_keys import fingerprint, new_key, private_pem, public_pem, read_private

_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SECRET, _OPEN = 0o600, 0o644
_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class MadeKey:
    """`public` is what `policy.signers` names."""

    private: Path
    public: Path
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Signature:
    """`digest` is the generation of the files, as `abri policy status` shows it."""

    file: Path
    digest: str
    key: str
    signed: datetime


def make_key(private: Path, entropy: Entropy = os.urandom) -> MadeKey:
    """A new pair, in two files. Raises AlreadyThere rather than replace one, Unavailable."""
    public = private.with_name(f"{private.name}.pub")
    key = new_key(entropy)
    _write_all(
        {
            private: (private_pem(key), _SECRET),
            public: (public_pem(key.public_key()), _OPEN),
        }
    )
    return MadeKey(private, public, fingerprint(key.public_key()))


def sign_policy(folder: Path, key_file: Path, now: datetime) -> Signature:
    """Puts `policy.sig` into the folder, at once or not at all. Raises WrongSettings for files that
    cannot be used, BadInput, Unavailable.
    """
    key = _read_key(key_file)
    found = read_policy(folder)
    require_usable(folder, found)
    raw = sign(found.signed, key, now)
    file = folder / SIGNATURE
    _replace(file, raw)
    signed = verify(raw, found.signed, (key.public_key(),))
    return Signature(file, found.generation, fingerprint(key.public_key()), signed)


def _read_key(file: Path) -> Ed25519PrivateKey:
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            raw = opened.read(_MOST_BYTES)
    except OSError as error:
        raise Unavailable(f"the key {file} cannot be read: {error.strerror}") from error
    try:
        key = read_private(raw)
    except BadInput as error:
        raise BadInput(f"the key {file} cannot be used: {error}") from error
    if mode & _READABLE_BY_OTHERS:
        raise Unavailable(f"the key {file} can be read by others. Run: chmod 600 {file}")
    return key


def _replace(file: Path, raw: bytes) -> None:
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.unlink(missing_ok=True)
        _write_new(beside, raw, _OPEN)
        beside.replace(file)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from error


def _write_all(files: Mapping[Path, tuple[bytes, int]]) -> None:
    """All of them or none, and none in the place of another."""
    done: list[Path] = []
    for file, (raw, mode) in files.items():
        try:
            _write_new(file, raw, mode)
        except OSError as error:
            for one in done:
                one.unlink()
            if isinstance(error, FileExistsError):
                raise AlreadyThere(f"there is a file {file} already") from error
            raise Unavailable(f"{file} cannot be written: {error.strerror}") from error
        done.append(file)


def _write_new(file: Path, raw: bytes, mode: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _SECRET)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(raw)
            os.fchmod(handle, mode)
            opened.flush()
            os.fsync(handle)
    except OSError:
        file.unlink()
        raise
