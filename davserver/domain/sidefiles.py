"""Side files: what file managers and office programs leave beside documents (DESIGN §4)."""

import re
from collections.abc import Iterable
from enum import Enum

_SCRATCH = re.compile(
    r"""^(?: \._.+                 # AppleDouble (Finder)
        | \.DS_Store
        | \.metadata_never_index.*
        | \.localized
        | ~\$.+                    # owner files of Microsoft Office
        | \.~lock\..+\#            # LibreOffice
        | Thumbs\.db
        | desktop\.ini
        )$""",
    re.VERBOSE | re.IGNORECASE,
)
_HALF_SAVED = ".goutputstream-"


class NameKind(Enum):
    """What a name says about its file."""

    DOCUMENT = "document"
    SCRATCH = "scratch"
    HALF_SAVED = "half-saved"
    """GLib writes the real document here, then renames it: an ordinary file, hidden from others."""


def is_half_saved(name: str) -> bool:
    return name.startswith(_HALF_SAVED)


def any_half_saved(names: Iterable[str]) -> bool:
    """Whether any of them is. With a suffix, as a twin is shown, it still is: it begins alike; and
    no other name becomes one without its suffix.
    """
    for name in names:  # noqa: SIM110 — a generator takes a call for each name
        if name.startswith(_HALF_SAVED):
            return True
    return False


def kind_of_name(name: str) -> NameKind:
    if name.startswith(_HALF_SAVED):
        return NameKind.HALF_SAVED
    # The expression is asked of the few names that begin as one of its branches does.
    return _SCRATCH_KIND if name[:1] in _FIRST and _SCRATCH.match(name) else _DOCUMENT


_FIRST = frozenset(".~TtDd")
_SCRATCH_KIND, _DOCUMENT = NameKind.SCRATCH, NameKind.DOCUMENT
