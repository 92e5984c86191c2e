"""The directories of structures, and the sign-in that asks them."""

from collections.abc import Callable
from datetime import datetime

from authn.arrivals import Arrivals
from authn.directories import AskedDirectory, Directories
from authn.ldap.opening import open_directory
from authn.login import Login
from authn.staff import Staff
from authn.staff_names import StaffNames
from davserver.config import Settings
from davserver.gate.tools import Tools


def open_directories(settings: Settings, clock: Callable[[], datetime]) -> Directories:
    """Connects to nothing yet: each process does at its first question, after its fork."""
    return Directories(
        AskedDirectory(open_directory(name, one, clock), one)
        for name, one in settings.directories.items()
    )


def staff_login(
    tools: Tools, settings: Settings, directories: Directories, arrivals: Arrivals
) -> Login:
    """For everybody. `arrivals` works with the sign-in of `tools`, which knows no directory."""
    return Login(
        tools.db,
        tools.keys,
        tools.entropy,
        staff=Staff(StaffNames(settings.directories), directories, arrivals),
        counted=settings.policy.decisions is not None,
    )
