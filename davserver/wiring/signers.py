"""The keys of `policy.signers`: whose signature a change of the policy must have."""

import os
import stat
from pathlib import Path

from davserver.config import Problem, WrongSettings
from davserver.domain.errors import BadInput
from policies.signing import Signers
from policies.signing_keys import read_public

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_MOST_BYTES = 1 << 16


def read_signers(file: Path | None) -> Signers | None:
    """None where no signature is asked for. Raises WrongSettings for a file without a key, with
    anything that is none, or that other accounts can change: they would choose who signs.
    """
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            raw = opened.read(_MOST_BYTES)
    except OSError as error:
        raise _wrong(file, f"cannot be read: {error.strerror}") from error
    if mode & _WRITABLE_BY_OTHERS:
        raise _wrong(file, f"others can change it. Run: chmod go-w {file}")
    try:
        return read_public(raw)
    except BadInput as error:
        raise _wrong(file, str(error)) from error


def _wrong(file: Path, says: str) -> WrongSettings:
    return WrongSettings([Problem(file, 0, 0, f"policy.signers: {says}")])
