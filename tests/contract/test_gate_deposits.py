"""Deposits: what a professional puts in without looking, and what they see of it, for how long."""

from collections.abc import Callable

import pytest

from davserver.domain.actions import Action, Right
from davserver.domain.conditions import Any, Conditions, ETagTerm
from davserver.domain.drive import GrantView, Patch, PropertyChange
from davserver.domain.errors import (
    AlreadyThere,
    BadInput,
    Locked,
    NoParent,
    NotFound,
    NotLocked,
    Refused,
)
from davserver.domain.grants import ToPerson
from davserver.domain.paths import DrivePath
from davserver.gate.sharing import Sharing
from tests.support.accounts import something_changes
from tests.support.drive import Body, Drive, World

IN = "/Name of amina/Logement"
LARGE = bytes(300_000)


@pytest.fixture
def amina(world: World) -> Drive:
    made = world.beneficiary("amina", "fr")
    made.put("/Logement/bail.pdf", b"the owner's")
    made.mkcol("/Logement/2025")
    made.put("/Logement/2025/quittance.pdf", b"the owner's too")
    return made


@pytest.fixture
def karim(world: World, amina: Drive) -> Drive:
    """May put into /Logement."""
    made = world.professional("karim", world.accounts.add_structure("ccas-lyon"))
    world.grant(amina, made, "/Logement", Right.DEPOSIT)
    return made


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.reason.value


def describe(drive: Drive, path: str, value: str = "<a xmlns='urn:x'>1</a>") -> object:
    changes = Patch((PropertyChange("{urn:x}a", value),))
    return drive.world.writing.set_properties(
        drive.who, DrivePath.parse(path), changes, Conditions(), drive.world.clock()
    )


# ── giving ──────────────────────────────────────────────────────────────────────────────────────


def test_only_a_folder_takes_deposits(world: World, amina: Drive) -> None:
    lea, sharing = world.professional("lea"), Sharing(world.tools, 1_000_000)

    def give(path: str) -> GrantView:
        return sharing.add(
            amina.who,
            to=ToPerson(lea.person.id),
            path=DrivePath.parse(path),
            right=Right.DEPOSIT,
            until=None,
            now=world.clock(),
        )

    with pytest.raises(BadInput, match=r"/Logement/bail\.pdf is a file"):
        give("/Logement/bail.pdf")
    assert give("/Logement").right is Right.DEPOSIT
    assert lea.put(f"{IN}/a.pdf", b"one").created


# ── what is seen ────────────────────────────────────────────────────────────────────────────────


def test_a_depositor_sees_the_folder_and_nothing_that_is_in_it(karim: Drive) -> None:
    assert karim.names() == ["Name of amina"]
    assert karim.names("/Name of amina") == ["Logement"]
    assert karim.names(IN) == []
    for hidden in ("bail.pdf", "2025", "2025/quittance.pdf"):
        with pytest.raises(NotFound):
            karim.look(f"{IN}/{hidden}")


@pytest.mark.parametrize("plain", [b"an attestation", LARGE], ids=["small", "large"])
def test_a_deposit_shows_its_name_size_and_etag_to_whoever_made_it(
    karim: Drive, plain: bytes
) -> None:
    written = karim.put(f"{IN}/attestation.pdf", plain)
    assert written.created
    _, children = karim.list(IN)
    assert [one.path.name for one in children] == ["attestation.pdf"]
    assert (children[0].size, children[0].etag) == (len(plain), written.entry.etag)
    assert children[0].may >= {Action.PUT, Action.LOCK, Action.MOVE, Action.RECALL}
    assert not children[0].may & {Action.GET, Action.DELETE, Action.GRANT}
    assert children[0] == karim.look(f"{IN}/attestation.pdf")


def test_a_deposit_is_replaced_but_never_read(amina: Drive, karim: Drive) -> None:
    first = karim.put(f"{IN}/a.pdf", b"one").entry
    second = karim.put(f"{IN}/a.pdf", b"two", Conditions(if_match=(ETagTerm(first.etag, False),)))
    assert not second.created
    assert second.entry.id == first.id
    assert refused(lambda: karim.get(f"{IN}/a.pdf")) == "deposit-only"
    assert refused(lambda: karim.copy(f"{IN}/a.pdf", f"{IN}/b.pdf")) == "deposit-only"
    assert amina.get("/Logement/a.pdf") == b"two"


