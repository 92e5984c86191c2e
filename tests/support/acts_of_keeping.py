"""Rules that change, what comes back from the trash, and what is swept."""

from datetime import datetime, timedelta

from davserver.domain.ids import LockId, NodeId
from davserver.domain.paths import DrivePath
from davserver.gate.care.upkeep import Upkeep
from davserver.wiring.services import Services
from policies.folder import Folder
from tests.support.acts_of_access import operator
from tests.support.acts_of_sharing import operator_for
from tests.support.cast import CCAS
from tests.support.rules import shipped_files
from tests.support.story import OWNERS, Story

_RULES = {
    "as shipped": "",
    "no health for the named": "p, hide, deny, professional, grantee, *, health, *, *, *, *",
    "no housing for teams": "p, hide, deny, professional, via-structure, *, housing, *, *, *, *",
    "owners see no justice": "p, hide, deny, beneficiary, owner, list, justice, *, *, *, *",
    "owners write no health": "p, stop, deny, beneficiary, owner, modify, health, *, *, *, *",
    "read only for one team": f"p, stop, deny, professional, *, modify, *, {CCAS}, *, *, *",
    "sharing on": "p, on, allow, professional, grantee, regrant, ordinary, *, *, *, *",
    "devices only read": "p, stop, deny, *, *, modify, *, *, *, app-password, *",
}


def rules(story: Story) -> None:
    name = story.dice.choice(list(_RULES))
    files = shipped_files()
    files["rules.csv"] += _RULES[name].encode() + b"\n"

    def deed(services: Services, now: datetime) -> str:
        folder = Folder(files, {}, None)
        return str(services.rulebook.apply(folder, operator(services, now), now))

    story.deed(f"rules: {name}", deed)


def bring_back(story: Story) -> None:
    def deed(services: Services, now: datetime) -> str:
        folder = Folder(shipped_files(), {}, None)
        made = services.rulebook.bring_back(None, folder, operator(services, now), now)
        return f"{made.number} {made.digest}"

    story.deed("the rules before", deed)


def out_of_the_trash(story: Story) -> None:
    owner, which = story.dice.choice(OWNERS), story.dice.random()
    to = story.dice.choice((None, DrivePath.from_url(story.new_path(owner)[len("/dav") :])))

    def deed(services: Services, now: datetime) -> str:
        who = operator_for(services, owner, now)
        there = services.keeping.trash(who)
        if not there:
            return "nothing"
        one = there[int(which * len(there))]
        return str(services.keeping.restore_trash(who, NodeId(one.id), to))

    story.deed(f"{owner} takes something out of the trash", deed)


def earlier(story: Story) -> None:
    owner = story.dice.choice(OWNERS)
    path = DrivePath.from_url(story.path(owner)[len("/dav") :])

    def deed(services: Services, now: datetime) -> str:
        who = operator_for(services, owner, now)
        there = services.keeping.versions(who, path)
        if not there:
            return "nothing"
        services.keeping.restore_version(who, path, there[0].number)
        return str(there)

    story.deed(f"{owner} goes back to a version", deed)


def break_lock(story: Story) -> None:
    owner = story.dice.choice(OWNERS)

    def deed(services: Services, now: datetime) -> str:
        who = operator_for(services, owner, now)
        held = services.keeping.locks(who)
        if not held:
            return "nothing"
        return str(services.keeping.break_lock(who, LockId(held[0].id)))

    story.deed(f"{owner} breaks a lock", deed)


def sweep(story: Story) -> None:
    days = story.dice.choice((None, 0, 1))

    def deed(services: Services, now: datetime) -> str:
        kept = None if days is None else timedelta(days=days)
        return str(Upkeep(services.tools, kept).run(now))

    story.deed("a sweep", deed)
