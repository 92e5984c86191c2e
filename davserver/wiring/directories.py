"""The directories of structures, as sign-in asks them."""

from collections.abc import Callable
from datetime import datetime

from authn.directories import AskedDirectory, Directories
from authn.ldap.opening import open_directory
from davserver.config import Settings


def open_directories(settings: Settings, clock: Callable[[], datetime]) -> Directories:
    """Connects to nothing yet: each process does at its first question, after its fork."""
    return Directories(
        AskedDirectory(open_directory(name, one, clock), one)
        for name, one in settings.directories.items()
    )
