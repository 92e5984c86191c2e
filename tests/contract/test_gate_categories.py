"""What a document is about: its owner says it, it travels along, and it decides who sees it."""

from datetime import timedelta

import pytest

from davserver.db import tables
from davserver.domain.actions import Category, Right
from davserver.domain.conditions import NONE
from davserver.domain.drive import Classify, Entry, Patch, PropertyChange
from davserver.domain.errors import Locked, NotFound, Reason, Refused
from davserver.domain.paths import DrivePath
from davserver.domain.people import Structure
from davserver.gate.drive.classifying import CategoryView, Classifying
from tests.support.accounts import NOON
from tests.support.drive import Drive
from tests.support.rules import put_in_force, shipped_files
from tests.support.safekeeping import Safekeeping

HOUSING, HEALTH, WORK = Category.HOUSING, Category.HEALTH, Category.WORK
INSIDE = "/Name of amina/Logement"


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    drive = world.beneficiary("amina", "fr")
    drive.mkcol("/Logement/Deep")
    drive.mkcol("/Logement/Deep/Er")
    drive.put("/Logement/bail.txt", b"lease")
    drive.put("/Logement/Deep/Er/plan.txt", b"plan")
    return drive


@pytest.fixture
def karim(world: Safekeeping, ccas: Structure, amina: Drive) -> Drive:
    """Of the structure to which amina granted /Logement."""
    drive = world.professional("karim", ccas)
    world.share(amina, ccas, "/Logement")
    return drive


@pytest.fixture
def zoe(world: Safekeeping, amina: Drive) -> Drive:
    """Was granted /Logement by name."""
    drive = world.professional("zoe")
    world.share(amina, drive, "/Logement")
    return drive


def classify(world: Safekeeping, drive: Drive, path: str, word: Category | None) -> CategoryView:
    gate = Classifying(world.tools)
    return gate.set(drive.who, DrivePath.parse(path), word, world.clock())


def etags(drive: Drive, *paths: str) -> list[str]:
    return [drive.look(path).etag for path in paths]


def told(world: Safekeeping, owner: Drive) -> list[tuple[str, str, dict[str, str]]]:
    with world.db.read() as tx:
        entries = world.tools.trail.entries(
            tx, world.vault_of(owner), limit=100, names=lambda _: {}
        )
    mine = ("strength", "operator")
    return [
        (e.what, e.path, {k: v for k, v in e.details.items() if k not in mine}) for e in entries
    ]


# ── saying it ───────────────────────────────────────────────────────────────────────────────────


def test_an_owner_says_what_it_is_about_and_whatever_lies_in_it_follows(
    world: Safekeeping, amina: Drive
) -> None:
    assert amina.look("/Logement/Deep").category is HOUSING
    view = classify(world, amina, "/Logement/Deep", HEALTH)
    assert view == CategoryView(DrivePath.parse("/Logement/Deep"), HEALTH, HEALTH)
    assert amina.look("/Logement/Deep/Er/plan.txt").category is HEALTH
    assert amina.look("/Logement/bail.txt").category is HOUSING
    view = classify(world, amina, "/Logement/Deep", None)
    assert (view.category, view.own) == (HOUSING, None)
    shown = Classifying(world.tools).show(amina.who, view.path, world.clock())
    assert shown == view
    assert amina.look("/Logement/Deep/Er/plan.txt").category is HOUSING


def test_the_trail_says_before_and_after(world: Safekeeping, amina: Drive) -> None:
    classify(world, amina, "/Logement/bail.txt", HEALTH)
    classify(world, amina, "/Logement/bail.txt", HEALTH)
    classify(world, amina, "/Logement/bail.txt", None)
    assert [one for one in told(world, amina) if one[0] == "category"] == [
        ("category", "/Logement/bail.txt", {"before": "housing", "after": "health"}),
        (
            "category",
            "/Logement/bail.txt",
            {"before": "health", "after": "housing", "inherited": "yes"},
        ),
    ]
    assert world.troubles() == []


