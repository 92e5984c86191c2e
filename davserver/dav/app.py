"""The WSGI application of the drives: guard → sign-in → the method's function → gate."""

import os

from authn.sign_in_cache import SignInCache
from davserver.dav.guard import Guard
from davserver.dav.login import SignIn
from davserver.dav.requests import Requests
from davserver.dav.urls import Mount
from davserver.domain.ids import Entropy
from davserver.wiring.services import Services

MOUNTS = (Mount(("dav",)),)


def make_app(
    services: Services, mounts: tuple[Mount, ...] = MOUNTS, entropy: Entropy = os.urandom
) -> Guard:
    """The drive of whoever signs in, at each of `mounts`. Thread-safe; made once per process."""
    sign_in_cache = SignInCache(services.login, entropy)
    sign_in = SignIn(services.login, sign_in_cache, services.clock, Requests(services))
    return Guard(mounts, services.settings.listen, sign_in)
