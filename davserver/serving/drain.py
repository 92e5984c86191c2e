"""The end of a worker: downloads may finish, uploads end as errors, nothing looks complete."""

from time import monotonic, sleep

from davserver.serving.health import Phase
from davserver.serving.server import Server

LOOK_SECONDS = 0.02


def drain(server: Server, seconds: float) -> int:
    """Stops accepting, lets running answers finish for that long; how many were broken off.

    An application that is still reading its body gets Truncated from that read, so that nothing of
    it is committed; one that has read it all may finish its work and answer.
    """
    server.phase = Phase.DRAINING
    _cut_uploads(server)
    server.stop_accepting()
    _cut_uploads(server)  # those that came in while the port was closing
    until = monotonic() + seconds
    while server.open and monotonic() < until:
        sleep(LOOK_SECONDS)
    broken = len(server.open)
    server.stop()
    return broken


def _cut_uploads(server: Server) -> None:
    for connection in tuple(server.open):
        connection.stop_reading()
