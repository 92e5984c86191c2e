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


def _versions(_: Settings, __: datetime) -> Iterator[tuple[State, str]]:
    yield (
        State.WELL,
        (
            f"Abri {abri_version()}, Python {sys.version.split()[0]}, "
            f"cryptography {cryptography.__version__}, SQLite {sqlite3.sqlite_version}"
        ),
    )


def _folders(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    for folder in (settings.data, settings.keys.keyring.parent):
        if not folder.is_dir():
            yield State.PROBLEM, f"{folder} is not there: correct config.yaml, or restore it"
            continue
        facts = folder.stat()
        if stat.S_IMODE(facts.st_mode) & 0o077:
            yield State.WARNING, f"others can look into {folder}. Run: chmod 700 {folder}"
        elif facts.st_uid != os.geteuid():
            yield State.WARNING, f"{folder} belongs to another account than the one that asks"
        else:
            yield State.WELL, f"{folder} is for this account alone"


def _keyring(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    try:
        count = len(open_keyring(settings).generations())
    except Unavailable as error:
        gone = not settings.keys.keyring.exists()
        back = ". Put it back from its backup: nothing opens without it" if gone else ""
        yield State.PROBLEM, f"{error}{back}"
        return
    generations = "1 generation" if count == 1 else f"{count} generations"
    yield State.WELL, f"{settings.keys.keyring} opens, with {generations}"


def _database(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    try:
        opened = open_all(settings)
    except Unavailable as error:
        start = "start it, or correct database.url in config.yaml"
        yield State.PROBLEM, f"{error}: {start}" if str(error) == AWAY else str(error)
        return
    opened.db.close()
    yield State.WELL, f"schema {schema.HEAD}, and the instance's keys open"


def _sqlite(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    if not settings.database.url.startswith(_SQLITE):
        yield State.WELL, "not used: the database is PostgreSQL"
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
            says = f"{name} is {found[name]}, not {wanted}: is the disk a network share?"
            yield State.PROBLEM, says
    if damage != "ok":
        yield State.PROBLEM, f"the database file is damaged ({damage}): restore a backup"
    elif found == _PRAGMAS:
        yield (
            State.WELL,
            "write-ahead log, full synchronisation, secure deletion; quick check passed",
        )


def _disk(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    seen = disk_seen(settings)
    says = f"{size(seen.number or 0)} free for {settings.data}"
    yield seen.state, says + _OF_DISK[seen.sign]
    yield from _written(settings.data)


def _written(folder: Path) -> Iterator[tuple[State, str]]:
    """A file without a name, so that nothing stays whatever happens."""
    try:
        with TemporaryFile(dir=folder, buffering=0) as file:
            for _ in range(_TRIAL_PAGES):
                file.write(os.urandom(4096))
            os.fdatasync(file.fileno())
    except OSError as error:
        yield (
            State.PROBLEM,
            (
                f"what is written to {folder} does not reach its disk: {error.strerror}. "
                "See df -h, df -i, dmesg"
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
        says = f"it is {local(now)} here, but the trail goes on to {local(latest)}: set the clock"
        yield State.PROBLEM, says
    else:
        yield State.WELL, f"it is {local(now)}"


_OF_DISK: dict[Sign, str] = {
    Sign.DISK_ENOUGH: "",
    Sign.DISK_LITTLE: ": free some before it is full",
    Sign.DISK_FULL: ": uploads will be refused; free some",
}


def _vaults(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    services = build(settings)
    try:
        probes = list(services.probing.probes(now))
    finally:
        services.close()
    for one in probes:
        if one.fault:
            says = f"vault {one.vault.hex()} does not open: {one.fault} (`abri vault check`)"
            yield State.PROBLEM, says
    well = [one for one in probes if not one.fault]
    with_documents = sum(not one.is_empty for one in well)
    yield (
        State.WELL,
        f"{len(well)} open, and a document of each of the {with_documents} that hold any",
    )


def _unicode(settings: Settings, _: datetime) -> Iterator[tuple[State, str]]:
    db = open_database(settings)
    try:
        with db.read() as tx:
            made_with = tx.execute(select(t.epoch.c.unicode_version)).scalar()
    finally:
        db.close()
    here = unicodedata.unidata_version
    if made_with == here:
        yield State.WELL, f"Unicode {here}, as when the instance was made"
    else:
        says = f"Unicode {here}, but names were indexed with {made_with}: rare letters may differ"
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
                    f"the changes of {login} in the vault of {vault.owner} are paused after too "
                    f"many within a minute: abri vault undo {vault.owner} --by {login} takes them "
                    f"back, abri vault resume {vault.owner} --by {login} lets them go on"
                ),
            )
    if not paused:
        yield State.WELL, "nobody's changes are paused"


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
            yield Finding(name, State.PROBLEM, str(error))
        except OSError as error:
            yield Finding(name, State.PROBLEM, of_system(error))
