"""What a worker of `abri serve` serves: the drives and the pages, on one instance."""

from admin.logs import log_to
from davserver.config import Settings
from davserver.dav.app import MOUNTS, make_app
from davserver.domain.errors import AbriError
from davserver.serving.fronts import together
from davserver.serving.health import Health
from davserver.serving.worker import Served
from davserver.web.app import make_pages
from davserver.wiring.health import works
from davserver.wiring.services import Services, build


def served(settings: Settings) -> Served:
    """Called in each worker, so that nothing open is shared."""
    log_to(settings.log.file)
    services = build(settings)
    services.start()

    def health() -> Health:
        parts = {name: works(look) for name, look in services.parts().items()}
        return Health(all(parts.values()), parts, _policy(services), _directories(services))

    below = frozenset(mount.segments[0] for mount in MOUNTS)
    app = together(make_app(services), make_pages(services), below)
    return Served(app, health, services.close)


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
