"""The outbox: what people are to be told waits there until it is sent, and only then goes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from authn.registered import NOBODY
from davserver.db import tables as t
from davserver.domain.ids import PersonId
from davserver.domain.people import Person
from davserver.gate.people.notices import SAYS, Notice, NoticeKind, mark_sent, tell, waiting
from tests.support.accounts import NOON, statements_of
from tests.support.drive import World

LEFT = NoticeKind.AFFILIATION_LEFT
SAID = {"vault": "ab" * 16, "structure": "ccas"}


@pytest.fixture
def zoe(world: World) -> Person:
    return world.accounts.add("zoe")


def told(world: World, *people: PersonId, kind: NoticeKind = LEFT, **more: Any) -> None:
    says = more.get("says", SAID)
    now = NOON + timedelta(seconds=more.get("after", 0))
    world.db.write(lambda tx: tell(tx, world.tools, kind, people, says, now))


def unsent(world: World, limit: int = 10) -> list[Notice]:
    with world.db.read() as tx:
        return waiting(tx, world.keys, limit)


def test_every_kind_says_something_that_is_written_down() -> None:
    assert set(SAYS) == set(NoticeKind)
    assert all(SAYS.values())
    names = {"login", "name", "person"}
    assert not names & set().union(*SAYS.values())


def test_a_notice_waits_until_it_is_sent_and_then_says_no_more(world: World, zoe: Person) -> None:
    told(world, zoe.id)
    (one,) = unsent(world)
    assert (one.person, one.kind, one.says, one.created) == (zoe.id, LEFT, SAID, NOON)
    world.db.write(lambda tx: mark_sent(tx, [one.id], NOON))
    assert unsent(world) == []
    with world.db.read() as tx:
        row = tx.execute(select(t.notice)).mappings().one()
    assert (row["sent_at"], bytes(row["payload_ct"])) == (t_us(NOON), b"")


def t_us(moment: Any) -> int:
    return int(moment.timestamp() * 1_000_000)


def test_the_oldest_come_first_and_no_more_than_asked(world: World, zoe: Person) -> None:
    for after in (3, 1, 2):
        told(world, zoe.id, after=after)
    assert [(one.created - NOON).seconds for one in unsent(world, 2)] == [1, 2]


def test_nobody_is_told_nothing_in_as_many_statements(world: World, zoe: Person) -> None:
    told(world, zoe.id)
    sent = []
    for person in (zoe.id, NOBODY):
        with statements_of(world.db) as seen:
            told(world, person)
        sent.append(list(seen))
    assert sent[0] == sent[1]
    assert {one.person for one in unsent(world)} == {zoe.id}


def test_a_notice_says_exactly_what_its_kind_says(world: World, zoe: Person) -> None:
    for says in ({}, SAID | {"login": "amina"}, {"vault": ""}):
        with pytest.raises(ValueError, match="exactly"):
            told(world, zoe.id, says=says)


def test_what_somebody_altered_is_not_told_and_holds_nothing_up(world: World, zoe: Person) -> None:
    other = world.accounts.add("paul")
    changes = (
        {"person_id": other.id},
        {"kind": NoticeKind.AFFILIATION_RELEASED.value},
        {"kind": "x"},
        {"payload_ct": b"x" * 48},
    )
    for after, change in enumerate(changes):
        told(world, zoe.id, after=after)
        (one,) = unsent(world)
        altered = update(t.notice).where(t.notice.c.id == one.id).values(change)
        world.db.write(lambda tx, altered=altered: tx.execute(altered))
        assert unsent(world) == []
    told(world, zoe.id, other.id, after=9)
    assert {one.person for one in unsent(world, 2)} == {zoe.id, other.id}
