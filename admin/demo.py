"""`abri demo`: fictional people with real documents, made once."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import typer

from admin.demo_cast import (
    PEOPLE,
    SHARES,
    STRUCTURE,
    STRUCTURE_KIND,
    STRUCTURE_NAME,
    Somebody,
)
from admin.demo_documents import Document, documents
from admin.demo_passwords import NAME, Memory, recall, remember
from admin.listen import address_of
from admin.new_password import make_password
from admin.output import say, show_table
from admin.session import Session, opened
from admin.settings_of import config_file, settings_of
from admin.speaking import _, headings
from admin.words import word
from davserver.domain.conditions import Any as AnyTag
from davserver.domain.conditions import Conditions
from davserver.domain.errors import AlreadyThere, ConditionFailed
from davserver.domain.paths import DrivePath
from davserver.domain.people import Role
from davserver.gate.people.people import PersonToAdd
from davserver.gate.sharing.offers import Wish

_ONLY_IF_ABSENT = Conditions(if_none_match=AnyTag.ANY)


@dataclass
class BytesUpload:
    """A document that is in memory, as an upload."""

    length: int | None
    sha256: bytes | None
    source: BytesIO
    media_type: str | None = None
    modified: datetime | None = None

    @classmethod
    def of(cls, content: bytes) -> "BytesUpload":
        return cls(len(content), hashlib.sha256(content).digest(), BytesIO(content))

    def read(self, size: int) -> bytes:
        return self.source.read(size)

    def read_into(self, room: memoryview) -> int:
        return self.source.readinto(room)


def run(context: typer.Context) -> None:
    """Fill an empty instance with fictional people, documents and grants, and print how they sign
    in. Once that is done, another run changes nothing.
    """
    listen = settings_of(context).listen
    file = config_file(context).absolute().with_name(NAME)
    memory = recall(file)
    if memory.complete:
        say(_("The demonstration is there already."))
    else:
        memory = _make(context, file, memory)
        say(_("The demonstration is ready."))
    drive = address_of(listen.address, listen.port, plain_http=listen.plain_http)
    say(_("Pages, for a browser: %(address)s", address=drive.removesuffix("dav/")))
    say(_("Drive: %(drive)s", drive=drive))
    known = memory.passwords
    show_table(
        headings("login", "password", "name", "role"),
        [(p.login, known.get(p.login, "?"), p.name, word(p.role)) for p in PEOPLE],
        "",
    )
    say(_("The passwords are kept in %(file)s", file=file))


def _make(context: typer.Context, file: Path, memory: Memory) -> Memory:
    """Whatever is missing, after a run that was cut short too. Raises AlreadyThere."""
    with opened(context) as session:
        there = {one.login for one in session.services.people.people(session.who, session.now)}
        _require_own_instance(there, memory)
        missing = [one for one in PEOPLE if one.login not in there]
        made = {one.login: make_password() for one in missing}
        passwords = made | memory.passwords
        # On file before anybody has them: a run that is cut short loses none.
        remember(file, Memory(passwords, complete=False))
        _add_people(session, missing, passwords)
        for document in documents():
            _add_document(session, document)
        _add_shares(session)
    done = Memory(passwords, complete=True)
    remember(file, done)
    return done


def _require_own_instance(there: set[str], memory: Memory) -> None:
    strangers = there - memory.passwords.keys()
    if strangers:
        raise AlreadyThere(
            f"the demonstration did not make {len(strangers)} of the people in this instance: "
            f"it needs one of its own (`abri init DIR`), or its {NAME} back"
        )


def _add_people(
    session: Session, missing: Sequence[Somebody], passwords: Mapping[str, str]
) -> None:
    people, who, now = session.services.people, session.who, session.now
    if STRUCTURE not in {one.slug for one in people.structures(who, now)}:
        people.add_structure(who, STRUCTURE, STRUCTURE_NAME, STRUCTURE_KIND, now)
    for one in missing:
        people.add_person(who, _as_typed(one, passwords[one.login]), now)


def _as_typed(one: Somebody, password: str) -> PersonToAdd:
    return PersonToAdd(
        login=one.login,
        role=one.role,
        name=one.name,
        structures=(STRUCTURE,) if one.in_structure else (),
        template="fr" if one.role is Role.BENEFICIARY else "none",
        password=password,
    )


def _add_document(session: Session, one: Document) -> None:
    path = DrivePath.parse(f"/{one.folder}/{one.name}")
    who = session.acting_for(one.owner)
    with suppress(ConditionFailed):
        session.services.writing.put(
            who, path, BytesUpload.of(one.content), _ONLY_IF_ABSENT, session.now
        )


def _add_shares(session: Session) -> None:
    """Where owners are to be asked, they are."""
    sharing, offers = session.services.sharing, session.services.offers
    who, now = session.who, session.now
    given = {(one.giver, one.to, one.path) for one in sharing.list(who, now)}
    given |= {(one.giver, one.to, one.path) for one in offers.list(who, now)}
    for one in SHARES:
        if (one.giver, one.to, one.path) not in given:
            to, path = sharing.grantee(one.to), DrivePath.parse(one.path)
            wish = Wish(to, path, one.right, None, None, one.purpose)
            offers.share(session.acting_for(one.giver), wish, now)
