"""What a serving process looks at by itself: an alarm when it is ill twice, until it is well."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from admin.served import served
from davserver.db.database import Database
from davserver.domain.errors import Unavailable
from davserver.gate.watch import PATIENCE_SECONDS, EpochWatch
from davserver.wiring.lookout import Lookout
from davserver.wiring.services import Services
from tests.support.events import capture_logs
from tests.support.instance import Instance
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.relay import Relay

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def looks(lookout: Lookout) -> list[tuple[str, str]]:
    """What one look tells: events, and of what alarm it is the end."""
    with capture_logs() as told:
        lookout.look(NOON)
    return [(one["event"], one.get("of", "")) for one in told]


@pytest.mark.parametrize("instance", ["sqlite"], indirect=True)
def test_a_serving_process_looks_when_its_certificates_end(instance: Instance) -> None:
    instance.set("listen.plain_http", "false")
    with instance.opened() as services:
        assert [one.name for one in services.lookout.jobs()] == ["lookout", "certificates"]
    worker = served(services.settings)
    try:
        assert worker.health().certificates == {"server": "unseen"}
    finally:
        worker.close()


def falls_ill_and_recovers(lookout: Lookout, alarm: str, well_again: Callable[[], object]) -> None:
    assert looks(lookout) == [], "once is none"
    assert looks(lookout) == [(alarm, "")]
    assert looks(lookout) == [(alarm, "")]
    well_again()
    assert looks(lookout) == [("alarm-over", alarm)]
    assert looks(lookout) == []


@pytest.fixture
def services(instance: Instance) -> Iterator[Services]:
    with instance.opened() as opened:
        yield opened


@pytest.mark.parametrize("instance", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("part", "alarm"), [("keys", "keys-closed"), ("data", "data-closed")])
def test_what_cannot_be_opened_any_more(
    services: Services, tmp_path: Path, part: str, alarm: str
) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    settings = services.settings
    keys = replace(settings.keys, keyring=mount / "keyring")
    settings = replace(settings, **{"keys": {"keys": keys}, "data": {"data": mount}}[part])
    (mount / "keyring").touch()
    lookout = Lookout(settings, services.db, services.watch)
    assert looks(lookout) == []
    aside = mount.rename(tmp_path / "aside")
    falls_ill_and_recovers(lookout, alarm, lambda: aside.rename(mount))


@pytest.mark.parametrize("instance", ["postgresql"], indirect=True)
def test_a_database_that_is_away(services: Services, postgres: PostgresServer) -> None:
    port, seconds = free_port(), [0.0]
    with database_at(services, port) as db, ExitStack() as running:
        watch = watching(services, db, seconds)
        with pytest.raises(Unavailable):
            watch.look()
        lookout = Lookout(services.settings, db, watch)
        assert looks(lookout) == []
        seconds[0] += PATIENCE_SECONDS

        def starts() -> None:
            running.enter_context(relayed(port, postgres.port))
            watch.look()

        falls_ill_and_recovers(lookout, "database-away", starts)


@pytest.mark.parametrize("instance", ["postgresql"], indirect=True)
def test_a_database_that_hangs_does_not_keep_the_lookout(services: Services) -> None:
    """It takes connections, and never says anything."""
    seconds = [0.0]
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        database_at(services, silent.getsockname()[1]) as db,
    ):
        lookout = Lookout(services.settings, db, watching(services, db, seconds))
        seconds[0] += PATIENCE_SECONDS
        assert [looks(lookout) for _ in range(2)] == [[], [("database-away", "")]]
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()


def watching(services: Services, db: Database, seconds: list[float]) -> EpochWatch:
    return EpochWatch(db, services.tools.policy, services.clock, seconds=lambda: seconds[0])


@contextmanager
def database_at(services: Services, port: int) -> Iterator[Database]:
    url = make_url(services.settings.database.url).set(port=port)
    with closing(Database(url.render_as_string(hide_password=False))) as db:
        yield db


@contextmanager
def relayed(port: int, target: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)) as listening:
        threading.Thread(target=Relay(target).serve, args=(listening,), daemon=True).start()
        yield
        listening.shutdown(socket.SHUT_RDWR)
