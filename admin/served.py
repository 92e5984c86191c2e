"""What a worker of `abri serve` serves: the drives and the pages, on one instance."""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any

from admin.logs import log_to
from davserver.config import Settings
from davserver.dav.app import MOUNTS, make_app
from davserver.domain.alarms import Alarm, sound
from davserver.domain.drive import Piece
from davserver.domain.errors import AbriError
from davserver.serving.fronts import together
from davserver.serving.gateway import WSGIApp
from davserver.serving.health import Health
from davserver.serving.worker import Served
from davserver.wiring.health import works
from davserver.wiring.patience import Patience
from davserver.wiring.services import Services, build

_PATIENCE = 3.0
"""Seconds after which a part that has not answered is not well: less than load balancers wait."""


def served(settings: Settings) -> Served:
    """Called in each worker, so that nothing open is shared."""
    log_to(settings.log.file)
    services = _built(settings)
    services.start()

    below = frozenset(mount.segments[0] for mount in MOUNTS)
    app = together(make_app(services), LatePages(services), below)
    return Served(app, Seen(services).health, services.close)


class Seen:
    """What is well of an instance, also while its database or its disk hangs."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._patience = Patience(_PATIENCE)

    def health(self) -> Health:
        services = self._services
        looks = services.parts()
        told = self._patience.ask(
            {
                **{name: partial(works, look) for name, look in looks.items()},
                "policy": partial(_policy, services),
                "directories": partial(_directories, services),
            }
        )
        parts = {name: told.get(name, False) for name in looks}
        policy, directories = told.get("policy", {}), told.get("directories", {})
        certificates = services.certificates.states()
        return Health(all(parts.values()), parts, policy, directories, certificates)


def _built(settings: Settings) -> Services:
    try:
        return build(settings)
    except AbriError as error:
        sound(Alarm.NOT_OPENED, error=type(error).__name__)
        raise


class LatePages:
    """The pages, loaded by whoever opens the first of this worker: Flask, Jinja, Babel and our own
    are 9 MiB and 0.12 s, which a server of drives need not have.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._turn = threading.Lock()
        self._pages: WSGIApp | None = None

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[Piece]:
        return (self._pages or self._loaded())(environ, start_response)

    def _loaded(self) -> WSGIApp:
        with self._turn:  # whoever comes meanwhile waits for the same
            if self._pages is None:
                made: WSGIApp = import_module("davserver.web.app").make_pages(self._services)
                self._pages = made
            return self._pages


def _policy(services: Services) -> dict[str, object]:
    """What is in force, and what became of the files when they were last looked at."""
    try:
        number, verdict = services.rulebook.serving()
    except AbriError:
        return {}
    return {"generation": number, "files": verdict.value if verdict else "unseen"}


def _directories(services: Services) -> dict[str, int]:
    """As this worker last noticed: asking them is not for whoever looks at a page. `late`: not all
    looked at within the term; `waiting`: for `abri directory confirm`.
    """
    directories = services.directories
    told = {"configured": len(directories), "away": directories.number_away}
    try:
        counts = services.looking_after.care.counts(services.clock())
    except AbriError:
        return told
    return told | {"late": counts.late, "waiting": counts.waiting}
