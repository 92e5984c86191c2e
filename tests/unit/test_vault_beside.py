"""Work in a thread of its own, a few pieces behind whoever brings them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context

import pytest

from davserver.db.aside import wait_by
from davserver.vault.beside import Beside
from davserver.vault.pieces import Piece

NUMBERS = list(range(50))
ROOMS = 3
LONGEST = 10


class Failed(Exception):
    pass


def bring(beside: Beside, number: int) -> None:
    room = beside.room()
    room[0] = number
    beside.bring(Piece(room, 1, followed=True))


def number_of(piece: Piece) -> int:
    return piece.plain[0]


def test_every_piece_in_its_order_and_all_of_them_at_the_end():
    done: list[tuple[int, int]] = []
    with Beside(lambda p: done.append((number_of(p), threading.get_ident())), ROOMS, 8) as beside:
        for number in NUMBERS:
            bring(beside, number)
    assert [number for number, _ in done] == NUMBERS
    assert {thread for _, thread in done} != {threading.get_ident()}
    assert len({thread for _, thread in done}) == 1


def test_rooms_are_used_again_and_made_when_they_are_needed():
    rooms: list[memoryview] = []
    with Beside(lambda piece: rooms.append(piece.room), ROOMS, 8) as beside:
        for number in NUMBERS:
            bring(beside, number)
    assert {len(room) for room in rooms} == {8}
    assert 1 <= len({id(room.obj) for room in rooms}) <= ROOMS


def test_whoever_brings_more_than_may_wait_waits():
    """Or a fast sender would fill the memory where the disk is slow."""
    go_on, brought = threading.Event(), threading.Semaphore(0)
    most, done = [0], []

    def work(piece: Piece) -> None:
        go_on.wait(LONGEST)
        done.append(number_of(piece))

    def bring_all() -> None:
        with Beside(work, ROOMS, 8) as beside:
            for number in NUMBERS:
                bring(beside, number)
                most[0] = max(most[0], number + 1 - len(done))
                brought.release()

    bringing = threading.Thread(target=bring_all)
    bringing.start()
    for _ in range(ROOMS):
        assert brought.acquire(timeout=LONGEST)
    assert not brought.acquire(blocking=False)
    go_on.set()
    bringing.join(LONGEST)
    assert done == NUMBERS
    assert most[0] <= ROOMS


def test_what_fails_is_raised_to_whoever_brings_and_nothing_is_done_after_it():
    done: list[int] = []

    def work(piece: Piece) -> None:
        if number_of(piece) == 5:
            raise Failed
        done.append(number_of(piece))

    def bring_all() -> None:
        with Beside(work, ROOMS, 8) as beside:
            for number in NUMBERS:
                bring(beside, number)

    with pytest.raises(Failed):
        bring_all()
    assert done == NUMBERS[:5]


def test_what_fails_with_the_last_piece_is_raised_at_the_end():
    def work(_: Piece) -> None:
        raise Failed

    beside = Beside(work, ROOMS, 8)
    with pytest.raises(Failed), beside:
        bring(beside, 1)


def test_an_error_of_whoever_brings_ends_the_thread_and_what_waits_is_left():
    go_on, done = threading.Event(), []

    def work(piece: Piece) -> None:
        done.append(number_of(piece))
        go_on.wait(LONGEST)

    @contextmanager
    def aside() -> Iterator[None]:
        """Entered where the thread's end is awaited: the error is known by then."""
        go_on.set()
        yield

    def bring_all() -> None:
        wait_by(aside)
        with Beside(work, ROOMS, 8) as beside:
            for number in NUMBERS[:ROOMS]:
                bring(beside, number)
            while not done:
                pass
            raise Failed

    with pytest.raises(Failed):
        copy_context().run(bring_all)
    assert done == NUMBERS[:1]
    assert "sealing" not in {one.name for one in threading.enumerate()}
