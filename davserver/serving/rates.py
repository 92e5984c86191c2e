"""Minimum rates: slow is allowed, a trickle is not."""


class Pace:
    """Judges one direction of one transfer by the time spent waiting for the other side.

    Patience starts at `grace` seconds. Each second of waiting uses one up; each byte that moves
    earns `1 / rate` seconds back, never above `grace`. So whoever stays under `rate` on average
    over the grace period runs out, and a transfer of any length above it never does. Time in
    which the application computes is not the client's and is not counted.
    """

    __slots__ = ("_grace", "_rate", "left", "stood")

    def __init__(self, rate: int, grace: float) -> None:
        self._rate = rate
        self._grace = grace
        self.left = grace
        self.stood = 0.0

    def waited(self, seconds: float) -> float:
        """How many seconds it has been by now, all together."""
        self.left -= seconds
        self.stood += seconds
        return self.stood

    def moved(self, count: int) -> None:
        self.left = min(self._grace, self.left + count / self._rate)

    @property
    def lost(self) -> bool:
        """Nobody has to wait for this transfer any longer."""
        return self.left <= 0
