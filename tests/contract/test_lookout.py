"""What a serving process looks at by itself: an alarm when it is ill twice, until it is well."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import make_url

from davserver.config import Settings
from davserver.db.database import Database
from davserver.wiring.lookout import Lookout
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


def falls_ill_and_recovers(lookout: Lookout, alarm: str, well_again: Callable[[], object]) -> None:
    assert looks(lookout) == [], "once is none"
    assert looks(lookout) == [(alarm, "")]
    assert looks(lookout) == [(alarm, "")]
    well_again()
    assert looks(lookout) == [("alarm-over", alarm)]
    assert looks(lookout) == []


@pytest.fixture
def settings(instance: Instance) -> Iterator[Settings]:
    with instance.opened() as services:
        yield services.settings


@pytest.mark.parametrize("instance", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("part", "alarm"), [("keys", "keys-closed"), ("data", "data-closed")])
def test_what_cannot_be_opened_any_more(
    settings: Settings, tmp_path: Path, part: str, alarm: str
) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    keys = replace(settings.keys, keyring=mount / "keyring")
    settings = replace(settings, **{"keys": {"keys": keys}, "data": {"data": mount}}[part])
    (mount / "keyring").touch()
    with closing(Database(settings.database.url)) as db:
        lookout = Lookout(settings, db)
        assert looks(lookout) == []
        aside = mount.rename(tmp_path / "aside")
        falls_ill_and_recovers(lookout, alarm, lambda: aside.rename(mount))


@pytest.mark.parametrize("instance", ["postgresql"], indirect=True)
def test_a_database_that_is_away(settings: Settings, postgres: PostgresServer) -> None:
    port = free_port()
    url = make_url(settings.database.url).set(port=port).render_as_string(hide_password=False)
    with closing(Database(url)) as db, ExitStack() as running:
        start = partial(running.enter_context, relayed(port, postgres.port))
        falls_ill_and_recovers(Lookout(settings, db), "database-away", start)


@contextmanager
def relayed(port: int, target: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)) as listening:
        threading.Thread(target=Relay(target).serve, args=(listening,), daemon=True).start()
        yield
        listening.shutdown(socket.SHUT_RDWR)
