"""The drive below its fronts: a professional's, and what they see, write and cannot do."""

import pytest

from davserver.domain.actions import Action, Right
from davserver.domain.errors import (
    NotFound,
    Refused,
)
from tests.support.drive import Drive, World


def test_without_a_grant_a_professional_sees_an_empty_drive(amina: Drive, karim: Drive) -> None:
    amina.put("/Logement/bail.pdf", b"x")
    assert karim.names() == []
    for path in ("/Name of amina", "/Name of amina/Logement", "/Logement/bail.pdf"):
        with pytest.raises(NotFound):
            karim.look(path)


def test_a_granted_folder_shows_at_the_top_without_the_folders_above(
    world: World, amina: Drive, karim: Drive
) -> None:
    amina.mkcol("/Logement/2026")
    amina.put("/Logement/2026/bail.pdf", b"x")
    amina.put("/Logement/other.pdf", b"x")
    world.grant(amina, karim, "/Logement/2026", Right.READ)
    assert karim.names() == ["Name of amina"]
    assert karim.names("/Name of amina") == ["2026"]
    assert karim.get("/Name of amina/2026/bail.pdf") == b"x"
    for hidden in ("/Name of amina/other.pdf", "/Name of amina/Logement", "/Name of amina/2027"):
        with pytest.raises(NotFound):
            karim.look(hidden)


def test_reading_is_not_writing(world: World, amina: Drive, karim: Drive) -> None:
    amina.put("/Logement/bail.pdf", b"x")
    world.grant(amina, karim, "/Logement", Right.READ)
    folder = "/Name of amina/Logement"
    acts = [
        lambda: karim.put(f"{folder}/bail.pdf", b"y"),
        lambda: karim.put(f"{folder}/new.pdf", b"y"),
        lambda: karim.mkcol(f"{folder}/new"),
        lambda: karim.delete(f"{folder}/bail.pdf"),
        lambda: karim.move(f"{folder}/bail.pdf", f"{folder}/b.pdf"),
        lambda: karim.lock(f"{folder}/bail.pdf"),
    ]
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.reason == "read-only"
    assert amina.get("/Logement/bail.pdf") == b"x"
    assert amina.names("/Logement") == ["bail.pdf"]
    assert Action.PUT not in karim.look(f"{folder}/bail.pdf").may


def test_a_writer_makes_versions_and_takes_back_only_what_they_made(
    world: World, amina: Drive, karim: Drive
) -> None:
    amina.put("/Logement/bail.pdf", b"x")
    world.grant(amina, karim, "/Logement")
    folder = "/Name of amina/Logement"
    karim.put(f"{folder}/bail.pdf", b"y")
    assert amina.get("/Logement/bail.pdf") == b"y"
    with pytest.raises(Refused) as refused:
        karim.delete(f"{folder}/bail.pdf")
    assert refused.value.reason == "not-yours"
    karim.put(f"{folder}/note.txt", b"n")
    karim.delete(f"{folder}/note.txt")
    assert amina.names("/Logement") == ["bail.pdf"]
    karim.put(f"{folder}/late.txt", b"n")
    world.clock.passes(hours=25)
    with pytest.raises(Refused):
        karim.delete(f"{folder}/late.txt")


def test_a_folder_with_somebody_elses_things_is_not_taken_back(
    world: World, amina: Drive, karim: Drive
) -> None:
    world.grant(amina, karim, "/Logement")
    folder = "/Name of amina/Logement"
    karim.mkcol(f"{folder}/mine")
    karim.put(f"{folder}/mine/a.txt", b"a")
    amina.put("/Logement/mine/b.txt", b"b")
    with pytest.raises(Refused) as refused:
        karim.delete(f"{folder}/mine")
    assert refused.value.reason == "folder-not-all-yours"
    assert amina.names("/Logement/mine") == ["a.txt", "b.txt"]


def test_what_is_hidden_by_category_leaves_its_name_free(
    world: World, amina: Drive, karim: Drive
) -> None:
    structure = karim.who.memberships[0].structure
    amina.mkcol("/Logement/sub")
    amina.put("/Santé/scan.pdf", b"secret")
    amina.move("/Santé/scan.pdf", "/Logement/scan.pdf")
    world.grant(amina, structure, "/Logement")
    folder = "/Name of amina/Logement"
    assert karim.names(folder) == ["sub"]
    with pytest.raises(NotFound):
        karim.get(f"{folder}/scan.pdf")
    assert karim.put(f"{folder}/scan.pdf", b"mine").created
    assert karim.get(f"{folder}/scan.pdf") == b"mine"
    assert amina.names("/Logement") == ["scan (2).pdf", "scan.pdf", "sub"]
    assert amina.get("/Logement/scan.pdf") == b"secret"
    assert amina.get("/Logement/scan (2).pdf") == b"mine"


def test_a_revoked_grant_ends_everything_at_the_next_request(
    world: World, amina: Drive, karim: Drive
) -> None:
    amina.put("/Logement/bail.odt", b"x")
    grant = world.grant(amina, karim, "/Logement")
    karim.lock("/Name of amina/Logement/bail.odt")
    world.end_grant(grant, amina)
    assert karim.names() == []
    with pytest.raises(NotFound):
        karim.get("/Name of amina/Logement/bail.odt")
    amina.put("/Logement/bail.odt", b"y")


