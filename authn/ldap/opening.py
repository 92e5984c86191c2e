"""Opening a directory that the settings name, or finding out why it does not work."""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from authn.ldap.breaker import GuardedDirectory
from authn.ldap.port import StaffDirectory
from authn.ldap.steps import Step
from davserver.config.directory_settings import DirectorySettings


def open_directory(
    name: str,
    settings: DirectorySettings,
    now: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
) -> StaffDirectory:
    """Connects to nothing yet. Thread-safe; one per process; `close` it at the end.

    `now` is the clock on the wall, for accounts that expire; `monotonic` counts seconds. Settings
    that cannot work are told at the first question, as by a directory that is away.
    """

    def make() -> StaffDirectory:
        # A third of a second that commands, and servers without a directory, should not pay.
        from authn.ldap.directory import LdapDirectory  # noqa: PLC0415 — ldap3 where a directory is configured

        return LdapDirectory(name, settings, now, monotonic)

    return GuardedDirectory(name, make, monotonic)


def diagnose(
    settings: DirectorySettings,
    person: str | None,
    groups: Collection[str],
    now: Callable[[], datetime],
) -> Iterator[Step]:
    """Step by step, each as soon as it is known. `person`: the name that somebody signs in with,
    without domain. `groups`: those that are mapped, each by DN or id. Nothing is changed anywhere.
    """
    from authn.ldap import diagnosis  # noqa: PLC0415 — as above

    return diagnosis.diagnose(settings, person, groups, now)
