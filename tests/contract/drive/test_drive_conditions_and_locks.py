"""The drive below its fronts: conditions are judged on what is there, locks bind everybody."""

import pytest

from davserver.domain.conditions import Any, Conditions, ETagTerm, IfList, StateTerm
from davserver.domain.errors import (
    ConditionFailed,
    Locked,
    NotChanged,
    NotLocked,
)
from tests.support.drive import Drive, World


def with_token(token: str) -> Conditions:
    return Conditions(if_lists=(IfList(None, (StateTerm(token, None, False),)),))


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
