"""`abri serve`: the drive on its address, until Ctrl-C or SIGTERM."""

import os
from functools import partial
from importlib import import_module
from typing import Annotated

import typer

from admin.logs import log_to
from admin.policy_activation import tell
from admin.served import served
from admin.settings_of import config_file, settings_of
from davserver.config import Problem, Settings, WrongSettings
from davserver.gate.policy.rulebook import Verdict
from davserver.serving.settings import Listener
from davserver.serving.workers import serve
from davserver.wiring.services import build


def run(
    context: typer.Context,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that share the port.")
    ] = None,
) -> None:
    """Serve the drive until Ctrl-C. One line says when it is ready; log lines go to standard error.

    A stop lets running downloads end and cuts uploads, which then leave nothing behind.
    """
    settings = settings_of(context)
    _require_certificate(context, settings)
    log_to(settings.log.file)
    _require_working(settings)
    count = workers or settings.serving.workers or len(os.sched_getaffinity(0))
    code = serve(
        partial(served, settings),
        _listener(settings),
        workers=count,
        log_path=settings.log.file,
    )
    raise typer.Exit(code)


def _listener(settings: Settings) -> Listener:
    listen, serving = settings.listen, settings.serving
    return Listener(
        host=listen.address,
        port=listen.port,
        plain_http=listen.plain_http,
        certificate=None if listen.plain_http else listen.certificate,
        key=None if listen.plain_http else listen.key,
        client_ca=None if listen.plain_http else listen.client_ca,
        threads=serving.threads,
        slow=serving.slow,
        compute_slots=serving.computing,
        queue=serving.waiting,
        connections=serving.connections,
        head_bytes=serving.header_size,
        min_rate=serving.slowest,
        grace_seconds=serving.patience.total_seconds(),
        idle_seconds=serving.idle.total_seconds(),
        leaving_seconds=serving.leaving.total_seconds(),
        drain_seconds=serving.drain.total_seconds(),
    )


def _require_certificate(context: typer.Context, settings: Settings) -> None:
    """Raises WrongSettings, so that a missing file is told with the setting that names it."""
    listen = settings.listen
    if listen.plain_http:
        return
    # Loaded here it is shared by the workers, which look when their certificates end.
    import_module("davserver.wiring.certificates")
    missing = [
        (name, file)
        for name, file in (
            ("certificate", listen.certificate),
            ("key", listen.key),
            ("client_ca", listen.client_ca),
        )
        if file is not None and not file.is_file()
    ]
    if missing:
        raise WrongSettings(
            [
                Problem(config_file(context), 0, 0, f"listen.{name}: there is no file {file}")
                for name, file in missing
            ]
        )


def _require_working(settings: Settings) -> None:
    """Opens and closes all of it once: a mistake is told here, and not by each worker. Policy files
    that cannot be used keep nobody from serving by those that could.
    """
    if settings.pages.catalogues is not None:
        import_module("davserver.web.languages").languages_with(settings.pages.catalogues)
    services = build(settings)
    try:
        found = services.policy_watch.look()
    finally:
        services.close()
    if found is not None and found.verdict is not Verdict.IN_FORCE:
        tell(settings.policies, found)
