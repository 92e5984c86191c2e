"""The drive below its fronts: what each person sees, writes and cannot do, on either database."""

import pytest
from sqlalchemy import Engine, event, func, select

from davserver.db import tables
from davserver.domain.actions import Action, Right
from davserver.domain.conditions import Any, Conditions, ETagTerm, IfList, StateTerm
from davserver.domain.errors import (
    AlreadyThere,
    ConditionFailed,
    Locked,
    NoParent,
    NoSpace,
    NotChanged,
    NotFound,
    NotLocked,
    Refused,
    Truncated,
)
from tests.support.drive import Body, Drive, World

LARGE = bytes(range(256)) * 1024  # 256 KiB: a blob of its own on the disk


@pytest.fixture
def amina(world: World) -> Drive:
    return world.beneficiary("amina", "fr")


@pytest.fixture
def karim(world: World) -> Drive:
    return world.professional("karim", world.accounts.add_structure("ccas-lyon"))


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.reason.value


def with_token(token: str) -> Conditions:
    return Conditions(if_lists=(IfList(None, (StateTerm(token, None, False),)),))


# ── an owner's own drive ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("plain", [b"", b"bonjour", LARGE], ids=["empty", "inline", "blob"])
def test_what_was_put_comes_back(amina: Drive, plain: bytes) -> None:
    written = amina.put("/Logement/bail.pdf", plain)
    assert written.created
    assert amina.get("/Logement/bail.pdf") == plain
    assert amina.look("/Logement/bail.pdf").etag == written.entry.etag


def test_a_new_version_keeps_the_identity_and_changes_the_etag(amina: Drive) -> None:
    first = amina.put("/Travail/cv.odt", b"one").entry
    second = amina.put("/Travail/cv.odt", LARGE)
    assert not second.created
    assert second.entry.id == first.id
    assert second.entry.etag != first.etag
    assert amina.get("/Travail/cv.odt") == LARGE


def test_a_name_is_found_however_it_was_composed(amina: Drive) -> None:
    amina.put("/Santé/re\u0301sume\u0301.txt", b"x")
    assert amina.names("/Santé") == ["résumé.txt"]
    assert amina.get("/Sante\u0301/résumé.txt") == b"x"


def test_nothing_is_made_where_no_folder_is(amina: Drive) -> None:
    with pytest.raises(NoParent):
        amina.put("/nowhere/a.txt", b"x")
    with pytest.raises(NoParent):
        amina.mkcol("/nowhere/b")
    with pytest.raises(NoParent):
        amina.move("/Travail", "/nowhere/c")


def test_names_that_are_taken_are_not_made_again(amina: Drive) -> None:
    amina.put("/a.txt", b"x")
    with pytest.raises(AlreadyThere):
        amina.mkcol("/a.txt")
    with pytest.raises(AlreadyThere):
        amina.put("/Travail", b"x")


def test_a_cut_upload_changes_nothing(world: World, amina: Drive) -> None:
    amina.put("/a.bin", b"before")

    class Cut(Body):
        def read(self, size: int) -> bytes:
            piece = super().read(min(size, 100_000))
            if not piece:
                raise Truncated("cut")
            return piece

    for size in (10, 300_000, 3_000_000):
        cut = Cut(b"x" * size)
        cut.length = size + 1
        with pytest.raises(Truncated):
            world.writing.put(
                amina.who, amina.look("/a.bin").path, cut, Conditions(), world.clock()
            )
    assert amina.get("/a.bin") == b"before"
    assert list(world.blobs.list()) == []
    with world.db.read() as tx:
        staged = select(func.count()).select_from(tables.blob).where(tables.blob.c.state != "live")
        assert tx.execute(staged).scalar_one() == 0


