"""A set of policy rules by the name that an administrator gives it."""

from collections.abc import Callable
from pathlib import Path

from davserver.wiring.policy import load_policy
from policies.snapshot import Snapshot

ACTIVE = "active"
"""The name of what is in force."""


def rules_named(name: str, generation: Callable[[int | None], Snapshot]) -> Snapshot:
    """A folder, the number of a kept generation, or `active`: the last two from `generation`, where
    None is what is in force. A folder needs no instance, and comes before a number of its name.

    Raises WrongSettings with every mistake of a folder, and what `generation` raises.
    """
    if name == ACTIVE:
        return generation(None)
    if name.isdecimal() and not Path(name).exists():
        return generation(int(name))
    return load_policy(Path(name))
