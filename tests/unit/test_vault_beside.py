"""Work in a thread of its own, a few pieces behind whoever brings them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context

import pytest

from davserver.db.aside import wait_by
from davserver.vault.beside import Beside

PIECES = [bytes([one]) for one in range(50)]
AHEAD = 3
LONGEST = 10


class Failed(Exception):
    pass


def test_every_piece_in_its_order_and_all_of_them_at_the_end():
    done: list[tuple[bytes, int]] = []
    with Beside(lambda piece: done.append((piece, threading.get_ident())), AHEAD) as beside:
        for piece in PIECES:
            beside.bring(piece)
    assert [piece for piece, _ in done] == PIECES
    assert {thread for _, thread in done} != {threading.get_ident()}
    assert len({thread for _, thread in done}) == 1


def test_whoever_brings_more_than_may_wait_waits():
    """Or a fast sender would fill the memory where the disk is slow."""
    go_on, brought = threading.Event(), threading.Semaphore(0)
    most, done = [0], []

    def work(piece: bytes) -> None:
        go_on.wait(LONGEST)
        done.append(piece)

    def bring() -> None:
        with Beside(work, AHEAD) as beside:
            for number, piece in enumerate(PIECES):
                beside.bring(piece)
                most[0] = max(most[0], number + 1 - len(done))
                brought.release()

    bringing = threading.Thread(target=bring)
    bringing.start()
    for _ in range(AHEAD):
        assert brought.acquire(timeout=LONGEST)
    assert not brought.acquire(blocking=False)
    go_on.set()
    bringing.join(LONGEST)
    assert done == PIECES
    assert most[0] <= AHEAD


def test_what_fails_is_raised_to_whoever_brings_and_nothing_is_done_after_it():
    done: list[bytes] = []

    def work(piece: bytes) -> None:
        if piece == PIECES[5]:
            raise Failed
        done.append(piece)

    def bring() -> None:
        with Beside(work, AHEAD) as beside:
            for piece in PIECES:
                beside.bring(piece)

    with pytest.raises(Failed):
        bring()
    assert done == PIECES[:5]


def test_what_fails_with_the_last_piece_is_raised_at_the_end():
    def work(_: bytes) -> None:
        raise Failed

    beside = Beside(work, AHEAD)
    with pytest.raises(Failed), beside:
        beside.bring(b"the only one")


def test_an_error_of_whoever_brings_ends_the_thread_and_what_waits_is_left():
    go_on, done = threading.Event(), []

    def work(piece: bytes) -> None:
        done.append(piece)
        go_on.wait(LONGEST)

    @contextmanager
    def aside() -> Iterator[None]:
        """Entered where the thread's end is awaited: the error is known by then."""
        go_on.set()
        yield

    def bring() -> None:
        wait_by(aside)
        with Beside(work, AHEAD) as beside:
            for piece in PIECES[:AHEAD]:
                beside.bring(piece)
            while not done:
                pass
            raise Failed

    with pytest.raises(Failed):
        copy_context().run(bring)
    assert done == PIECES[:1]
    assert "sealing" not in {one.name for one in threading.enumerate()}
