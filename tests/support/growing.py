"""More of what a request is not about: entries of a trail, vaults, others' grants, documents.

Each row is a true one. `amina` and `karim` are there already.
"""

from dataclasses import replace

from sqlalchemy import Connection

from authn.directory import Directory
from benchmarks.scale_rows import opened
from davserver.db import tables
from davserver.db.clock import to_us
from davserver.domain.conditions import NONE
from davserver.domain.ids import NodeId
from davserver.domain.nodes import NodeState
from davserver.domain.paths import DrivePath
from davserver.trail import Event, Trail, What
from tests.support.cast import CCAS
from tests.support.crowd import Clientele, put
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
        directory = Directory(found.keys)

        def work(tx: Connection) -> None:
            karim, ccas = directory.find_person(tx, "karim"), directory.find_structure(tx, CCAS)
            logins = [f"client-{clients}-{number}" for number in range(clients)]
            Clientele(karim.id, ccas.id, ITEMS).of(crowd, tx, logins)

        found.db.write(work)
