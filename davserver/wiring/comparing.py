"""Two sets of policy files, named as an administrator names them, and what changes between them."""

from collections.abc import Callable
from pathlib import Path

from davserver.config import Settings
from davserver.wiring.policy import load_policy, policy_in_force
from policies.diff import Box, Diff, differences
from policies.diff_texts import as_lines, sentence
from policies.snapshot import Snapshot

__all__ = ["ACTIVE", "Box", "Diff", "as_lines", "compare", "sentence"]

ACTIVE = "active"
"""The name of the set in force. A number is that of a generation that is kept."""


def compare(settings: Callable[[], Settings], old: str | None, new: str | None) -> Diff:
    """Of what is in force with the folder of config.yaml, where nothing else is named. Raises
    WrongSettings with every mistake of a set that cannot be used. Two folders are compared without
    an instance.
    """
    after = load_policy(settings().policies) if new is None else _named(settings, new)
    return differences(_named(settings, old or ACTIVE), after)


def _named(settings: Callable[[], Settings], name: str) -> Snapshot:
    if name == ACTIVE:
        return policy_in_force(settings())
    if name.isdecimal() and not Path(name).exists():
        return policy_in_force(settings(), int(name))
    return load_policy(Path(name))
