"""The time zones that there are, by their names."""

import zoneinfo
from functools import cache


@cache
def time_zones() -> frozenset[str]:
    """From a walk through hundreds of files, which a command would feel each time."""
    return frozenset(zoneinfo.available_timezones())
