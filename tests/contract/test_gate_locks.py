"""Whom a lock binds: only where its holder may write, and never by what the other cannot see."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from davserver.db import tables as t
from davserver.domain.conditions import Conditions, IfList, StateTerm
from davserver.domain.errors import ConditionFailed, Locked, NotLocked, Refused
from davserver.domain.paths import DrivePath
from davserver.domain.people import Structure
from tests.support.accounts import statements_of
from tests.support.drive import Drive
from tests.support.rules import more_rules
from tests.support.safekeeping import Safekeeping

SHARED = "/Name of amina/Logement"
LETTER = "/Logement/dossier/letter.odt"
REPORT = "/Logement/dossier/report.odt"
"""Of category health: whoever is there for a structure does not see it."""


@pytest.fixture
def team(world: Safekeeping) -> Structure:
    return world.structure("ccas-lyon")


@pytest.fixture
def amina(world: Safekeeping, team: Structure) -> Drive:
    amina = world.beneficiary("amina", "fr")
    amina.mkcol("/Logement/dossier")
    amina.put(LETTER, b"letter")
    hide(amina, REPORT)
    world.share(amina, team, "/Logement")
    return amina


@pytest.fixture
def karim(world: Safekeeping, amina: Drive, team: Structure) -> Drive:
    """For the structure: he sees the letter, and no report."""
    assert amina.person
    return world.professional("karim", team)


@pytest.fixture
def zoe(world: Safekeeping, amina: Drive) -> Drive:
    """By name: she sees everything in the folder."""
    zoe = world.professional("zoe", world.structure("asso-rhone"))
    world.share(amina, zoe, "/Logement")
    return zoe


def hide(owner: Drive, path: str) -> None:
    """Put a medical document there: its category goes with it."""
    name = DrivePath.parse(path).name
    owner.put(f"/Santé/{name}", b"medical")
    owner.move(f"/Santé/{name}", path)


def holding(*tokens: str | None) -> Conditions:
    terms = [StateTerm(token, None, negated=False) for token in tokens]
    return Conditions(if_lists=tuple(IfList(None, (term,)) for term in terms))


def held(drive: Drive, path: str, *, deep: bool = False) -> Conditions:
    view, _ = drive.lock(path, deep=deep)
    return holding(view.token)


def is_locked(act: Callable[[], object]) -> bool:
    try:
        act()
    except Locked:
        return True
    return False


# ── whoever may not write a thing does not lock it ──────────────────────────────────────────────


def test_a_deep_lock_leaves_alone_what_its_holder_cannot_see(
    amina: Drive, karim: Drive, zoe: Drive
) -> None:
    karim.lock(f"{SHARED}/dossier", deep=True)
    assert is_locked(lambda: amina.put(LETTER, b"mine"))
    assert is_locked(lambda: zoe.put(f"{SHARED}/dossier/letter.odt", b"hers"))
    amina.put(REPORT, b"by amina")
    zoe.put(f"{SHARED}/dossier/report.odt", b"by zoe")
    assert amina.get(REPORT) == b"by zoe"
    for drive, path in ((amina, REPORT), (zoe, f"{SHARED}/dossier/report.odt")):
        assert drive.look(path).locks == ()
        _, children = drive.list(str(DrivePath.parse(path).parent))
        assert {one.path.name: len(one.locks) for one in children} == {
            "letter.odt": 1,
            "report.odt": 0,
        }


def test_what_is_hidden_comes_and_goes_in_a_locked_folder(amina: Drive, karim: Drive) -> None:
    karim.lock(f"{SHARED}/dossier", deep=True)
    amina.move(REPORT, "/Logement/dossier/renamed.odt")
    amina.move("/Logement/dossier/renamed.odt", "/Santé/report.odt")
    amina.move("/Santé/report.odt", REPORT)
    amina.copy(REPORT, "/Logement/dossier/copy.odt")
    amina.delete(REPORT)
    amina.put("/Travail/cv.pdf", b"cv")
    for act in (
        lambda: amina.put("/Logement/dossier/new.txt", b"new"),
        lambda: amina.mkcol("/Logement/dossier/new"),
        lambda: amina.move("/Travail/cv.pdf", "/Logement/dossier/cv.pdf"),
        lambda: amina.copy("/Travail/cv.pdf", "/Logement/dossier/cv.pdf"),
        lambda: amina.move(LETTER, "/Travail/letter.odt"),
        lambda: amina.delete(LETTER),
        lambda: amina.delete("/Logement/dossier"),
    ):
        assert is_locked(act)
    assert amina.names("/Logement/dossier") == ["copy.odt", "letter.odt"]


def test_what_was_removed_comes_back_into_a_locked_folder_where_it_is_hidden(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    amina.put("/Logement/dossier/note.txt", b"note")
    amina.delete(REPORT)
    amina.delete("/Logement/dossier/note.txt")
    ids = {one.path.name: one.id for one in world.keeping.trash(amina.who)}
    karim.lock(f"{SHARED}/dossier")
    world.keeping.restore_trash(amina.who, ids["report.odt"], None)
    assert is_locked(lambda: world.keeping.restore_trash(amina.who, ids["note.txt"], None))


def test_below_a_hidden_folder_nothing_is_bound(amina: Drive, karim: Drive) -> None:
    """An ordinary document in it keeps its category, but the way to it is hidden."""
    amina.mkcol("/Santé/suivi")
    amina.move("/Santé/suivi", "/Logement/dossier/suivi")
    amina.move(LETTER, "/Logement/dossier/suivi/letter.odt")
    karim.lock(f"{SHARED}/dossier", deep=True)
    amina.put("/Logement/dossier/suivi/letter.odt", b"mine")
    amina.lock("/Logement/dossier/suivi", deep=True)
    assert is_locked(lambda: amina.lock("/Logement/dossier", deep=True))


def test_half_saved_files_of_others_are_not_bound(amina: Drive, karim: Drive) -> None:
    karim.lock(f"{SHARED}/dossier", deep=True)
    half = "/Logement/dossier/.goutputstream-AB12"
    amina.put(half, b"new")
    amina.put(half, b"newer")
    assert is_locked(lambda: amina.move(half, LETTER))
    assert is_locked(lambda: amina.move(half, "/Logement/dossier/new.odt"))
    amina.delete(half)


def test_where_policy_lets_the_holder_only_read_nothing_is_bound(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    more_rules(world, "p, no-income, deny, professional, via-structure, modify, income, *, *, *, *")
    amina.put("/Ressources/pay.pdf", b"pay")
    amina.move("/Ressources/pay.pdf", "/Logement/dossier/pay.pdf")
    karim.lock(f"{SHARED}/dossier", deep=True)
    assert karim.get(f"{SHARED}/dossier/pay.pdf") == b"pay"
    assert karim.look(f"{SHARED}/dossier/pay.pdf").locks == ()
    amina.put("/Logement/dossier/pay.pdf", b"more")
    amina.lock("/Logement/dossier/pay.pdf")
    assert is_locked(lambda: amina.delete("/Logement/dossier/pay.pdf"))


def test_a_lock_does_not_come_and_go_with_hours_and_networks(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    """What its holder may write in some circumstances is bound in all of them."""
    karim.lock(f"{SHARED}/dossier", deep=True)
    more_rules(world, "p, not-from-home, deny, professional, *, modify, *, *, internet, *, *")
    assert is_locked(lambda: amina.put(LETTER, b"mine"))


# ── what one cannot see locks nothing ───────────────────────────────────────────────────────────


def test_locks_on_hidden_things_do_not_exist_for_others(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    view, _ = amina.lock(REPORT)
    entry, children = karim.list(f"{SHARED}/dossier")
    assert [len(one.locks) for one in (entry, *children)] == [0, 0]
    lock = held(karim, f"{SHARED}/dossier", deep=True)
    with pytest.raises(ConditionFailed):
        karim.put(f"{SHARED}/dossier/report.odt", b"mine", holding(view.token))
    karim.put(f"{SHARED}/dossier/report.odt", b"a twin", lock)
    karim.unlock(f"{SHARED}/dossier", lock.if_lists[0].terms[0].token or "")
    karim.copy(f"{SHARED}/dossier", f"{SHARED}/copy")
    with pytest.raises(Refused):
        karim.copy(f"{SHARED}/copy", f"{SHARED}/dossier")
    assert [one.path for one in world.keeping.locks(amina.who)] == [DrivePath.parse(REPORT)]
    assert amina.get(REPORT) == b"medical"


def test_removing_a_folder_with_something_hidden_and_locked_is_the_fixed_refusal(
    amina: Drive, karim: Drive
) -> None:
    karim.mkcol(f"{SHARED}/mine")
    hide(amina, "/Logement/mine/hidden.odt")
    amina.lock("/Logement/mine/hidden.odt")
    with pytest.raises(Refused) as refused:
        karim.delete(f"{SHARED}/mine")
    assert refused.value.reason.value == "folder-not-all-yours"


def test_a_hidden_lock_goes_along_with_its_document(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    lock = held(amina, REPORT)
    karim.move(f"{SHARED}/dossier", f"{SHARED}/moved")
    moved = "/Logement/moved/report.odt"
    assert is_locked(lambda: amina.put(moved, b"without it"))
    amina.put(moved, b"with it", lock)
    assert [one.path for one in world.keeping.locks(amina.who)] == [DrivePath.parse(moved)]


def test_locks_on_visible_things_do_not_travel(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    """RFC 4918 §7.6."""
    lock = held(karim, f"{SHARED}/dossier/letter.odt")
    assert is_locked(lambda: karim.move(f"{SHARED}/dossier", f"{SHARED}/moved"))
    karim.move(f"{SHARED}/dossier", f"{SHARED}/moved", conditions=Conditions(
        if_lists=(IfList(DrivePath.parse(f"{SHARED}/dossier/letter.odt"), lock.if_lists[0].terms),)
    ))  # fmt: skip
    assert world.rows(t.lock) == []
    amina.put("/Logement/moved/letter.odt", b"mine")


def test_a_lock_ends_where_it_was_carried_out_of_its_holders_grant(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    """Somebody who cannot see the document moves its folder away from the holder."""
    amina.mkcol("/Logement/dossier/inner")
    amina.move(REPORT, "/Logement/dossier/inner/report.odt")
    lea = world.professional("lea")
    share = world.share(amina, lea, "/Logement/dossier")
    lea.lock(f"{share.seen_at}/inner/report.odt")
    assert is_locked(lambda: amina.put("/Logement/dossier/inner/report.odt", b"mine"))
    karim.move(f"{SHARED}/dossier/inner", f"{SHARED}/inner")
    amina.put("/Logement/inner/report.odt", b"mine")
    assert amina.look("/Logement/inner/report.odt").locks == ()


def test_two_people_lock_one_folder_where_their_documents_do_not_meet(
    amina: Drive, karim: Drive, zoe: Drive
) -> None:
    """Zoe's lock is on what karim cannot see."""
    zoe.lock(f"{SHARED}/dossier/report.odt")
    view, _ = karim.lock(f"{SHARED}/dossier", deep=True)
    assert is_locked(lambda: zoe.lock(f"{SHARED}/dossier/letter.odt"))
    assert is_locked(lambda: amina.put(REPORT, b"mine"))
    karim.unlock(f"{SHARED}/dossier", view.token or "")
    zoe.lock(f"{SHARED}/dossier/letter.odt")
    assert is_locked(lambda: karim.lock(f"{SHARED}/dossier", deep=True))


