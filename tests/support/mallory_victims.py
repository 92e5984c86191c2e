"""Which rows Mallory attacks, and which others lend their values."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Table

from davserver.db import tables as t
from tests.support.mallory import Mallory, Row, Scene

Is = Callable[[Row, Scene], bool]


def _of(path: str) -> Is:
    return lambda row, scene: row["id"] == scene.named(path)


def _blob_of(path: str) -> Is:
    def is_it(row: Row, scene: Scene) -> bool:
        node = scene.world.row(t.node, t.node.c.id == scene.named(path))
        return row["id"] == node["blob_id"]

    return is_it


def _amina(row: Row, scene: Scene) -> bool:
    owned = (scene.amina.person.id, scene.world.vault_of(scene.amina))
    return any(value in owned for value in row.values())


def _any(_row: Row, _scene: Scene) -> bool:
    return True


def _nadia(row: Row, scene: Scene) -> bool:
    return row["person_id"] == scene.staff["nadia"].person.id


def _last_device(row: Row, scene: Scene) -> bool:
    return row["id"] == scene.secrets["amina"].id


def _revoked(row: Row, scene: Scene) -> bool:
    return row["revoked_at"] is not None and row["person_id"] == scene.amina.person.id


def _grant(kind: str, *, ended: bool) -> Is:
    def is_it(row: Row, scene: Scene) -> bool:
        mine = row["vault_id"] == scene.world.vault_of(scene.amina)
        return mine and row["to_kind"] == kind and (row["ended_at"] is not None) is ended

    return is_it


def _waiting_offer(row: Row, scene: Scene) -> bool:
    return _amina(row, scene) and row["answer"] is None


VICTIMS: dict[str, tuple[Table, Is]] = {
    "epoch": (t.epoch, _any),
    "changed": (t.changed, _any),
    "policy_generation": (t.policy_generation, _any),
    "policy_proposal": (t.policy_proposal, _any),
    "policy_approval": (t.policy_approval, _any),
    "policy_folder": (t.policy_folder, _any),
    "person": (t.person, _amina),
    "credential": (t.credential, _last_device),
    "revoked credential": (t.credential, _revoked),
    "structure": (t.structure, _any),
    "membership": (t.membership, _any),
    "throttle": (t.throttle, _any),
    "directory_account": (t.directory_account, _nadia),
    "directory_sync": (t.directory_sync, _any),
    "grant_suspension": (t.grant_suspension, _nadia),
    "resting grant": (t.grant, lambda row, scene: row["to_id"] == scene.staff["nadia"].person.id),
    "vault": (t.vault, _amina),
    "space": (t.space, _amina),
    "space_epoch": (t.space_epoch, _any),
    "key_wrap": (t.key_wrap, _any),
    "inline blob": (t.blob, _blob_of("/Logement/bail.txt")),
    "stored blob": (t.blob, _blob_of("/Logement/photo.jpg")),
    "root": (t.node, _of("/")),
    "folder": (t.node, _of("/Logement")),
    "file": (t.node, _of("/Logement/bail.txt")),
    "moved file": (t.node, _of("/Santé/bilan.txt")),
    "trashed file": (t.node, lambda row, scene: row["state"] == "trash" and _amina(row, scene)),
    "version": (t.node_version, _amina),
    "folder_change": (t.folder_change, _any),
    "lock": (t.lock, _amina),
    "scratch": (t.scratch, _amina),
    "grant": (t.grant, _grant("person", ended=False)),
    "team grant": (t.grant, _grant("structure", ended=False)),
    "ended grant": (t.grant, _grant("person", ended=True)),
    "affiliation": (t.affiliation, _amina),
    "affiliation_request": (t.affiliation_request, _amina),
    "grant_offer": (t.grant_offer, _waiting_offer),
    "notice": (t.notice, _amina),
    "pace": (t.pace, _amina),
    "trail": (t.trail, _amina),
    "trail_head": (t.trail_head, _amina),
    "trail_actor": (t.trail_actor, _amina),
    "read_window": (t.read_window, lambda row, _: row["grant_id"] is not None),
    "reading_journal": (t.reading_journal, _any),
}


@dataclass
class Stage:
    scene: Scene
    mallory: Mallory
    most: int

    def rows(self, victim: str) -> tuple[Table, Row, list[Row]]:
        """The table, the row that is attacked, and the rows that lend their values: one of the same
        vault, if there is one, and one of another's.
        """
        table, is_it = VICTIMS[victim]
        rows = self.mallory.rows(table)
        row = next(one for one in rows if is_it(one, self.scene))
        others = [one for one in rows if one != row]
        near = [one for one in others if one.get("vault_id") == row.get("vault_id")]
        far = [one for one in others if one not in near]
        return table, row, [*near[:1], *far[:1], *near[1:2], *far[1:2]]
