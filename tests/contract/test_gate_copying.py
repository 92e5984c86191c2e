"""A copy that fails leaves everything as it was, what it would have replaced included."""

import pytest

from davserver.domain.errors import NoSpace
from tests.support.drive import World


def test_a_copy_that_does_not_fit_replaces_nothing(world: World) -> None:
    """Stock WsgiDAV removes what is there first, and it stays removed when the copy fails."""
    leo = world.beneficiary("leo", quota=1_000_000)
    leo.mkcol("/large")
    leo.put("/large/a.bin", bytes(300_000))
    leo.put("/large/b.bin", bytes(300_000))
    leo.mkcol("/goal")
    leo.put("/goal/kept.txt", b"kept")
    with pytest.raises(NoSpace):
        leo.copy("/large", "/goal")
    assert leo.names("/goal") == ["kept.txt"]
    assert leo.get("/goal/kept.txt") == b"kept"
