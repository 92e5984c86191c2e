"""A change waits for PostgreSQL twice: for what it is about, and for the disk. Each further wait is
another tenth of a millisecond, as both sides fall asleep meanwhile.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, event

from davserver.db.database import Database
from davserver.db.tables import lock
from davserver.domain.errors import NotLocked
from tests.support.drive import Drive, World
from tests.support.heard import Heard

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
SEVERAL = 4
"""After as many of a kind all statements are prepared, and the ways to folders known."""


@pytest.fixture
def amina(world: World) -> Drive:
    made = world.beneficiary("amina", "fr")
    for number in range(SEVERAL):
        for name in ("again", "copied", "moved", "removed", "locked", "unlocked"):
            made.put(f"/Logement/{name}{number}.txt", b"text")
    return made


@pytest.fixture
def heard(world: World, amina: Drive, tmp_path: Path) -> Iterator[Heard]:
    del amina  # first what is there
    heard = Heard(tmp_path / "heard")
    world.db.let_go()
    event.listen(world.db.engines()[1], "connect", lambda raw, _: heard.listen(raw))
    yield heard
    heard.close()


WAYS: dict[str, Callable[[Drive, str], object]] = {
    "a new file": lambda amina, name: amina.put(f"{name}new", b"text"),
    "a file again": lambda amina, name: amina.put(f"{name}again", b"text"),
    "a folder": lambda amina, name: amina.mkcol(f"{name}folder"),
    "a copy": lambda amina, name: amina.copy(f"{name}again", f"{name}copy"),
    "a move": lambda amina, name: amina.move(f"{name}again", f"{name}moved"),
    "a removal": lambda amina, name: amina.delete(f"{name}again"),
    "a lock": lambda amina, name: amina.lock(f"{name}again"),
}


@pytest.mark.parametrize("what", WAYS)
def test_a_change_waits_twice(amina: Drive, heard: Heard, what: str) -> None:
    for number in range(SEVERAL):
        amina.put(f"/Logement/{number}-again", b"text")
    for number in range(SEVERAL):
        if number:
            amina.world.db.write(lambda tx: tx.execute(delete(lock)))
        heard.forget()
        WAYS[what](amina, f"/Logement/{number}-")
    assert heard.count("COMMIT") == 1
    assert heard.round_trips() == 2


def test_giving_a_lock_back_waits_twice(amina: Drive, heard: Heard) -> None:
    for number in range(SEVERAL):
        view, _ = amina.lock(f"/Logement/locked{number}.txt")
        heard.forget()
        amina.unlock(f"/Logement/locked{number}.txt", view.token or "")
    assert heard.count("COMMIT") == 1
    assert heard.round_trips() == 2
    with pytest.raises(NotLocked):
        amina.unlock("/Logement/locked0.txt", view.token or "")


def test_a_lock_is_found_by_what_it_reaches_too(amina: Drive) -> None:
    for number in range(SEVERAL):
        view, _ = amina.lock("/Logement", deep=True)
        amina.unlock(f"/Logement/locked{number}.txt", view.token or "")
        with pytest.raises(NotLocked):
            amina.unlock("/Logement", view.token or "")


def test_a_lock_that_another_process_has_ended_is_none(amina: Drive, database_url: str) -> None:
    elsewhere = Database(database_url)
    try:
        for number in range(SEVERAL):
            view, _ = amina.lock(f"/Logement/locked{number}.txt")
            elsewhere.write(lambda tx: tx.execute(delete(lock)))
            with pytest.raises(NotLocked):
                amina.unlock(f"/Logement/locked{number}.txt", view.token or "")
    finally:
        elsewhere.close()
