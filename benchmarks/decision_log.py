"""What the decision log costs a request: the same requests with and without it, in turn.

    .venv/bin/python -m benchmarks.decision_log [--tries 1000]

One process and no network, so that nothing hides the difference: the WSGI application is called.
Processor time of the thread; the two applications take turns request by request. Of each the lower
quartile: what other programs do to the machine only ever adds.
"""

import argparse
import base64
import io
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from davserver.config import load
from davserver.dav.app import make_app
from davserver.dav.guard import Guard
from davserver.domain.conditions import NONE
from davserver.domain.paths import DrivePath
from davserver.wiring.services import build
from tests.support.drive import Body
from tests.support.instance import Instance, new_instance

CHILDREN = 1000
WARM = 20
Environ = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """`fewer`: how many times fewer of them are asked."""

    name: str
    method: str
    path: str
    body: bytes = b""
    depth: str = "0"
    fewer: int = 1


ASKED = (
    Asking("PROPFIND of 1 000 children", "PROPFIND", "/Logement", depth="1", fewer=10),
    Asking("PROPFIND of one file", "PROPFIND", "/Travail/note.txt"),
    Asking("GET of a small file", "GET", "/Travail/note.txt"),
    Asking("PUT of a small file", "PUT", "/Travail/note.txt", b"x" * 1000),
    Asking("GET of nothing", "GET", "/Travail/nothing.txt"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=1000)
    tries = parser.parse_args().tries
    with tempfile.TemporaryDirectory() as folder:
        instance = new_instance(Path(folder) / "abri", tls=False)
        instance.add_person("amina", "beneficiary", "Amina", template="fr")
        _fill(instance)
        with _app(instance, logged=False) as plain, _app(instance, logged=True) as logged:
            for asked in ASKED:
                without, with_it = _compare(instance, asked, (plain, logged), tries // asked.fewer)
                added = with_it - without
                print(f"{asked.name:28} {without:8.0f} µs {added:+7.0f} µs {added / without:+7.1%}")


def _fill(instance: Instance) -> None:
    with instance.opened() as to:
        who = to.people.operator_for("amina", "benchmarks", to.clock())
        for n in range(CHILDREN):
            to.writing.make_folder(who, DrivePath.parse(f"/Logement/{n}"), NONE, to.clock())
        note = DrivePath.parse("/Travail/note.txt")
        to.writing.put(who, note, Body(b"some words"), NONE, to.clock())


@contextmanager
def _app(instance: Instance, *, logged: bool) -> Iterator[Guard]:
    settings = load(instance.config)
    if not logged:
        settings = replace(settings, policy=replace(settings.policy, decisions=None))
    services = build(settings)
    try:
        yield make_app(services)
    finally:
        services.close()


def _compare(
    instance: Instance, asked: Asking, apps: tuple[Guard, Guard], tries: int
) -> tuple[float, float]:
    """Microseconds without and with the log."""
    times: tuple[list[int], list[int]] = ([], [])
    for n in range(tries + WARM):
        for at in (0, 1) if n % 2 else (1, 0):
            took = _took(apps[at], _environ(instance, asked))
            if n >= WARM:
                times[at].append(took)
    quartiles = [statistics.quantiles(one, n=4)[0] / 1000 for one in times]
    return quartiles[0], quartiles[1]


def _environ(instance: Instance, asked: Asking) -> Environ:
    pair = f"amina:{instance.passwords['amina']}".encode()
    return {
        "REQUEST_METHOD": asked.method,
        "REQUEST_URI": f"/dav{asked.path}",
        "PATH_INFO": f"/dav{asked.path}",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(asked.body)),
        "HTTP_HOST": "localhost",
        "HTTP_DEPTH": asked.depth,
        "HTTP_AUTHORIZATION": f"Basic {base64.b64encode(pair).decode()}",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(asked.body),
        "wsgi.errors": io.StringIO(),
        "abri.request_id": "0123456789abcdef",
    }


def _took(app: Guard, environ: Environ) -> int:
    """Nanoseconds of this thread, from the call to the end of the body."""
    begun = time.thread_time_ns()
    body = app(environ, lambda *_: None)
    for _ in body:
        pass
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return time.thread_time_ns() - begun


if __name__ == "__main__":
    main()
