"""More of what a request is not about: entries of a trail, vaults, others' grants, documents.

Each row is a true one. `amina` and `karim` are there already.
"""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from authn.registered import Registered
from benchmarks.scale_rows import opened, staging_of
from davserver.db import tables
from davserver.db.clock import to_us
from davserver.domain.actions import Category
from davserver.domain.conditions import NONE
from davserver.domain.ids import LockId, NodeId, VaultId
from davserver.domain.nodes import NodeState
from davserver.domain.paths import DrivePath
from davserver.sealing.instance import InstanceKeys
from davserver.trail import Event, Trail, What
from davserver.vault.nodes.rows import OpenVault
from tests.support.cast import CCAS
from tests.support.crowd import Clientele, blob_row, put
from tests.support.instance import Instance

ITEMS = 50
"""What each of karim's beneficiaries shares."""
_AT_ONCE = 20_000
"""Entries in one transaction."""


def more_trail(instance: Instance, entries: int) -> None:
    """In amina's trail, each tied to the one before it as any other."""
    with instance.opened() as to:
        who = to.people.operator_for("amina", "tests", to.clock())
    written = Event(vault=who.vault, what=What.WRITE, who=who, path="/Dossier/a paper")
    with opened(instance.config) as (found, crowd):
        trail = Trail(found.keys)
        for start in range(0, entries, _AT_ONCE):
            some = [written] * min(_AT_ONCE, entries - start)
            found.db.write(lambda tx, some=some: trail.record_all(tx, some, crowd.now))


def more_documents(instance: Instance, documents: int) -> None:
    """In another folder of amina's."""
    with instance.opened() as to:
        who = to.people.operator_for("amina", "tests", to.clock())
        path = DrivePath.parse(f"/Other {documents}")
        to.writing.make_folder(who, path, NONE, to.clock())
        folder = NodeId(to.reading.look(who, path, to.clock()).id)
    vault_id = who.vault
    assert vault_id is not None
    with opened(instance.config) as (found, crowd):

        def work(tx: Connection) -> None:
            vault = crowd.vaults.open(tx, vault_id, 0, crowd.now)
            nodes = [crowd.node(vault, folder, f"{number}") for number in range(documents)]
            put(tx, tables.node, crowd.node_rows(vault, nodes))

        found.db.write(work)


def more_removed(instance: Instance, folders: int) -> None:
    """Whatever was in the folder that amina shares, and is in the trash."""
    with instance.opened() as to:
        now = to.clock()
        who = to.people.operator_for("amina", "tests", now)
        folder = NodeId(to.reading.look(who, DrivePath.parse("/Dossier"), now).id)
    vault_id = who.vault
    assert vault_id is not None
    with opened(instance.config) as (found, crowd):
        gone = {"trashed_at": to_us(now), "trashed_by": who.id}

        def work(tx: Connection) -> None:
            vault = crowd.vaults.open(tx, vault_id, 0, crowd.now)
            nodes = [
                replace(crowd.node(vault, folder, f"gone {number}"), state=NodeState.TRASH)
                for number in range(folders)
            ]
            put(tx, tables.node, [row | gone for row in crowd.node_rows(vault, nodes)])
            put(tx, tables.folder_change, crowd.change_rows(vault, [one.id for one in nodes]))

        found.db.write(work)


def more_vaults(instance: Instance, vaults: int) -> None:
    with opened(instance.config) as (found, crowd):

        def work(tx: Connection) -> None:
            for number in range(vaults):
                crowd.vault(tx, crowd.person(tx, f"other-{vaults}-{number}").id)

        found.db.write(work)


def more_clients(instance: Instance, clients: int) -> None:
    """Others who share with karim, and with his structure."""
    with opened(instance.config) as (found, crowd):
        registered = Registered(found.keys)

        def work(tx: Connection) -> None:
            karim, ccas = registered.find_person(tx, "karim"), registered.find_structure(tx, CCAS)
            logins = [f"client-{clients}-{number}" for number in range(clients)]
            Clientele(karim.id, ccas.id, ITEMS).of(crowd, tx, logins)

        found.db.write(work)


def more_files(instance: Instance, folder: str, files: int) -> None:
    """A folder of amina's at the top of her drive, with files of all categories in turn."""
    with opened(instance.config) as (found, crowd):
        staging, categories = staging_of(found, instance.folder), [*Category, None]

        def work(tx: Connection) -> None:
            vault = crowd.vaults.open(tx, _vault_of(tx, found.keys), 0, crowd.now)
            top = crowd.node(vault, vault.root, folder)
            put(tx, tables.node, crowd.node_rows(vault, [top]))
            staged = [
                staging.take_bytes(vault.id, b"a paper", "text/plain", crowd.now)
                for _ in range(files)
            ]
            nodes = [
                crowd.node(vault, top.id, f"paper {at}", one.content, categories[at % 9])
                for at, one in enumerate(staged)
            ]
            put(tx, tables.blob, [blob_row(one) for one in staged])
            put(tx, tables.node, crowd.node_rows(vault, nodes))

        found.db.write(work)


def more_locks(instance: Instance, folder: str) -> int:
    """Of amina's, on everything in one of her folders. How many."""
    with instance.opened() as to:
        who = to.people.operator_for("amina", "tests", to.clock())
        _, below = to.reading.list(who, DrivePath.parse(folder), to.clock())
        nodes = [NodeId(one.id) for one in below]
    with opened(instance.config) as (found, crowd):

        def work(tx: Connection) -> None:
            vault = crowd.vaults.open(tx, _vault_of(tx, found.keys), 0, crowd.now)
            put(tx, tables.lock, [_lock_row(vault, node, crowd.now) for node in nodes])

        found.db.write(work)
    return len(nodes)


def more_locked(instance: Instance, documents: int) -> None:
    """In another folder of amina's, each locked by her."""
    more_documents(instance, documents)
    assert more_locks(instance, f"/Other {documents}") == documents


def _vault_of(tx: Connection, keys: InstanceKeys) -> VaultId:
    owner = Registered(keys).find_person(tx, "amina")
    wanted = select(tables.vault.c.id).where(tables.vault.c.owner_id == owner.id)
    return VaultId(tx.execute(wanted).scalar_one())


def _lock_row(vault: OpenVault, node: NodeId, now: datetime) -> dict[str, Any]:
    lock = LockId(os.urandom(16))
    sealed = vault.keys_of(vault.epoch).seal_lock_owner(lock, node, "amina")
    return {
        "id": lock, "token": f"urn:uuid:{UUID(bytes=lock)}", "vault_id": vault.id,
        "node_id": node, "person_id": vault.owner, "grant_id": None, "exclusive": True,
        "deep": False, "owner_ct": sealed, "created": to_us(now), "timeout": 3600,
        "expires_at": to_us(now + timedelta(hours=1)),
    }  # fmt: skip
