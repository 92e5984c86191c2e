"""Abri as it is for users, and the same with more in it: each an instance of its own."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from authn.registered import Registered
from benchmarks.beside.servers import Kind, Room
from benchmarks.policy_sets import as_shipped_and_more
from benchmarks.scale_rows import count_anew, opened
from davserver.domain.conditions import NONE
from davserver.domain.paths import DrivePath
from tests.support.crowd import Clientele
from tests.support.instance import ABRI, Instance, new_instance
from tests.support.postgres import DURABLE, PostgresServer, postgres_server

PLAIN, TLS, POSTGRES = "abri", "abri-tls", "abri-postgresql"
PROFESSIONAL, RULES = "abri-professional", "abri-rules"
OWNER, SHARED = "amina", "/Dossier"
BENEFICIARIES, ITEMS, SET = 400, 50, 100
"""Who shares how much each with the professional, 20 000 grants; and so many rules."""
_SLICE = 50
_ENOUGH = {"quota": "1000 GB", "allowance": "1000 GB", "changes_per_minute": "100000"}
"""Room for all rounds: what is removed stays in the trash, and counts."""


def _instance(room: Room) -> Instance:
    return Instance(room.folder / "abri", room.port)


def _make(room: Room, *, tls: bool = False) -> Instance | None:
    """None when there is one already."""
    instance = _instance(room)
    if instance.config.exists():
        return None
    new_instance(instance.folder, tls=tls)
    instance.set("listen.port", str(room.port))
    for name, value in _ENOUGH.items():
        instance.set(f"vaults.{name}", value)
    return instance


def _plain(room: Room, *, tls: bool = False) -> None:
    made = _make(room, tls=tls)
    if made is not None:
        made.add_person(room.user, "beneficiary", "Bench")


def _with_rules(room: Room) -> None:
    made = _make(room)
    if made is None:
        return
    made.add_person(room.user, "beneficiary", "Bench")
    # The shipped cases are about the shipped rules.
    shutil.rmtree(made.folder / "policies" / "tests")
    for name, content in as_shipped_and_more(SET).items():
        (made.folder / "policies" / name).write_bytes(content)
    made.abri("policy", "apply")


def _professional(room: Room, beneficiaries: int) -> None:
    """Everybody shares with them or their structure; they work in one folder of one person."""
    made = _make(room)
    if made is None:
        return
    made.add_structure("ccas", "CCAS")
    made.add_person(room.user, "professional", "Karim Roux", "ccas")
    made.add_person(OWNER, "beneficiary", "Amina")
    with made.opened() as to:
        now = to.clock()
        owner = to.people.operator_for(OWNER, "benchmark", now)
        to.writing.make_folder(owner, DrivePath.parse(SHARED), NONE, now)
    made.grant(OWNER, room.user, SHARED, "write")
    share_with(made, room.user, beneficiaries)


def share_with(instance: Instance, login: str, beneficiaries: int) -> None:
    """So many people who share with them, each `ITEMS` folders."""
    with opened(instance.config) as (found, crowd):
        registered = Registered(found.keys)
        for start in range(0, beneficiaries, _SLICE):
            logins = [f"client-{n:04}" for n in range(start, min(start + _SLICE, beneficiaries))]

            def work(tx: Connection, logins: Sequence[str] = logins) -> None:
                who, ccas = registered.find_person(tx, login), registered.find_structure(tx, "ccas")
                Clientele(who.id, ccas.id, ITEMS).of(crowd, tx, logins)

            found.db.write(work)
    count_anew(instance)


def _serve(room: Room) -> Sequence[str | Path]:
    return [ABRI, "--config", _instance(room).config, "serve"]


@dataclass
class Cluster:
    """A PostgreSQL that waits for its disk, started when it is first needed."""

    ends: ExitStack
    _server: PostgresServer | None = None

    def ready(self, room: Room) -> None:
        if _instance(room).config.exists():
            return
        if self._server is None:
            self._server = self.ends.enter_context(postgres_server(DURABLE))
        url = self.ends.enter_context(self._server.fresh_database())
        instance = _make(room)
        assert instance is not None  # noqa: S101 — there was none a moment ago
        # As on a machine of one's own.
        instance.set("database.url", self._server.by_socket(url))
        instance.abri("database", "upgrade")
        instance.add_person(room.user, "beneficiary", "Bench")

    def processes(self) -> Sequence[int]:
        if self._server is None:
            return ()
        told = (self._server.folder / "data/postmaster.pid").read_text()
        return (int(told.split("\n", 1)[0]),)


def kinds(ends: ExitStack, beneficiaries: int = BENEFICIARIES) -> dict[str, Kind]:
    """Whatever they need besides themselves ends with `ends`."""
    cluster = Cluster(ends)
    more = f"{beneficiaries} beneficiaries with {beneficiaries * ITEMS:,} grants".replace(",", " ")
    worked: Callable[[Room], None] = partial(_professional, beneficiaries=beneficiaries)
    tls: Callable[[Room], None] = partial(_plain, tls=True)
    drive, shared = "/dav/", f"/dav/Amina{SHARED}/"
    found = (
        Kind(PLAIN, "Abri, SQLite; told when the disk has it", _plain, _serve, drive),
        Kind(TLS, "Abri over TLS", tls, _serve, drive, tls=True),
        Kind(POSTGRES, "Abri on PostgreSQL that waits for its disk, by its socket; with the "
             "database's own processor time and memory",
             cluster.ready, _serve, drive, also=cluster.processes),
        Kind(PROFESSIONAL, f"a professional with {more} at work in one folder of one of them",
             worked, _serve, shared),
        Kind(RULES, f"Abri with {SET} rules in force", _with_rules, _serve, drive),
    )  # fmt: skip
    return {kind.label: kind for kind in found}
