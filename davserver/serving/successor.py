"""A worker that follows one that died: a new process, made by the keeper."""

import os
import pickle
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from davserver.domain.errors import Unavailable
from davserver.serving.logs import Log, open_log
from davserver.serving.memory import settle_memory
from davserver.serving.renewal import load
from davserver.serving.settings import Listener
from davserver.serving.supervisor import be_called_abri
from davserver.serving.worker import AppFactory, Duty, live
from davserver.wiring.version import abri_version


@dataclass(frozen=True)
class WorkerSpec:
    """What every worker of this server is made of, as it was read at the server's start."""

    factory: AppFactory
    listener: Listener
    workers: int


def main(told: Mapping[str, Any]) -> NoReturn:
    be_called_abri()
    log = open_log(Path(told["log"]) if told["log"] else None)
    live(lambda: _duty(told, log), told["tell"], log)


def _duty(told: Mapping[str, Any], log: Log) -> Duty:
    if told["version"] != abri_version():
        raise Unavailable("another Abri was installed since this server started; restart it")
    content = os.pread(told["spec"], os.fstat(told["spec"]).st_size, 0)
    spec: WorkerSpec = pickle.loads(content)  # noqa: S301 — this server's first process wrote it
    settle_memory()
    return Duty(
        factory=spec.factory,
        listener=spec.listener,
        listening=socket.socket(fileno=told["listening"]),
        tls=load(spec.listener),
        log=log,
        workers=spec.workers,
        parent=told["parent"],
    )
