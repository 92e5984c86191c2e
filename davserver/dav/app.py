"""The WSGI application of the drives: guard → WsgiDAV → sign-in → resolver → our methods."""

import logging

from wsgidav.wsgidav_app import WsgiDAVApp

from davserver.dav.guard import Guard
from davserver.dav.login import Application, SignIn
from davserver.dav.provider import NoProvider
from davserver.dav.resolver import Resolver
from davserver.dav.urls import Mount
from davserver.wiring.services import Services

MOUNTS = (Mount(("dav",)),)


def _no_provider() -> NoProvider:
    return NoProvider()  # type: ignore[no-untyped-call]


def make_app(services: Services, mounts: tuple[Mount, ...] = MOUNTS) -> Application:
    """The drive of whoever signs in, at each of `mounts`. Thread-safe; made once per process."""
    # WsgiDAV's own lines name people and places.
    logging.getLogger("wsgidav").setLevel(logging.CRITICAL)
    sign_in = SignIn(services.login, services.clock, Resolver(services))
    wsgidav = WsgiDAVApp(  # type: ignore[no-untyped-call]
        {
            # One for all: the guard has found the mount, and WsgiDAV's way of finding it ignores
            # case on one side only.
            "provider_mapping": {"/": _no_provider()},
            # No page for folders, no CORS, no error pages and no sign-in of WsgiDAV's own.
            "middleware_stack": [sign_in],
            # Locks and properties live in the vault.
            "lock_storage": None,
            "property_manager": None,
            "http_authenticator": {"accept_basic": False, "accept_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    return Guard(mounts, services.settings.listen, wsgidav)
