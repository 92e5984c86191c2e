"""The supervisor: starts the workers, replaces those that die, and stops them together."""

import gc
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import NoReturn, TextIO

from davserver.domain.errors import AbriError, Unavailable
from davserver.serving.binding import bind, url_of
from davserver.serving.descriptors import make_room
from davserver.serving.logs import Log, describe, open_log
from davserver.serving.server import context_of
from davserver.serving.settings import Listener
from davserver.serving.worker import AppFactory, Duty, work

START_SECONDS = 60.0
"""A worker that is not ready by then counts as one that cannot start."""

FIRST_DELAY = 0.2
LONGEST_DELAY = 2.0
"""Not longer: new connections that the kernel gave to the missing worker wait for its successor."""
GIVE_UP_AFTER = 5
"""Failed starts in a row after which the whole server stops, for its own supervisor to see."""

STEADY_SECONDS = 10.0
"""A worker that has served this long died of something new: its replacement starts at once."""

EXTRA_SECONDS = 10.0
"""What a worker gets beyond its own limits before it is killed."""

EXIT_OK = 0
EXIT_GAVE_UP = 1
EXIT_INTERRUPTED = 130

_WATCHED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
_READY = b"ready"

_COLLECT_AFTER = 10_000
"""New objects between two looks for cycles; 700 is Python's own."""


@dataclass
class Post:
    """A place for one worker at a time; its listening socket outlives them all."""

    listening: socket.socket
    pid: int = 0
    news: int = -1
    ready: bool = False
    since: float = 0.0
    failed_starts: int = 0
    short_lives: int = 0
    due: float = 0.0
    last_words: str = ""


class Supervisor:
    """Single-threaded, opens nothing: so that it may fork at any time."""

    def __init__(
        self, factory: AppFactory, listener: Listener, workers: int, log: Log, announce: TextIO
    ) -> None:
        self._factory = factory
        self._listener = listener
        self._tls: ssl.SSLContext | None = context_of(listener)
        self._posts = [Post(one) for one in bind(listener, workers)]
        self._log = log
        self._announce = announce
        self._announced = False
        self._stopping = False
        self._deadline = 0.0
        self._code = EXIT_OK

    def run(self) -> int:
        while True:
            self._tend()
            if self._stopping and not any(post.pid for post in self._posts):
                return self._code
            told = signal.sigtimedwait(_WATCHED, self._patience())
            if told is not None and told.si_signo in {signal.SIGTERM, signal.SIGINT}:
                if self._stopping:
                    self._kill_all()
                    return EXIT_INTERRUPTED
                self._stop(EXIT_OK)

    def _patience(self) -> float:
        waiting = any(post.pid and not post.ready for post in self._posts)
        return 0.02 if waiting else 0.5

    def _tend(self) -> None:
        for post in self._posts:
            self._listen_to(post)
            self._bury(post)
            if not post.pid and not self._stopping and monotonic() >= post.due:
                self._start(post)
        if self._stopping and monotonic() > self._deadline:
            self._kill_all()
        if not self._announced and all(post.ready for post in self._posts):
            self._announced = True
            self._say_ready()

    def _say_ready(self) -> None:
        port = self._posts[0].listening.getsockname()[1]
        count = len(self._posts)
        workers = "1 worker" if count == 1 else f"{count} workers"
        line = f"Abri is ready on {url_of(self._listener, port)} ({workers})"
        print(line, file=self._announce, flush=True)
        self._log.info("ready", workers=count, pid=os.getpid())

    # one worker

    def _start(self, post: Post) -> None:
        news, tell = os.pipe()
        os.set_blocking(news, False)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_worker(post, tell, parent)
        os.close(tell)
        post.pid, post.news, post.ready, post.since = pid, news, False, monotonic()
        post.last_words = ""

    def _be_worker(self, post: Post, tell: int, parent: int) -> NoReturn:
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGCHLD})
            for other in self._posts:
                if other is not post:
                    other.listening.close()
                if other.news >= 0:
                    os.close(other.news)
            code = work(self._duty(post, parent), lambda: _tell(tell, _READY))
        except BaseException as error:  # noqa: BLE001 - a child never returns into its parent's code
            self._log.failure("worker-failed", error, pid=os.getpid())
            _tell(tell, _farewell(error))
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _duty(self, post: Post, parent: int) -> Duty:
        return Duty(
            factory=self._factory,
            listener=self._listener,
            listening=post.listening,
            tls=self._tls,
            log=self._log,
            workers=len(self._posts),
            parent=parent,
        )

    def _listen_to(self, post: Post) -> None:
        if post.news < 0 or post.ready:
            return
        with suppress(BlockingIOError):
            said = os.read(post.news, 4096)
            if said == _READY:
                post.ready = True
                post.since = monotonic()
            elif said:
                post.last_words = said.decode(errors="replace")
        if not post.ready and post.pid and monotonic() - post.since > START_SECONDS:
            _send(post.pid, signal.SIGKILL)

    def _bury(self, post: Post) -> None:
        if not post.pid:
            return
        pid, status = os.waitpid(post.pid, os.WNOHANG)
        if not pid:
            return
        self._listen_to(post)
        os.close(post.news)
        was_ready, served = post.ready, monotonic() - post.since
        post.pid, post.news, post.ready = 0, -1, False
        if not self._stopping:
            code = os.waitstatus_to_exitcode(status)
            self._log.warning("worker-died", pid=pid, code=code, was_ready=was_ready)
            self._plan_replacement(post, was_ready=was_ready, served=served)

    def _plan_replacement(self, post: Post, *, was_ready: bool, served: float) -> None:
        post.failed_starts = 0 if was_ready else post.failed_starts + 1
        if post.failed_starts >= (GIVE_UP_AFTER if self._announced else 1):
            self._log.warning("gave-up", failed_starts=post.failed_starts)
            self._stop(EXIT_GAVE_UP)
            return
        steady = was_ready and served >= STEADY_SECONDS
        post.short_lives = 0 if steady else post.short_lives + 1
        post.due = monotonic() + _delay(post.short_lives)

    # all of them

    def _stop(self, code: int) -> None:
        self._stopping = True
        self._code = code
        limits = self._listener
        self._deadline = monotonic() + limits.leaving_seconds + limits.drain_seconds + EXTRA_SECONDS
        for post in self._posts:
            post.listening.close()  # or the kernel would go on queueing connections for nobody
            if post.pid:
                _send(post.pid, signal.SIGTERM)

    def _kill_all(self) -> None:
        for post in self._posts:
            if post.pid:
                self._log.warning("worker-killed", pid=post.pid)
                _send(post.pid, signal.SIGKILL)
                os.waitpid(post.pid, 0)
                post.pid = 0

    @property
    def failed_start(self) -> str:
        """Why the server never became ready; nothing if it did."""
        if self._announced or self._code == EXIT_OK:
            return ""
        return next((one.last_words for one in self._posts if one.last_words), "see the log")


