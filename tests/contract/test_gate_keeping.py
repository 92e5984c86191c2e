"""What operators do for people: see how vaults are, get things back, break locks."""

import pytest

from davserver.db import tables as t
from davserver.domain.drive import TrailEntry
from davserver.domain.errors import (
    AlreadyThere,
    BadInput,
    Locked,
    NoParent,
    NotFound,
    NotLocked,
    Reason,
    Refused,
)
from davserver.domain.ids import LockId, NodeId
from davserver.domain.nodes import Kind
from davserver.domain.paths import DrivePath
from davserver.gate.recovery.vault_views import TrashView
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping

BAIL = "/Logement/bail.pdf"


@pytest.fixture
def karim(world: Safekeeping, amina: Drive) -> Drive:
    karim = world.professional("karim", world.structure("ccas"))
    world.share(amina, karim, "/Logement")
    return karim


def path(text: str) -> DrivePath:
    return DrivePath.parse(text)


def trail(world: Safekeeping, amina: Drive) -> list[TrailEntry]:
    with world.db.read() as tx:
        return world.tools.trail.entries(
            tx,
            world.vault_of(amina),
            limit=100,
            names=lambda ids: world.registered.logins(tx, ids),
        )


def last(world: Safekeeping, amina: Drive) -> tuple[str, str, str, str]:
    """What, where, who, and by which operator."""
    entry = trail(world, amina)[-1]
    return entry.what, entry.path, entry.who_login, entry.details.get("operator", "")


def the_trash(world: Safekeeping, owner: Drive) -> dict[str, TrashView]:
    return {str(one.path): one for one in world.keeping.trash(world.for_(owner))}


# ── list ────────────────────────────────────────────────────────────────────────────────────────


