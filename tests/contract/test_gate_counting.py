"""What the decision log counts of a request: its verbs, and what a listing showed and hid."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from davserver.db.database import Database
from davserver.domain.actions import Action, Category, Right
from davserver.domain.conditions import NONE
from davserver.domain.drive import Classify, Patch
from davserver.domain.errors import NotFound, Refused
from davserver.domain.grants import Grant
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.domain.tallies import Counted, Tally
from davserver.gate.acting import change, look
from davserver.gate.sight import Sight
from policies.vocabulary import Point
from tests.support.accounts import something_changes, statements_of
from tests.support.drive import Body, Drive, World

INSIDE = "/Name of amina"


@pytest.fixture
def amina(world: World) -> Drive:
    return world.beneficiary("amina", "fr")


@pytest.fixture
def karim(world: World, amina: Drive) -> Drive:
    """Everything of hers is shared with his structure, which does not see what is sensitive."""
    structure = world.accounts.add_structure("ccas-lyon")
    drive = world.professional("karim", structure)
    for folder in ("/Logement", "/Santé"):
        world.grant(amina, structure, folder)
    return drive


def counted(drive: Drive) -> Principal:
    return replace(drive.who, tally=Tally())


def taken(who: Principal) -> list[Counted]:
    assert who.tally is not None
    return who.tally.take()


Line = tuple[str, str, str, int]


def lines(who: Principal) -> list[Line]:
    """Action, category, rule or reason, count."""
    found = []
    for one in taken(who):
        point = Point(*one.answer.question)
        why = one.answer.rule if one.answer.allowed else one.answer.reason
        found.append((str(point.action), str(point.category), str(why), one.count))
    return sorted(found)


def listed(world: World, who: Principal, path: str) -> int:
    _, children = world.reading.list(who, DrivePath.parse(path), world.clock())
    return len(children)


def test_a_listing_is_a_line_for_each_category_whatever_it_holds(
    world: World, amina: Drive
) -> None:
    for n in range(7):
        amina.mkcol(f"/Logement/f{n}")
    uncounted, who = amina.who, counted(amina)
    with statements_of(world.db) as plain:
        listed(world, uncounted, "/Logement")
    with statements_of(world.db) as sent:
        assert listed(world, who, "/Logement") == 7
    assert sent == plain
    # The seven, and the folder itself.
    assert lines(who) == [("list", "housing", "owner-consult", 8)]
    assert taken(who) == [], "nothing is taken twice"


def test_what_a_listing_hides_is_counted_too(world: World, amina: Drive, karim: Drive) -> None:
    amina.mkcol("/Logement/Bail")
    for name in ("Ordonnance", "Scanner"):
        amina.mkcol(f"/Logement/{name}")
        classify(world, amina, f"/Logement/{name}", Category.HEALTH)
    who = counted(karim)
    assert listed(world, who, f"{INSIDE}/Logement") == 1
    assert lines(who) == [
        ("list", "health", "category", 2),
        ("list", "housing", "team-consult", 2),
    ]
    (hidden,) = [one for one in retaken(world, karim) if not one.answer.allowed]
    structure = karim.who.memberships[0].structure
    assert f'"structure_id":"{structure.id.hex()}"' in hidden.answer.said
    assert '"time_zone":"Europe/Paris"' in hidden.answer.said


def retaken(world: World, drive: Drive) -> list[Counted]:
    who = counted(drive)
    listed(world, who, f"{INSIDE}/Logement")
    return taken(who)


def classify(world: World, owner: Drive, path: str, category: Category) -> None:
    patch = Patch(classify=Classify(category))
    world.writing.set_properties(owner.who, DrivePath.parse(path), patch, NONE, world.clock())


def test_hidden_and_absent_are_one_line_each(world: World, amina: Drive, karim: Drive) -> None:
    amina.mkcol("/Logement/Ordonnance")
    classify(world, amina, "/Logement/Ordonnance", Category.HEALTH)
    for name, line in (
        ("Logement/Ordonnance", ("list", "health", "category", 1)),
        ("Logement/Rien", ("list", "housing", "team-consult", 1)),
        ("Santé", ("list", "health", "category", 1)),
        ("Rien", ("list", "unclassified", "no-grant", 1)),
    ):
        who = counted(karim)
        with pytest.raises(NotFound):
            world.reading.look(who, DrivePath.parse(f"{INSIDE}/{name}"), world.clock())
        assert line in lines(who)


def test_a_written_file_counts_once_though_it_is_judged_before_and_after(
    world: World, amina: Drive
) -> None:
    who = counted(amina)
    large = Body(bytes(200_000))
    world.writing.put(who, DrivePath.parse("/Logement/a"), large, NONE, world.clock())
    assert lines(who) == [
        ("list", "housing", "owner-consult", 1),
        ("put", "housing", "owner-modify", 1),
    ]


def test_a_change_that_is_run_again_counts_once(world: World, amina: Drive) -> None:
    """The second run finds a world in which the first did not happen."""
    who, runs = counted(amina), []

    def work(sight: Sight) -> None:
        path = "/Logement" if not runs else "/Travail"
        sight.require(Action.PUT, sight.place(DrivePath.parse(path)))
        runs.append(path)

    class Twice:
        def write(self, closure: object) -> None:
            def again(tx: Connection) -> None:
                closure(tx)  # type: ignore[operator]
                closure(tx)  # type: ignore[operator]

            world.db.write(again)

    change(replace(world.tools, db=Twice()), who, work)  # type: ignore[arg-type]
    assert runs == ["/Logement", "/Travail"]
    assert [line[:2] + line[3:] for line in lines(who)] == [("put", "work", 1)]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_look_that_is_run_again_counts_once(
    world: World, amina: Drive, database_url: str
) -> None:
    """It believed what is remembered, and another process has changed it."""
    who, runs = counted(amina), []

    def work(sight: Sight) -> None:
        path = "/Travail" if runs else "/Logement"
        sight.require(Action.LIST, sight.place(DrivePath.parse(path)))
        runs.append(path)

    elsewhere = Database(database_url)
    try:
        for path in ("/Logement", "/Travail"):
            amina.look(path)
            amina.look(path)
        something_changes(elsewhere)
        look(world.tools, who, world.clock(), work, expects_query=False)
    finally:
        elsewhere.close()
    assert runs == ["/Logement", "/Travail"]
    assert [line[:2] + line[3:] for line in lines(who)] == [("list", "work", 1)]


def test_a_refusal_is_counted_with_what_refused(world: World, amina: Drive, karim: Drive) -> None:
    granted: Grant = world.grant(amina, karim, "/Travail", right=Right.READ)
    who = counted(karim)
    with pytest.raises(Refused):
        world.writing.put(
            who, DrivePath.parse(f"{INSIDE}/Travail/x"), Body(b"x"), NONE, world.clock()
        )
    (refused,) = [one for one in taken(who) if not one.answer.allowed]
    assert refused.answer.rule == "invariant/read-only-grant"
    assert refused.grants == {granted.id}
    with pytest.raises(Refused):
        world.moving.move(
            who, DrivePath.parse(f"{INSIDE}/Travail"), DrivePath.parse(f"{INSIDE}/Autre"),
            overwrite=False, conditions=NONE, now=world.clock(),
        )  # fmt: skip
    assert "drive/grant-root" in {one.answer.rule for one in taken(who)}


def test_permissions_in_a_listing_are_no_decisions(world: World, amina: Drive) -> None:
    who = counted(amina)
    entry = world.reading.look(who, DrivePath.parse("/Logement"), world.clock())
    assert Action.PUT in entry.may
    assert {line[0] for line in lines(who)} == {"list"}


def test_nothing_is_counted_for_somebody_at_the_machine(world: World, amina: Drive) -> None:
    assert amina.who.tally is None
    assert amina.names("/Logement") == []
