"""New passwords: read from standard input or typed twice, never taken from the command line."""

import getpass
import secrets
import sys

from admin.speaking import _
from davserver.domain.errors import BadInput

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are easily taken for another."""
_GROUPS = 5
_IN_GROUP = 4


def chosen_password(*, from_stdin: bool) -> str | None:
    """What was given; None where one is to be made: nothing was typed, or nobody is there to.

    Raises BadInput when it is empty on standard input, or typed differently the second time.
    """
    if from_stdin:
        return _first_line()
    if not sys.stdin.isatty():
        return None
    first = getpass.getpass(_("New password (leave empty to have one made): "))
    if not first:
        return None
    if getpass.getpass(_("Again: ")) != first:
        raise BadInput("the two passwords differ: nothing was changed")
    return first


def make_password() -> str:
    """Five groups of four signs, nearly 100 random bits, easy to read out."""
    groups = ("".join(secrets.choice(_SIGNS) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _first_line() -> str:
    line = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    if not line:
        raise BadInput("--password-stdin: the first line of standard input is empty")
    return line
