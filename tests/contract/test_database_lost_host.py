"""A host that is lost without a word holds nobody for minutes: how connections by TCP notice."""

import socket
from contextlib import closing

import pytest
from sqlalchemy import Connection

from davserver.db.database import Database
from tests.support.accounts import empty_instance

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
NOTICED = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)


def noticed(tx: Connection) -> list[int]:
    """The socket's own: seconds until somebody asks, between questions, questions, milliseconds."""
    driver = tx.connection.driver_connection
    assert driver is not None
    with closing(socket.socket(fileno=driver.pgconn.socket)) as its:
        try:
            assert its.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            return [its.getsockopt(socket.IPPROTO_TCP, one) for one in NOTICED]
        finally:
            its.detach()


def of(url: str) -> list[list[int]]:
    """Of whoever looks, changes, and notes."""
    db = Database(url)
    try:
        with db.read() as tx:
            looks = noticed(tx)
        return [looks, db.write(noticed), db.note(noticed)]
    finally:
        db.close()


def test_a_lost_host_is_noticed_within_half_a_minute(database_url: str) -> None:
    for idle, each, times, unanswered in of(database_url):
        assert 0 < idle + each * times <= 30
        assert 0 < unanswered <= 30_000


def test_what_the_address_says_counts(database_url: str) -> None:
    empty_instance(database_url).close()
    words = "keepalives_idle=77&tcp_user_timeout=12000&options=-c%20statement_timeout%3D12345"
    url = f"{database_url}?{words}"
    for idle, _, _, unanswered in of(url):
        assert (idle, unanswered) == (77, 12000)
    db = Database(url)
    try:
        with db.read() as tx:
            shown = [tx.exec_driver_sql(f"SHOW {name}").scalar() for name in SETTINGS]
    finally:
        db.close()
    assert shown == ["12345ms", "force_generic_plan", "UTC"]


SETTINGS = ("statement_timeout", "plan_cache_mode", "timezone")
