"""What is seen of each part of an instance, well and ill."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from davserver.config import Settings
from davserver.db import schema
from davserver.db.database import Database
from davserver.domain.health import Sighting, Sign, State
from davserver.gate.staff.directory_care import DirectoryState, Freshness
from davserver.web.health_words import JOBS
from davserver.wiring.certificates import authorities_seen, certificate_seen
from davserver.wiring.health import (
    LITTLE,
    NEARLY_NOTHING,
    Checkup,
    directory_seen,
    disk_with,
    job_seen,
)
from davserver.wiring.housekeeping import Chore, Housekeeping, Job
from davserver.wiring.services import Services
from tests.support.cards import DAY, Issuer
from tests.support.instance import Instance
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seen(instance: Instance) -> dict[Sign, Sighting]:
    with instance.opened() as services:
        now = services.clock()
        found = services.oversight.health(services.people.operator("tests", now), now)
    return {one.sign: one for one in found}


def test_a_well_instance_is_well_in_every_respect(instance: Instance) -> None:
    found = seen(instance)
    assert {one.state for one in found.values()} == {State.WELL}
    assert set(found) == {
        Sign.DATABASE_ANSWERS, Sign.DATABASE_KEPT, Sign.DATA_WRITABLE, Sign.KEYS_READABLE,
        Sign.SCHEMA_FITS,
        Sign.SESSIONS, Sign.DISK_ENOUGH, Sign.CERTIFICATE_NONE, Sign.DECISIONS_KEPT,
        Sign.JOB_TO_COME, Sign.VERSION,
    }  # fmt: skip
    assert found[Sign.SCHEMA_FITS].name == schema.HEAD
    assert found[Sign.SESSIONS].number == 0


def test_each_part_that_is_ill_is_seen(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir(mode=0o755)
    with instance.opened() as services:
        (instance.folder / "keys" / "keyring").unlink()
        instance.tamper(text("UPDATE alembic_version SET version_num = '9999'"))
        settings = replace(
            services.settings,
            data=tmp_path / "absent",
            policy=replace(services.settings.policy, decisions=tmp_path / "log"),
        )
        found = list(checkup(services, settings, services.db).look(services.clock()))
        assert {one.sign for one in found if one.state is not State.WELL} == {
            Sign.KEYS_CLOSED, Sign.DATA_CLOSED, Sign.DECISIONS_SEEN, Sign.SCHEMA_OTHER,
        }  # fmt: skip
        away = Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")
        found = list(checkup(services, settings, away).look(services.clock()))
        away.close()
        assert Sign.DATABASE_AWAY in {one.sign for one in found}


def checkup(services: Services, settings: Settings, db: Database) -> Checkup:
    return Checkup(
        settings=settings,
        db=db,
        sessions=services.sessions,
        directories=services.directories,
        care=services.looking_after.care,
        housekeeping=services.housekeeping,
    )


@pytest.mark.parametrize(
    ("life", "sign"),
    [
        ((-DAY, 90 * DAY), Sign.CERTIFICATE_GOOD),
        ((-70 * DAY, 20 * DAY), Sign.CERTIFICATE_SOON),
        ((-DAY, 20 * DAY), Sign.CERTIFICATE_GOOD),
        ((-9 * DAY, -DAY), Sign.CERTIFICATE_OVER),
        ((DAY, 90 * DAY), Sign.CERTIFICATE_TO_COME),
    ],
)
def test_a_certificate_is_seen_before_it_ends(
    life: tuple[timedelta, timedelta], sign: Sign
) -> None:
    card = Issuer().card("server", life=life).certificate
    now = datetime.now(UTC)
    found = certificate_seen(card, now)
    begin = sign is Sign.CERTIFICATE_TO_COME
    assert found.sign is sign
    assert found.moment == (card.not_valid_before_utc if begin else card.not_valid_after_utc)
    if not begin:
        ca = authorities_seen([Issuer().card("a", life=(-DAY, 400 * DAY)).certificate, card], now)
        assert ca == Sighting(
            Sign[sign.name.replace("CERTIFICATE", "AUTHORITY")], moment=found.moment
        )


def test_certificates_that_cannot_be_read(instance: Instance, tmp_path: Path) -> None:
    instance.set("listen.plain_http", "false")
    instance.set("listen.client_ca", str(tmp_path / "absent.pem"))
    (instance.folder / "keys" / "tls.crt").write_text("nothing")
    assert {Sign.CERTIFICATE_UNREADABLE, Sign.AUTHORITY_UNREADABLE} <= set(seen(instance))


def test_a_disk_is_full_before_it_is() -> None:
    signs = {free: disk_with(free).sign for free in (NEARLY_NOTHING - 1, NEARLY_NOTHING, LITTLE)}
    assert list(signs.values()) == [Sign.DISK_FULL, Sign.DISK_LITTLE, Sign.DISK_ENOUGH]


@pytest.mark.parametrize(
    ("job", "sign"),
    [
        (Job("upkeep", MINUTE, None, well=True), Sign.JOB_TO_COME),
        (Job("upkeep", MINUTE, NOON - 2 * MINUTE, well=True), Sign.JOB_DONE),
        (Job("upkeep", MINUTE, NOON - 9 * MINUTE, well=True), Sign.JOB_LATE),
        (Job("upkeep", MINUTE, NOON - 2 * MINUTE, well=False), Sign.JOB_FAILED),
    ],
)
def test_what_runs_in_the_background_is_seen(job: Job, sign: Sign) -> None:
    assert job_seen(job, NOON) == Sighting(sign, "upkeep", moment=job.ran)


def test_every_chore_of_the_server_has_its_words(instance: Instance) -> None:
    with instance.opened() as services:
        assert {one.name for one in services.housekeeping.jobs()} == set(JOBS)


def test_a_chore_is_known_to_be_done_or_to_have_failed() -> None:
    done = Event()

    def fails(_: datetime) -> None:
        raise ValueError

    keeping = Housekeeping(
        [Chore("a", MINUTE / 10_000, fails), Chore("b", MINUTE / 10_000, lambda _: done.set())],
        lambda: datetime.now(UTC),
    )
    assert [one.ran for one in keeping.jobs()] == [None, None]
    keeping.start()
    assert done.wait(60)
    keeping.stop()
    assert [(one.ran is not None, one.well) for one in keeping.jobs()] == [
        (True, False), (True, True),
    ]  # fmt: skip


LYON = """directories:
  lyon:
    kind: openldap
    servers: [ldaps://127.0.0.1:1]
    domain: lyon.example
    people: ou=people,dc=lyon,dc=example
    groups: ou=groups,dc=lyon,dc=example
    bind_dn: cn=abri,dc=lyon,dc=example
    bind_password_file: keys/lyon
"""


def test_a_directory_that_nobody_has_reached_is_seen(instance: Instance) -> None:
    (instance.folder / "keys" / "lyon").write_text("secret")
    (instance.folder / "keys" / "lyon").chmod(0o600)
    instance.config.write_text(instance.config.read_text().replace("directories: {}", LYON))
    assert seen(instance)[Sign.DIRECTORY_NEVER] == Sighting(Sign.DIRECTORY_NEVER, "lyon")


@pytest.mark.parametrize("freshness", Freshness)
def test_each_state_of_a_directory_is_told(freshness: Freshness) -> None:
    state = DirectoryState("lyon", freshness, NOON, waits=False)
    first, *more = directory_seen(state, is_away=False)
    assert (first.name, first.moment, more) == ("lyon", NOON, [])
    assert (first.state is State.WELL) == (freshness is Freshness.FRESH)
    found = list(directory_seen(replace(state, waits=True), is_away=True))
    assert [one.sign for one in found] == [first.sign, Sign.DIRECTORY_AWAY, Sign.DIRECTORY_WAITS]
