"""Everybody at once, at random: `Everybody(worlds, seed).live(steps)` does the same again."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from tests.support import acts_of_access as access
from tests.support import acts_of_keeping as keeping
from tests.support import acts_of_sharing as sharing
from tests.support import acts_on_drives as drives
from tests.support.side_by_side import SideBySide
from tests.support.story import EVERYBODY, OWNERS, TEAMS, WORDS, Story

OFTEN: Mapping[Callable[[Story], None], float] = {
    drives.put: 14, drives.mkcol: 6, drives.delete: 6, drives.two_ends: 9, drives.lock: 5,
    drives.unlock: 4, drives.proppatch: 6, drives.stranger: 0.6, drives.time: 9,
    access.devices: 1.5, access.password: 0.4, access.state: 0.7, access.everybody_enabled: 0.5,
    access.membership: 2, access.lists: 2,
    sharing.share: 6, sharing.change_grant: 4, sharing.affiliate: 2, sharing.part: 0.7,
    sharing.recall: 1.5, sharing.answer_offer: 1, sharing.code: 0.3,
    keeping.rules: 2, keeping.bring_back: 0.4, keeping.out_of_the_trash: 2, keeping.earlier: 1,
    keeping.break_lock: 1, keeping.sweep: 0.8,
}  # fmt: skip
"""Each with how often it happens, beside the others."""
_LOOK_AT_ROWS = 100


class Everybody:
    def __init__(self, worlds: SideBySide, seed: int) -> None:
        self.story = Story(worlds, seed)

    def live(self, steps: int) -> None:
        """Raises Different as soon as anything is."""
        arrive(self.story)
        for step in range(1, steps + 1):
            (act,) = self.story.dice.choices(list(OFTEN), list(OFTEN.values()))
            act(self.story)
            for _ in range(self.story.dice.choice((1, 1, 2, 3))):
                self.story.ask()
            if step % _LOOK_AT_ROWS == 0:
                self.story.worlds.rows()
        self.story.worlds.rows()


def arrive(story: Story) -> None:
    story.deed("lea arrives", access.lea_arrives)
    for login in EVERYBODY:
        known = story.worlds.warm.passwords.get(login, WORDS[0])
        story.people[login].says["password"] = known
        access.new_device(story, login)
    for slug in TEAMS:
        for owner in OWNERS:
            sharing.affiliate(story, owner, slug)
    for owner in OWNERS:
        for name in ("A", "B", "Santé"):
            story.request(owner, "MKCOL", f"/dav/{quote(name)}")
            story.request(owner, "PUT", f"/dav/{quote(name)}/x.txt", b"x")
            story.request(owner, "MKCOL", f"/dav/{quote(name)}/B")
            sharing.share(story, owner, f"/{name}")
            sharing.share(story, owner, f"/{name}")
