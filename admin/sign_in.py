"""Somebody's own sign-in at the machine: for commands that need to know who it is."""

import getpass
import sys

from admin.session import Session
from admin.speaking import _
from authn.credentials import Password, password_bytes
from davserver.domain.errors import BadInput, NotSignedIn
from davserver.domain.people import Principal


def signed_in(session: Session, login: str, *, from_stdin: bool) -> Principal:
    """By their password; an app password is for devices. Raises NotSignedIn, SlowDown, BadInput."""
    if from_stdin:
        text = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        text = getpass.getpass(_("Password of %(login)s: ", login=login))
    else:
        raise BadInput("nobody is there to type a password: use --password-stdin")
    secret = Password(login, password_bytes(text))
    try:
        return session.services.login.sign_in(secret, None, session.now)
    except NotSignedIn:
        raise NotSignedIn(f"“{login}” did not sign in: the name or the password is wrong") from None
