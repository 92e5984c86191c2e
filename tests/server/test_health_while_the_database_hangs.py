"""A database that hangs keeps nobody from learning that it does."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.http import Caller
from tests.support.instance import new_instance, serving
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.serving import eventually

pytestmark = [pytest.mark.server, pytest.mark.postgres, pytest.mark.slow]
PATIENT = 60.0
"""Seconds after which somebody who asked has been kept waiting for good."""


@contextmanager
def standing_still(server: PostgresServer) -> Iterator[None]:
    first = int((server.folder / "data/postmaster.pid").read_text().split("\n", 1)[0])
    parent = psutil.Process(first)
    all_of_it = [parent, *parent.children(recursive=True)]
    for one in all_of_it:
        one.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in all_of_it:
            one.send_signal(signal.SIGCONT)


def test_it_is_said_and_so_is_that_it_answers_again(tmp_path: Path) -> None:
    with postgres_server() as server, server.fresh_database() as url:
        instance = new_instance(tmp_path / "abri", tls=False)
        instance.set("database.url", url)
        instance.abri("database", "upgrade")

        def told() -> tuple[int, dict[str, bool]]:
            with Caller(instance.port, tls=False, timeout=PATIENT) as caller:
                answer = caller.ask("GET", "/healthz")
            return answer.status, json.loads(answer.body)["parts"]

        well = {"database": True, "data": True, "keys": True, "disk": True}
        with serving(instance):
            assert told() == (200, well)
            with standing_still(server):
                assert eventually(lambda: told() == (503, well | {"database": False}))
                assert told()[0] == 503
            assert eventually(lambda: told() == (200, well))