def refused(act: Callable[[], object]) -> None:
    with pytest.raises((Refused, NotLocked, Locked, ConditionFailed)):
        act()


def locked_and_freed(drive: Drive, path: str, **kind: bool) -> None:
    view, _ = drive.lock(path, **kind)
    assert view.token
    drive.put(f"{path}/x.txt", b"x", Conditions(if_lists=(IfList(DrivePath.parse(path), (
        StateTerm(view.token, None, negated=False),)),)))  # fmt: skip
    drive.unlock(path, view.token)


ACTS: dict[str, Callable[[Drive, str], object]] = {
    "look": lambda d, f: d.look(f),
    "list": lambda d, f: d.list(f),
    "list above": lambda d, _: d.list(SHARED),
    "list the person": lambda d, _: d.list("/Name of amina"),
    "list the drive": lambda d, _: d.list("/"),
    "get": lambda d, f: d.get(f"{f}/letter.odt"),
    "put": lambda d, f: d.put(f"{f}/letter.odt", b"x"),
    "put anew": lambda d, f: d.put(f"{f}/new.txt", b"x"),
    "put beside the hidden": lambda d, f: d.put(f"{f}/report.odt", b"x"),
    "mkcol": lambda d, f: d.mkcol(f"{f}/sub"),
    "lock": locked_and_freed,
    "lock deep": lambda d, f: locked_and_freed(d, f, deep=True),
    "lock shared": lambda d, f: locked_and_freed(d, f, exclusive=False),
    "unlock nothing": lambda d, f: refused(lambda: d.unlock(f, "urn:uuid:no")),
    "if locked": lambda d, f: refused(lambda: d.put(f"{f}/x.txt", b"", holding("urn:uuid:no"))),
    "copy": lambda d, f: d.copy(f, f"{f}-copy"),
    "copy onto a folder": lambda d, f: d.copy(f"{f}/letter.odt", f"{f}-copy"),
    "copy onto what is not theirs": lambda d, f: refused(lambda: d.copy(f"{f}-copy", f)),
    "recall a folder": lambda d, f: d.delete(f"{f}/sub"),
    "recall a file": lambda d, f: d.delete(f"{f}/new.txt"),
    "remove": lambda d, f: refused(lambda: d.delete(f)),
    "move a file": lambda d, f: d.move(f"{f}/letter.odt", f"{f}/moved.odt"),
    "move": lambda d, f: d.move(f, f"{f}-moved"),
}