def test_vaults_are_listed_by_owner_with_numbers_only(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    bilal = world.beneficiary("bilal", quota=1000)
    amina.put(BAIL, b"one")
    amina.put(BAIL, b"two")
    karim.put("/Name of amina/Logement/note.txt", b"from karim")
    amina.put("/a.txt", b"x")
    amina.delete("/a.txt")
    first, second = world.keeping.vaults(world.operator, world.clock())
    assert (first.owner, first.id, first.files) == ("amina", world.vault_of(amina), 2)
    assert first.folders == len([n for n in amina.names() if amina.look(f"/{n}").is_folder])
    assert (first.versions, first.trash) == (1, 1)
    assert first.used == 3 + 3 + 1 + 3 * 144
    assert (second.owner, second.quota, second.files, second.used) == ("bilal", 1000, 0, 0)
    assert bilal.names() == []


def test_a_vault_whose_account_was_tampered_with_is_listed_without_a_name(
    world: Safekeeping, amina: Drive
) -> None:
    world.tamper(t.person, t.person.c.login == "amina", role="professional")
    (only,) = world.keeping.vaults(world.operator, world.clock())
    assert only.owner == ""


# ── versions ────────────────────────────────────────────────────────────────────────────────────


def test_earlier_versions_are_listed_and_the_listing_is_told(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.put(BAIL, b"one")
    world.clock.passes(hours=1)
    karim.put("/Name of amina/Logement/bail.pdf", b"longer")
    world.clock.passes(hours=1)
    amina.put(BAIL, b"three")
    latest, first = world.keeping.versions(world.for_(amina), path(BAIL))
    assert (latest.size, latest.author) == (6, "karim")
    assert (first.size, first.author) == (3, "amina")
    assert first.written < first.replaced == latest.written < latest.replaced
    assert last(world, amina) == ("operator", BAIL, "amina", "tests")
    assert trail(world, amina)[-1].details["command"] == "versions"


def test_an_earlier_version_comes_back_and_the_present_one_is_kept(
    world: Safekeeping, amina: Drive
) -> None:
    first = amina.put(BAIL, b"one").entry
    amina.put(BAIL, b"two")
    (old,) = world.keeping.versions(world.for_(amina), path(BAIL))
    world.keeping.restore_version(world.for_(amina), path(BAIL), old.number)
    assert last(world, amina) == ("restore", BAIL, "amina", "tests")
    assert amina.get(BAIL) == b"one"
    assert amina.look(BAIL).id == first.id
    assert amina.look(BAIL).etag != first.etag
    (other,) = world.keeping.versions(world.for_(amina), path(BAIL))
    world.keeping.restore_version(world.for_(amina), path(BAIL), other.number)
    assert amina.get(BAIL) == b"two"
    assert world.troubles() == []


def test_there_are_no_versions_of_folders_of_nothing_or_of_that_number(
    world: Safekeeping, amina: Drive
) -> None:
    amina.put(BAIL, b"one")
    who = world.for_(amina)
    with pytest.raises(BadInput, match="folder"):
        world.keeping.versions(who, path("/Logement"))
    with pytest.raises(NotFound):
        world.keeping.versions(who, path("/nothing.pdf"))
    with pytest.raises(NotFound, match="version"):
        world.keeping.restore_version(who, path(BAIL), 77)
    assert [entry.what for entry in trail(world, amina)][-1] == "write"


def test_a_lock_keeps_operators_from_changing_a_document(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.put(BAIL, b"one")
    amina.put(BAIL, b"two")
    karim.lock("/Name of amina/Logement/bail.pdf")
    (old,) = world.keeping.versions(world.for_(amina), path(BAIL))
    with pytest.raises(Locked):
        world.keeping.restore_version(world.for_(amina), path(BAIL), old.number)
    assert amina.get(BAIL) == b"two"


# ── trash ───────────────────────────────────────────────────────────────────────────────────────


def test_the_trash_says_where_things_were(world: Safekeeping, amina: Drive) -> None:
    amina.put(BAIL, b"one")
    amina.delete(BAIL)
    world.clock.passes(hours=1)
    amina.delete("/Logement")
    latest, first = world.keeping.trash(world.for_(amina))
    assert (str(latest.path), latest.kind, latest.size) == ("/Logement", Kind.FOLDER, None)
    assert (str(first.path), first.kind, first.size) == (BAIL, Kind.FILE, 3)
    assert first.since < latest.since
    assert last(world, amina)[0] == "operator"


def test_what_was_removed_comes_back_where_it_was(world: Safekeeping, amina: Drive) -> None:
    before = amina.put(BAIL, b"one").entry
    amina.delete(BAIL)
    thing = the_trash(world, amina)[BAIL]
    assert str(world.keeping.restore_trash(world.for_(amina), thing.id, None)) == BAIL
    assert last(world, amina) == ("restore", BAIL, "amina", "tests")
    assert amina.get(BAIL) == b"one"
    assert amina.look(BAIL).id == before.id
    assert the_trash(world, amina) == {}
    assert world.troubles() == []


def test_a_folder_comes_back_elsewhere_with_all_that_is_in_it(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.put(BAIL, b"one")
    amina.delete("/Logement")
    assert karim.names() == []
    thing = the_trash(world, amina)["/Logement"]
    world.keeping.restore_trash(world.for_(amina), thing.id, path("/Travail/Ancien logement"))
    assert amina.get("/Travail/Ancien logement/bail.pdf") == b"one"
    # What was shared is shared again: the grant is on the thing, not on its place.
    assert karim.get("/Name of amina/Logement/bail.pdf") == b"one"
    assert world.troubles() == []


def test_a_restored_thing_keeps_the_category_that_it_had(world: Safekeeping, amina: Drive) -> None:
    amina.put("/Santé/a.txt", b"x")
    amina.delete("/Santé/a.txt")
    karim = world.professional("karim", ccas := world.structure("ccas"))
    world.share(amina, ccas, "/Logement")
    thing = the_trash(world, amina)["/Santé/a.txt"]
    world.keeping.restore_trash(world.for_(amina), thing.id, path("/Logement/a.txt"))
    assert amina.get("/Logement/a.txt") == b"x"
    assert karim.names("/Name of amina/Logement") == []


def test_things_come_back_to_free_places_only(world: Safekeeping, amina: Drive) -> None:
    amina.put(BAIL, b"one")
    amina.delete(BAIL)
    amina.put(BAIL, b"another")
    thing, who = the_trash(world, amina)[BAIL], world.for_(amina)
    with pytest.raises(AlreadyThere, match=r"bail\.pdf"):
        world.keeping.restore_trash(who, thing.id, None)
    with pytest.raises(AlreadyThere):
        world.keeping.restore_trash(who, thing.id, path("/Travail"))
    with pytest.raises(NoParent):
        world.keeping.restore_trash(who, thing.id, path("/nowhere/a.pdf"))
    with pytest.raises(Refused) as refused:
        world.keeping.restore_trash(who, thing.id, path("/Travail/~$a.docx"))
    assert refused.value.reason is Reason.SCRATCH
    amina.delete("/Logement")
    with pytest.raises(NoParent, match="gone"):
        world.keeping.restore_trash(who, thing.id, None)
    assert world.keeping.restore_trash(who, thing.id, path("/bail.pdf")) == path("/bail.pdf")
    assert amina.get("/bail.pdf") == b"one"


def test_only_what_is_in_this_trash_is_restored(world: Safekeeping, amina: Drive) -> None:
    bilal = world.beneficiary("bilal")
    bilal.put("/b.txt", b"bilal's")
    bilal.delete("/b.txt")
    amina.put(BAIL, b"one")
    others = the_trash(world, bilal)["/b.txt"].id
    for node in (others, NodeId(amina.look(BAIL).id), NodeId(bytes(16))):
        with pytest.raises(NotFound, match="trash"):
            world.keeping.restore_trash(world.for_(amina), node, path("/b.txt"))


def test_an_altered_row_spoils_no_listing(world: Safekeeping, amina: Drive) -> None:
    for name in ("/a.txt", "/b.txt"):
        amina.put(name, b"one")
        amina.put(name, b"two")
        amina.delete(name)
    bad = the_trash(world, amina)["/a.txt"].id
    world.tamper(t.node, t.node.c.id == bad, etag=bytes(16))
    assert set(the_trash(world, amina)) == {"/b.txt"}
    amina.put(BAIL, b"one")
    amina.put(BAIL, b"two")
    amina.put(BAIL, b"three")
    one, _ = world.keeping.versions(world.for_(amina), path(BAIL))
    at = (t.node_version.c.node_id == amina.look(BAIL).id) & (
        t.node_version.c.version == one.number
    )
    world.tamper(t.node_version, at, etag=bytes(16))
    assert [v.size for v in world.keeping.versions(world.for_(amina), path(BAIL))] == [3]


# ── locks ───────────────────────────────────────────────────────────────────────────────────────


def test_locks_are_listed_and_broken_on_behalf_of_the_owner(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.put(BAIL, b"one")
    karim.lock("/Name of amina/Logement/bail.pdf")
    amina.lock("/Travail", deep=True)
    first, second = world.keeping.locks(world.for_(amina))
    assert (str(first.path), first.holder, first.owner) == (BAIL, "karim", "somebody")
    assert (str(second.path), second.holder, second.deep) == ("/Travail", "amina", True)
    assert last(world, amina)[0] == "operator"
    with pytest.raises(Locked):
        amina.put(BAIL, b"two")
    broken = world.keeping.break_lock(world.for_(amina), first.id)
    assert broken == first
    entry = trail(world, amina)[-1]
    assert (entry.what, entry.path) == ("lock-break", BAIL)
    assert (entry.details["person"], entry.details["operator"]) == ("karim", "tests")
    amina.put(BAIL, b"two")
    assert [one.id for one in world.keeping.locks(world.for_(amina))] == [second.id]


def test_an_owner_breaks_a_lock_without_any_operator(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    karim.lock("/Name of amina/Logement")
    (lock,) = world.keeping.locks(world.for_(amina))
    world.keeping.break_lock(amina.who, lock.id)
    assert world.rows(t.lock) == []


def test_a_lock_that_is_not_there_or_somewhere_else_is_not_broken(
    world: Safekeeping, amina: Drive
) -> None:
    bilal = world.beneficiary("bilal")
    bilal.mkcol("/a")
    bilal.lock("/a")
    (lock,) = world.keeping.locks(world.for_(bilal))
    for one in (lock.id, LockId(bytes(16))):
        with pytest.raises(NotLocked):
            world.keeping.break_lock(world.for_(amina), one)
    world.clock.passes(hours=2)
    with pytest.raises(NotLocked, match="run out"):
        world.keeping.break_lock(world.for_(bilal), lock.id)


def test_a_lock_on_what_cannot_be_reached_is_listed_without_a_path_and_broken(
    world: Safekeeping, amina: Drive
) -> None:
    amina.mkcol("/Travail/a")
    amina.lock("/Travail/a")
    world.tamper(t.node, t.node.c.id == amina.look("/Travail").id, etag=bytes(16))
    (lock,) = world.keeping.locks(world.for_(amina))
    assert lock.path is None
    world.keeping.break_lock(world.for_(amina), lock.id)
    assert world.keeping.locks(world.for_(amina)) == []


# ── who may ─────────────────────────────────────────────────────────────────────────────────────


def test_whoever_has_no_vault_has_nothing_to_get_back(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.put(BAIL, b"one")
    karim.put("/Name of amina/Logement/bail.pdf", b"two")
    for who in (world.for_(karim), karim.who):
        for ask in (world.keeping.trash, world.keeping.locks):
            with pytest.raises(BadInput, match="no vault"):
                ask(who)
        shared = path("/Name of amina/Logement/bail.pdf")
        with pytest.raises(BadInput, match="no vault"):
            world.keeping.versions(who, shared)
        with pytest.raises(BadInput, match="no vault"):
            world.keeping.restore_version(who, shared, 1)


def test_a_blocked_account_gets_nothing_back_until_it_is_opened(
    world: Safekeeping, amina: Drive
) -> None:
    amina.put(BAIL, b"one")
    amina.delete(BAIL)
    thing = the_trash(world, amina)[BAIL]
    world.people.disable(world.operator, "amina", world.clock())
    with pytest.raises(Refused) as refused:
        world.keeping.restore_trash(world.for_(amina), thing.id, None)
    assert refused.value.reason is Reason.POLICY
