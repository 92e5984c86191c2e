"""Hypothesis plays a client on a served drive and compares every answer with a dictionary."""

import sys
from itertools import count

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.dav import Drive, token_of
from tests.support.instance import Server
from tests.support.model import Model, Place, path_of
from tests.support.trees import assert_same

NAMES = st.sampled_from(["a", "b", "é", "dossier #1", "x%41.txt", "日本"])
PLACES = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.integers(65_530, 65_545).map(lambda size: bytes(range(256)) * (size // 256 + 1)),
)
OVERWRITE = st.sampled_from([None, "T", "F"])

pytestmark = [pytest.mark.server, pytest.mark.slow]
_folders = count()


class DriveMachine(RuleBasedStateMachine):
    """One example is one folder of the drive, starting empty."""

    def __init__(self, drive: Drive) -> None:
        super().__init__()
        self.drive = drive
        self.model = Model()
        self.locks: dict[Place, tuple[str, bool]] = {}
        self.root = ""

    @initialize()
    def begin(self) -> None:
        self.root = f"/modele-{next(_folders)}"
        assert self.drive.mkcol(self.root).status == 201

    def path(self, place: Place) -> str:
        return self.root + path_of(place)

    # ── locks: which tokens an operation needs, by RFC 4918 §7 ──────────────────────────────────

    def covering(self, place: Place) -> set[Place]:
        """The locks that bind a place itself."""
        return {p for p, (_, deep) in self.locks.items() if p == place or (deep and _in(place, p))}

    def for_writing(self, place: Place) -> set[Place]:
        if self.model.exists(place):
            return self.covering(place)
        return self.covering(place[:-1])

    def for_removing(self, place: Place) -> set[Place]:
        inside = {p for p in self.locks if _in(p, place)}
        return self.covering(place) | self.covering(place[:-1]) | inside

    def for_landing(self, place: Place) -> set[Place]:
        return self.for_removing(place) if self.model.exists(place) else self.for_writing(place)

    def tokens(self, places: set[Place]) -> dict[str, str]:
        if not places:
            return {}
        lists = [f"<{self.drive.url(self.path(p))}> (<{self.locks[p][0]}>)" for p in sorted(places)]
        return {"If": " ".join(lists)}

    def unlocked_by_removal(self, place: Place) -> None:
        self.locks = {p: lock for p, lock in self.locks.items() if not _in(p, place)}

    # ── verbs ───────────────────────────────────────────────────────────────────────────────────

    @rule(place=PLACES, body=BODIES, submit=st.booleans())
    def put(self, place: Place, body: bytes, *, submit: bool) -> None:
        needed = self.for_writing(place)
        expected = self._trial(lambda model: model.put(place, body), needed, submit=submit)
        answer = self.drive.put(self.path(place), body, **self._sent(needed, submit=submit))
        assert answer.status == expected, answer

    @rule(place=PLACES, submit=st.booleans())
    def mkcol(self, place: Place, *, submit: bool) -> None:
        needed = set() if self.model.exists(place) else self.for_writing(place)
        expected = self._trial(lambda model: model.mkcol(place), needed, submit=submit)
        answer = self.drive.ask("MKCOL", self.path(place), self._sent(needed, submit=submit))
        assert answer.status == expected, answer

    @rule(place=PLACES, submit=st.booleans())
    def delete(self, place: Place, *, submit: bool) -> None:
        needed = self.for_removing(place)
        expected = self._trial(lambda model: model.delete(place), needed, submit=submit)
        answer = self.drive.delete(self.path(place), **self._sent(needed, submit=submit))
        assert answer.status == expected, answer
        if answer.status == 204:
            self.unlocked_by_removal(place)

    @rule(place=PLACES, to=PLACES, overwrite=OVERWRITE, submit=st.booleans())
    def move(self, place: Place, to: Place, overwrite: str | None, *, submit: bool) -> None:
        needed = self.for_removing(place) | self.for_landing(to)
        expected = self._trial(
            lambda model: model.move(place, to, overwrite=overwrite != "F"), needed, submit=submit
        )
        headers = {"Overwrite": overwrite} if overwrite else {}
        sent = self._sent(needed, submit=submit)
        answer = self.drive.move(self.path(place), self.path(to), **headers, **sent)
        assert answer.status == expected, answer
        if answer.status < 300:
            self.unlocked_by_removal(place)

    @rule(place=PLACES, to=PLACES, overwrite=OVERWRITE, deep=st.booleans(), submit=st.booleans())
    def copy(
        self, place: Place, to: Place, overwrite: str | None, *, deep: bool, submit: bool
    ) -> None:
        needed = self.for_landing(to)
        expected = self._trial(
            lambda model: model.copy(place, to, overwrite=overwrite != "F", deep=deep),
            needed, submit=submit,
        )  # fmt: skip
        headers = {"Overwrite": overwrite} if overwrite else {}
        headers["Depth"] = "infinity" if deep else "0"
        sent = self._sent(needed, submit=submit)
        answer = self.drive.copy(self.path(place), self.path(to), **headers, **sent)
        assert answer.status == expected, answer

    @rule(place=PLACES)
    def get(self, place: Place) -> None:
        answer = self.drive.get(self.path(place))
        if not self.model.exists(place):
            assert answer.status == 404, answer
        elif not self.model.is_folder(place):
            assert (answer.status, answer.body) == (200, self.model.tree[place])

    @rule(place=PLACES, start=st.integers(0, 70_000), length=st.integers(1, 70_000))
    def get_a_range(self, place: Place, start: int, length: int) -> None:
        whole = self.model.tree.get(place)
        if whole is None:
            return
        answer = self.drive.get(self.path(place), Range=f"bytes={start}-{start + length - 1}")
        if start >= len(whole):
            assert answer.status == 416, answer
            return
        piece = whole[start : start + length]
        assert (answer.status, answer.body) == (206, piece)
        last = start + len(piece) - 1
        assert answer.header("Content-Range") == f"bytes {start}-{last}/{len(whole)}"

    @rule(place=PLACES)
    def propfind(self, place: Place) -> None:
        if self.model.is_folder(place):
            assert self.drive.names(self.path(place)) == self.model.children(place)
        else:
            expected = 207 if self.model.exists(place) else 404
            assert self.drive.propfind(self.path(place)).status == expected

    @rule(place=PLACES, deep=st.booleans())
    def lock(self, place: Place, *, deep: bool) -> None:
        if not self.model.exists(place):
            return
        depth = "infinity" if deep else "0"
        answer = self.drive.lock(self.path(place), depth=depth)
        conflicts = self.covering(place) | {p for p in self.locks if deep and _in(p, place)}
        if conflicts:
            assert answer.status in {423, 207}, answer
        else:
            assert answer.status == 200, answer
            self.locks[place] = (token_of(answer), deep)

    @precondition(lambda self: self.locks)
    @rule(data=st.data())
    def unlock(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(sorted(self.locks)))
        token, _ = self.locks.pop(place)
        assert self.drive.unlock(self.path(place), token).status == 204

    # ── comparing ───────────────────────────────────────────────────────────────────────────────

    def _trial(self, act, needed: set[Place], *, submit: bool) -> int:
        """What must be answered; the model keeps the change only when the locks allow it."""
        before = dict(self.model.tree)
        status: int = act(self.model)
        if status < 300 and needed and not submit:
            self.model.tree = before
            return 423
        return status

    def _sent(self, needed: set[Place], *, submit: bool) -> dict[str, str]:
        return self.tokens(needed) if submit else {}

    def teardown(self) -> None:
        an_answer_was_wrong = sys.exc_info()[0] is not None
        if self.root and not an_answer_was_wrong:
            assert_same(self.drive, self.root, self.model)


def _in(place: Place, folder: Place) -> bool:
    return place[: len(folder)] == folder


def test_the_drive_does_what_a_dictionary_does(served: Server) -> None:
    drive = served.instance.drive("amina")
    run_state_machine_as_test(
        lambda: DriveMachine(drive),
        settings=settings(
            max_examples=15, stateful_step_count=40, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
            # Making a failure smaller would ask the server thousands of times.
            phases=[Phase.generate],
        ),
    )  # fmt: skip
