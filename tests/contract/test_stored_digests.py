"""Damage is found by the digest that each blob was stored with, old and new side by side."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from davserver.db import tables as t
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping, safekeeping

pytestmark = pytest.mark.slow

SIZES = {"/small.txt": 300, "/one chunk.bin": 65_536, "/large.bin": 1_700_000}
BY_WORD: dict[str, Callable[[bytes], bytes]] = {
    "sha-256": lambda stored: hashlib.sha256(stored).digest(),
    "blake3": lambda stored: blake3(stored).digest(),
}
FOUND = {("wrong-digest", "blob"), ("wrong-content", "blob")}


def plain_of(path: str) -> bytes:
    return hashlib.shake_128(path.encode()).digest(SIZES[path])


class Shelf:
    """One person's vault: two files of each size, of which one is as an earlier version left it."""

    def __init__(self, world: Safekeeping) -> None:
        self.world = world
        self.amina: Drive = world.beneficiary("amina")
        self.paths = [f"/{age}{path}" for age in ("old", "new") for path in SIZES]
        self.amina.mkcol("/old")
        self.amina.mkcol("/new")
        for path in self.paths:
            self.amina.put(path, plain_of(path[4:]))
        for path in self.paths[: len(SIZES)]:
            stored = self.stored(path)
            self.change(path, digest_alg="sha-256", digest=BY_WORD["sha-256"](stored))

    def row(self, path: str) -> dict[str, object]:
        node = self.world.row(t.node, t.node.c.id == self.amina.look(path).id)
        return self.world.row(t.blob, t.blob.c.id == node["blob_id"])

    def stored(self, path: str) -> bytes:
        inline, blob = self.row(path)["inline_ct"], self.blob(path)
        return inline if isinstance(inline, bytes) else self.world.bytes_of(blob).read_bytes()

    def blob(self, path: str) -> bytes:
        blob = self.row(path)["id"]
        assert isinstance(blob, bytes)
        return blob

    def change(self, path: str, **columns: object) -> None:
        self.world.tamper(t.blob, t.blob.c.id == self.blob(path), **columns)

    def store(self, path: str, stored: bytes) -> None:
        if self.row(path)["inline_ct"] is None:
            self.world.bytes_of(self.blob(path)).write_bytes(stored)
        else:
            self.change(path, inline_ct=stored)

    def holds(self, path: str) -> bool:
        """As anybody can find out who has the row and the bytes, and no key."""
        row = self.row(path)
        return BY_WORD[str(row["digest_alg"])](self.stored(path)) == row["digest"]

    def words(self) -> dict[str, str]:
        return {path: str(self.row(path)["digest_alg"]) for path in self.paths}


@pytest.fixture
def shelf(database_url: str, tmp_path: Path) -> Iterator[Shelf]:
    with safekeeping(database_url, tmp_path) as world:
        yield Shelf(world)


def test_a_vault_of_old_and_new_contents_is_healthy(shelf: Shelf) -> None:
    assert shelf.words() == {
        path: "sha-256" if path.startswith("/old") else "blake3" for path in shelf.paths
    }
    assert all(shelf.holds(path) for path in shelf.paths)
    assert shelf.world.troubles() == []


def test_what_is_written_anew_gets_the_new_digest_and_nothing_else_changes_its_own(
    shelf: Shelf,
) -> None:
    shelf.amina.copy("/old", "/copied")
    shelf.amina.move("/old", "/moved")
    shelf.amina.put("/moved/small.txt", b"a second version")
    for path in SIZES:
        assert shelf.row(f"/copied{path}")["digest_alg"] == "blake3"
        assert shelf.holds(f"/copied{path}")
        assert shelf.amina.get(f"/copied{path}") == plain_of(path)
    assert shelf.row("/moved/small.txt")["digest_alg"] == "blake3"
    assert shelf.row("/moved/large.bin")["digest_alg"] == "sha-256"
    words = sorted(row["digest_alg"] for row in shelf.world.rows(t.blob))
    assert words == ["blake3"] * 7 + ["sha-256"] * 3
    assert shelf.world.troubles() == []


