"""Uploads that are sealed beside their arrival: the end of either side is the other's."""

import pytest

from davserver.domain.conditions import Conditions
from davserver.domain.errors import NoSpace
from tests.support.drive import Body, World


def test_an_upload_of_no_announced_length_ends_where_the_space_does(world: World) -> None:
    leo = world.beneficiary("leo", quota=1_000_000)
    leo.put("/a.txt", b"x")
    asked: list[int] = []

    class Endless(Body):
        def read(self, size: int) -> bytes:
            asked.append(size)
            return bytes(size)

    endless = Endless(b"")
    endless.length = None
    with pytest.raises(NoSpace):
        world.writing.put(leo.who, leo.look("/a.txt").path, endless, Conditions(), world.clock())
    assert sum(asked) < 4_000_000
    assert list(world.blobs.list()) == []
    assert leo.get("/a.txt") == b"x"
