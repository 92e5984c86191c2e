"""Health page, settings, and the port, each by itself."""

import json
import os
from pathlib import Path

import pytest

from davserver.domain.errors import BadInput, Unavailable
from davserver.serving.binding import bind, plain_address, url_of
from davserver.serving.health import Health, HealthPage, Phase
from davserver.serving.settings import Listener

# health


@pytest.mark.parametrize(
    ("phase", "ok", "status", "word"),
    [
        (Phase.SERVING, True, 200, "ok"),
        (Phase.SERVING, False, 503, "failing"),
        (Phase.LEAVING, True, 503, "leaving"),
        (Phase.DRAINING, True, 503, "draining"),
        (Phase.DRAINING, False, 503, "failing"),
    ],
)
def test_the_health_page(phase: Phase, ok: object, status: int, word: str):
    health = Health(bool(ok), {"database": bool(ok)}, {"generation": 3}, {"away": 1})
    page = HealthPage(lambda: health, workers=2)
    code, body = page.answer(phase)
    facts = json.loads(body)
    assert code == status
    assert facts["status"] == word
    assert facts["workers"] == 2
    assert facts["pid"] == os.getpid()
    assert facts["parts"] == {"database": ok}
    assert facts["policy"] == {"generation": 3}
    assert facts["directories"] == {"away": 1}
    assert set(facts) == {
        "status", "version", "workers", "pid", "parts", "policy", "directories", "certificates",
    }  # fmt: skip


def test_a_health_check_that_fails_is_not_well_and_tells_nothing():
    def broken() -> Health:
        raise OSError("secret")

    code, body = HealthPage(broken, workers=1).answer(Phase.SERVING)
    assert code == 503
    assert b"secret" not in body


def test_asking_often_does_not_ask_the_parts_often():
    asked = []

    def look() -> Health:
        asked.append(1)
        return Health(ok=True)

    page = HealthPage(look, workers=1)
    for _ in range(50):
        page.answer(Phase.SERVING)
    assert len(asked) <= 2


# settings and binding


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(BadInput) as refused:
        Listener(port=70000, threads=0, drain_seconds=-1, host="192.0.2.1", plain_http=True).check()
    for word in ("port", "threads", "drain_seconds", "192.0.2.1"):
        assert word in str(refused.value)


def test_https_needs_certificate_and_key():
    with pytest.raises(BadInput) as refused:
        Listener(certificate=Path("/nowhere/c.pem")).check()
    assert "/nowhere/c.pem" in str(refused.value)
    assert "key is missing" in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_plain_http_is_accepted_on_the_loopback(host: str):
    Listener(host=host, plain_http=True).check()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "drive.example"])
def test_plain_http_is_refused_elsewhere(host: str):
    with pytest.raises(BadInput, match="plain HTTP"):
        Listener(host=host, plain_http=True).check()


def test_workers_share_a_port_and_nobody_else_gets_in():
    sockets = bind(Listener(port=0, plain_http=True), 3)
    port = sockets[0].getsockname()[1]
    assert {one.getsockname()[1] for one in sockets} == {port}
    with pytest.raises(Unavailable, match="already in use"):
        bind(Listener(port=port, plain_http=True), 2)
    for one in sockets:
        one.close()


def test_an_address_of_another_machine_is_a_clear_error():
    with pytest.raises(BadInput, match=r"192\.0\.2\.1"):
        bind(Listener(host="192.0.2.1"), 1)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_addresses_are_told_as_rules_expect_them(address: str, plain: str):
    assert plain_address(address) == plain


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "https://127.0.0.1:1"), ("::1", "https://[::1]:1")]
)
def test_urls(host: str, url: str):
    assert url_of(Listener(host=host), 1) == url
