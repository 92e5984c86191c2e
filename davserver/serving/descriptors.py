"""Room for as many connections as the settings promise."""

import resource

OTHERS = 256
"""Descriptors left for everything that is no connection: databases, files, logs."""


def make_room(connections: int) -> int:
    """Raises this process's limit on open files as far as needed; how many connections then fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHERS
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(1, min(connections, soft - OTHERS))
