"""What `abri doctor` looks at, one function per question. Nothing is changed."""

import os
import sqlite3
import stat
import sys
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile

import cryptography
from sqlalchemy import func, select, text

from admin import doctor_certificates, doctor_keys, doctor_policy
from admin.finding import Check, Finding
from admin.output import local, size
from admin.refusals import of_system
from admin.session import operator_name
from admin.speaking import N_, _, ngettext
from admin.told import told
from davserver.config import Settings
from davserver.db import schema
from davserver.db import tables as t
from davserver.db.clock import from_us
from davserver.db.failures import AWAY, translated
from davserver.domain.errors import AbriError, Unavailable
from davserver.domain.health import Sign, State
from davserver.wiring.health import disk_seen
from davserver.wiring.opening import open_all, open_database, open_keyring
from davserver.wiring.services import build
from davserver.wiring.version import abri_version

_SQLITE = "sqlite:"
_PRAGMAS = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"}
_TRIAL_PAGES = 16
_CLOCK_SLACK = timedelta(minutes=2)


def _versions(_settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    yield (
        State.WELL,
        (
            _(
                "Abri %(abri)s, Python %(python)s, cryptography %(cryptography)s, SQLite "
                "%(sqlite_version)s",
                abri=abri_version(),
                python=sys.version.split()[0],
                cryptography=cryptography.__version__,
                sqlite_version=sqlite3.sqlite_version,
            )
        ),
    )


def _folders(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    for folder in (settings.data, settings.keys.keyring.parent):
        if not folder.is_dir():
            yield (
                State.PROBLEM,
                _("%(folder)s is not there: correct config.yaml, or restore it", folder=folder),
            )
            continue
        facts = folder.stat()
        if stat.S_IMODE(facts.st_mode) & 0o077:
            yield (
                State.WARNING,
                _("others can look into %(folder)s. Run: chmod 700 %(folder)s", folder=folder),
            )
        elif facts.st_uid != os.geteuid():
            yield (
                State.WARNING,
                _("%(folder)s belongs to another account than the one that asks", folder=folder),
            )
        else:
            yield State.WELL, _("%(folder)s is for this account alone", folder=folder)


def _keyring(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    try:
        count = len(open_keyring(settings).generations())
    except Unavailable as error:
        gone = not settings.keys.keyring.exists()
        back = _(". Put it back from its backup: nothing opens without it") if gone else ""
        yield State.PROBLEM, f"{told(str(error))}{back}"
        return
    says = ngettext(
        "%(keyring)s opens, with %(number)s generation",
        "%(keyring)s opens, with %(number)s generations",
        count,
        keyring=settings.keys.keyring,
    )
    yield State.WELL, says


def _database(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    try:
        opened = open_all(settings)
    except Unavailable as error:
        start = _("start it, or correct database.url in config.yaml")
        says = told(str(error))
        yield State.PROBLEM, f"{says}{_(': ')}{start}" if str(error) == AWAY else says
        return
    opened.db.close()
    yield State.WELL, _("schema %(head)s, and the instance's keys open", head=schema.HEAD)


def _sqlite(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    if not settings.database.url.startswith(_SQLITE):
        yield State.WELL, _("not used: the database is PostgreSQL")
        return
    db = open_database(settings)
    try:
        with translated(), db.engines()[1].connect() as connection:
            found = {
                name: str(connection.execute(text(f"PRAGMA {name}")).scalar()) for name in _PRAGMAS
            }
            damage = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
    finally:
        db.close()
    for name, wanted in _PRAGMAS.items():
        if found[name] != wanted:
            says = _(
                "%(name)s is %(found)s, not %(wanted)s: is the disk a network share?",
                name=name,
                found=found[name],
                wanted=wanted,
            )
            yield State.PROBLEM, says
    if damage != "ok":
        yield (
            State.PROBLEM,
            _("the database file is damaged (%(damage)s): restore a backup", damage=damage),
        )
    elif found == _PRAGMAS:
        yield (
            State.WELL,
            _("write-ahead log, full synchronisation, secure deletion; quick check passed"),
        )


def _disk(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    seen = disk_seen(settings)
    says = _("%(number)s free for %(data)s", number=size(seen.number or 0), data=settings.data)
    yield seen.state, says + _(_OF_DISK[seen.sign])
    yield from _written(settings.data)


def _written(folder: Path) -> Iterator[tuple[State, str]]:
    """A file without a name, so that nothing stays whatever happens."""
    try:
        with TemporaryFile(dir=folder, buffering=0) as file:
            for _page in range(_TRIAL_PAGES):
                file.write(os.urandom(4096))
            os.fdatasync(file.fileno())
    except OSError as error:
        yield (
            State.PROBLEM,
            (
                _(
                    "what is written to %(folder)s does not reach its disk: %(strerror)s. See df "
                    "-h, df -i, dmesg",
                    folder=folder,
                    strerror=error.strerror,
                )
            ),
        )


def _clock(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    db = open_database(settings)
    try:
        with db.read() as tx:
            made = tx.execute(select(t.epoch.c.created)).scalar()
            last = tx.execute(select(func.max(t.trail.c.at))).scalar()
    finally:
        db.close()
    latest = from_us(max(made or 0, last or 0))
    if now + _CLOCK_SLACK < latest:
        says = _(
            "it is %(now)s here, but the trail goes on to %(latest)s: set the clock",
            now=local(now),
            latest=local(latest),
        )
        yield State.PROBLEM, says
    else:
        yield State.WELL, _("it is %(now)s", now=local(now))


_OF_DISK: dict[Sign, str] = {
    Sign.DISK_ENOUGH: "",
    Sign.DISK_LITTLE: N_(": free some before it is full"),
    Sign.DISK_FULL: N_(": uploads will be refused; free some"),
}


def _vaults(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    services = build(settings)
    try:
        probes = list(services.probing.probes(now))
    finally:
        services.close()
    for one in probes:
        if one.fault:
            says = _(
                "vault %(vault)s does not open: %(fault)s (`abri vault check`)",
                vault=one.vault.hex(),
                fault=one.fault,
            )
            yield State.PROBLEM, says
    well = [one for one in probes if not one.fault]
    with_documents = sum(not one.is_empty for one in well)
    yield (
        State.WELL,
        ngettext(
            "%(number)s open, and a document of each of the %(some)s that hold any",
            "%(number)s open, and a document of each of the %(some)s that hold any",
            len(well),
            some=with_documents,
        ),
    )


def _unicode(settings: Settings, _now: datetime) -> Iterator[tuple[State, str]]:
    db = open_database(settings)
    try:
        with db.read() as tx:
            made_with = tx.execute(select(t.epoch.c.unicode_version)).scalar()
    finally:
        db.close()
    here = unicodedata.unidata_version
    if made_with == here:
        yield State.WELL, _("Unicode %(here)s, as when the instance was made", here=here)
    else:
        says = _(
            "Unicode %(here)s, but names were indexed with %(made_with)s: rare letters may differ",
            here=here,
            made_with=made_with,
        )
        yield State.WARNING, says


def _pauses(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    services = build(settings)
    try:
        who = services.people.operator(operator_name(), now)
        paused = [one for one in services.keeping.vaults(who, now) if one.paused]
    finally:
        services.close()
    for vault in paused:
        for login in vault.paused:
            yield (
                State.WARNING,
                (
                    _(
                        "the changes of %(login)s in the vault of %(owner)s are paused after too "
                        "many within a minute: abri vault undo %(owner)s --by %(login)s takes them "
                        "back, abri vault resume %(owner)s --by %(login)s lets them go on",
                        login=login,
                        owner=vault.owner,
                    )
                ),
            )
    if not paused:
        yield State.WELL, _("nobody's changes are paused")


CHECKS: dict[str, Check] = {
    "versions": _versions,
    "folders": _folders,
    "keyring": _keyring,
    "database": _database,
    "keys": doctor_keys.keys,
    "sqlite": _sqlite,
    "disk": _disk,
    "clock": _clock,
    "certificate": doctor_certificates.certificate,
    "client-ca": doctor_certificates.client_ca,
    "policies": doctor_policy.policies,
    "signers": doctor_policy.signers,
    "decisions": doctor_policy.decisions,
    "unicode": _unicode,
    "vaults": _vaults,
    "pauses": _pauses,
}
"""Every question, in the order of the answer."""


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """The findings, as they come. What cannot be asked is a problem, and the next is asked."""
    for name, check in CHECKS.items():
        try:
            for state, says in check(settings, now):
                yield Finding(name, state, says)
        except AbriError as error:
            yield Finding(name, State.PROBLEM, told(str(error)))
        except OSError as error:
            yield Finding(name, State.PROBLEM, of_system(error))
