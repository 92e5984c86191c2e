"""The supervisor of a running server: this process's image is replaced by a small one.

After the fork of its workers a supervisor needs a few descriptors and numbers, and no application:
what it had loaded would only fill memory. It stays the same process, and its workers' parent.
Whatever is imported here is paid for by each server: `tests/arch/test_arch_loaded.py` lists it.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from davserver.serving.logs import Log, open_log
from davserver.serving.supervisor import Post, Supervisor, be_called_abri

_ROOT = Path(__file__).parents[2]
_KEEP = (
    "'abri serve: the supervisor'; import sys; sys.path.insert(0, sys.argv[1]);"
    "import davserver.serving.keeper as k; k.main()"
)
_SUCCEED = (
    "'abri serve: a worker'; import sys, json; told = json.loads(sys.argv[1]);"
    "sys.path[:] = told['path']; from davserver.serving.successor import main; main(told)"
)
"""Each begins with what it is: `ps` and systemd show the whole command."""


class Charge(NamedTuple):
    """What the keeper has to keep: how a successor is made and by which Abri, where it logs, and
    how long a worker may take to end.
    """

    spec: bytes
    version: str
    log_path: Path | None
    end_seconds: float


def hand_over(posts: Sequence[Post], charge: Charge, log: Log) -> None:
    """Goes on as the keeper. Returns only if the system refuses: then all stays as it is."""
    spec = os.memfd_create("abri-worker-spec", 0)
    passed = [spec, *(post.listening for post in posts)]
    try:
        os.write(spec, charge.spec)
        for one in passed:
            os.set_inheritable(one, True)
        state = {
            "posts": [[post.listening, post.pid] for post in posts],
            "end": charge.end_seconds,
            "successor": {
                "spec": spec,
                "version": charge.version,
                "log": str(charge.log_path) if charge.log_path else None,
                "path": sys.path,
            },
        }
        # -S: no site-packages, whose start-up files import a good deal.
        os.execv(  # noqa: S606 — this very Python, with words of our own
            sys.executable,
            [sys.executable, "-S", "-P", "-c", _KEEP, str(_ROOT), json.dumps(state)],
        )
    except OSError as error:
        log.failure("keeper-failed", error, pid=os.getpid())
        for one in passed:
            os.set_inheritable(one, False)
        os.close(spec)


class Keeper:
    """Starts successors: new processes that load the application for themselves."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told

    def begin(self, post: Post) -> tuple[int, int]:
        """Its process id, and the pipe on which it says that it is ready."""
        news, tell = os.pipe()
        told = {
            **self._told,
            "listening": post.listening,
            "tell": tell,
            "parent": os.getpid(),
        }
        passed = (post.listening, tell, self._told["spec"])
        for one in passed:
            os.set_inheritable(one, True)
        try:
            pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-P", "-c", _SUCCEED, json.dumps(told)],
                os.environ,  # noqa: TID251 — passed on as it came
            )
        finally:
            for one in passed:
                os.set_inheritable(one, False)
            os.close(tell)
        return pid, news


def main() -> None:
    be_called_abri()
    state = json.loads(sys.argv[2])
    told = state["successor"]
    posts = [Post(listening, pid) for listening, pid in state["posts"]]
    for one in (told["spec"], *(post.listening for post in posts)):
        os.set_inheritable(one, False)
    log = open_log(Path(told["log"]) if told["log"] else None)
    begin = Keeper(told).begin
    sys.exit(Supervisor(posts, begin, log, state["end"], announced=True).run())
