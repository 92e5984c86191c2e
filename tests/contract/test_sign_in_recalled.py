"""Whoever is let in from memory and does not stand any more is answered as by a process without
one, whatever they ask; and nothing comes of it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from sqlalchemy import Connection, delete, select

from authn.credentials import from_login_and_secret, password_bytes
from authn.passwords import hash_password
from authn.register import Register
from authn.registered import Registered
from authn.throttle import FREE_FAILURES, Throttle
from davserver.config import load
from davserver.db import tables
from davserver.domain.people import AccountState, Person
from davserver.http.streams import SKIPPED
from davserver.sealing.instance import InstanceKeys
from davserver.wiring.opening import open_all
from tests.support.in_process import Front, front_of
from tests.support.instance import Instance

pytestmark = pytest.mark.slow

LARGE = 300_000
"""Bytes, more than lie in a row: such a file is judged before it is read."""

LOCK = (
    '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
    "<locktype><write/></locktype></lockinfo>"
)
PATCH = '<propertyupdate xmlns="DAV:"><set><prop>{}</prop></set></propertyupdate>'
LIST = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
THERE = (
    ("MKCOL", "/dav/folder", ""),
    ("PUT", "/dav/a.txt", "text"),
    ("PUT", "/dav/._b.txt", "side"),
    ("PUT", "/dav/large.bin", "y" * LARGE),
)
TO = {"destination": "http://localhost/dav/there.txt"}
DEEP = {"destination": "http://localhost/dav/no/there.txt"}

Asked = tuple[str, str, str, dict[str, str]]
Told = tuple[int, dict[str, str], bytes]

REQUESTS: dict[str, Asked] = {
    "a reading": ("GET", "/dav/a.txt", "", {}),
    "a reading of what is not there": ("GET", "/dav/no.txt", "", {}),
    "a reading of what they have": ("GET", "/dav/a.txt", "", {"if_none_match": "*"}),
    "a folder as a file": ("GET", "/dav/folder", "", {}),
    "a head": ("HEAD", "/dav/a.txt", "", {}),
    "a listing": ("PROPFIND", "/dav/", LIST, {"depth": "1"}),
    "a listing of what is not there": ("PROPFIND", "/dav/no", LIST, {"depth": "0"}),
    "a listing that cannot be read": ("PROPFIND", "/dav/", "<", {"depth": "0"}),
    "a listing too deep": ("PROPFIND", "/dav/", LIST, {"depth": "infinity"}),
    "a small file": ("PUT", "/dav/new.txt", "new", {}),
    "a small file again": ("PUT", "/dav/a.txt", "new", {}),
    "a large file": ("PUT", "/dav/new.bin", "x" * LARGE, {}),
    "a file in no folder": ("PUT", "/dav/no/new.txt", "new", {}),
    "a large file in no folder": ("PUT", "/dav/no/new.bin", "x" * LARGE, {}),
    "a file onto a folder": ("PUT", "/dav/folder", "new", {}),
    "a file like a folder": ("PUT", "/dav/folder/", "new", {}),
    "a file if": ("PUT", "/dav/a.txt", "new", {"if_match": '"none"'}),
    "a part of a file": ("PUT", "/dav/a.txt", "new", {"content_range": "bytes 0-2/3"}),
    "a file of another checksum": ("PUT", "/dav/a.txt", "new", {"oc_checksum": "MD5:" + "0" * 32}),
    "a side file": ("PUT", "/dav/._a.txt", "side", {}),
    "a side file to read": ("GET", "/dav/._b.txt", "", {}),
    "a side file to remove": ("DELETE", "/dav/._b.txt", "", {}),
    "a side file to lock": ("LOCK", "/dav/._b.txt", LOCK, {}),
    "a side file to describe": ("PROPPATCH", "/dav/._b.txt", PATCH.format("<x/>"), {}),
    "a folder": ("MKCOL", "/dav/new", "", {}),
    "a folder that is there": ("MKCOL", "/dav/folder", "", {}),
    "a folder with a body": ("MKCOL", "/dav/new", "body", {}),
    "a move": ("MOVE", "/dav/a.txt", "", TO),
    "a move into no folder": ("MOVE", "/dav/a.txt", "", DEEP),
    "a move to nowhere": ("MOVE", "/dav/a.txt", "", {}),
    "a move to elsewhere": ("MOVE", "/dav/a.txt", "", {"destination": "http://else.where/dav/x"}),
    "a move of nothing below": ("MOVE", "/dav/folder", "", {**TO, "depth": "0"}),
    "a copy": ("COPY", "/dav/a.txt", "", TO),
    "a copy of what is large": ("COPY", "/dav/large.bin", "", TO),
    "a copy of what is not there": ("COPY", "/dav/no.txt", "", TO),
    "a removal": ("DELETE", "/dav/a.txt", "", {}),
    "a removal of what is not there": ("DELETE", "/dav/no.txt", "", {}),
    "a removal of nothing below": ("DELETE", "/dav/folder", "", {"depth": "0"}),
    "a lock": ("LOCK", "/dav/a.txt", LOCK, {}),
    "a lock of what is not there": ("LOCK", "/dav/no.txt", LOCK, {}),
    "a lock that cannot be read": ("LOCK", "/dav/a.txt", "<", {}),
    "a lock to hold on to": ("LOCK", "/dav/a.txt", "", {"if": "(<urn:x:y>)"}),
    "a lock to hold on to, of none": ("LOCK", "/dav/a.txt", "", {}),
    "a lock to let go": ("UNLOCK", "/dav/a.txt", "", {"lock_token": "<urn:x:y>"}),
    "a lock to let go, of none": ("UNLOCK", "/dav/a.txt", "", {}),
    "a property": ("PROPPATCH", "/dav/a.txt", PATCH.format("<x xmlns='urn:y'>1</x>"), {}),
    "a protected property": ("PROPPATCH", "/dav/a.txt", PATCH.format("<getetag/>"), {}),
    "a property of what is not there": ("PROPPATCH", "/dav/no.txt", PATCH.format("<x/>"), {}),
    "a method of elsewhere": ("POST", "/dav/a.txt", "", {}),
    "a method of nowhere": ("BREW", "/dav/a.txt", "", {}),
    "another language": ("MKCOL", "/dav/folder", "", {"accept_language": "en"}),
}  # fmt: skip


@dataclass
class Doors:
    """Two processes of one instance. `warm` remembers amina, `cold` nobody. `keys`: for whoever
    writes people's rows elsewhere.
    """

    instance: Instance
    warm: Front
    cold: Front
    keys: InstanceKeys
    amina: Person
    refusals: dict[object, Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.right = self.instance.passwords["amina"]
        self._db = self.cold.services.db
        self._register = Register(self.keys, os.urandom)

    @property
    def _now(self) -> datetime:
        return self.cold.services.clock()

    def ask(self, front: Front, asked: Asked) -> Told:
        method, path, body, headers = asked
        return front.ask("amina", method, path, body.encode(), **headers)

    def let_in(self) -> None:
        """So that the next request of hers is let in from memory."""
        assert self.ask(self.warm, REQUESTS["a head"])[0] == 200

    def set_state(self, state: AccountState) -> None:
        self._db.write(lambda tx: self._register.set_state(tx, self.amina.id, state, self._now))

    def set_password(self, password: str) -> None:
        made = hash_password(password_bytes(password), os.urandom)
        registered = Registered(self.keys)

        def work(tx: Connection) -> None:
            before = registered.password(tx, self.amina.id)
            self._register.set_password(tx, self.amina.id, before, made, self._now)

        self._db.write(work)

    def guess(self) -> None:
        """Somebody at her address does, for long enough to have to wait."""
        throttle = Throttle(self._db, self.keys)
        for _ in range(FREE_FAILURES + 3):
            throttle.failed(throttle.source("amina", "127.0.0.1"), self._now)

    def forgive(self) -> None:
        self._db.write(lambda tx: tx.execute(delete(tables.throttle)))

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that is kept, but what is counted of wrong passwords and of changes."""
        with self._db.read() as tx:
            return {
                name: sorted(map(tuple, tx.execute(select(table))), key=repr)
                for name, table in tables.metadata.tables.items()
                if name not in {"throttle", "changed"}
            }


