"""Which server is asked, by what is known of each."""

from authn.ldap.servers import RESTING, Servers

ONE, TWO, THREE = "ldaps://one", "ldaps://two", "ldaps://three"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _servers(clock: Clock) -> Servers:
    return Servers((ONE, TWO, THREE), clock)


def test_they_are_asked_in_the_order_of_the_settings() -> None:
    assert _servers(Clock()).order() == [ONE, TWO, THREE]


def test_one_that_is_away_is_asked_last_and_not_preferred() -> None:
    servers = _servers(Clock())
    servers.away(ONE)
    assert servers.order() == [TWO, THREE, ONE]
    assert servers.preferred() == TWO


def test_where_all_are_away_all_are_still_tried() -> None:
    servers = _servers(Clock())
    for url in (ONE, TWO, THREE):
        servers.away(url)
    assert servers.order() == [ONE, TWO, THREE]


def test_after_its_rest_one_question_tries_it_and_the_others_do_not_wait_for_that() -> None:
    clock = Clock()
    servers = _servers(clock)
    servers.away(ONE)
    clock.now += RESTING + 1
    assert servers.preferred() == ONE
    assert servers.order() == [ONE, TWO, THREE]
    assert servers.order() == [TWO, THREE, ONE]
    assert servers.preferred() == TWO
    servers.well(ONE)
    assert servers.preferred() == ONE
