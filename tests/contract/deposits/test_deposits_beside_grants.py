"""Deposits beside other grants: neither gives what the other does not."""

from davserver.domain.actions import Action, Right
from tests.support.drive import Drive, World
from tests.support.refusals import reason_of

IN = "/Name of amina/Logement"
LARGE = bytes(300_000)


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
        lambda: karim.set_property(f"{IN}/bail.pdf"),
        lambda: karim.put(f"{IN}/2025/new.pdf", b"x"),
        lambda: karim.mkcol(f"{IN}/2025/new"),
        lambda: karim.copy(f"{IN}/bail.pdf", f"{IN}/2025/quittance.pdf"),
    ):
        assert reason_of(act) == "read-only"
    assert Action.PUT not in karim.look(f"{IN}/2025").may
    karim.put(f"{IN}/new.pdf", b"mine")
    assert reason_of(lambda: karim.move(f"{IN}/new.pdf", f"{IN}/bail.pdf")) == "read-only"
    assert karim.get(f"{IN}/new.pdf") == b"mine"
    karim.put(f"{IN}/new.pdf", b"better")
    world.clock.passes(hours=24)
    assert karim.get(f"{IN}/new.pdf") == b"better"
    assert reason_of(lambda: karim.put(f"{IN}/new.pdf", b"late")) == "read-only"
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
    assert reason_of(lambda: karim.move(f"{IN}/a.pdf", f"{IN}/open/a.pdf")) == "wider-audience"
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
