"""Serving from several processes that share a port: the first are forked from here.

What they are made of is loaded once and shared between them. This process has then no use for it:
it goes on as a small one (`keeper`), which starts successors for workers that die.
"""

import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, TextIO

from davserver.domain.errors import Unavailable
from davserver.serving.binding import bind, url_of
from davserver.serving.descriptors import make_room
from davserver.serving.keeper import Charge, hand_over
from davserver.serving.logs import Log, open_log
from davserver.serving.memory import settle_memory
from davserver.serving.renewal import load
from davserver.serving.settings import Listener
from davserver.serving.successor import WorkerSpec
from davserver.serving.supervisor import WATCHED, Post, Supervisor
from davserver.serving.worker import AppFactory, Duty, live
from davserver.wiring.version import abri_version


class Preforker:
    """Forks a worker for each post. The parent keeps the sockets open."""

    def __init__(self, spec: WorkerSpec, sockets: Sequence[socket.socket], log: Log) -> None:
        self._spec = spec
        self._tls = load(spec.listener)
        self._log = log
        self.posts = [Post(one.detach()) for one in sockets]

    def begin(self, post: Post) -> tuple[int, int]:
        news, tell = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(news)
            self._be_worker(post, tell, parent)
        os.close(tell)
        return pid, news

    def _be_worker(self, post: Post, tell: int, parent: int) -> NoReturn:
        live(lambda: self._duty(post, parent), tell, self._log)

    def _duty(self, post: Post, parent: int) -> Duty:
        for other in self.posts:
            if other is not post:
                os.close(other.listening)
            if other.news >= 0:
                os.close(other.news)
        return Duty(
            factory=self._spec.factory,
            listener=self._spec.listener,
            listening=socket.socket(fileno=post.listening),
            tls=self._tls,
            log=self._log,
            workers=len(self.posts),
            parent=parent,
        )


def serve(
    app_factory: AppFactory,
    listener: Listener,
    *,
    workers: int = 1,
    log_path: Path | None = None,
    announce: TextIO | None = None,
) -> int:
    """Serves until SIGTERM or SIGINT; the exit code (0 stopped, 1 gave up, 130 interrupted twice).

    When all workers are ready, one line with the address goes to `announce` (standard output), and
    this process becomes the keeper: **it returns only if the server ends before that**, or cannot
    become one. To be called from a process with one thread, before anything is opened: workers are
    forked. `app_factory` can be pickled: that is how it comes to a successor.
    Raises BadInput for settings that cannot stand, Unavailable when the port is taken or the first
    workers cannot start.
    """
    listener.check()
    _check_single_threaded()
    listener = replace(listener, connections=make_room(listener.connections))
    spec = WorkerSpec(app_factory, listener, workers)
    pickled_spec = pickle.dumps(spec)
    with closing(open_log(log_path)) as log, _signals_held():
        preforker = Preforker(spec, bind(listener, workers), log)
        end_seconds = listener.leaving_seconds + listener.drain_seconds
        supervisor = Supervisor(preforker.posts, preforker.begin, log, end_seconds)
        settle_memory()  # what is loaded now stays shared between the workers
        if supervisor.start():
            _say_ready(preforker.posts, listener, log, announce or sys.stdout)
            hand_over(
                preforker.posts, Charge(pickled_spec, abri_version(), log_path, end_seconds), log
            )
        code = supervisor.run()
    if supervisor.failed_start:
        raise Unavailable(f"the server could not start: {supervisor.failed_start}")
    return code


def _say_ready(posts: Sequence[Post], listener: Listener, log: Log, announce: TextIO) -> None:
    with socket.socket(fileno=os.dup(posts[0].listening)) as first:
        port = first.getsockname()[1]
    count = len(posts)
    workers = "1 worker" if count == 1 else f"{count} workers"
    print(f"Abri is ready on {url_of(listener, port)} ({workers})", file=announce, flush=True)
    log.info("ready", workers=count, pid=os.getpid())


def _check_single_threaded() -> None:
    tasks = Path("/proc/self/task")
    count = len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()
    if count > 1:
        raise RuntimeError("serve() forks: call it before any thread is started")


@contextmanager
def _signals_held() -> Iterator[None]:
    """Signals wait until they are asked for, also those that come during a fork."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
