"""For how long others are expected after they were met."""

from davserver.db.postgres.collisions import Collisions


def test_whoever_keeps_coming_is_expected_for_longer() -> None:
    now, lengths = 0.0, []
    met = Collisions(lambda: now)
    assert not met.are_expected()
    for _ in range(7):
        met.note()
        begun = now
        while met.are_expected():
            now += 0.25
        lengths.append(now - begun)
    assert lengths == [1, 2, 4, 8, 16, 16, 16]
    now += 5
    met.note()
    now += 1
    assert not met.are_expected()


def test_several_at_once_are_one_meeting() -> None:
    now = 0.0
    met = Collisions(lambda: now)
    for _ in range(5):
        met.note()
        now += 0.1
    now += 1.0
    assert not met.are_expected()