def test_a_deposit_is_absent_for_its_maker_when_the_window_closes(
    world: World, amina: Drive, karim: Drive
) -> None:
    empty = karim.look(IN).etag
    karim.put(f"{IN}/a.pdf", b"one")
    full = karim.look(IN)
    world.clock.passes(hours=23, minutes=59)
    assert karim.names(IN) == ["a.pdf"]
    assert karim.look(IN) == full
    world.clock.passes(minutes=1)
    assert karim.names(IN) == []
    assert karim.look(IN).etag == empty != full.etag
    for act in (karim.get, karim.look, karim.delete):
        with pytest.raises(NotFound):
            act(f"{IN}/a.pdf")
    assert karim.put(f"{IN}/a.pdf", b"again").created
    assert amina.get("/Logement/a.pdf") == b"one"
    assert amina.get("/Logement/a (2).pdf") == b"again"


def test_a_deposit_that_somebody_else_wrote_is_no_longer_its_makers(
    amina: Drive, karim: Drive
) -> None:
    karim.put(f"{IN}/a.pdf", b"one")
    amina.put("/Logement/a.pdf", b"corrected by the owner")
    assert karim.names(IN) == []
    assert karim.put(f"{IN}/a.pdf", b"two").created
    assert amina.get("/Logement/a.pdf") == b"corrected by the owner"


def test_two_depositors_of_one_structure_see_nothing_of_each_other(
    world: World, amina: Drive
) -> None:
    structure = world.accounts.add_structure("asso-rhone")
    lea, zoe = world.professional("lea", structure), world.professional("zoe", structure)
    world.grant(amina, structure, "/Travail", Right.DEPOSIT)
    there = "/Name of amina/Travail"
    before = lea.list("/Name of amina"), lea.list(there)
    assert zoe.put(f"{there}/cv.pdf", b"zoe's").created
    zoe.mkcol(f"{there}/2026")
    assert lea.names(there) == []
    now = lea.list("/Name of amina"), lea.list(there)
    assert [one[0].etag for one in now] == [one[0].etag for one in before]
    assert [one[0].modified for one in now] == [one[0].modified for one in before]
    assert lea.put(f"{there}/cv.pdf", b"lea's").created
    lea.mkcol(f"{there}/2026")
    assert amina.names("/Travail") == ["2026", "2026 (2)", "cv (2).pdf", "cv.pdf"]
    with pytest.raises(NotFound):
        lea.look(f"{there}/cv (2).pdf")


