"""The oldest `cryptography` that this layer runs on.

Release 50 is the first whose one-shot AEAD lets other threads run while it computes: with an
older one a single large transfer would stall every other request of the process.
"""

import re

OLDEST_MAJOR = 50


def require_cryptography(version: str) -> None:
    """Raises ImportError, with what to do, when `version` is too old or cannot be read."""
    major = re.match(r"(\d+)\.", version)
    if major is None or int(major[1]) < OLDEST_MAJOR:
        message = (
            f"Abri needs the package cryptography {OLDEST_MAJOR} or later, "
            f"but {version} is installed. Run `make setup`."
        )
        raise ImportError(message)
