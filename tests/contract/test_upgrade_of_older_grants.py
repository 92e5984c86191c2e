"""A database of schema 0001, with a grant to a structure that no affiliation stands behind yet."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, insert, inspect, select, update

from davserver.db import schema
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.db.engine import open_engine
from davserver.domain.actions import Right
from davserver.domain.grants import Grant, ToStructure
from davserver.domain.ids import GrantId
from davserver.domain.paths import DrivePath
from davserver.gate.tools import Tools
from davserver.trail import Event, RowStamp, What
from davserver.vault.grants.grants import Naming
from davserver.wiring.opening import clock
from davserver.wiring.services import Services
from tests.contract.test_migrations import MIGRATIONS
from tests.support.cast import CCAS
from tests.support.instance import Instance
from tests.support.postgres import PostgresServer, any_database

pytestmark = pytest.mark.slow

NEW = {
    "affiliation", "affiliation_request", "pace", "notice",
    "policy_generation", "policy_proposal", "policy_approval", "policy_folder",
    "directory_account", "directory_sync", "grant_suspension", "web_session",
    "sharing_code", "changed",
}  # fmt: skip
"""Tables that schema 0001 did not have, or had otherwise."""


def give_as_before(services: Services, folder: str, *, days_ago: int, over: bool = False) -> bytes:
    """Léa shares a folder with the structure, as the version with schema 0001 wrote it."""
    tools: Tools = services.sharing._tools
    now = clock() - timedelta(days=days_ago)
    who = services.people.operator_for("lea", "tests", now)
    entry = services.reading.look(who, DrivePath.parse(folder), now)
    until = now + timedelta(hours=1) if over else None

    def work(tx: object) -> bytes:
        to = ToStructure(services.sharing._registered.find_structure(tx, CCAS).id)
        naming = Naming(who.vault, who.person.name, entry.id, entry.path.name, to)
        seen = tools.grants.free_names(tx, naming, now)
        one = Grant(
            GrantId(os.urandom(16)), who.vault, entry.id, to, Right.READ, now, until, None, *seen,
            1000, now,
        )  # fmt: skip
        row = tools.grants.insert(tx, one, by=who.id, purpose="")
        stamp = RowStamp("grant", one.id, row.version, row.mac)
        event = Event(who.vault, What.GRANT, who, entry.id, folder, one.id, rows=(stamp,))
        tools.trail.record(tx, event, now)
        return one.id

    return tools.db.write(work)


def copied_to_0001(instance: Instance, url: str) -> None:
    """The same rows in a database that Alembic made as the first migration says."""
    old = open_engine(instance.database_url, durable=True, connections=1)
    new = open_engine(url, durable=True, connections=1)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with new.begin() as target, old.begin() as source:
        config.attributes["connection"] = target
        command.upgrade(config, "0001")
        for table in t.metadata.sorted_tables:
            rows = [] if table.name in NEW else source.execute(select(table)).mappings().all()
            if rows:
                then = {column["name"] for column in inspect(target).get_columns(table.name)}
                known = [{name: row[name] for name in row if name in then} for row in rows]
                target.execute(insert(table), known)
        target.execute(update(t.epoch).values(policy=0))
    assert schema.revision(new) == "0001"
    new.dispose()
    old.dispose()


@pytest.fixture
def older(
    instance: Instance, tmp_path: Path, postgres_when_needed: Callable[[], PostgresServer]
) -> Iterator[Instance]:
    instance.add_person("lea", "beneficiary", "Léa Faure", template="fr")
    with instance.opened() as services:
        give_as_before(services, "/Logement", days_ago=900)
        give_as_before(services, "/Travail", days_ago=30)
        give_as_before(services, "/Ressources", days_ago=1000, over=True)
    with any_database(instance.database, tmp_path, postgres_when_needed) as url:
        copied_to_0001(instance, url)
        instance.set("database.url", url)
        yield instance


def seen_by(services: Services, login: str, path: str) -> list[str]:
    who = services.people.operator_for(login, "tests", clock())
    _, children = services.reading.list(who, DrivePath.parse(path), clock())
    return sorted(one.path.name for one in children)


def test_what_was_granted_to_a_structure_goes_on_after_the_upgrade(older: Instance) -> None:
    refused = older.run("grant", "list")
    assert (refused.returncode, "abri database upgrade" in refused.stderr) == (8, True)
    older.abri("database", "upgrade")
    with older.opened() as services:
        assert seen_by(services, "karim", "/Léa Faure") == ["Logement", "Travail"]
        assert seen_by(services, "zoe", "/") == []
        with services.db.read() as tx:
            row = tx.execute(select(t.affiliation)).mappings().one()
            oldest = select(func.min(t.grant.c.created)).where(t.grant.c.until.is_(None))
            assert row["confirmed_at"] == tx.execute(oldest).scalar()
        assert row["last_activity"] > to_us(clock() - timedelta(days=1))
    entries = older.json("trail", "show", "lea")
    (told,) = [one for one in entries if one["what"] == "affiliation-confirm"]
    assert told["details"] == {"structure": CCAS, "by": "upgrade"}
    assert older.run("vault", "check", "lea").returncode == 0


def test_another_upgrade_brings_back_nothing_that_ended(older: Instance) -> None:
    older.abri("database", "upgrade")
    with older.opened() as services:
        who = services.people.operator_for("lea", "tests", clock())
        assert services.affiliations.leave(who, CCAS, clock()).grants == 2
    older.abri("database", "upgrade")
    with older.opened() as services:
        assert seen_by(services, "karim", "/") == []
    assert older.run("vault", "check", "lea").returncode == 0
