"""Power cuts while five hundred changes are made: what was acknowledged is there, byte for byte.

Four clients change a folder each and know what they were told. The server is killed (-9, all of its
processes) again and again. A request that was cut off unanswered may have happened whole or not at
all; one whose body was not sent to its end must never be seen.
"""

import copy
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.support.dav import Drive
from tests.support.http import Connection, Cut
from tests.support.instance import Instance, serving
from tests.support.model import Model, Place, path_of
from tests.support.trees import served_tree

pytestmark = [pytest.mark.server, pytest.mark.slow]

CLIENTS = 4
CHANGES = 125
KILLS = 8
BUSY = 503
Tree = dict[Place, bytes | None]


@dataclass
class Client:
    """Changes one folder, and keeps a model of what it was told."""

    instance: Instance
    number: int
    model: Model = field(default_factory=Model)
    done: int = 0
    busy: int = 0
    trouble: BaseException | None = None

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number)
        self.drive: Drive = self.instance.drive("amina", timeout=30, again=False)
        self.root = f"/client-{self.number}"

    def run(self) -> None:
        try:
            while self.done < CHANGES:
                self.change()
                self.done += 1
        except BaseException as error:  # noqa: BLE001 — told to the main thread
            self.trouble = error

    def change(self) -> None:
        before = copy.deepcopy(self.model)
        verb, act = self.chosen()
        try:
            status = act()
        except (Cut, OSError):
            self.resolve(before, verb)
            return
        if status == BUSY:
            # On PostgreSQL the changes of one vault may run into each other too often.
            self.busy += 1
            self.resolve(before, verb)
            return
        expected = verb(self.model)
        assert status == expected, (status, expected, self.number)

    def chosen(self) -> tuple[Callable[[Model], int], Callable[[], int]]:
        """One change, as the model makes it and as the drive is asked for it."""
        place, other = self.place(), self.place()
        path, to = self.path(place), self.path(other)
        # Small bodies lie in the database, large ones on disk: both must survive.
        body = self.chance.randbytes(self.chance.choice([10, 9_000, 70_000, 300_000]))
        match self.chance.randrange(10):
            case 0 | 1 | 2 | 3 | 4:
                return (lambda m: m.put(place, body)), (lambda: self.drive.put(path, body).status)
            case 5:
                return (lambda m: m.mkcol(place)), (lambda: self.drive.mkcol(path).status)
            case 6:
                return (lambda m: m.delete(place)), (lambda: self.drive.delete(path).status)
            case 7 | 8:
                return (
                    lambda m: m.move(place, other, overwrite=True),
                    lambda: self.drive.move(path, to).status,
                )
            case _:
                return (
                    lambda m: m.copy(place, other, overwrite=True),
                    lambda: self.drive.copy(path, to).status,
                )

    def place(self) -> Place:
        name = f"n{self.chance.randrange(6)}"
        return (name,) if self.chance.random() < 0.7 else (f"n{self.chance.randrange(3)}", name)

    def path(self, place: Place) -> str:
        return self.root + path_of(place)

    def found(self) -> Tree:
        return patiently(lambda: served_tree(self.drive, self.root))

    def resolve(self, before: Model, verb: Callable[[Model], int]) -> None:
        """Unacknowledged, it happened whole or not at all. Goes on with what is there."""
        after = copy.deepcopy(before)
        verb(after)
        found = self.found()
        assert found in (before.tree, after.tree), self.number
        self.model = Model(found)


def patiently(act: Callable[[], Tree]) -> Tree:
    """Try until the server is back, and stays up for long enough."""
    deadline = time.monotonic() + 180
    while True:
        try:
            return act()
        except (Cut, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _half_an_upload(instance: Instance, number: int) -> Connection:
    """The body never arrives whole, so the file must never be seen."""
    amina = instance.caller("amina")
    connection = Connection(instance.port)
    head = amina.head("PUT", f"/dav/never-{number}.bin", {"Content-Length": "200000"})
    connection.send(head + bytes(150_000))
    return connection


def test_every_acknowledged_change_survives_being_killed_again_and_again(
    instance: Instance,
) -> None:
    clients = [Client(instance, number) for number in range(CLIENTS)]
    with serving(instance):
        for client in clients:
            assert client.drive.mkcol(client.root).status == 201
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for round_ in range(KILLS):
        with serving(instance, workers=2) as server:
            _until_done(clients, (round_ + 1) * CLIENTS * CHANGES // (KILLS + 1))
            upload = _half_an_upload(instance, round_)
            server.kill()
            upload.close()
    with serving(instance, workers=2):
        for thread in threads:
            thread.join(timeout=120)
        _raise_trouble(clients)
        assert [client.done for client in clients] == [CHANGES] * CLIENTS
        assert sum(client.busy for client in clients) < CLIENTS * CHANGES // 10
    with serving(instance):
        for client in clients:
            assert client.found() == client.model.tree
        root = instance.drive("amina").names("/")
        assert root == {client.root.strip("/") for client in clients}
    instance.abri("vault", "check", "--deep")
    instance.abri("trail", "verify")


def _until_done(clients: list[Client], changes: int) -> None:
    deadline = time.monotonic() + 120
    while sum(client.done for client in clients) < changes:
        _raise_trouble(clients)
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _raise_trouble(clients: list[Client]) -> None:
    for client in clients:
        if client.trouble is not None:
            raise client.trouble