def test_a_folder_that_moves_takes_all_below_it_along(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.mkcol("/a/b")
    amina.put("/a/b/c.txt", b"deep")
    before = amina.look("/a/b/c.txt")
    assert amina.move("/a", "/Travail/z")
    assert amina.get("/Travail/z/b/c.txt") == b"deep"
    after = amina.look("/Travail/z/b/c.txt")
    assert (after.id, after.etag) == (before.id, before.etag)
    with pytest.raises(NotFound):
        amina.look("/a")


def test_a_folder_is_copied_into_itself_without_its_members_only(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.put("/a/x.txt", b"x")
    for inside in ("/a/b", "/a/not there/b"):
        with pytest.raises(Refused) as refused:
            amina.copy("/a", inside)
        assert reason(refused) == "same-place"
    assert amina.copy("/a", "/a/b", deep=False)
    assert amina.names("/a/b") == []


def test_a_folder_cannot_move_into_itself(amina: Drive) -> None:
    amina.mkcol("/a")
    for inside in ("/a/b", "/a/not there/b"):
        with pytest.raises(Refused) as refused:
            amina.move("/a", inside)
        assert reason(refused) == "same-place"
    amina.put("/f.txt", b"a file")
    with pytest.raises(NoParent):
        amina.move("/f.txt", "/f.txt/g")


def test_a_copied_folder_is_independent(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.put("/a/x.txt", LARGE)
    assert amina.copy("/a", "/b")
    amina.delete("/a/x.txt")
    assert amina.get("/b/x.txt") == LARGE
    assert amina.look("/b").id != amina.look("/a").id


def test_a_shallow_copy_has_no_members(amina: Drive) -> None:
    amina.mkcol("/a")
    amina.put("/a/x.txt", b"x")
    assert amina.copy("/a", "/b", deep=False)
    assert amina.names("/b") == []


def test_overwrite_forbidden_leaves_both_ends(amina: Drive) -> None:
    amina.put("/a.txt", b"a")
    amina.put("/b.txt", b"b")
    for act in (amina.move, amina.copy):
        with pytest.raises(ConditionFailed):
            act("/a.txt", "/b.txt", overwrite=False)
    assert (amina.get("/a.txt"), amina.get("/b.txt")) == (b"a", b"b")


def test_removed_things_are_gone_and_their_names_free(amina: Drive) -> None:
    amina.put("/Travail/a.txt", b"x")
    amina.delete("/Travail/a.txt")
    with pytest.raises(NotFound):
        amina.get("/Travail/a.txt")
    assert amina.put("/Travail/a.txt", b"y").created


def test_the_quota_holds_and_makes_room_from_old_versions(world: World) -> None:
    leo = world.beneficiary("leo", quota=1_000_000)
    for fill in range(12):
        leo.put("/a.bin", bytes([fill]) * 300_000)
    assert leo.get("/a.bin") == bytes([11]) * 300_000
    with pytest.raises(NoSpace):
        leo.put("/b.bin", bytes(1_000_000))
    root = leo.look("/")
    assert root.used is not None
    assert root.available is not None
    assert root.used <= 1_000_000
    assert root.used + root.available == 1_000_000


# ── saving keeps identity ───────────────────────────────────────────────────────────────────────


def test_a_temporary_file_moved_over_a_document_is_its_new_version(amina: Drive) -> None:
    before = amina.put("/Travail/cv.odt", b"one").entry
    amina.put("/Travail/.cv.odt.Xa3f", b"two")
    assert not amina.move("/Travail/.cv.odt.Xa3f", "/Travail/cv.odt")
    after = amina.look("/Travail/cv.odt")
    assert after.id == before.id
    assert amina.get("/Travail/cv.odt") == b"two"
    assert amina.names("/Travail") == ["cv.odt"]


def test_renaming_away_writing_anew_and_deleting_is_one_save(world: World, amina: Drive) -> None:
    before = amina.put("/Travail/cv.docx", b"one").entry
    amina.put("/Travail/~WRD0001.tmp", b"two")
    world.clock.passes(seconds=1)
    amina.move("/Travail/cv.docx", "/Travail/~WRL0002.tmp")
    amina.move("/Travail/~WRD0001.tmp", "/Travail/cv.docx")
    amina.delete("/Travail/~WRL0002.tmp")
    after = amina.look("/Travail/cv.docx")
    assert after.id == before.id
    assert amina.get("/Travail/cv.docx") == b"two"
    assert amina.names("/Travail") == ["cv.docx"]


def test_deleting_an_old_copy_much_later_is_only_a_removal(world: World, amina: Drive) -> None:
    amina.put("/Travail/cv.docx", b"one")
    amina.move("/Travail/cv.docx", "/Travail/old.docx")
    fresh = amina.put("/Travail/cv.docx", b"two").entry
    world.clock.passes(minutes=10)
    amina.delete("/Travail/old.docx")
    assert amina.look("/Travail/cv.docx").id == fresh.id


# ── conditions and locks ────────────────────────────────────────────────────────────────────────


def test_conditions_are_judged_on_the_present_state(amina: Drive) -> None:
    etag = amina.put("/a.txt", b"one").entry.etag
    amina.put("/a.txt", b"two", Conditions(if_match=(ETagTerm(etag),)))
    with pytest.raises(ConditionFailed):
        amina.put("/a.txt", b"three", Conditions(if_match=(ETagTerm(etag),)))
    with pytest.raises(ConditionFailed):
        amina.put("/missing.txt", b"x", Conditions(if_match=Any.ANY))
    with pytest.raises(ConditionFailed):
        amina.put("/a.txt", b"x", Conditions(if_none_match=Any.ANY))
    now = amina.look("/a.txt").etag
    with pytest.raises(NotChanged):
        amina.get("/a.txt", Conditions(if_none_match=(ETagTerm(now, weak=True),)))
    assert amina.get("/a.txt") == b"two"


def test_a_lock_binds_everybody_without_its_token(amina: Drive) -> None:
    amina.put("/a.txt", b"one")
    view, created = amina.lock("/a.txt")
    assert not created
    assert view.token is not None
    for act in (
        lambda: amina.put("/a.txt", b"two"),
        lambda: amina.delete("/a.txt"),
        lambda: amina.move("/a.txt", "/b.txt"),
        lambda: amina.lock("/a.txt"),
        lambda: amina.lock("/a.txt", exclusive=False),
    ):
        with pytest.raises(Locked):
            act()
    amina.put("/a.txt", b"two", with_token(view.token))
    amina.unlock("/a.txt", view.token)
    amina.put("/a.txt", b"three")
    with pytest.raises(NotLocked):
        amina.unlock("/a.txt", view.token)


def test_a_deep_lock_reaches_below_and_a_shallow_one_guards_the_list_of_members(
    amina: Drive,
) -> None:
    amina.mkcol("/deep")
    amina.put("/deep/a.txt", b"x")
    amina.lock("/deep", deep=True)
    with pytest.raises(Locked):
        amina.put("/deep/a.txt", b"y")
    amina.mkcol("/flat")
    amina.put("/flat/a.txt", b"x")
    amina.lock("/flat")
    amina.put("/flat/a.txt", b"y")
    for act in (lambda: amina.put("/flat/b.txt", b"y"), lambda: amina.delete("/flat/a.txt")):
        with pytest.raises(Locked):
            act()


def test_locking_a_free_name_makes_an_empty_file(amina: Drive) -> None:
    _, created = amina.lock("/Travail/new.odt")
    assert created
    assert amina.get("/Travail/new.odt") == b""


def test_a_lock_runs_out(world: World, amina: Drive) -> None:
    amina.put("/a.txt", b"x")
    amina.lock("/a.txt")
    world.clock.passes(seconds=601)
    amina.put("/a.txt", b"y")
    assert amina.look("/a.txt").locks == ()


# ── a professional's drive ──────────────────────────────────────────────────────────────────────


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
        assert reason(refused) == "read-only"
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
    assert reason(refused) == "not-yours"
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
    assert reason(refused) == "folder-not-all-yours"
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
    assert reason(refused) == "scratch"
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
            tx, vault, limit=20, names=lambda ids: world.directory.logins(tx, ids)
        )
    told = [(e.what, e.who_login, e.path, e.reason) for e in entries]
    assert ("write", "amina", "/Logement/bail.pdf", "") in told
    assert ("read", "karim", "/Logement/bail.pdf", "") in told
    assert ("refused", "karim", "/Logement/bail.pdf", "read-only") in told


# ── what it costs ───────────────────────────────────────────────────────────────────────────────


class Counted:
    """How many statements the engines of a world executed."""

    def __init__(self, engines: tuple[Engine, ...]) -> None:
        self.statements: list[str] = []
        for engine in engines:
            event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, *arguments: object) -> None:
        self.statements.append(str(arguments[2]))

    def during(self, act: object) -> int:
        self.statements.clear()
        act()  # type: ignore[operator]
        return len(self.statements)


def test_a_listing_costs_the_same_for_few_and_for_many_children(
    world: World, amina: Drive, karim: Drive
) -> None:
    for name, size in (("few", 3), ("many", 60)):
        amina.mkcol(f"/Logement/{name}")
        for n in range(size):
            amina.put(f"/Logement/{name}/{n}.txt", b"x")
    world.grant(amina, karim, "/Logement")
    counted = Counted(world.db.engines())
    for drive, top in ((amina, "/Logement"), (karim, "/Name of amina/Logement")):
        who, now = drive.who, world.clock()
        paths = [drive.look(f"{top}/{name}").path for name in ("few", "many")]
        costs = [
            counted.during(lambda p=p, w=who, n=now: world.reading.list(w, p, n)) for p in paths
        ]
        assert costs[0] == costs[1] <= 8


def test_a_get_costs_at_most_four_statements_after_sign_in(
    world: World, amina: Drive, karim: Drive
) -> None:
    amina.put("/Logement/bail.pdf", b"x")
    world.grant(amina, karim, "/Logement")
    counted = Counted(world.db.engines())
    for drive, path in (
        (amina, "/Logement/bail.pdf"),
        (karim, "/Name of amina/Logement/bail.pdf"),
    ):
        who, now, place = drive.who, world.clock(), drive.look(path).path
        world.reading.open(who, place, Conditions(), now).close()
        cost = counted.during(
            lambda w=who, p=place, n=now: world.reading.open(w, p, Conditions(), n)
        )
        assert cost <= 4


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
    assert reason(refused) == "wider-audience"
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
        assert reason(refused) == "wider-audience"
    assert lea.names("/Name of amina/for-both") == []