def test_a_folder_that_the_depositor_made_takes_deposits_while_it_shows(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.mkcol(f"{IN}/2026")
    karim.put(f"{IN}/2026/a.pdf", b"one")
    amina.put("/Logement/2026/b.pdf", b"the owner's")
    assert karim.names(IN) == ["2026"]
    assert karim.names(f"{IN}/2026") == ["a.pdf"]
    assert karim.put(f"{IN}/2026/b.pdf", b"mine").created
    assert refused(lambda: karim.delete(f"{IN}/2026")) == "folder-not-all-yours"
    world.clock.passes(hours=24)
    with pytest.raises(NoParent):
        karim.put(f"{IN}/2026/c.pdf", b"late")
    karim.mkcol(f"{IN}/2026")


def test_a_folder_of_the_owner_takes_nothing_as_if_it_were_absent(karim: Drive) -> None:
    for act in (karim.mkcol, lambda path: karim.put(path, b"x"), karim.lock):
        with pytest.raises(NoParent):
            act(f"{IN}/2025/x")


# ── what of it can be changed ───────────────────────────────────────────────────────────────────


def test_hidden_names_are_free_for_every_verb(amina: Drive, karim: Drive) -> None:
    karim.put(f"{IN}/mine.pdf", b"mine")
    assert karim.put(f"{IN}/bail.pdf", b"not the lease", Conditions(if_none_match=Any.ANY)).created
    karim.mkcol(f"{IN}/2025")
    assert karim.move(f"{IN}/mine.pdf", f"{IN}/2025/quittance.pdf", overwrite=False)
    assert amina.get("/Logement/bail.pdf") == b"the owner's"
    assert amina.get("/Logement/2025/quittance.pdf") == b"the owner's too"
    assert amina.get("/Logement/2025 (2)/quittance.pdf") == b"mine"


def test_a_hidden_name_costs_the_statements_of_a_free_one(
    world: World, amina: Drive, karim: Drive
) -> None:
    statements = world.statements()
    amina.mkcol("/Logement/twice")
    for name in ("twice", "bail.pdf"):  # a second hidden one of each name
        karim.mkcol(f"{IN}/{name}")
    world.clock.passes(hours=25)
    karim.look(IN)  # opens the vault again after so long
    costs: dict[str, set[tuple[str, ...]]] = {}
    for name in ("bail.pdf", "absent.pdf", "twice", "nothing"):
        for title, act in (
            ("mkcol", lambda n=name: karim.mkcol(f"{IN}/{n}")),
            ("delete", lambda n=name: karim.delete(f"{IN}/{n}")),
            ("put", lambda n=name: karim.put(f"{IN}/{n}", b"x")),
            ("delete it", lambda n=name: karim.delete(f"{IN}/{n}")),
        ):
            something_changes(world.db)
            statements.clear()
            act()
            costs.setdefault(title, set()).add(tuple(statements))
    assert {title: len(found) for title, found in costs.items()} == dict.fromkeys(costs, 1)


def test_a_deposit_is_renamed_and_taken_back_while_it_shows(amina: Drive, karim: Drive) -> None:
    karim.put(f"{IN}/a.pdf", b"one")
    karim.mkcol(f"{IN}/2026")
    assert karim.move(f"{IN}/a.pdf", f"{IN}/2026/b.pdf")
    assert amina.get("/Logement/2026/b.pdf") == b"one"
    karim.delete(f"{IN}/2026/b.pdf")
    karim.delete(f"{IN}/2026")
    assert karim.names(IN) == []
    assert amina.names("/Logement") == ["2025", "bail.pdf"]


def test_a_temporary_file_moved_over_a_deposit_is_its_new_version(
    amina: Drive, karim: Drive
) -> None:
    first = karim.put(f"{IN}/a.odt", b"one").entry
    karim.put(f"{IN}/.a.odt.tmp", b"two")
    assert not karim.move(f"{IN}/.a.odt.tmp", f"{IN}/a.odt")
    assert karim.look(f"{IN}/a.odt").id == first.id
    karim.move(f"{IN}/a.odt", f"{IN}/a.odt~")
    karim.put(f"{IN}/a.odt", b"three")
    karim.delete(f"{IN}/a.odt~")
    assert karim.look(f"{IN}/a.odt").id == first.id
    assert amina.get("/Logement/a.odt") == b"three"
    assert karim.names(IN) == ["a.odt"]


def test_the_granted_folder_itself_stays_as_it_is(amina: Drive, karim: Drive) -> None:
    describe(amina, "/Logement", "<a xmlns='urn:x'>private note</a>")
    assert karim.look(IN).may == {Action.LIST, Action.PUT, Action.MKCOL}
    assert karim.look(IN).properties == {}
    assert not karim.look(IN).describable
    assert refused(lambda: describe(karim, IN)) == "deposit-only"
    assert refused(lambda: karim.lock(IN, deep=True)) == "deposit-only"
    assert refused(lambda: karim.move(IN, "/Name of amina/x")) == "grant-root"
    assert refused(lambda: karim.delete(IN)) == "grant-root"
    karim.mkcol(f"{IN}/2026")
    describe(karim, f"{IN}/2026")
    assert karim.look(f"{IN}/2026").describable
    assert refused(lambda: karim.lock(f"{IN}/2026")) == "deposit-only"
    with pytest.raises(AlreadyThere):
        karim.put(f"{IN}/2026", b"x")


# ── beside other grants ─────────────────────────────────────────────────────────────────────────


def test_a_deposit_grant_beside_one_to_read_changes_no_document_of_the_owner(
    world: World, amina: Drive, karim: Drive
) -> None:
    structure = karim.who.memberships[0].structure
    world.grant(amina, structure, "/Logement", Right.READ)
    assert karim.names(IN) == ["2025", "bail.pdf"]
    for act in (
        lambda: karim.put(f"{IN}/bail.pdf", b"forged"),
        lambda: karim.move(f"{IN}/bail.pdf", f"{IN}/b.pdf"),
        lambda: karim.delete(f"{IN}/bail.pdf"),
        lambda: karim.lock(f"{IN}/bail.pdf"),
        lambda: describe(karim, f"{IN}/bail.pdf"),
        lambda: karim.put(f"{IN}/2025/new.pdf", b"x"),
        lambda: karim.mkcol(f"{IN}/2025/new"),
        lambda: karim.copy(f"{IN}/bail.pdf", f"{IN}/2025/quittance.pdf"),
    ):
        assert refused(act) == "read-only"
    assert Action.PUT not in karim.look(f"{IN}/2025").may
    karim.put(f"{IN}/new.pdf", b"mine")
    assert refused(lambda: karim.move(f"{IN}/new.pdf", f"{IN}/bail.pdf")) == "read-only"
    assert karim.get(f"{IN}/new.pdf") == b"mine"
    karim.put(f"{IN}/new.pdf", b"better")
    world.clock.passes(hours=24)
    assert karim.get(f"{IN}/new.pdf") == b"better"
    assert refused(lambda: karim.put(f"{IN}/new.pdf", b"late")) == "read-only"
    assert amina.get("/Logement/bail.pdf") == b"the owner's"


def test_what_may_be_written_elsewhere_cannot_be_reached_through_a_deposit_grant(
    world: World, amina: Drive, karim: Drive
) -> None:
    world.grant(amina, karim, "/Logement/2025", Right.WRITE)
    assert karim.names("/Name of amina") == ["2025", "Logement"]
    assert karim.names(IN) == []
    karim.put("/Name of amina/2025/quittance.pdf", b"corrected")
    assert amina.get("/Logement/2025/quittance.pdf") == b"corrected"


def test_a_deposit_is_not_put_before_people_who_never_saw_it(
    world: World, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    karim.put(f"{IN}/a.pdf", b"one")
    karim.mkcol(f"{IN}/open")
    world.grant(amina, lea, "/Logement/open", Right.READ)
    assert refused(lambda: karim.move(f"{IN}/a.pdf", f"{IN}/open/a.pdf")) == "wider-audience"
    assert lea.names("/Name of amina/open") == []


def test_whoever_only_deposits_is_no_audience(world: World, amina: Drive, karim: Drive) -> None:
    lea = world.professional("lea")
    world.grant(amina, lea, "/Logement", Right.WRITE)
    amina.mkcol("/Logement/in")
    world.grant(amina, karim, "/Logement/in", Right.DEPOSIT)
    assert lea.move(f"{IN}/bail.pdf", f"{IN}/in/bail.pdf")
    assert karim.names("/Name of amina/in") == []


def test_the_allowance_that_shows_is_that_of_the_grant_which_pays(
    world: World, amina: Drive, karim: Drive
) -> None:
    structure = karim.who.memberships[0].structure
    world.grant(amina, structure, "/Logement", Right.READ)
    before = karim.look(IN).available
    karim.put(f"{IN}/a.bin", LARGE)
    after = karim.look(IN).available
    assert before is not None
    assert after is not None
    assert before - after >= len(LARGE)
    assert karim.look(IN).used is None


# ── folders' ETags, locks, side files ───────────────────────────────────────────────────────────


def test_a_folder_etag_moves_with_ones_own_deposits_and_with_nothing_else(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.mkcol(f"{IN}/2026")

    def now() -> list[tuple[str, object]]:
        paths = ("/", "/Name of amina", IN, f"{IN}/2026")
        seen = [karim.look(path) for path in paths]
        listed = [one for path in paths for one in karim.list(path)[1] if one.is_folder]
        assert [one.etag for one in listed] == [one.etag for one in seen[1:]]
        return [(one.etag, one.modified) for one in seen]

    def moved(act: Callable[[], object]) -> list[bool]:
        before = now()
        world.clock.passes(seconds=5)
        act()
        return [a[0] != b[0] for a, b in zip(before, now(), strict=True)]

    still = now()
    amina.put("/Logement/bail.pdf", b"new")
    amina.put("/Logement/2026/x.pdf", b"x")
    amina.delete("/Logement/2025")
    describe(amina, "/Logement")
    assert now() == still
    every = [True] * 4
    assert moved(lambda: karim.put(f"{IN}/2026/a.pdf", b"one")) == every
    assert moved(lambda: karim.put(f"{IN}/2026/a.pdf", b"two")) == every
    assert moved(lambda: karim.move(f"{IN}/2026/a.pdf", f"{IN}/2026/b.pdf")) == every
    assert moved(lambda: karim.put(f"{IN}/c.pdf", b"c")) == [True, True, True, False]
    assert moved(lambda: karim.delete(f"{IN}/2026/b.pdf")) == every
    assert moved(lambda: amina.delete("/Logement/c.pdf")) == [True, True, True, False]


def test_listing_a_deposit_folder_costs_one_statement_more_however_much_is_in_it(
    world: World, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    world.grant(amina, lea, "/Logement", Right.WRITE)
    amina.mkcol("/Travail/x")
    statements = world.statements()

    def cost(drive: Drive, path: str) -> int:
        who, now = drive.who, world.clock()
        world.reading.list(who, DrivePath.parse(path), now)
        something_changes(world.db)
        statements.clear()
        world.reading.list(who, DrivePath.parse(path), now)
        return len(statements)

    folders = ("/", "/Name of amina", IN)
    few = [cost(karim, path) for path in folders]
    for n in range(20):
        karim.mkcol(f"{IN}/{n}")
        karim.put(f"{IN}/{n}/a.pdf", b"x")
        amina.put(f"/Logement/{n}/hidden.pdf", b"x")
    many = [cost(karim, path) for path in folders]
    world.grant(amina, karim, "/Travail", Right.DEPOSIT)
    assert [cost(karim, path) for path in folders] == many == few
    plain = [cost(lea, path) for path in folders]
    assert all(a <= b + 1 for a, b in zip(many, plain, strict=True))


def test_a_deposit_can_be_locked_by_its_maker_until_the_window_closes(
    world: World, amina: Drive, karim: Drive
) -> None:
    lock, created = karim.lock(f"{IN}/new.odt")
    assert created
    with pytest.raises(Locked):
        karim.put(f"{IN}/new.odt", b"without its token")
    karim.unlock(f"{IN}/new.odt", lock.token or "")
    world.clock.passes(hours=23, minutes=58)
    lock, created = karim.lock(f"{IN}/new.odt")
    assert not created
    assert lock.seconds_left == 120
    world.clock.passes(minutes=2)
    with pytest.raises(NotLocked):
        karim.unlock(f"{IN}/new.odt", lock.token or "")
    amina.put("/Logement/new.odt", b"the owner's again")


def test_locks_on_what_is_hidden_stand_in_nobodys_way(amina: Drive, karim: Drive) -> None:
    amina.lock("/Logement/bail.pdf")
    assert karim.put(f"{IN}/bail.pdf", b"mine").created
    karim.mkcol(f"{IN}/2026")
    amina.put("/Logement/2026/hers.pdf", b"x")
    amina.lock("/Logement/2026/hers.pdf")
    assert refused(lambda: karim.delete(f"{IN}/2026")) == "folder-not-all-yours"
    assert karim.move(f"{IN}/2026", f"{IN}/2027")
    with pytest.raises(Locked):
        amina.put("/Logement/2027/hers.pdf", b"without its token")


def test_side_files_and_half_saved_documents_work_beside_deposits(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{IN}/._a.pdf", b"finder")
    assert karim.get(f"{IN}/._a.pdf") == b"finder"
    karim.put(f"{IN}/.goutputstream-AB12", b"half")
    assert sorted(karim.names(IN)) == ["._a.pdf", ".goutputstream-AB12"]
    karim.move(f"{IN}/.goutputstream-AB12", f"{IN}/a.pdf")
    assert amina.names("/Logement") == ["2025", "a.pdf", "bail.pdf"]
    world.clock.passes(hours=24)
    assert karim.names(IN) == []


def test_what_becomes_of_a_half_saved_deposit_later_is_not_noticed(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{IN}/.goutputstream-AB12", b"half")
    world.clock.passes(hours=24)
    before = karim.look(IN)
    amina.delete("/Logement/.goutputstream-AB12")
    assert karim.look(IN) == before


def test_an_upload_that_outlasts_the_window_is_a_new_deposit(
    world: World, amina: Drive, karim: Drive
) -> None:
    karim.put(f"{IN}/a.bin", b"one")

    class Slow(Body):
        def read(self, size: int) -> bytes:
            world.clock.passes(hours=1)
            return super().read(size)

    world.clock.passes(hours=23, minutes=30)
    done = world.writing.put(
        karim.who, DrivePath.parse(f"{IN}/a.bin"), Slow(LARGE), Conditions(), world.clock()
    )
    assert done.created
    assert amina.get("/Logement/a.bin") == b"one"
    assert amina.get("/Logement/a (2).bin") == LARGE


def test_the_trail_has_depositor_time_and_checksum(
    world: World, amina: Drive, karim: Drive
) -> None:
    written = karim.put(f"{IN}/a.pdf", b"one").entry
    assert written.sha256 is not None
    refused(lambda: karim.get(f"{IN}/a.pdf"))
    vault = amina.who.vault
    assert vault is not None
    with world.db.read() as tx:
        entries = world.tools.trail.entries(
            tx, vault, limit=20, names=lambda ids: world.directory.logins(tx, ids)
        )
    told = [(e.what, e.who_login, e.path, e.reason, e.details.get("sha256")) for e in entries]
    checksum = written.sha256.hex()
    assert ("write", "karim", "/Logement/a.pdf", "", checksum) in told
    assert ("refused", "karim", "/Logement/a.pdf", "deposit-only", None) in told
