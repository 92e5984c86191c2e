"""`/healthz`: whether this worker can serve; without sign-in, without secrets."""

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from time import monotonic

from davserver.wiring.version import abri_version

PATH = "/healthz"
KEPT_SECONDS = 1.0
"""A look at the parts is reused this long: the page needs no sign-in, so asking must stay cheap."""


class Phase(StrEnum):
    """A worker's life. LEAVING still serves, and tells load balancers to look elsewhere."""

    SERVING = "serving"
    LEAVING = "leaving"
    DRAINING = "draining"


@dataclass(frozen=True)
class Health:
    """`parts` names what was looked at (database, keys, …) and whether each is well. `policy` is
    told beside them: with rules that cannot be used, those before them go on being served. So are
    `directories`, how many there are and are away: others' outages fail nothing here; and
    `certificates`, how near its end each is: whoever goes elsewhere for that finds the same.
    """

    ok: bool
    parts: Mapping[str, bool] = field(default_factory=dict)
    policy: Mapping[str, object] = field(default_factory=dict)
    directories: Mapping[str, int] = field(default_factory=dict)
    certificates: Mapping[str, str] = field(default_factory=dict)


def always_well() -> Health:
    return Health(ok=True)


class HealthPage:
    def __init__(self, look: Callable[[], Health], workers: int) -> None:
        self._look = look
        self._workers = workers
        self._version = abri_version()
        self._lock = threading.Lock()
        self._known: tuple[float, Health] | None = None

    def answer(self, phase: Phase) -> tuple[HTTPStatus, bytes]:
        """200 or 503, with one JSON object."""
        health = self._health()
        well = health.ok and phase is Phase.SERVING
        status = "failing" if not health.ok else "ok" if well else phase.value
        page = {
            "status": status,
            "version": self._version,
            "workers": self._workers,
            "pid": os.getpid(),
            "parts": dict(health.parts),
            "policy": dict(health.policy),
            "directories": dict(health.directories),
            "certificates": dict(health.certificates),
        }
        return (
            HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE,
            json.dumps(page).encode() + b"\n",
        )

    def _health(self) -> Health:
        with self._lock:
            now = monotonic()
            if self._known is None or now - self._known[0] > KEPT_SECONDS:
                self._known = (now, self._ask())
            return self._known[1]

    def _ask(self) -> Health:
        try:
            return self._look()
        except Exception:  # noqa: BLE001 - whatever it is, the answer is "not well"
            return Health(ok=False)