def test_it_is_said_together_with_other_properties_or_not_at_all(
    world: Safekeeping, amina: Drive
) -> None:
    path = DrivePath.parse("/Logement/bail.txt")
    dead = (PropertyChange("{urn:x}a", "<a xmlns='urn:x'/>"),)

    def patch(classify: Category) -> Entry:
        wish = Patch(dead, None, Classify(classify))
        return world.writing.set_properties(amina.who, path, wish, NONE, world.clock())

    entry = patch(WORK)
    assert (entry.category, set(entry.properties)) == (WORK, {"{urn:x}a"})
    amina.lock("/Logement/bail.txt")
    with pytest.raises(Locked):
        patch(HEALTH)
    with pytest.raises(Locked):
        classify(world, amina, "/Logement/bail.txt", HEALTH)
    assert amina.look("/Logement/bail.txt").category is WORK


def test_nobody_but_the_owner_says_it(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    for drive in (karim, zoe):
        with pytest.raises(Refused) as refused:
            classify(world, drive, f"{INSIDE}/bail.txt", WORK)
        assert refused.value.reason is Reason.OWNER_ONLY
    assert amina.look("/Logement/bail.txt").category is HOUSING
    assert [one[0] for one in told(world, amina)][-2:] == ["refused", "refused"]
    with pytest.raises(NotFound):
        classify(world, zoe, "/Name of amina/Travail", WORK)


def test_a_reader_cannot_say_it_either(world: Safekeeping, amina: Drive) -> None:
    reader = world.professional("reader")
    world.share(amina, reader, "/Logement", Right.READ)
    with pytest.raises(Refused) as refused:
        classify(world, reader, INSIDE, WORK)
    assert refused.value.reason is Reason.READ_ONLY


# ── who sees it ─────────────────────────────────────────────────────────────────────────────────


def test_it_hides_and_shows_at_once_what_a_structure_sees(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    before = world.row(tables.epoch)["revocation"]
    classify(world, amina, "/Logement/bail.txt", HEALTH)
    assert karim.names(INSIDE) == ["Deep"]
    assert zoe.names(INSIDE) == ["Deep", "bail.txt"]
    assert world.row(tables.epoch)["revocation"] == before + 1
    with pytest.raises(NotFound):
        karim.get(f"{INSIDE}/bail.txt")
    classify(world, amina, "/Logement/bail.txt", None)
    assert karim.get(f"{INSIDE}/bail.txt") == b"lease"


def test_what_was_granted_itself_goes_and_comes_back(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    etag = karim.look("/").etag
    classify(world, amina, "/Logement", HEALTH)
    assert karim.names("/") == []
    assert karim.look("/").etag != etag
    classify(world, amina, "/Logement", HOUSING)
    assert karim.names("/Name of amina") == ["Logement"]


def test_folders_move_for_whoever_gains_or_loses_sight(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    ways = ("/", "/Name of amina", INSIDE, f"{INSIDE}/Deep")
    before = etags(karim, *ways)
    classify(world, amina, "/Logement/Deep/Er", HEALTH)
    hidden = etags(karim, *ways)
    classify(world, amina, "/Logement/Deep/Er", None)
    shown = etags(karim, *ways)
    for one, other in ((before, hidden), (hidden, shown), (before, shown)):
        assert all(a != b for a, b in zip(one, other, strict=True))


def test_what_changed_while_it_was_hidden_is_noticed_when_it_comes_back(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    deep = f"{INSIDE}/Deep/Er"
    before = etags(karim, deep)
    classify(world, amina, "/Logement/Deep", HEALTH)
    amina.put("/Logement/Deep/Er/plan.txt", b"another plan")
    classify(world, amina, "/Logement/Deep", None)
    assert etags(karim, deep) != before
    before = etags(karim, deep)
    classify(world, amina, "/Logement/Deep", HEALTH)
    classify(world, amina, "/Logement/Deep", WORK)
    assert etags(karim, deep) != before


def test_what_goes_on_between_hidden_categories_moves_nothing_for_others(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    classify(world, amina, "/Logement/bail.txt", HEALTH)
    ways = ("/", "/Name of amina", INSIDE)
    before = etags(karim, *ways)
    classify(world, amina, "/Logement/bail.txt", Category.JUSTICE)
    classify(world, amina, "/Travail", HEALTH)
    assert etags(karim, *ways) == before


def test_a_running_reading_ends_when_its_document_is_hidden(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    path = DrivePath.parse(f"{INSIDE}/bail.txt")
    download = world.reading.open(karim.who, path, NONE, world.clock())
    classify(world, amina, "/Logement/bail.txt", HEALTH)
    with pytest.raises(NotFound):
        world.reading.decide_again(download._permit)
    download.close()


# ── it travels ──────────────────────────────────────────────────────────────────────────────────


def test_it_travels_with_a_move_and_a_copy(world: Safekeeping, amina: Drive) -> None:
    classify(world, amina, "/Logement/bail.txt", WORK)
    amina.copy("/Logement/bail.txt", "/Santé/copy.txt")
    amina.move("/Logement/bail.txt", "/Santé/moved.txt")
    assert amina.look("/Santé/copy.txt").category is WORK
    assert amina.look("/Santé/moved.txt").category is WORK
    amina.move("/Santé/moved.txt", "/Logement/back.txt")
    assert amina.look("/Logement/back.txt").category is WORK


def test_the_whole_drive_can_be_about_something(world: Safekeeping, amina: Drive) -> None:
    amina.mkcol("/Papers")
    assert amina.look("/Papers").category is Category.UNCLASSIFIED
    classify(world, amina, "/", WORK)
    assert amina.look("/Papers").category is WORK
    assert amina.look("/Logement").category is HOUSING


def test_folders_that_only_hold_a_drive_together_are_about_nothing(
    world: Safekeeping, karim: Drive
) -> None:
    assert karim.look("/").category is None
    assert karim.look("/Name of amina").category is None
    for path in ("/", "/Name of amina"):
        with pytest.raises(NotFound):
            classify(world, karim, path, WORK)


def test_a_side_file_is_about_nothing(world: Safekeeping, amina: Drive) -> None:
    amina.put("/Logement/~$bail.docx", b"x")
    path = DrivePath.parse("/Logement/~$bail.docx")
    wish = Patch(classify=Classify(WORK))
    with pytest.raises(Refused) as refused:
        world.writing.set_properties(amina.who, path, wish, NONE, world.clock())
    assert refused.value.reason is Reason.PROTECTED_PROPERTY
    world.clock.now = NOON + timedelta(days=2)
    with pytest.raises(NotFound):
        world.writing.set_properties(amina.who, path, wish, NONE, world.clock())


def test_nobody_hides_their_own_document_from_themselves(world: Safekeeping, amina: Drive) -> None:
    files = shipped_files()
    files["rules.csv"] += b"p, hide, deny, beneficiary, owner, list, justice, *, *, *, *\n"
    put_in_force(world.tools, files)
    said = (PropertyChange("{urn:z}colour", "<z:colour xmlns:z='urn:z'/>"),)
    for dead in ((), said):
        for path in ("/Logement/bail.txt", "/Logement"):
            patch = Patch(dead, classify=Classify(Category.JUSTICE))
            with pytest.raises(Refused) as refused:
                world.writing.set_properties(
                    amina.who, DrivePath.parse(path), patch, NONE, world.clock()
                )
            assert refused.value.reason is Reason.POLICY
    with pytest.raises(Refused):
        Classifying(world.tools).set(
            world.for_(amina), DrivePath.parse("/Logement"), Category.JUSTICE, world.clock()
        )
    assert amina.get("/Logement/bail.txt") == b"lease"