def serve(
    app_factory: AppFactory,
    listener: Listener,
    *,
    workers: int = 1,
    log_path: Path | None = None,
    announce: TextIO | None = None,
) -> int:
    """Serves until SIGTERM or SIGINT; the exit code (0 stopped, 1 gave up, 130 interrupted twice).

    When all workers are ready, one line with the address goes to `announce` (standard output).
    To be called from a process with one thread, before anything is opened: workers are forked.
    Raises BadInput for settings that cannot stand, Unavailable when the port is taken or the first
    workers cannot start.
    """
    listener.check()
    _check_single_threaded()
    listener = replace(listener, connections=make_room(listener.connections))
    with closing(open_log(log_path)) as log, _signals_held():
        supervisor = Supervisor(app_factory, listener, workers, log, announce or sys.stdout)
        gc.collect()
        gc.freeze()  # what is loaded now stays shared between the workers
        gc.set_threshold(_COLLECT_AFTER)  # requests leave few cycles behind
        code = supervisor.run()
    if supervisor.failed_start:
        raise Unavailable(f"the server could not start: {supervisor.failed_start}")
    return code


def _delay(short_lives: int) -> float:
    """Seconds before the next start: none after a long life, then doubling."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** (short_lives - 1)) if short_lives else 0.0


def _check_single_threaded() -> None:
    tasks = Path("/proc/self/task")
    count = len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()
    if count > 1:
        raise RuntimeError("serve() forks: call it before any thread is started")


@contextmanager
def _signals_held() -> Iterator[None]:
    """Signals wait until they are asked for, also those that come during a fork."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _tell(descriptor: int, message: bytes) -> None:
    with suppress(OSError):
        os.write(descriptor, message)


def _farewell(error: BaseException) -> bytes:
    """Abri's own errors speak to an operator; of any other, only the class and place are safe."""
    if isinstance(error, AbriError):
        return str(error).encode()
    facts = describe(error)
    return f"{facts['error']} ({facts['where']})".encode()


def _send(pid: int, signal_number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)