def test_folder_etags_move_for_those_who_can_see_the_change(
    world: World, amina: Drive, karim: Drive
) -> None:
    structure = karim.who.memberships[0].structure
    world.grant(amina, structure, "/Logement")
    folder = "/Name of amina/Logement"

    def etags() -> tuple[str, ...]:
        own = ("/", "/Logement")
        theirs = ("/", "/Name of amina", folder)
        return (*(amina.look(p).etag for p in own), *(karim.look(p).etag for p in theirs))

    first = etags()
    assert etags() == first
    amina.put("/Logement/a.txt", b"x")
    second = etags()
    assert all(a != b for a, b in zip(first, second, strict=True))
    amina.put("/Santé/b.txt", b"x")
    third = etags()
    assert third[0] != second[0]
    assert third[1:] == second[1:]
    amina.move("/Santé/b.txt", "/Logement/b.txt")
    fourth = etags()
    assert fourth[1] != third[1]
    assert fourth[2:] == third[2:]


def test_side_files_are_kept_for_whoever_wrote_them_only(
    world: World, amina: Drive, karim: Drive
) -> None:
    world.grant(amina, karim, "/Logement")
    folder = "/Name of amina/Logement"
    assert karim.put(f"{folder}/~$bail.docx", b"karim").created
    assert karim.get(f"{folder}/~$bail.docx") == b"karim"
    assert "~$bail.docx" in karim.names(folder)
    assert amina.names("/Logement") == []
    with pytest.raises(NotFound):
        amina.get("/Logement/~$bail.docx")
    amina.put("/Logement/x.txt", b"x")
    with pytest.raises(Refused) as refused:
        amina.move("/Logement/x.txt", "/Logement/.DS_Store")
    assert refused.value.reason == "scratch"
    karim.move(f"{folder}/~$bail.docx", f"{folder}/bail.docx")
    assert amina.get("/Logement/bail.docx") == b"karim"
    world.clock.passes(hours=25)
    with pytest.raises(NotFound):
        karim.get(f"{folder}/~$bail.docx")


def test_half_saved_documents_are_seen_by_their_maker_and_the_owner(
    world: World, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    world.grant(amina, karim, "/Logement")
    world.grant(amina, lea, "/Logement")
    folder = "/Name of amina/Logement"
    karim.put(f"{folder}/.goutputstream-AB12", b"new")
    assert lea.names(folder) == []
    karim.move(f"{folder}/.goutputstream-AB12", f"{folder}/bail.odt")
    assert lea.names(folder) == ["bail.odt"]


def test_refusals_and_writes_are_in_the_owners_trail(
    world: World, amina: Drive, karim: Drive
) -> None:
    amina.put("/Logement/bail.pdf", b"x")
    world.grant(amina, karim, "/Logement", Right.READ)
    karim.get("/Name of amina/Logement/bail.pdf")
    with pytest.raises(Refused):
        karim.put("/Name of amina/Logement/bail.pdf", b"y")
    vault = amina.who.vault
    assert vault is not None
    world.tools.readings.keep_up(world.clock())
    with world.db.read() as tx:
        entries = world.tools.trail.entries(
            tx, vault, limit=20, names=lambda ids: world.registered.logins(tx, ids)
        )
    told = [(e.what, e.who_login, e.path, e.reason) for e in entries]
    assert ("write", "amina", "/Logement/bail.pdf", "") in told
    assert ("read", "karim", "/Logement/bail.pdf", "") in told
    assert ("refused", "karim", "/Logement/bail.pdf", "read-only") in told


def test_a_save_by_rename_works_where_others_may_read_the_file_too(
    world: World, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    amina.put("/Logement/bail.odt", b"one")
    amina.put("/Logement/owners.odt", b"owner's")
    world.grant(amina, karim, "/Logement")
    world.grant(amina, lea, "/Logement/bail.odt", Right.READ)
    folder = "/Name of amina/Logement"
    karim.put(f"{folder}/.bail.odt.tmp", b"two")
    assert not karim.move(f"{folder}/.bail.odt.tmp", f"{folder}/bail.odt")
    assert lea.get("/Name of amina/bail.odt") == b"two"
    with pytest.raises(Refused) as refused:
        karim.move(f"{folder}/owners.odt", f"{folder}/bail.odt")
    assert refused.value.reason == "wider-audience"
    assert lea.get("/Name of amina/bail.odt") == b"two"


def test_nobody_but_the_owner_shows_a_document_to_more_people(
    world: World, amina: Drive, karim: Drive
) -> None:
    lea = world.professional("lea")
    amina.mkcol("/Logement/for-both")
    amina.put("/Logement/private.pdf", b"x")
    world.grant(amina, karim, "/Logement")
    world.grant(amina, lea, "/Logement/for-both", Right.READ)
    folder = "/Name of amina/Logement"
    for act in (karim.move, karim.copy):
        with pytest.raises(Refused) as refused:
            act(f"{folder}/private.pdf", f"{folder}/for-both/private.pdf")
        assert refused.value.reason == "wider-audience"
    assert lea.names("/Name of amina/for-both") == []
