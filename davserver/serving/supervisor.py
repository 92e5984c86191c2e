"""The supervisor: replaces workers that die, and stops all of them together.

It imports nothing that is large: once the workers are ready, it runs in a process of its own
(`keeper`), which is to take a tenth of their memory.
"""

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from davserver.serving.logs import Log

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

WATCHED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
READY = b"ready"


class Post:
    """A place for one worker at a time; its listening socket outlives them all.

    `news` is where the worker of the moment says that it is ready, or why it cannot be; -1 if none.
    """

    def __init__(self, listening: int, pid: int = 0) -> None:
        self.listening = listening
        self.pid = pid
        self.news = -1
        self.ready = pid > 0
        self.since = monotonic()
        self.failed_starts = 0
        self.short_lives = 0
        self.due = 0.0
        self.last_words = ""


Begin = Callable[[Post], tuple[int, int]]
"""Starts a worker at a post: its process id, and the end of a pipe on which it tells its news."""


class Supervisor:
    """Single-threaded, opens nothing: so that it may fork at any time.

    `end_seconds` is what a worker may take to stop; `announced`, that all were ready once.
    """

    def __init__(
        self,
        posts: Sequence[Post],
        begin: Begin,
        log: Log,
        end_seconds: float,
        *,
        announced: bool = False,
    ) -> None:
        self._posts = posts
        self._begin = begin
        self._log = log
        self._end_seconds = end_seconds
        self._announced = announced
        self._stopping = False
        self._deadline = 0.0
        self._code = EXIT_OK

    def start(self) -> bool:
        """Until all workers are ready: True; or until all have ended."""
        while not self._tended():
            if all(post.ready for post in self._posts):
                self._announced = True
                return True
            self._wait()
        return False

    def run(self) -> int:
        """Until all workers have ended; the exit code."""
        while not self._tended():
            self._wait()
        return self._code

    def _tended(self) -> bool:
        """Looks after each worker. True when they have ended, and shall not be replaced."""
        for post in self._posts:
            self._listen_to(post)
            self._bury(post)
            if not post.pid and not self._stopping and monotonic() >= post.due:
                self._start(post)
        if self._stopping and monotonic() > self._deadline:
            self._kill_all()
        return self._stopping and not any(post.pid for post in self._posts)

    def _wait(self) -> None:
        told = signal.sigtimedwait(WATCHED, self._patience())
        if told is None or told.si_signo not in {signal.SIGTERM, signal.SIGINT}:
            return
        if self._stopping:
            self._kill_all()
            self._code = EXIT_INTERRUPTED
        else:
            self._stop(EXIT_OK)

    def _patience(self) -> float:
        waiting = any(post.pid and not post.ready for post in self._posts)
        return 0.02 if waiting else 0.5

    # one worker

    def _start(self, post: Post) -> None:
        post.pid, post.news = self._begin(post)
        os.set_blocking(post.news, False)
        post.ready, post.since, post.last_words = False, monotonic(), ""

    def _listen_to(self, post: Post) -> None:
        if post.news < 0 or post.ready:
            return
        with suppress(BlockingIOError):
            said = os.read(post.news, 4096)
            if said == READY:
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
        if post.news >= 0:
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
        self._deadline = monotonic() + self._end_seconds + EXTRA_SECONDS
        for post in self._posts:
            os.close(post.listening)  # or the kernel would go on queueing connections for nobody
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
        if self._announced or self._code != EXIT_GAVE_UP:
            return ""
        return next((one.last_words for one in self._posts if one.last_words), "see the log")


def be_called_abri() -> None:
    """In `top` and `ps`, as at the start: a process that runs another image has its name."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text("abri", encoding="ascii")


def _delay(short_lives: int) -> float:
    """Seconds before the next start: none after a long life, then doubling."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** (short_lives - 1)) if short_lives else 0.0


def _send(pid: int, signal_number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)
