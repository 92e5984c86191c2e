"""A certificate that nears its end is an alarm, early enough, once a day, until it is renewed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from davserver.config.settings import Listen
from davserver.wiring.expiry import Expiry
from tests.support.cards import DAY, Issuer
from tests.support.events import capture_logs

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
ISSUER = Issuer()
Told = list[tuple[str, str, int | str]]
Look = Callable[[float], Told]


@pytest.fixture
def listen(tmp_path: Path) -> Listen:
    return Listen(
        certificate=tmp_path / "server.crt",
        key=tmp_path / "server.key",
        client_ca=tmp_path / "ca.pem",
    )


def lasting(*days: float, since: float = 0) -> bytes:
    """A file of certificates that are good for so many days from noon on."""
    life = [(-since * DAY, one * DAY) for one in days]
    return b"".join(ISSUER.card("one", life=one, at=NOON).pem for one in life)


@pytest.fixture
def look(listen: Listen) -> Look:
    listen.certificate.write_bytes(lasting(90))
    assert listen.client_ca is not None
    listen.client_ca.write_bytes(lasting(3650, 2000))
    ends = Expiry(listen)

    def look(days: float) -> Told:
        """What is told so many days after noon, with days left, or whose alarm it was."""
        with capture_logs() as told:
            ends.look(NOON + days * DAY)
        return [(one["event"], one["of"], one.get("days", one.get("where"))) for one in told]

    return look


def test_it_is_told_two_weeks_before_once_a_day_and_then_as_a_fault(look: Look) -> None:
    assert look(0) == look(75.9) == []
    assert look(76.1) == [("certificate-ends", "server", 13)]
    assert look(76.2) == []
    assert look(77.1) == [("certificate-ends", "server", 12)]
    assert look(90.1) == [
        ("alarm-over", "certificate-ends", "server"),
        ("certificate-over", "server", -1),
    ]
    assert look(91.1) == [("certificate-over", "server", -2)]


def test_it_is_over_when_the_file_holds_the_next(look: Look, listen: Listen) -> None:
    assert look(80) == [("certificate-ends", "server", 10)]
    listen.certificate.write_bytes(lasting(170))
    assert look(80.1) == [("alarm-over", "certificate-ends", "server")]
    assert look(80.2) == []


@pytest.mark.parametrize(("life", "told_from"), [(45, 14), (6, 2), (1, 1 / 3)])
def test_short_lives_are_told_in_their_last_third(
    look: Look, listen: Listen, life: float, told_from: float
) -> None:
    """Programs renew what lives six days every three: a fortnight before would be always."""
    listen.certificate.write_bytes(lasting(life))
    assert look(life - told_from - 0.01) == []
    assert [one[0] for one in look(life - told_from + 0.01)] == ["certificate-ends"]


def test_of_authorities_the_first_that_ends_is_told(look: Look) -> None:
    look(0)
    assert ("certificate-ends", "client_ca", 9) in look(1990.5)


def test_what_cannot_be_read_is_told_by_whoever_serves_it(look: Look, listen: Listen) -> None:
    assert look(80) != []
    listen.certificate.write_bytes(b"")
    assert look(81) == []
    listen.certificate.write_bytes(lasting(90))
    assert look(81) == [("certificate-ends", "server", 9)]


def test_who_asks_is_told_in_a_word(listen: Listen) -> None:
    listen.certificate.write_bytes(lasting(90))
    ends = Expiry(replace(listen, client_ca=None))
    assert ends.states() == {"server": "unseen"}
    ends.look(NOON)
    assert ends.states() == {"server": "good"}
    ends.look(NOON + 80 * DAY)
    assert ends.states() == {"server": "ends"}
    ends.look(NOON + timedelta(days=90, seconds=1))
    assert ends.states() == {"server": "over"}
    listen.certificate.unlink()
    ends.look(NOON)
    assert ends.states() == {"server": "unusable"}


def test_whoever_speaks_plain_http_has_none(listen: Listen) -> None:
    ends = Expiry(replace(listen, plain_http=True))
    ends.look(NOON)
    assert ends.states() == {}