@pytest.mark.parametrize("at", [40, 128, -1])
def test_a_flipped_bit_is_found_without_a_key_by_either_digest(shelf: Shelf, at: int) -> None:
    for path in shelf.paths:
        good = shelf.stored(path)
        bad = bytearray(good)
        bad[at] ^= 1
        shelf.store(path, bytes(bad))
        assert not shelf.holds(path)
        assert set(shelf.world.troubles()) == FOUND, path
        shelf.store(path, good)
    assert shelf.world.troubles() == []


def test_a_row_that_names_the_other_digest_is_found(shelf: Shelf) -> None:
    for path in shelf.paths:
        word = str(shelf.row(path)["digest_alg"])
        (other,) = BY_WORD.keys() - {word}
        shelf.change(path, digest_alg=other)
        assert not shelf.holds(path)
        assert shelf.world.troubles() == [("wrong-digest", "blob")], path
        shelf.change(path, digest_alg=word)
    assert shelf.world.troubles() == []


@pytest.mark.parametrize("word", ["blake4", "SHA-256"])
def test_a_digest_that_nobody_knows_is_said_to_be_that_and_the_content_opens(
    shelf: Shelf, word: str
) -> None:
    path = "/new/large.bin"
    shelf.change(path, digest_alg=word)
    for deep in (False, True):
        (trouble,) = shelf.world.check(deep=deep).troubles
        assert trouble.code == "unfit-blob-row"
        assert "digest_alg" in trouble.text
    assert shelf.amina.get(path) == plain_of("/large.bin")


def test_damage_is_found_where_its_digest_cannot_be_compared(shelf: Shelf) -> None:
    """The seal is asked in any case."""
    shelf.change("/new/large.bin", digest_alg="of another day")
    bad = bytearray(shelf.stored("/new/large.bin"))
    bad[1_000_000] ^= 1
    shelf.store("/new/large.bin", bytes(bad))
    assert set(shelf.world.troubles()) == {("unfit-blob-row", "blob"), ("wrong-content", "blob")}


def _flip(shelf: Shelf, path: str) -> None:
    bad = bytearray(shelf.stored(path))
    bad[-1] ^= 1
    shelf.store(path, bytes(bad))


def test_damage_is_found_in_a_vault_that_does_not_open(shelf: Shelf) -> None:
    """An administrator whose keys are lost still learns which blobs a backup must replace."""
    lost = shelf.blob("/new/large.bin")
    for path in ("/old/large.bin", "/new/small.txt"):
        _flip(shelf, path)
    bad = {shelf.blob(path) for path in ("/old/large.bin", "/new/small.txt")}
    shelf.world.bytes_of(lost).unlink()
    shelf.world.tamper(t.vault, t.vault.c.quota > 0, quota=1)
    closed = [("forged", "vault"), ("locked-up", "vault")]
    assert shelf.world.troubles(deep=False) == closed
    found = shelf.world.check().troubles
    named = {(one.code, one.where) for one in found if one.where.startswith("blob ")}
    assert named == {
        ("lost-blob", f"blob {lost.hex()}"),
        *(("wrong-digest", f"blob {one.hex()}") for one in bad),
    }
    assert len(found) == len(closed) + len(named)


def test_damage_is_found_in_a_content_whose_row_does_not_open(shelf: Shelf) -> None:
    node = shelf.amina.look("/old/one chunk.bin").id
    _flip(shelf, "/old/one chunk.bin")
    shelf.world.tamper(t.node, t.node.c.id == node, rec_ct=bytes(80))
    assert set(shelf.world.troubles()) == {
        ("altered", "node"),
        ("changed-row", "node"),
        ("wrong-digest", "blob"),
    }
