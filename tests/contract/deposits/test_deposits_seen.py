"""Deposits: what a professional puts in without looking, and what they see of it, for how long."""

import pytest

from davserver.domain.actions import Action, Right
from davserver.domain.conditions import Conditions, ETagTerm
from davserver.domain.drive import GrantView
from davserver.domain.errors import (
    BadInput,
    NoParent,
    NotFound,
)
from davserver.domain.grants import ToPerson
from davserver.domain.paths import DrivePath
from davserver.gate.sharing.sharing import Sharing
from tests.support.drive import Drive, World
from tests.support.refusals import reason_of

IN = "/Name of amina/Logement"
LARGE = bytes(300_000)


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
    assert reason_of(lambda: karim.get(f"{IN}/a.pdf")) == "deposit-only"
    assert reason_of(lambda: karim.copy(f"{IN}/a.pdf", f"{IN}/b.pdf")) == "deposit-only"
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
    assert reason_of(lambda: karim.delete(f"{IN}/2026")) == "folder-not-all-yours"
    world.clock.passes(hours=24)
    with pytest.raises(NoParent):
        karim.put(f"{IN}/2026/c.pdf", b"late")
    karim.mkcol(f"{IN}/2026")


def test_a_folder_of_the_owner_takes_nothing_as_if_it_were_absent(karim: Drive) -> None:
    for act in (karim.mkcol, lambda path: karim.put(path, b"x"), karim.lock):
        with pytest.raises(NoParent):
            act(f"{IN}/2025/x")


def test_the_trail_has_depositor_time_and_checksum(
    world: World, amina: Drive, karim: Drive
) -> None:
    written = karim.put(f"{IN}/a.pdf", b"one").entry
    assert written.sha256 is not None
    reason_of(lambda: karim.get(f"{IN}/a.pdf"))
    vault = amina.who.vault
    assert vault is not None
    with world.db.read() as tx:
        entries = world.tools.trail.entries(
            tx, vault, limit=20, names=lambda ids: world.registered.logins(tx, ids)
        )
    told = [(e.what, e.who_login, e.path, e.reason, e.details.get("sha256")) for e in entries]
    checksum = written.sha256.hex()
    assert ("write", "karim", "/Logement/a.pdf", "", checksum) in told
    assert ("refused", "karim", "/Logement/a.pdf", "deposit-only", None) in told
