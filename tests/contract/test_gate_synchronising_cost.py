"""What it costs to look at five thousand people of whom nothing is new."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

from authn.directory_accounts import Standing
from authn.ldap.port import Entry
from authn.login_name import login_key
from authn.rows import sealed_profile, with_mac
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.domain.people import AccountState, Role, source_of
from davserver.gate.staff.roster import Became
from davserver.gate.staff.sync_roll import everybody
from davserver.gate.staff.synchronising import AT_ONCE, Outcome
from tests.support.accounts import statements_of
from tests.support.authority import Authority
from tests.support.staff import crowded
from tests.support.synchronised import LYON, Town, town

pytestmark = pytest.mark.slow

MANY = 5000
READ, WRITTEN = 16, 3
"""Statements that read, at most; and updates of the directory's own row: a turn begins and ends."""


@pytest.fixture
def crowd(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, authority: Authority
) -> Iterator[Town]:
    """As many people as the test asks for, as a first synchronisation left them."""
    with (
        crowded(authority, tmp_path, request.param) as staff,
        town(database_url, tmp_path, staff) as made,
    ):
        made.map(("everybody", "ccas"))
        add_all(made)
        yield made


def add_all(crowd: Town) -> None:
    """True rows, made at once."""
    found = everybody(crowd.directory, crowd.roster.groups(LYON), lambda: None)
    made = [(os.urandom(16), said.entry) for said in found.values()]
    keys = crowd.world.keys
    makers = ((t.person, person), (t.membership, membership), (t.directory_account, account))

    def work(tx: Any) -> None:
        for table, row in makers:
            tx.execute(insert(table), [with_mac(keys, table, row(crowd, *one)) for one in made])

    crowd.world.db.write(work)


def person(crowd: Town, one: bytes, entry: Entry) -> dict[str, Any]:
    login, now = f"{entry.account}@{crowd.settings.domain}", to_us(crowd.world.clock())
    return {
        "id": one, "login": login, "login_key": login_key(login), "role": Role.PROFESSIONAL.value,
        "state": AccountState.ACTIVE.value, "language": "fr", "profile_version": 1,
        "profile_ct": sealed_profile(crowd.world.keys, one, 1, entry.name), "generation": 1,
        "created": now, "changed": now,
    }  # fmt: skip


def membership(crowd: Town, one: bytes, _entry: Entry) -> dict[str, Any]:
    now = to_us(crowd.world.clock())
    return {
        "id": os.urandom(16), "person_id": one, "structure_id": crowd.ccas.id,
        "role": Role.PROFESSIONAL.value, "starts": now, "ends": None, "source": source_of(LYON),
        "confirmed_at": now,
    }  # fmt: skip


def account(crowd: Town, one: bytes, entry: Entry) -> dict[str, Any]:
    now = to_us(crowd.world.clock())
    return {
        "id": os.urandom(16), "person_id": one, "directory": LYON, "entry_id": entry.id,
        "state": Standing.ACTIVE.value, "since": now, "confirmed_at": now, "generation": 1,
    }  # fmt: skip


def changed(statements: list[str]) -> list[str]:
    return [one for one in statements if one.split()[0] in {"INSERT", "UPDATE", "DELETE"}]


@pytest.mark.parametrize("crowd", [MANY], indirect=True)
def test_five_thousand_people_of_whom_nothing_is_new_are_one_row(crowd: Town) -> None:
    with statements_of(crowd.world.db) as sent:
        run = crowd.run()
    assert (run.outcome, run.people, run.done, run.problems) == (Outcome.DONE, MANY, (), ())
    written = changed(sent)
    assert len(written) <= WRITTEN
    assert [one for one in written if "directory_sync" not in one] == []
    assert len(sent) - len(written) <= READ
    assert crowd.state().synced == run.at


@pytest.mark.parametrize("crowd", [300], indirect=True)
def test_who_leaves_is_out_a_few_at_a_time(crowd: Town) -> None:
    """Whoever else writes waits for one short transaction, and for none that asks a directory."""
    leaving = [crowd.staff.person(f"p{n:04}") for n in range(60)]
    gone = "\n".join(f"member: {one}" for one in leaving)
    group = crowd.staff.group("everybody")
    crowd.staff.server.change(f"dn: {group}\nchangetype: modify\ndelete: member\n{gone}\n")
    blocked: list[int] = []
    with statements_of(crowd.world.db) as sent:
        for engine in crowd.world.db.engines():
            event.listen(engine, "commit", lambda _: blocked.append(blocks(sent)))
        run = crowd.run()
    assert run.outcome is Outcome.DONE
    assert len([one for one in run.done if one.became is Became.BLOCKED]) == 60
    assert max(after - before for before, after in pairwise([0, *blocked])) == AT_ONCE
    assert blocked[-1] == 60


def blocks(sent: list[str]) -> int:
    return sum(one.startswith("UPDATE person ") for one in sent)
