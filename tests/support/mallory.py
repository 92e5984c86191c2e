"""Mallory writes to the database and the blob store of an instance with everything in it, behind
its back, and puts each thing back afterwards. What others then see is compared with the truth.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    Connection,
    Table,
    create_engine,
    delete,
    insert,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from authn.credentials import AppPassword, Password, from_login_and_secret, password_bytes
from authn.directory_syncs import Turns
from davserver.domain.actions import Right
from davserver.domain.conditions import NONE
from davserver.domain.drive import Entry
from davserver.domain.errors import AbriError
from davserver.domain.grants import ToPerson
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal, Role
from davserver.gate.affiliations.affiliations import Wish
from davserver.gate.people.people import PersonToAdd
from davserver.gate.policy.rulebook import Rulebook, Terms
from davserver.gate.sharing.offers import Wish as OfferWish
from davserver.gate.staff.sync_guard import Held, Loss
from policies.folder import Folder
from tests.support.accounts import HOME
from tests.support.affiliating import PASSWORD
from tests.support.drive import Drive
from tests.support.offering import asking_first
from tests.support.rules import shipped_files
from tests.support.safekeeping import Safekeeping
from tests.support.staffing import LINES, LYON, OTHERS, STAFF, Office, map_groups

Row = Mapping[str, Any]
View = dict[str, bytes | None]
"""Every path that somebody finds, with what they read there; None where nothing is read."""

UNREADABLE = None


@dataclass
class Mallory:
    """Knows every table and every place of the store; has no key."""

    world: Safekeeping
    url: str

    def __post_init__(self) -> None:
        self._engine = create_engine(make_url(self.url))

    @contextmanager
    def hands(self) -> Iterator[Connection]:
        """No foreign key holds somebody who owns the server."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection

    def rows(self, table: Table) -> list[Row]:
        with self.hands() as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

    @contextmanager
    def changed(self, table: Table, row: Row, **columns: Any) -> Iterator[bool]:
        """With other values in that row, for as long as the block runs. False where the database
        itself takes no such value.
        """
        after = {**row, **columns}
        try:
            with self.hands() as connection:
                where = _key(table, row)
                done = connection.execute(update(table).where(*where).values(columns))
                assert done.rowcount == 1
        except DBAPIError:
            yield False
            return
        try:
            yield True
        finally:
            self._put_back(table, (row, after), row)

    @contextmanager
    def mistyped(self, table: Table, row: Row, column: str) -> Iterator[bool]:
        """With something of another type there, which SQLite keeps; past every conversion."""
        kind = table.c[column].type.python_type
        value: object = b"\xff\x00 bytes" if kind is str else "a text"
        where = " AND ".join(f'"{one.name}" = ?' for one in table.primary_key.columns)
        key = [row[one.name] for one in table.primary_key.columns]
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute(
                f'UPDATE "{table.name}" SET "{column}" = ? WHERE {where}', (value, *key)
            )
            raw.commit()
        except sqlite3.Error:
            yield False
            return
        finally:
            raw.close()
        try:
            yield True
        finally:
            self._put_back(table, (row, {**row, column: value}), row)

    @contextmanager
    def removed(self, table: Table, row: Row) -> Iterator[bool]:
        with self.hands() as connection:
            connection.execute(delete(table).where(*_key(table, row)))
        try:
            yield True
        finally:
            self._put_back(table, (row,), row)

    @contextmanager
    def copied(self, table: Table, row: Row, **columns: Any) -> Iterator[bool]:
        """With a second row that says the same, but for its key."""
        copy = {**row, **columns}
        try:
            with self.hands() as connection:
                connection.execute(insert(table).values(copy))
        except DBAPIError:
            yield False
            return
        try:
            yield True
        finally:
            self._put_back(table, (copy,), None)

    def _put_back(self, table: Table, gone: Sequence[Row], back: Row | None) -> None:
        with self.hands() as connection:
            for row in gone:
                connection.execute(delete(table).where(*_key(table, row)))
            if back is not None:
                connection.execute(insert(table).values(dict(back)))

    def close(self) -> None:
        self._engine.dispose()


def _key(table: Table, row: Row) -> list[Any]:
    """Compared without conversion: whatever was written there must be found again."""
    columns = table.primary_key.columns
    return [type_coerce(column, NullType()) == row[column.name] for column in columns]


