"""The WSGI application of the drives: guard → sign-in → the method's function → gate."""

from davserver.dav.guard import Guard
from davserver.dav.login import SignIn
from davserver.dav.requests import Requests
from davserver.dav.urls import Mount
from davserver.wiring.services import Services

MOUNTS = (Mount(("dav",)),)


def make_app(services: Services, mounts: tuple[Mount, ...] = MOUNTS) -> Guard:
    """The drive of whoever signs in, at each of `mounts`. Thread-safe; made once per process."""
    sign_in = SignIn(services.login, services.clock, Requests(services))
    return Guard(mounts, services.settings.listen, sign_in)
