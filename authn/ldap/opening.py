"""Opening a directory that the settings name."""

import time
from collections.abc import Callable
from datetime import datetime

from authn.ldap.port import StaffDirectory
from davserver.config.directory_settings import DirectorySettings


def open_directory(
    name: str,
    settings: DirectorySettings,
    now: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
) -> StaffDirectory:
    """Connects to nothing yet. Thread-safe; one per process; `close` it at the end.

    `now` is the clock on the wall, for accounts that expire; `monotonic` counts seconds.
    """
    # A third of a second that commands, and servers without a directory, should not pay.
    from authn.ldap.directory import LdapDirectory  # noqa: PLC0415

    return LdapDirectory(name, settings, now, monotonic)
