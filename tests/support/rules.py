"""The shipped rules with more of them, put in force in a test's world."""

from policies.loader import load, load_bytes, shipped
from tests.support.drive import World

SHARE_ON = "p, share-on, allow, professional, {}, regrant, ordinary, *, *, *, *"


def more_rules(world: World, *lines: str) -> None:
    files = dict(load(shipped()).files)
    files["rules.csv"] += "\n".join(["", *lines, ""]).encode()
    world.decider.swap(load_bytes(files))


def let_share_on(world: World) -> None:
    """Professionals may share ordinary documents on, whether they have them by name or not."""
    more_rules(
        world,
        SHARE_ON.format("grantee"),
        SHARE_ON.format("via-structure").replace("share-on", "team-share-on"),
    )