@pytest.fixture
def doors(instance: Instance) -> Iterator[Doors]:
    opened = open_all(load(instance.config))
    opened.db.close()
    with front_of(instance) as warm, front_of(instance) as cold:
        given = from_login_and_secret("amina", instance.passwords["amina"])
        amina = cold.services.login.sign_in(given, None, cold.services.clock()).person
        made = Doors(instance, warm, cold, opened.keys, amina)
        for method, path, body in THERE:
            assert made.ask(warm, (method, path, body, {}))[0] == 201
        yield made


def _expected(doors: Doors, asked: Asked) -> Told:
    """A refusal depends on hardly anything, and takes its time: one for all that are alike."""
    method, _, body, headers = asked
    key = method == "HEAD", len(body) > SKIPPED, headers.get("accept_language")
    if key not in doors.refusals:
        doors.refusals[key] = doors.ask(doors.cold, asked)
    return doors.refusals[key]


def test_a_blocked_person_is_told_the_same_whatever_they_ask(doors: Doors) -> None:
    different = {}
    for name, asked in REQUESTS.items():
        doors.let_in()
        doors.set_state(AccountState.ADMINISTRATOR_BLOCKED)
        before = doors.rows()
        told = doors.ask(doors.warm, asked)
        if told != _expected(doors, asked) or told[0] != 401 or doors.rows() != before:
            different[name] = told
        doors.set_state(AccountState.ACTIVE)
    assert different == {}


FEW = ("a reading", "a small file", "a large file", "a folder with a body", "a property")


@pytest.mark.parametrize("name", FEW)
def test_a_password_that_was_set_again_lets_in_at_once(doors: Doors, name: str) -> None:
    asked = REQUESTS[name]
    doors.let_in()
    doors.set_password(doors.right)
    told = doors.ask(doors.warm, asked)
    assert told[0] == {"a reading": 200, "a folder with a body": 415, "a property": 207}.get(
        name, 201
    )


def test_an_older_password_and_a_guessed_at_one_are_told_the_same(doors: Doors) -> None:
    for name in FEW:
        for lose in (doors.guess, lambda: doors.set_password("quatre autres mots")):
            doors.let_in()
            lose()
            before = doors.rows()
            asked = REQUESTS[name]
            assert doors.ask(doors.warm, asked) == _expected(doors, asked), name
            assert doors.rows() == before
            doors.forgive()
        doors.set_password(doors.right)
