"""What a change of the rules would do, against everybody walking their drive before and after."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import product
from pathlib import Path

import pytest

from davserver.domain.actions import Action
from davserver.domain.ids import PersonId
from davserver.gate.people.notices import NoticeKind
from davserver.gate.policy.impact import Impact
from davserver.gate.policy.impact_texts import NOTHING, as_lines
from davserver.gate.policy.survey import Reached, Survey, counts
from davserver.gate.policy.widened import made_more_visible, tell_owners
from policies.snapshot import Snapshot
from policies.ways import Comparison
from tests.support.drive import Drive
from tests.support.neighbourhood import BEFORE, CHANGES, neighbourhood, policy
from tests.support.safekeeping import Safekeeping
from tests.support.walkabout import Seen, is_walked, told, walked


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with neighbourhood(database_url, tmp_path) as made:
        yield made


Turn = tuple[tuple[str, frozenset[object], frozenset[object]], ...]
"""For each action that changes: when it was allowed, and when it will be."""
Counts = tuple[set[PersonId], int, int]
"""People, documents, folders: of one vault and turn."""


def from_survey(world: Safekeeping, new: Snapshot) -> dict[tuple[bytes, Turn], Counts]:
    comparison, now = Comparison(BEFORE, new), world.clock()
    found: dict[tuple[bytes, Turn], tuple[set[PersonId], list[Reached]]] = {}
    with world.db.read() as tx:
        survey = Survey(tx, world.tools, comparison, now)
        for one in (*survey.vaults(Comparison.changes), *survey.owners(Comparison.changes)):
            for vault, (effect, reached) in product(one.vaults, one.effects.items()):
                turn = tuple(
                    (action.value, before, after)
                    for action, pair in effect.changes
                    if (before := _set(pair.before, comparison, now))
                    != (after := _set(pair.after, comparison, now))
                )
                if turn:
                    people, several = found.setdefault((vault, turn), (set(), []))
                    people.update(*reached.people)
                    several.append(reached)
    return {key: (people, *counts(several)) for key, (people, several) in found.items()}


def _set(bits: int, comparison: Comparison, now: datetime) -> frozenset[object]:
    held = comparison.moments.numbered(bits)
    return frozenset(told(one) for _, one in held if is_walked(one, comparison.new, now))


def from_walks(before: Seen, after: Seen) -> dict[tuple[bytes, Turn], Counts]:
    pairs = {(who, node) for seen in (before, after) for who, node, _ in seen.answers}
    folders = before.folders | after.folders
    found: dict[tuple[bytes, Turn], tuple[set[PersonId], dict[bytes, bool]]] = {}
    never: frozenset[object] = frozenset()
    for who, (vault, node) in pairs:
        turn = tuple(
            (action.value, *sets)
            for action in Action
            if action is not Action.REVOKE  # no rule takes it away
            and (
                sets := (
                    before.answers.get((who, (vault, node), action), never),
                    after.answers.get((who, (vault, node), action), never),
                )
            )
            and sets[0] != sets[1]
        )
        if turn:
            people, nodes = found.setdefault((vault, turn), (set(), {}))
            people.add(who)
            nodes[node] = folders[vault, node]
    return {
        key: (people, len(nodes) - sum(nodes.values()), sum(nodes.values()))
        for key, (people, nodes) in found.items()
    }


@pytest.mark.slow
def test_it_says_what_everybody_would_find(world: Safekeeping) -> None:
    before = walked(world, BEFORE, world.clock())
    for name, new in CHANGES.items():
        wanted = from_walks(before, walked(world, new, world.clock()))
        assert wanted, name
        assert from_survey(world, new) == wanted, name
        gaining = {vault for vault, turn in wanted if any(c - b for _, b, c in turn)}
        assert {world.vault_of(one) for one in owners_to_tell(world, new)} == gaining, name
    assert from_survey(world, policy()) == {}


def owners_to_tell(world: Safekeeping, new: Snapshot) -> list[Drive]:
    with world.db.read() as tx:
        found = made_more_visible(tx, world.tools, BEFORE, new, world.clock())
        people = world.registered.people(tx, {one.owner for one in found})
    return [Drive(world, person) for person in people.values()]


SEES_MORE = """\
1 professional of clinic-lyon, by grants to the structure:
  + list, get: always (before: never)
    2 documents, 2 folders of 1 vault; documents: 1 housing, 1 health
    people: zoe
    vaults: amina
2 professionals of ccas-lyon, by grants to the structure:
  + list, get: always (before: never)
    1 document, 2 folders of 1 vault; documents: 1 health
    people: karim, paul
    vaults: amina
1 professional of ccas-lyon, by grants to the structure:
  + list, get, put, mkcol, lock, move, recall: always (before: never)
    1 document, 0 folders of 1 vault; documents: 1 housing
    people: paul
    vaults: amina"""
"""Who sees a folder reaches what is in it, whatever its own category. karim had that by name."""

READS_LESS = """\
1 professional of ccas-lyon, by grants to them by name:
  - get: from office; or from vpn or internet with mfa or stronger in work-hours (before: always)
    4 documents, 5 folders of 3 vaults; documents: 1 identity, 3 housing
    people: karim
    vaults: bilal, celia, dora
1 professional, by grants to them by name:
  - get: from office; or from vpn or internet with mfa or stronger in work-hours (before: always)
    2 documents, 0 folders of 2 vaults; documents: 1 identity, 1 housing
    people: ivan
    vaults: amina, bilal
1 professional of clinic-lyon, by grants to them by name:
  - get: from office; or from vpn or internet with mfa or stronger in work-hours (before: always)
    2 documents, 2 folders of 2 vaults; documents: 2 health
    people: zoe
    vaults: amina, celia"""


@pytest.mark.slow
def test_reports_name_people_as_asked_and_owners_are_told(world: Safekeeping) -> None:
    sees_more = CHANGES["a team sees what is sensitive"]
    assert as_text(world, sees_more) == SEES_MORE
    assert as_text(world, CHANGES["reading asks for more"]) == READS_LESS
    assert as_text(world, policy()) == NOTHING
    hidden = Impact(world.tools).of(BEFORE, sees_more, world.clock())
    assert re.fullmatch(r"p-[a-z2-7]{10}", hidden.lines[0].named[0])
    assert hidden == Impact(world.tools).of(BEFORE, sees_more, world.clock())
    with world.db.read() as tx:
        found = made_more_visible(tx, world.tools, BEFORE, sees_more, world.clock())
        amina = world.registered.find_person(tx, "amina").id
    world.db.write(lambda tx: tell_owners(tx, world.tools, found, world.clock()))
    notices = [one for one in world.notices() if one.kind is NoticeKind.POLICY_WIDENED]
    says = {
        "people": "3",
        "documents": "2",
        "folders": "2",
        "more": "see,read,change",
        "how": "new",
    }
    assert [(one.person, dict(one.says)) for one in notices] == [(amina, says)]


def as_text(world: Safekeeping, new: Snapshot) -> str:
    report = Impact(world.tools).of(BEFORE, new, world.clock(), names=True, owners=5)
    return "\n".join(as_lines(report))
