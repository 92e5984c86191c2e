"""A check says nothing of a healthy instance, and names each thing that somebody broke."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from davserver.db import tables as t
from davserver.domain.errors import BadInput, NotFound
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping, safekeeping

pytestmark = pytest.mark.slow

SMALL = b"a few words"
LARGE = bytes(range(256)) * 1000


@dataclass
class Home:
    """Amina's vault with something of every kind in it; Bilal's beside it."""

    world: Safekeeping
    amina: Drive
    bilal: Drive
    karim: Drive

    def node(self, path: str) -> dict[str, object]:
        return self.world.row(t.node, t.node.c.id == self.amina.look(path).id)

    def blob(self, path: str) -> bytes:
        found = self.node(path)["blob_id"]
        assert isinstance(found, bytes)
        return found

    def change(self, path: str, **columns: object) -> None:
        self.world.tamper(t.node, t.node.c.id == self.amina.look(path).id, **columns)

    def change_blob(self, path: str, **columns: object) -> None:
        self.world.tamper(t.blob, t.blob.c.id == self.blob(path), **columns)


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Home]:
    with safekeeping(database_url, tmp_path) as world:
        amina = world.beneficiary("amina", "fr")
        bilal = world.beneficiary("bilal")
        karim = world.professional("karim", world.structure("ccas"))
        amina.put("/Santé/ordonnance.txt", SMALL)
        amina.put("/Santé/ordonnance.txt", SMALL + b", and more")
        amina.put("/Logement/bail.pdf", LARGE)
        amina.put("/Logement/bail.pdf", LARGE + b"!")
        amina.put("/Logement/vieux.pdf", LARGE)
        amina.delete("/Logement/vieux.pdf")
        world.share(amina, karim, "/Logement")
        karim.put("/Name of amina/Logement/note.txt", b"from karim")
        amina.mkcol("/locked")
        amina.lock("/locked")
        bilal.put("/secret.txt", b"bilal's own")
        yield Home(world, amina, bilal, karim)


def test_a_healthy_instance_has_no_troubles_shallow_or_deep(home: Home) -> None:
    assert home.world.troubles(deep=False) == []
    assert home.world.troubles(deep=True) == []
    assert home.world.check("amina").vaults == 1
    assert home.world.check().vaults == 2


def test_ways_of_saving_and_removing_leave_no_troubles(home: Home) -> None:
    amina = home.amina
    amina.put("/Travail/tmp", LARGE)
    amina.put("/Travail/cv.odt", b"one")
    amina.put("/Travail/cv.odt", b"two")
    amina.put("/Travail/tmp", b"three")
    amina.move("/Travail/tmp", "/Travail/cv.odt")
    amina.move("/Travail/cv.odt", "/Travail/cv.bak")
    amina.put("/Travail/cv.odt", b"four")
    amina.delete("/Travail/cv.bak")
    amina.copy("/Travail", "/Copie")
    amina.move("/Copie", "/Ailleurs")
    amina.delete("/Ailleurs")
    assert amina.get("/Travail/cv.odt") == b"four"
    assert home.world.troubles() == []


def test_what_is_thinned_to_make_room_is_told_and_no_trouble(
    database_url: str, tmp_path: Path
) -> None:
    with safekeeping(database_url, tmp_path) as world:
        amina = world.beneficiary("amina", quota=1_000_000)
        for number in range(12):
            amina.put("/a.bin", bytes([number]) * 200_000)
        amina.mkcol("/old")
        amina.put("/old/b.bin", bytes(400_000))
        amina.delete("/old")
        amina.put("/c.bin", bytes(700_000))
        gone = [one for one in world.rows(t.blob) if one["state"] == "dead"]
        assert len(gone) >= 10
        assert world.rows(t.node, t.node.c.state == "trash") == []
        assert world.troubles() == []


# ── broken, one by one ──────────────────────────────────────────────────────────────────────────

Break = Callable[[Home], object]


def _without(home: Home, table: object, where: object) -> None:
    home.world.db.write(lambda tx: tx.execute(delete(table).where(where)))  # type: ignore[arg-type]


def _remove_node(home: Home) -> None:
    node = home.node("/Santé/ordonnance.txt")["id"]
    _without(home, t.node_version, t.node_version.c.node_id == node)
    _without(home, t.node, t.node.c.id == node)


def _old_row(home: Home) -> None:
    before = home.node("/Travail")
    home.amina.move("/Travail", "/Emploi")
    home.world.tamper(t.node, t.node.c.id == before["id"], **before)


def _circle(home: Home) -> None:
    """Two genuine rows of different times: each holds the other."""
    home.amina.mkcol("/a")
    home.amina.mkcol("/b")
    home.amina.move("/a", "/b/a")
    inside = home.node("/b/a")
    home.amina.move("/b/a", "/a")
    home.amina.move("/b", "/a/b")
    home.world.tamper(t.node, t.node.c.id == inside["id"], **inside)


def _swap_blob_files(home: Home) -> None:
    home.amina.put("/x.pdf", LARGE[::-1] + b"!")
    one, other = (home.world.bytes_of(home.blob(p)) for p in ("/Logement/bail.pdf", "/x.pdf"))
    one_bytes, other_bytes = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_bytes)
    other.write_bytes(one_bytes)


def _version_gone(home: Home) -> None:
    node = home.node("/Logement/bail.pdf")["id"]
    (version,) = home.world.rows(t.node_version, t.node_version.c.node_id == node)
    _without(home, t.node_version, t.node_version.c.node_id == node)
    _without(home, t.blob, t.blob.c.id == version["blob_id"])
    home.world.bytes_of(version["blob_id"]).unlink()
    home.world.db.write(
        lambda tx: tx.execute(
            update(t.vault)
            .where(t.vault.c.id == home.world.vault_of(home.amina))
            .values(used=t.vault.c.used - len(LARGE) - 128 - 4 * 16)
        )
    )


def _unknown_bytes(home: Home) -> None:
    place = home.world.bytes_of(b"0123456789abcdef")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"who put this here?")


def _truncated(home: Home) -> None:
    file = home.world.bytes_of(home.blob("/Logement/bail.pdf"))
    file.write_bytes(file.read_bytes()[:-1])


def _flipped(home: Home) -> None:
    file = home.world.bytes_of(home.blob("/Logement/bail.pdf"))
    raw = bytearray(file.read_bytes())
    raw[100_000] ^= 1
    file.write_bytes(raw)


def _unended(home: Home) -> None:
    (grant,) = home.world.rows(t.grant)
    home.world.sharing.end(home.amina.who, grant["id"], home.world.clock())
    home.world.tamper(t.grant, t.grant.c.id == grant["id"], **grant)


def _forged_grant(home: Home) -> None:
    (grant,) = home.world.rows(t.grant)
    row = grant | {"id": bytes(16), "used": 0, "node_id": home.node("/Santé")["id"]}
    home.world.db.write(lambda tx: tx.execute(insert(t.grant).values(row)))


def _extra_blob(home: Home) -> None:
    row = home.world.row(t.blob, t.blob.c.id == home.blob("/Santé/ordonnance.txt"))
    copy = row | {"id": bytes(16)}
    home.world.db.write(lambda tx: tx.execute(insert(t.blob).values(copy)))


def _lose_lock(home: Home) -> None:
    other = home.node("/Santé")["id"]
    home.world.tamper(t.lock, t.lock.c.vault_id.is_not(None), node_id=other)


BREAKS: dict[str, tuple[Break, set[tuple[str, str]]]] = {
    "record": (
        lambda h: h.change("/Travail", rec_ct=bytes(80)),
        {("altered", "node"), ("changed-row", "node")},
    ),
    "etag": (lambda h: h.change("/Travail", etag=bytes(16)), {("altered", "node")}),
    "node-removed": (
        _remove_node,
        {("vanished-row", "node"), ("vanished-row", "node_version"), ("unnamed-blob", "blob")},
    ),
    "old-row": (_old_row, {("old-row", "node")}),
    "circle": (_circle, {("circle", "node"), ("old-row", "node")}),
    "trash-marks": (
        lambda h: h.change("/Travail", trashed_at=1), {("altered", "node")}
    ),
    "left-marks": (lambda h: h.change("/Travail", left_at=1), {("altered", "node")}),
    "version-removed": (_version_gone, {("vanished-row", "node_version")}),
    "inline-removed": (
        lambda h: h.change_blob("/Santé/ordonnance.txt", inline_ct=None), {("lost-blob", "blob")}
    ),
    "file-removed": (
        lambda h: h.world.bytes_of(h.blob("/Logement/bail.pdf")).unlink(), {("lost-blob", "blob")}
    ),
    "file-cut": (
        _truncated,
        {("wrong-length", "blob"), ("wrong-digest", "blob"), ("wrong-content", "blob")},
    ),
    "file-flipped": (_flipped, {("wrong-digest", "blob"), ("wrong-content", "blob")}),
    "files-swapped": (_swap_blob_files, {("wrong-digest", "blob"), ("wrong-content", "blob")}),
    "digest": (
        lambda h: h.change_blob("/Logement/bail.pdf", digest=bytes(32)), {("wrong-digest", "blob")}
    ),
    "blob-dead": (
        lambda h: h.change_blob("/Logement/bail.pdf", state="dead"),
        {("unfit-blob-row", "blob"), ("wrong-sum", "vault"), ("wrong-content", "blob")},
    ),
    "blob-state": (
        lambda h: h.change_blob("/Logement/bail.pdf", state="?"),
        {("unfit-blob-row", "blob"), ("wrong-sum", "vault")},
    ),
    "blob-size": (
        lambda h: h.change_blob("/Logement/bail.pdf", size_cipher=1),
        {("unfit-blob-row", "blob"), ("wrong-sum", "vault")},
    ),
    "blob-payer": (
        lambda h: h.change_blob("/Logement/bail.pdf", charged_to=bytes(16)),
        {("stray", "grant"), ("wrong-sum", "vault")},
    ),
    "blob-extra": (_extra_blob, {("unnamed-blob", "blob"), ("wrong-sum", "vault")}),
    "unknown-bytes": (_unknown_bytes, {("unknown-bytes", "blob")}),
    "used": (
        lambda h: h.world.tamper(t.vault, t.vault.c.used > 0, used=1), {("wrong-sum", "vault")}
    ),
    "grant-used": (
        lambda h: h.world.tamper(t.grant, t.grant.c.used > 0, used=1), {("wrong-sum", "grant")}
    ),
    "grant-right": (
        lambda h: h.world.tamper(t.grant, t.grant.c.used > 0, right="read"), {("forged", "grant")}
    ),
    "grant-unended": (_unended, {("old-row", "grant")}),
    "grant-forged": (_forged_grant, {("forged", "grant"), ("untold-row", "grant")}),
    "owner": (
        lambda h: h.world.tamper(t.vault, t.vault.c.quota > 0, quota=1),
        {("forged", "vault"), ("locked-up", "vault")},
    ),
    "key-wrap": (
        lambda h: h.world.tamper(t.key_wrap, t.key_wrap.c.epoch == 1, alg="?"),
        {("forged", "key_wrap"), ("locked-up", "vault")},
    ),
    "person": (
        lambda h: h.world.tamper(t.person, t.person.c.login == "karim", role="administrator"),
        {("forged", "person")},
    ),
    "lock": (_lose_lock, {("lock-astray", "lock")}),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_what_somebody_broke_is_named(home: Home, name: str) -> None:
    break_it, expected = BREAKS[name]
    break_it(home)
    assert set(home.world.troubles()) == expected


def test_a_shallow_check_reads_no_content(home: Home) -> None:
    _flipped(home)
    assert home.world.troubles(deep=False) == []


def test_one_vault_can_be_checked_alone(home: Home) -> None:
    home.change("/Travail", etag=bytes(16))
    assert home.world.troubles("bilal") == []
    assert home.world.troubles("amina") == [("altered", "node")]


def test_a_trouble_names_ids_and_owners_but_no_documents(home: Home) -> None:
    home.change("/Santé/ordonnance.txt", rec_ct=bytes(80))
    (one, *_) = home.world.check().troubles
    assert one.login == "amina"
    assert home.node("/Logement")["id"].hex() not in one.where  # type: ignore[attr-defined]
    assert "ordonnance" not in repr(home.world.check())


def test_a_check_changes_nothing_that_it_found(home: Home) -> None:
    home.change("/Travail", etag=bytes(16))
    _truncated(home)
    first = home.world.check().troubles
    assert home.world.check().troubles == first


def test_a_check_is_in_the_trail_of_the_instance(home: Home) -> None:
    home.world.check("amina")
    from davserver.trail import INSTANCE

    with home.world.db.read() as tx:
        entries = home.world.tools.trail.entries(
            tx, INSTANCE, limit=1, names=lambda ids: home.world.registered.logins(tx, ids)
        )
    assert entries[0].what == "operator"
    assert entries[0].details["command"] == "vault check"
    assert entries[0].details["operator"] == "tests"


def test_a_damaged_trail_does_not_keep_a_check_from_telling(home: Home) -> None:
    home.world.tamper(t.trail_head, t.trail_head.c.seq > 0, mac=bytes(32))
    codes = home.world.codes()
    assert codes == {"trail-forged-head"}


def test_a_trail_that_was_rewritten_is_part_of_the_report(home: Home) -> None:
    vault = home.world.vault_of(home.amina)
    at = (t.trail.c.vault_id == vault) & (t.trail.c.seq == 2)
    home.world.tamper(t.trail, at, rows=b"what?")
    assert home.world.codes() == {"trail-changed", "no-telling"}


def test_progress_is_told_in_stored_bytes_and_ends_at_the_whole(home: Home) -> None:
    told: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        told.append((done, total))

    home.world.keeping.check(
        home.world.operator, None, home.world.clock(), deep=True, progress=note
    )
    assert told[-1][0] == told[-1][1] > 3 * len(LARGE)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    told.clear()
    home.world.keeping.check(
        home.world.operator, None, home.world.clock(), deep=False, progress=note
    )
    assert told == [(1, 2), (2, 2)]


def test_a_check_of_nobody_or_of_somebody_without_a_vault_says_so(home: Home) -> None:
    with pytest.raises(NotFound, match="nobody has the login"):
        home.world.check("nobody")
    with pytest.raises(BadInput, match="no vault"):
        home.world.check("karim")


def test_only_administrators_and_operators_may_check(home: Home) -> None:
    with pytest.raises(NotFound):
        home.world.keeping.check(home.amina.who, None, home.world.clock(), deep=False)
    with pytest.raises(NotFound):
        home.world.keeping.vaults(home.karim.who, home.world.clock())