@pytest.mark.slow
def test_nothing_costs_more_because_of_a_hidden_lock(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    costs: list[dict[str, int]] = []
    for name in ("none", "warm", "locked"):
        folder = f"/Logement/{name}"
        amina.mkcol(folder)
        amina.put(f"{folder}/letter.odt", b"x")
        hide(amina, f"{folder}/report.odt")
        if name == "locked":
            amina.lock(f"{folder}/report.odt")
            amina.lock("/Santé", deep=True)
        costs.append({})
        for title, act in ACTS.items():
            with statements_of(world.db) as sent:
                act(karim, f"{SHARED}/{name}")
            costs[-1][title] = len(sent)
    assert costs[2] == costs[1]
    assert len(world.rows(t.lock)) == 2


# ── what a lock is called ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("above", ["/", "/Logement", "/Logement/dossier"])
def test_a_locks_root_is_never_above_what_one_sees(
    world: Safekeeping, amina: Drive, above: str
) -> None:
    lea = world.professional("lea")
    share = world.share(amina, lea, "/Logement/dossier")
    amina.lock(above, deep=True)
    top = DrivePath.parse(share.seen_at)
    for path in (share.seen_at, f"{share.seen_at}/letter.odt"):
        (lock,) = lea.look(path).locks
        assert (lock.root, lock.token) == (top, None)
        assert is_locked(lambda path=path: lea.lock(path))
    assert is_locked(lambda: lea.put(f"{share.seen_at}/letter.odt", b"x"))


# ── a lock ends with what its holder may do ─────────────────────────────────────────────────────


def test_a_lock_ends_with_the_last_membership(
    world: Safekeeping, amina: Drive, karim: Drive, team: Structure
) -> None:
    tomorrow = world.clock() + timedelta(minutes=5)
    lea = world.professional("lea")
    world.accounts.add_membership(lea.person, team, world.clock(), tomorrow)
    lea.lock(f"{SHARED}/dossier/letter.odt")
    world.clock.passes(minutes=4)
    assert is_locked(lambda: amina.put(LETTER, b"mine"))
    world.clock.passes(minutes=1)
    amina.put(LETTER, b"mine")
    assert amina.look(LETTER).locks == ()
    karim.lock(f"{SHARED}/dossier/letter.odt")


def test_a_lock_outlives_one_of_two_memberships(
    world: Safekeeping, amina: Drive, karim: Drive, team: Structure
) -> None:
    lea = world.professional("lea")
    for minutes in (5, 8):
        ends = world.clock() + timedelta(minutes=minutes)
        world.accounts.add_membership(lea.person, team, world.clock(), ends)
    lea.lock(f"{SHARED}/dossier/letter.odt")
    world.clock.passes(minutes=6)
    assert is_locked(lambda: karim.put(f"{SHARED}/dossier/letter.odt", b"his"))
    world.clock.passes(minutes=2)
    karim.put(f"{SHARED}/dossier/letter.odt", b"his")
    assert amina.get(LETTER) == b"his"


def test_a_lock_under_a_grant_by_name_outlives_memberships(
    world: Safekeeping, amina: Drive, zoe: Drive
) -> None:
    zoe.lock(f"{SHARED}/dossier/letter.odt")
    world.people.end_membership(world.operator, "zoe", "asso-rhone", world.clock())
    assert is_locked(lambda: amina.put(LETTER, b"mine"))


def test_ending_a_membership_forgets_its_locks_at_once(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    world.share(amina, karim, "/Travail")
    karim.lock(f"{SHARED}/dossier/letter.odt")
    karim.lock("/Name of amina/Travail")
    zoe.lock(f"{SHARED}/dossier/report.odt")
    world.people.end_membership(world.operator, "karim", "ccas-lyon", world.clock())
    assert {one["person_id"] for one in world.rows(t.lock)} == {karim.person.id, zoe.person.id}
    assert len(world.rows(t.lock)) == 2
    amina.put(LETTER, b"mine")


def test_blocking_somebody_forgets_their_locks_at_once(
    world: Safekeeping, amina: Drive, karim: Drive, zoe: Drive
) -> None:
    karim.lock(f"{SHARED}/dossier/letter.odt")
    zoe.lock(f"{SHARED}/dossier/report.odt")
    world.people.disable(world.operator, "karim", world.clock())
    assert [one["person_id"] for one in world.rows(t.lock)] == [zoe.person.id]
    amina.put(LETTER, b"mine")


def test_a_lock_of_somebody_who_is_not_active_is_none(
    world: Safekeeping, amina: Drive, karim: Drive
) -> None:
    """A directory may block people without anybody touching their locks."""
    karim.lock(f"{SHARED}/dossier/letter.odt")
    world.tamper(t.person, t.person.c.id == karim.person.id, state="directory-blocked")
    amina.put(LETTER, b"mine")
    assert amina.look(LETTER).locks == ()
    assert world.keeping.locks(amina.who) == []


def test_removing_a_tree_ends_the_locks_in_it_and_no_others(
    world: Safekeeping, amina: Drive
) -> None:
    lock = held(amina, LETTER)
    amina.lock("/Travail")
    condition = Conditions(if_lists=(IfList(DrivePath.parse(LETTER), lock.if_lists[0].terms),))
    amina.delete("/Logement/dossier", condition)
    assert [one.path for one in world.keeping.locks(amina.who)] == [DrivePath.parse("/Travail")]
