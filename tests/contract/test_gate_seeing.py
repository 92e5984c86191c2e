"""Who can see this, and why: one sentence from the decision that the drive makes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from davserver.db import tables
from davserver.domain.actions import Category, Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import AbriError, BadInput, NotFound, Reason
from davserver.domain.grants import ToPerson, ToStructure
from davserver.domain.moments import MONTHS
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState, Person, Role, Structure
from davserver.gate.drive.classifying import Classifying
from davserver.gate.sharing.insight import Can, Ground, Insight
from davserver.gate.sharing.seeing import Seeing
from davserver.gate.sharing.seeing_texts import (
    BECAUSE,
    CAN,
    CATEGORIES,
    PHRASES,
    nobody_else,
    sentence,
)
from tests.support.accounts import NOON
from tests.support.drive import Drive
from tests.support.rules import let_share_on, more_rules
from tests.support.safekeeping import Safekeeping, later, safekeeping

DAY = timedelta(days=1)
LEASE = "/Logement/bail.txt"
CITY = "Structure ccas"
FR, EN = "« Logement/bail.txt »", "“Logement/bail.txt”"
A, K, Z = "Name of amina", "Name of karim", "Name of zoe"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path) as made:
        let_share_on(made)
        yield made


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    drive = world.beneficiary("amina", "fr")
    drive.put(LEASE, b"lease")
    return drive


@pytest.fixture
def zoe(world: Safekeeping) -> Drive:
    return world.professional("zoe")


def give(world: Safekeeping, owner: Drive, to: Any, path: str, **wish: Any) -> GrantView:
    grantee = ToStructure(to.id) if isinstance(to, Structure) else ToPerson(to.person.id)
    usual = {"right": Right.READ, "until": None}
    return world.sharing.add(
        owner.who, to=grantee, path=DrivePath.parse(path), now=world.clock(), **usual | wish
    )


def end(world: Safekeeping, amina: Drive, view: GrantView) -> None:
    world.sharing.end(amina.who, view.id, world.clock())


def block(world: Safekeeping, person: Person) -> None:
    state = AccountState.ADMINISTRATOR_BLOCKED
    register = world.accounts.register
    world.db.write(lambda tx: register.set_state(tx, person.id, state, world.clock()))


def classify(world: Safekeeping, amina: Drive, path: str, word: Category) -> None:
    Classifying(world.tools).set(amina.who, DrivePath.parse(path), word, world.clock())


def why(
    world: Safekeeping, amina: Drive, who: str, path: str = LEASE, at: datetime | None = None
) -> Insight:
    asking = world.for_(amina)
    return Seeing(world.tools).why(asking, DrivePath.parse(path), who, world.clock(), at=at)


def said(found: Insight) -> tuple[str, str]:
    return sentence(found, "fr"), sentence(found, "en")


# ── those who can ───────────────────────────────────────────────────────────────────────────────


def test_an_owner_sees_their_own(world: Safekeeping, amina: Drive) -> None:
    found = why(world, amina, "amina")
    assert (found.can, found.ground) == (Can.CHANGE, Ground.OWNER)
    assert said(found) == (
        f"{A} peut lire et modifier {FR} parce que ce coffre est le sien.",
        f"{A} can read and change {EN} because this vault is their own.",
    )
    assert sentence(why(world, amina, "amina", "/"), "fr").startswith(
        f"{A} peut lire et modifier tout le coffre parce que"
    )


def test_somebody_named_sees_it_until_the_end(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    until = datetime(2026, 12, 31, 23, tzinfo=UTC)
    view = give(world, amina, karim, LEASE, right=Right.WRITE, until=until)
    found = why(world, amina, "karim")
    assert (found.can, found.ground) == (Can.CHANGE, Ground.NAMED)
    assert found.row is not None
    assert found.row.grant.id == view.id
    assert said(found) == (
        (
            f"{K} ({CITY}) peut lire et modifier {FR} parce que {A} le lui a partagé "
            "le 2 mars 2026 jusqu'au 31 décembre 2026 inclus."
        ),
        (
            f"{K} ({CITY}) can read and change {EN} because {A} shared it with them "
            "on 2 March 2026 until the end of 31 December 2026."
        ),
    )
    give(world, amina, zoe, "/Logement", until=datetime(2026, 4, 1, 16, 30, tzinfo=UTC))
    found = why(world, amina, "zoe")
    assert (found.can, found.ground) == (Can.READ, Ground.NAMED)
    english = sentence(found, "en")
    assert f"{Z} can read {EN} because {A} shared “Logement” with them" in english


def test_dates_are_those_of_the_structure(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    give(world, amina, karim, LEASE, until=datetime(2026, 7, 1, 16, 30, tzinfo=UTC))
    french, english = said(why(world, amina, "karim"))
    assert french.endswith("jusqu'au 1er juillet 2026 à 18:30.")
    assert english.endswith("until 1 July 2026 at 18:30.")


def test_a_team_sees_it_through_their_structure(
    world: Safekeeping, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    give(world, amina, ccas, "/Logement", right=Right.WRITE)
    found = why(world, amina, "karim")
    assert (found.can, found.ground) == (Can.CHANGE, Ground.TEAM)
    assert said(found) == (
        (
            f"{K} ({CITY}) peut lire et modifier {FR} parce que {A} a partagé "
            f"« Logement » avec {CITY} le 2 mars 2026."
        ),
        (
            f"{K} ({CITY}) can read and change {EN} because {A} shared “Logement” with "
            f"{CITY} on 2 March 2026."
        ),
    )


def test_a_colleague_sees_what_was_shared_on(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    give(world, karim, zoe, f"/{A}{LEASE}")
    found = why(world, amina, "zoe")
    assert (found.can, found.ground) == (Can.READ, Ground.SHARED_ON)
    assert said(found) == (
        (
            f"{Z} peut lire {FR} parce que {K} le lui a repartagé le 2 mars 2026, "
            f"d'après un partage de {A}."
        ),
        (
            f"{Z} can read {EN} because {K} shared it on to them on 2 March 2026, from "
            f"what {A} shared."
        ),
    )


def test_a_depositor_puts_documents_in(world: Safekeeping, amina: Drive, zoe: Drive) -> None:
    give(world, amina, zoe, "/Logement", right=Right.DEPOSIT)
    found = why(world, amina, "zoe", "/Logement")
    assert (found.can, found.ground) == (Can.DEPOSIT, Ground.NAMED)
    assert sentence(found, "fr").startswith(f"{Z} peut déposer des documents dans « Logement »")
    found = why(world, amina, "zoe")
    assert (found.can, found.ground) == (Can.NOTHING, Ground.DEPOSIT_ONLY)
    assert "pour déposer, pas pour lire" in sentence(found, "fr")
    zoe.put(f"/{A}/Logement/mine.txt", b"x")
    found = why(world, amina, "zoe", "/Logement/mine.txt")
    assert (found.can, found.ground) == (Can.REPLACE, Ground.NAMED)
    later(world, 2 * DAY)
    assert why(world, amina, "zoe", "/Logement/mine.txt").ground is Ground.DEPOSIT_ONLY


# ── those who cannot ────────────────────────────────────────────────────────────────────────────


def test_whoever_was_given_nothing_cannot(world: Safekeeping, amina: Drive, zoe: Drive) -> None:
    bilal = world.beneficiary("bilal")
    for drive in (zoe, bilal):
        found = why(world, amina, drive.person.login)
        assert (found.can, found.ground, found.row) == (Can.NOTHING, Ground.NOTHING, None)
    assert said(why(world, amina, "zoe")) == (
        f"{Z} ne peut pas voir {FR}, parce que {A} ne le lui a pas partagé.",
        f"{Z} cannot see {EN}, because {A} has not shared it with them.",
    )


def test_what_has_not_begun_and_what_is_over_is_told_with_its_moment(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    one = give(world, amina, karim, LEASE, until=NOON + DAY)
    later(world, 2 * DAY)
    found = why(world, amina, "karim")
    assert found.ground is Ground.EXPIRED
    assert sentence(found, "fr").endswith(
        f"parce que {A} le lui a partagé le 2 mars 2026, mais seulement jusqu'au 3 mars 2026 à "
        "13:00."
    )
    two = give(world, amina, karim, LEASE, starts=NOON + 5 * DAY)
    found = why(world, amina, "karim")
    assert (found.ground, found.row and found.row.grant.id) == (Ground.UPCOMING, two.id)
    assert "only from 7 March 2026 at 13:00" in sentence(found, "en")
    assert why(world, amina, "karim", at=NOON + 5 * DAY).can is Can.READ
    end(world, amina, two)
    found = why(world, amina, "karim")
    assert (found.ground, found.row and found.row.grant.id) == (Ground.EXPIRED, one.id)
    end(world, amina, one)
    found = why(world, amina, "karim")
    assert found.ground is Ground.ENDED
    assert "ce partage a été arrêté le 4 mars 2026 à 13:00" in sentence(found, "fr")


def test_a_category_that_the_policy_hides_from_teams_is_named(
    world: Safekeeping, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    give(world, amina, ccas, "/Logement")
    classify(world, amina, LEASE, Category.HEALTH)
    found = why(world, amina, "karim")
    assert (found.can, found.ground, found.category) == (
        Can.NOTHING,
        Ground.CATEGORY,
        Category.HEALTH,
    )
    assert said(found) == (
        (
            f"{K} ({CITY}) ne peut pas voir {FR}, parce que {A} a partagé "
            f"« Logement » avec {CITY} le 2 mars 2026, mais les règles n'y montrent "
            "pas les documents de la catégorie « santé »."
        ),
        (
            f"{K} ({CITY}) cannot see {EN}, because {A} shared “Logement” with "
            f"{CITY} on 2 March 2026, but the rules do not show "
            "documents of the category “health” there."
        ),
    )


def test_a_hidden_folder_on_the_way_hides_what_is_in_it(
    world: Safekeeping, amina: Drive, karim: Drive, ccas: Structure
) -> None:
    amina.mkcol("/Logement/A")
    amina.put("/Logement/A/b.txt", b"x")
    give(world, amina, ccas, "/Logement")
    classify(world, amina, "/Logement/A/b.txt", Category.HOUSING)
    classify(world, amina, "/Logement/A", Category.HEALTH)
    found = why(world, amina, "karim", "/Logement/A/b.txt")
    assert (found.ground, found.category) == (Ground.CATEGORY, Category.HEALTH)
    give(world, amina, ccas, "/Logement/A/b.txt")
    assert why(world, amina, "karim", "/Logement/A/b.txt").can is Can.READ


def test_staff_who_left_and_staff_to_come(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive, ccas: Structure
) -> None:
    give(world, amina, ccas, LEASE)
    later(world, DAY)
    world.people.end_membership(world.operator, "karim", "ccas", world.clock())
    found = why(world, amina, "karim")
    assert (found.ground, found.moment) == (Ground.LEFT, NOON + DAY)
    assert said(found)[0].endswith(f"mais {K} n'en fait plus partie depuis le 3 mars 2026 à 13:00.")
    world.accounts.add_membership(zoe.person, ccas, NOON + 3 * DAY, None)
    found = why(world, amina, "zoe")
    assert (found.ground, found.moment) == (Ground.JOINS, NOON + 3 * DAY)
    assert "only from 5 March 2026 at 13:00" in sentence(found, "en")
    assert why(world, amina, "zoe", at=NOON + 3 * DAY).can is Can.READ


def test_a_blocked_account_and_those_who_read_nothing(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    give(world, amina, karim, LEASE)
    block(world, karim.person)
    assert why(world, amina, "karim").ground is Ground.BLOCKED
    for role in (Role.MANAGER, Role.ADMINISTRATOR):
        world.accounts.add(role.value, role)
        found = why(world, amina, role.value)
        assert (found.can, found.ground) == (Can.NOTHING, Ground.READS_NOTHING)
    block(world, amina.person)
    assert why(world, amina, "amina").ground is Ground.BLOCKED
    assert "son compte est bloqué" in sentence(why(world, amina, "amina"), "fr")


def test_what_a_share_stands_on_is_looked_at(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    give(world, amina, karim, "/Logement")
    give(world, karim, zoe, f"/{A}{LEASE}")
    block(world, karim.person)
    found = why(world, amina, "zoe")
    assert (found.ground, found.giver) == (Ground.SUSPENDED, K)


def test_a_policy_that_refuses_to_open_it_says_why(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    give(world, amina, karim, LEASE)
    more_rules(world, "p, no-opening, deny, professional, grantee, get, housing, *, *, *, *")
    found = why(world, amina, "karim")
    assert (found.can, found.ground, found.reason) == (Can.NAME, Ground.REFUSED, Reason.CATEGORY)
    assert said(found) == (
        (
            f"{K} ({CITY}) voit, sans pouvoir l'ouvrir, {FR}, parce que ce n'est pas "
            "permis pour cette catégorie de documents."
        ),
        (
            f"{K} ({CITY}) sees, without being able to open it, {EN}, because this is "
            "not allowed for this category of documents."
        ),
    )


def test_a_document_that_is_still_being_saved_is_its_makers(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    for drive in (karim, zoe):
        give(world, amina, drive, "/Logement", right=Right.WRITE)
    karim.put(f"/{A}/Logement/.goutputstream-ABCDEF", b"half")
    path = "/Logement/.goutputstream-ABCDEF"
    assert why(world, amina, "karim", path).can is Can.CHANGE
    assert why(world, amina, "zoe", path).ground is Ground.UNFINISHED


# ── asking ──────────────────────────────────────────────────────────────────────────────────────


def test_the_answer_is_what_the_drive_does(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive, ccas: Structure
) -> None:
    """For every state that a grant passes through."""
    give(world, amina, ccas, "/Logement", until=NOON + 3 * DAY)
    zoes = give(world, amina, zoe, LEASE, starts=NOON + DAY, until=NOON + 4 * DAY)
    for hours in range(0, 24 * 5, 12):
        world.clock.now = NOON + timedelta(hours=hours)
        if hours == 24 * 2:
            classify(world, amina, LEASE, Category.HEALTH)
        for drive, path in ((karim, f"/{A}{LEASE}"), (zoe, zoes.seen_at)):
            try:
                drive.get(path)
                reads = True
            except AbriError:
                reads = False
            found = why(world, amina, drive.person.login)
            assert (found.can is Can.READ) is reads, (hours, drive.person.login, found.ground)


def test_everybody_with_a_live_grant_is_told_once(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive, ccas: Structure
) -> None:
    seeing, path = Seeing(world.tools), DrivePath.parse(LEASE)
    assert seeing.everybody(amina.who, path, world.clock()) == []
    give(world, amina, zoe, LEASE)
    give(world, amina, zoe, "/Logement", right=Right.WRITE)
    give(world, amina, ccas, "/Logement")
    give(world, amina, karim, "/Travail")
    give(world, amina, karim, LEASE, starts=NOON + DAY)
    found = seeing.everybody(amina.who, path, world.clock())
    assert [(one.subject.login, one.can) for one in found] == [
        ("zoe", Can.CHANGE),
        ("structure:ccas", Can.READ),
    ]
    assert said(found[1]) == (
        (
            f"Les professionnels de {CITY} peuvent lire {FR} parce que {A} a partagé "
            f"« Logement » avec {CITY} le 2 mars 2026."
        ),
        (
            f"The professionals of {CITY} can read {EN} because {A} shared “Logement” "
            f"with {CITY} on 2 March 2026."
        ),
    )
    classify(world, amina, LEASE, Category.HEALTH)
    (_, team) = seeing.everybody(amina.who, path, world.clock())
    assert (team.can, team.ground) == (Can.NOTHING, Ground.CATEGORY)
    assert "ne peuvent pas voir" in sentence(team, "fr")
    tomorrow = seeing.everybody(amina.who, path, world.clock(), at=NOON + DAY)
    assert [one.subject.login for one in tomorrow] == ["karim", "zoe", "structure:ccas"]


def test_owners_ask_about_their_own_and_nobody_else_asks(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    seeing, path = Seeing(world.tools), DrivePath.parse(LEASE)
    device = world.accounts.add_app_password(amina.person)
    who = world.accounts.login.sign_in(device, None, NOON)
    assert seeing.why(who, path, "karim", NOON).ground is Ground.NOTHING
    bilal = world.beneficiary("bilal")
    for other in (karim.who, bilal.who):
        with pytest.raises(NotFound):
            seeing.why(other, path, "amina", NOON)
        with pytest.raises(NotFound):
            seeing.everybody(other, path, NOON)


def test_what_is_wrong_is_told(world: Safekeeping, amina: Drive) -> None:
    with pytest.raises(NotFound, match="nothing is at /Rien"):
        why(world, amina, "amina", "/Rien")
    with pytest.raises(NotFound, match="nobody has the login"):
        why(world, amina, "nobody")
    with pytest.raises(BadInput, match="in the trail"):
        why(world, amina, "amina", at=NOON - DAY)


def test_asking_writes_nothing(world: Safekeeping, amina: Drive, karim: Drive) -> None:
    give(world, amina, karim, LEASE)

    def entries() -> int:
        with world.db.read() as tx:
            return tx.execute(select(func.count()).select_from(tables.trail)).scalar_one()

    before = entries()
    why(world, amina, "karim")
    Seeing(world.tools).everybody(amina.who, DrivePath.parse(LEASE), world.clock())
    assert entries() == before


def test_every_ground_ability_category_and_phrase_has_both_languages() -> None:
    for language in ("fr", "en"):
        assert set(BECAUSE[language]) == set(Ground)
        assert set(CAN[language]) == set(Can)
        assert set(CATEGORIES[language]) == set(Category)
        assert len(MONTHS[language]) == 12
    assert set(PHRASES["fr"]) == set(PHRASES["en"])
    path = DrivePath.parse(LEASE)
    assert nobody_else("Amina", path, "fr") == (
        "Personne d'autre que Amina ne peut voir « Logement/bail.txt »."
    )
    assert nobody_else("Amina", path, "en") == "Nobody but Amina can see “Logement/bail.txt”."
