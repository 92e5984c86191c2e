"""An instance with very many living grants, for `benchmarks.impact`.

Rows are put in by masses, each a true sealed one.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, Table, select

from authn.register import Register
from authn.registered import Registered
from benchmarks.scale_rows import count_anew, opened, staging_of
from davserver.db import tables
from davserver.domain.actions import Category
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.ids import PersonId
from davserver.domain.people import Person, Role, Structure
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.staging import Staging
from davserver.wiring.opening import Opened
from tests.support.crowd import Crowd, Rows, blob_row, put
from tests.support.instance import Instance

STRUCTURES, STAFF = 20, 1000
"""Every professional works in one structure; each structure has as many."""
FOLDERS: tuple[Category | None, ...] = (Category.HOUSING, Category.HEALTH, None)
FILES = 6
"""With the vault's root: ten nodes. One folder is shared, with two files in it."""
SLICE = 500


@dataclass(frozen=True, slots=True)
class _Work:
    instance: Instance
    start: int
    stop: int


def slug_of(number: int) -> str:
    return f"structure-{number:02}"


def fill(instance: Instance, beneficiaries: int, processes: int) -> None:
    """One grant of each beneficiary: every second one to a professional, the others to a structure.
    Prints how far it is.
    """
    _make_staff(instance)
    works = [
        _Work(instance, start, min(start + SLICE, beneficiaries))
        for start in range(0, beneficiaries, SLICE)
    ]
    done = 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for finished in pool.imap_unordered(_fill, works):
            done += finished.stop - finished.start
            print(f"\rmade: {100 * done // beneficiaries} %", end="")
            sys.stdout.flush()
    print()
    count_anew(instance)


def _make_staff(instance: Instance) -> None:
    kinds = ("ccas", "association", "shelter", "health-structure")
    for number in range(STRUCTURES):
        name = f"Structure {number}"
        instance.add_structure(slug_of(number), name, kinds[number % len(kinds)])
    with opened(instance.config) as (found, crowd):
        register, registered = Register(found.keys, os.urandom), Registered(found.keys)

        def work(tx: Connection) -> None:
            since = crowd.now - timedelta(days=1)
            there = registered.all_structures(tx)
            for number in range(STAFF):
                person = crowd.person(tx, f"staff-{number:04}", Role.PROFESSIONAL)
                structure = there[number % STRUCTURES]
                register.add_membership(tx, person, structure, since, None)

        found.db.write(work)


def _fill(work: _Work) -> _Work:
    """In two transactions: processes seal side by side, and only write one after another."""
    with opened(work.instance.config) as (found, crowd):
        staging = staging_of(found, work.instance.folder)
        made = found.db.write(lambda tx: _people(work, found, crowd, tx))
        rows: dict[Table, Rows] = {}
        for vault, login, to in made:
            for table, some in _of_one(crowd, staging, vault, login, to):
                rows.setdefault(table, []).extend(some)

        def inside(tx: Connection) -> None:
            for table, some in rows.items():
                put(tx, table, some)

        found.db.write(inside)
    return work


def _people(
    work: _Work, found: Opened, crowd: Crowd, tx: Connection
) -> list[tuple[OpenVault, str, Grantee]]:
    registered = Registered(found.keys)
    structures = registered.all_structures(tx)
    ids = tx.scalars(select(tables.person.c.id).where(tables.person.c.login.like("staff-%"))).all()
    everybody = sorted(
        registered.people(tx, map(PersonId, ids)).values(), key=lambda one: one.login
    )
    made = []
    for number in range(work.start, work.stop):
        login = f"person-{number:07}"
        vault = crowd.vault(tx, crowd.person(tx, login).id)
        to = _grantee(number, structures, everybody)
        if isinstance(to, ToStructure):
            crowd.affiliated(tx, vault.id, to.id)
        made.append((vault, login, to))
    return made


def _grantee(number: int, structures: list[Structure], staff: list[Person]) -> Grantee:
    if number % 2:
        return ToStructure(structures[number // 2 % len(structures)].id)
    return ToPerson(staff[number // 2 % len(staff)].id)


def _of_one(
    crowd: Crowd, staging: Staging, vault: OpenVault, login: str, to: Grantee
) -> Iterator[tuple[Table, Rows]]:
    folders = [
        crowd.node(vault, vault.root, f"Dossier {n}", category=category)
        for n, category in enumerate(FOLDERS)
    ]
    staged = [
        staging.take_bytes(vault.id, b"un papier " * 20, "text/plain", crowd.now)
        for _ in range(FILES)
    ]
    files = [
        crowd.node(vault, folders[n % len(folders)].id, f"papier {n}.txt", one.content)
        for n, one in enumerate(staged)
    ]
    shared = folders[int(login[-7:]) % len(folders)]
    yield tables.blob, [blob_row(one) for one in staged]
    yield tables.node, crowd.node_rows(vault, [*folders, *files])
    yield tables.grant, crowd.grant_rows([crowd.grant(shared, to, login)], vault.owner)
