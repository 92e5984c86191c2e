"""Two instances to compare: the same professional with the same beneficiaries, alone in a small one
and among very many in a large one. Rows are put in by masses, each a true sealed one.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, func, select, text

from authn.registered import Registered
from davserver.config import load
from davserver.db import tables
from davserver.domain.grants import ToPerson
from davserver.domain.people import Person, Role
from davserver.vault.blobs.disk import DiskBlobStore
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.staging import Staging
from davserver.vault.unlock import Unlock
from davserver.vault.vault import Vaults
from davserver.wiring.opening import Opened, clock, open_all
from tests.support.crowd import Clientele, Crowd, Rows, blob_row, put
from tests.support.instance import Instance

CCAS, KARIM, AMINA = "ccas-lyon", "karim", "amina"
ITEMS = 50
"""Folders that each of the professional's beneficiaries shares."""
FOLDERS, FILES = 3, 6
"""What each of the others has: with the root ten nodes; the first two folders are shared."""
PER_STAFF = 100
"""Beneficiaries of each other professional."""
SLICE = 500
"""Beneficiaries made in one transaction."""
Later = Callable[[], list[tuple[Table, Rows]]]
"""Rows that are made after the transaction which makes what they belong to."""
_CACHE = "PRAGMA cache_size = -400000"


@dataclass(frozen=True, slots=True)
class Work:
    """Beneficiaries number `start` to `stop`; of the professional, or of others."""

    config: Path
    start: int
    stop: int
    his: bool


def fill(instance: Instance, clients: int, others: int, processes: int) -> None:
    """Everything but what the commands make. Prints how far it is."""
    his = [_work(instance, n, min(n + SLICE, clients), his=True) for n in range(0, clients, SLICE)]
    rest = [_work(instance, n, min(n + SLICE, others), his=False) for n in range(0, others, SLICE)]
    works, done = [*his, *rest], 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for finished in pool.imap_unordered(_fill, works):
            done += finished.stop - finished.start
            print(f"\r{instance.folder.name}: {100 * done // (clients + others)} %", end="")
            sys.stdout.flush()
    print()
    count_anew(instance)


@contextmanager
def opened(config: Path) -> Iterator[tuple[Opened, Crowd]]:
    """The instance's database and keys, with a crowd to put into it."""
    found = open_all(load(config))
    vaults = Vaults(Unlock(found.kek, found.keys, os.urandom), os.urandom)
    try:
        yield found, Crowd(found.keys, vaults, clock())
    finally:
        found.db.close()


def staging_of(found: Opened, folder: Path) -> Staging:
    return Staging(found.db, DiskBlobStore(folder / "data" / "blobs"), os.urandom)


def _work(instance: Instance, start: int, stop: int, *, his: bool) -> Work:
    return Work(instance.config, start, stop, his)


def _fill(work: Work) -> Work:
    """In two transactions: processes seal side by side, and only write one after another."""
    with opened(work.config) as (found, crowd):
        maker = _his if work.his else _others
        staged = found.db.write(lambda tx: maker(work, found, crowd, tx))
        rows: dict[Table, Rows] = {}
        for table, some in staged():
            rows.setdefault(table, []).extend(some)

        def inside(tx: Connection) -> None:
            if found.db.sqlite:
                tx.execute(text(_CACHE))
            for table, some in rows.items():
                put(tx, table, some)

        found.db.write(inside)
    return work


def _his(work: Work, found: Opened, crowd: Crowd, tx: Connection) -> Later:
    registered = Registered(found.keys)
    karim, ccas = registered.find_person(tx, KARIM), registered.find_structure(tx, CCAS)
    logins = [f"client-{n:04}" for n in range(work.start, work.stop)]
    Clientele(karim.id, ccas.id, ITEMS).of(crowd, tx, logins)
    return list


def _others(work: Work, found: Opened, crowd: Crowd, tx: Connection) -> Later:
    staff = [
        crowd.person(tx, f"staff-{n:07}", Role.PROFESSIONAL)
        for n in range(work.start, work.stop, PER_STAFF)
    ]
    vaults: list[tuple[str, OpenVault, Person]] = []
    for number in range(work.start, work.stop):
        login = f"person-{number:07}"
        vault = crowd.vault(tx, crowd.person(tx, login).id)
        vaults.append((login, vault, staff[(number - work.start) // PER_STAFF]))
    staging = staging_of(found, work.config.parent)
    return lambda: [pair for one in vaults for pair in _of_one(crowd, staging, *one)]


def _of_one(
    crowd: Crowd, staging: Staging, login: str, vault: OpenVault, staff: Person
) -> Iterator[tuple[Table, Rows]]:
    folders = [crowd.node(vault, vault.root, f"Dossier {n}") for n in range(FOLDERS)]
    staged = [
        staging.take_bytes(vault.id, b"un papier " * 20, "text/plain", crowd.now)
        for _ in range(FILES)
    ]
    files = [
        crowd.node(vault, folders[n % FOLDERS].id, f"papier {n}.txt", one.content)
        for n, one in enumerate(staged)
    ]
    shared = [crowd.grant(one, ToPerson(staff.id), login) for one in folders[:2]]
    yield tables.blob, [blob_row(one) for one in staged]
    yield tables.node, crowd.node_rows(vault, [*folders, *files])
    yield tables.folder_change, crowd.change_rows(vault, [vault.root, *(f.id for f in folders)])
    yield tables.grant, crowd.grant_rows(shared, vault.owner)


def count_anew(instance: Instance) -> None:
    """PostgreSQL counts what a table holds by itself, but later."""
    with opened(instance.config) as (found, _):
        if not found.db.sqlite:
            found.db.write(lambda tx: tx.execute(text("ANALYZE")))


def rows_of(instance: Instance) -> dict[str, int]:
    """How many rows the tables hold that matter here."""
    counted = (tables.vault, tables.node, tables.blob, tables.grant)
    with opened(instance.config) as (found, _), found.db.read() as tx:
        return {
            one.name: tx.execute(select(func.count()).select_from(one)).scalar_one()
            for one in counted
        }
