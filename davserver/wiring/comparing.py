"""Two sets of policy files, named as an administrator names them, and what changes between them."""

from collections.abc import Callable

from davserver.config import Settings
from davserver.wiring.naming import ACTIVE, rules_named
from davserver.wiring.policy import load_policy, policy_in_force
from policies.diff import Box, Diff, differences
from policies.diff_texts import as_lines, sentence
from policies.place_changes import place_as_json
from policies.snapshot import Snapshot

__all__ = ["Box", "Diff", "as_lines", "compare", "place_as_json", "sentence"]


def compare(settings: Callable[[], Settings], old: str | None, new: str | None) -> Diff:
    """Of what is in force with the folder of config.yaml, where nothing else is named. Raises
    WrongSettings with every mistake of a set that cannot be used. Two folders are compared without
    an instance.
    """

    def generation(number: int | None) -> Snapshot:
        return policy_in_force(settings(), number)

    after = load_policy(settings().policies) if new is None else rules_named(new, generation)
    return differences(rules_named(old or ACTIVE, generation), after)