@dataclass
class Scene:
    """Amina and bilal own vaults; karim works for the structure to which amina granted something,
    and was granted something by name; zoe was granted nothing; nadia has left ccas by its
    directory. Everything in it has happened once.
    """

    world: Safekeeping
    secrets: dict[str, AppPassword] = field(default_factory=dict)
    staff: dict[str, Drive] = field(default_factory=dict)

    def __post_init__(self) -> None:
        world = self.world
        ccas, other = world.structure("ccas"), world.structure("other")
        self.amina = world.beneficiary("amina", "fr")
        self.bilal = world.beneficiary("bilal", "fr")
        self.karim = world.professional("karim", ccas)
        self.zoe = world.professional("zoe", other)
        self._write()
        self._share(ccas)
        for drive in (self.amina, self.bilal, self.karim, self.zoe):
            self.secrets[drive.person.login] = self._device(drive)
        self._move_staff()
        self._offer()
        self._propose()
        self._try_wrong_password()
        self.truth = {login: self.view(login) for login in (*self.secrets, *self.staff)}
        self._read_by_two_processes()

    def _read_by_two_processes(self) -> None:
        readings = self.world.tools.readings
        for _ in range(2):
            self.amina.put("/Travail/read.txt", b"amina's reading")
            self.amina.get("/Travail/read.txt")
            readings.settle(self.world.clock())
            readings.close()
        self.amina.delete("/Travail/read.txt")

    def _write(self) -> None:
        for drive, own in ((self.amina, b"amina's "), (self.bilal, b"bilal's ")):
            drive.put("/Logement/bail.txt", own + b"first lease")
            drive.put("/Logement/bail.txt", own + b"lease")
            drive.put("/Logement/plan.pdf", own * 10_000)
            drive.put("/Logement/plan.pdf", own * 20_000)
            drive.put("/Travail/cv.txt", own + b"cv")
            drive.put("/Santé/ordonnance.txt", own + b"prescription")
            drive.put("/Santé/old.txt", own + b"old")
            drive.delete("/Santé/old.txt")
            drive.put("/Santé/older.txt", own + b"older")
            drive.move("/Santé/older.txt", "/Santé/bilan.txt")
            drive.put("/Travail/~$cv.docx", own + b"side file")
            drive.put("/Travail/~$b.docx", own + b"other side file")
            drive.lock("/Travail/cv.txt")
            drive.lock("/Santé/ordonnance.txt")

    def _move_staff(self) -> None:
        """Nadia and omar come from a directory; what was shared with nadia by name rests."""
        world = self.world
        map_groups(world, *LINES)
        office = Office(world)
        office.says("omar", OTHERS)
        office.says("nadia", STAFF)
        self.staff["nadia"] = office.drive("nadia@lyon.example")
        for owner in (self.amina, self.bilal):
            world.share(owner, self.staff["nadia"], "/Famille")
        world.share(self.amina, self.staff["nadia"], "/Identité")
        world.clock.passes(minutes=1)
        office.says("nadia", OTHERS)
        self.staff["omar"] = office.drive("omar@lyon.example")
        now = world.clock()
        for name in (LYON, "paris"):
            turns = Turns(world.keys, os.urandom, name)
            until = now + timedelta(minutes=5)
            world.db.write(partial(turns.take, now=now, until=until))
            world.db.write(partial(turns.finish, mine=until, synced_at=now))
            world.db.write(partial(turns.take, now=now, until=until))
            plan = Held((Loss(self.staff["omar"].person.id, None),), {None: 1})
            world.db.write(partial(turns.hold, mine=until, plan=plan.encode(), now=now))
            world.db.write(partial(turns.confirm, digest=plan.digest))
            world.db.write(partial(turns.take, now=now, until=until))

    def _offer(self) -> None:
        """Owners are asked whether they want to share what zoe does not see; one said no."""
        world = self.world
        offers, zoe = asking_first(world.offers), ToPerson(self.zoe.person.id)
        for owner, path in (
            (self.amina, "/Travail"),
            (self.bilal, "/Travail"),
            (self.amina, "/Santé"),
        ):
            wish = OfferWish(zoe, DrivePath.parse(path), Right.WRITE, None, None, "cv")
            made = offers.share(owner.who, wish, world.clock())
        offers.end(world.operator, made.id, world.clock())
        self.questions = self.asked()

    def _propose(self) -> None:
        """A policy that widens access waits for the second administrator."""
        world, now = self.world, self.world.clock()
        new = PersonToAdd("ana", Role.ADMINISTRATOR, "Ana", password=PASSWORD)
        world.people.add_person(world.operator, new, now)
        ana = world.tools.login.sign_in(Password("ana", password_bytes(PASSWORD)), None, now)
        files = shipped_files()
        files["rules.csv"] += b"p, wide, allow, professional, via-structure, get, *, *, *, *, *\n"
        Rulebook(world.tools, Terms(four_eyes=True)).apply(Folder(files, {}, None), ana, now)

    def _share(self, ccas: Any) -> None:
        world = self.world
        world.share(self.amina, self.karim, "/Logement")
        world.share(self.amina, ccas, "/Travail")
        world.share(self.bilal, ccas, "/Travail")
        ended = world.share(self.amina, self.karim, "/Santé")
        world.sharing.end(self.amina.who, ended.id, world.clock())
        for login in ("amina", "bilal"):
            world.affiliations.request(self.karim.who, Wish("ccas", login), world.clock())
        self.karim.put("/Name of amina/Logement/note.txt", b"karim's note")
        self.amina.put("/Logement/avis.txt", b"amina's notice")
        self.karim.move("/Name of amina/Logement/avis.txt", "/Name of amina/Logement/avis 2026.txt")
        self.karim.put("/Name of amina/Logement/photo.jpg", b"karim's " * 10_000)

    def _device(self, drive: Drive) -> AppPassword:
        world, login = self.world, drive.person.login
        for device in ("lost", "phone"):
            made = world.people.add_app_password(world.operator, login, device, world.clock())
            if device == "lost":
                world.people.revoke_app_password(world.operator, made.id, world.clock())
        credential = from_login_and_secret(login, made.text)
        assert isinstance(credential, AppPassword)
        return credential

    def _try_wrong_password(self) -> None:
        world = self.world
        world.people.set_password(
            world.operator, "amina", "cinq chevaux sous la pluie", world.clock()
        )
        wrong = Password("amina", password_bytes("six chevaux"))
        try:
            world.accounts.login.sign_in(wrong, HOME, world.clock())
        except AbriError:
            return
        raise AssertionError("a wrong password opens")

    # ── what people see ─────────────────────────────────────────────────────────────────────────

    def view(self, login: str, *, cold: bool = True) -> View:
        """All that this person's app password opens; `cold`: by a process without memories."""
        if cold:
            self.world.unlock.forget()
        try:
            who = self._signed_in(login)
        except AbriError:
            return {}
        found: View = {}
        self._walk(who, DrivePath(), found)
        return found

    def _signed_in(self, login: str) -> Principal:
        """By an app password; whose password is in a directory, as if that had said yes."""
        if login in self.staff:
            return self.staff[login].who
        who = self.world.accounts.login.sign_in(self.secrets[login], HOME, self.world.clock())
        assert who.person.login == login
        return who

    def _walk(self, who: Principal, path: DrivePath, found: View) -> None:
        try:
            entry, children = self.world.reading.list(who, path, self.world.clock())
        except AbriError:
            return
        found[str(entry.path)] = UNREADABLE
        for child in children:
            if child.is_folder:
                self._walk(who, child.path, found)
            else:
                found[str(child.path)] = self._read(who, child)

    def _read(self, who: Principal, entry: Entry) -> bytes | None:
        try:
            file = self.world.reading.open(who, entry.path, NONE, self.world.clock())
            try:
                return b"".join(bytes(piece) for piece in file.read(0, file.entry.size or 0))
            finally:
                file.close()
        except AbriError:
            return UNREADABLE

    def asked(self) -> set[str]:
        """What amina and bilal are asked: all that they would say yes to."""
        ask, now = self.world.offers.waiting, self.world.clock()
        return {one.shown for owner in (self.amina, self.bilal) for one in ask(owner.who, now)}

    def lies(self) -> list[str]:
        """Whatever somebody sees now that they did not see before: paths or contents. What is
        missing or does not open is no lie.
        """
        warm = self._lies_to("karim", self.view("karim", cold=False))
        return warm + [
            lie for login in self.truth for lie in self._lies_to(login, self.view(login))
        ]

    def _lies_to(self, login: str, view: View) -> list[str]:
        truth, wrong = self.truth[login], []
        for path, content in view.items():
            if path not in truth:
                wrong.append(f"{login} sees {path}")
            elif content is not None and content != truth[path]:
                wrong.append(f"{login} reads something else in {path}")
        return wrong

    def named(self, path: str) -> bytes:
        """The id of something of amina's."""
        return self.amina.look(path).id


def other_values(value: Any, column: Any, donors: Sequence[Row]) -> list[Any]:
    """What Mallory writes instead: what other rows have there, and one thing that none has."""
    found = [_strange(value, column), *(row[column.name] for row in donors)]
    different = [one for one in found if one is not None and one != value]
    return list(dict.fromkeys(different))[:4]


def _strange(value: Any, column: Any) -> Any:
    kind = column.type.python_type
    if value is None:
        return {bytes: os.urandom(16), int: 1, str: "x", bool: True}[kind]
    if kind is bool:
        return not value
    if kind is bytes:
        return bytes([value[0] ^ 1]) + value[1:]
    return value + 1 if kind is int else f"{value}x"[-column.type.length :]
