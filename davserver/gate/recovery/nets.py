"""Safety nets: taking back what was misfiled, and what somebody changed by the dozen."""

from dataclasses import dataclass, replace
from datetime import datetime

from authn.registered import Registered
from davserver.domain.actions import Action
from davserver.domain.errors import BadInput, NotFound
from davserver.domain.ids import NodeId, PersonId
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.acting import change, look, record
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.recovery import recalling
from davserver.gate.recovery.recallable import PutIn, look_at, put_in, recall_node
from davserver.gate.recovery.recalling import RecalledDocument
from davserver.gate.recovery.restoring import note_look, own_drive
from davserver.gate.recovery.undoing import Round, counts
from davserver.gate.recovery.undone import UndoReport
from davserver.gate.sight import Sight
from davserver.gate.tools import Tools
from davserver.trail import What
from davserver.vault import pace
from davserver.vault.undo import Deeds

AT_ONCE = 200
"""Things that one transaction takes back: others write in between."""

MOST_SHOWN = 2000
"""Things that a preview shows."""


@dataclass(frozen=True, slots=True)
class _Wish:
    by: str
    since: datetime | None
    keep_paused: bool


class _Preview(Exception):
    """Undoes the transaction that it leaves."""

    def __init__(self, report: UndoReport) -> None:
        super().__init__("not committed")
        self.report = report


class SafetyNets:
    """For owners, and for somebody at the machine on their behalf (`People.operator_for`); `recall`
    is for whoever put a document into the wrong vault. All raise Refused for whoever may not.
    """

    def __init__(self, tools: Tools, at_once: int = AT_ONCE) -> None:
        """`at_once`: how many things one transaction of an undo takes back."""
        self._tools = tools
        self._at_once = at_once
        self._registered = Registered(tools.keys)

    def recall(self, who: Principal, path: DrivePath) -> RecalledDocument:
        """Erases what `who` put at `path` of their drive within the recall window, versions and
        all, also when they removed it already. Both trails keep that it was there.

        Raises NotFound, BadInput for a folder, Locked, Refused (`not-yours`, `too-late`,
        `opened-by-others`).
        """
        return change(self._tools, who, lambda sight: recalling.recall(sight, path))

    def put_in(self, who: Principal, now: datetime) -> list[PutIn]:
        """What `who` put into others' vaults within the recall window, with what they may take
        back. Raises Refused where their whole drive is.
        """
        self._tools.readings.settle(now)
        return look(self._tools, who, now, put_in)

    def put_in_one(self, who: Principal, node: NodeId, now: datetime) -> PutIn:
        """One of them. Raises NotFound."""
        self._tools.readings.settle(now)
        return look(self._tools, who, now, lambda sight: look_at(sight, node))

    def recall_node(self, who: Principal, node: NodeId) -> RecalledDocument:
        """As `recall`, of one of what `put_in` gave. Raises as that."""
        return change(self._tools, who, lambda sight: recall_node(sight, node))

    def resume(self, who: Principal, by: str) -> None:
        """Lets the changes of `by` in the vault of `who` go on; nothing is taken back.

        Raises NotFound where they are not paused.
        """
        change(self._tools, who, lambda sight: self._resume(sight, by))

    def undo(
        self,
        who: Principal,
        by: str,
        *,
        since: datetime | None = None,
        keep_paused: bool = False,
    ) -> UndoReport:
        """Takes back what `by` did in the vault of `who` since then, or in the batch that led to
        their pause, and lifts the pause. What they wrote stays as earlier versions and in the
        trash. Large batches take several transactions, each of them whole; whatever cuts it
        short, running it again finishes it.

        Raises NotFound, BadInput where neither a pause nor `since` says from when.
        """
        wish = _Wish(by, since, keep_paused)
        first = change(self._tools, who, lambda sight: self._undo(sight, wish, self._at_once))
        # The pause is lifted at the end, and with it goes when the batch began.
        wish = replace(wish, since=first.since)
        reports = [first]
        while reports[-1].more:
            more = change(self._tools, who, lambda s: self._undo(s, wish, self._at_once))
            reports.append(more)
        done = tuple(one for report in reports for one in report.done)
        return replace(reports[-1], done=done)

    def preview(self, who: Principal, by: str, *, since: datetime | None = None) -> UndoReport:
        """What `undo` would do: done, and then not committed. That somebody at the machine looked
        is in the trail. Raises as `undo`.
        """

        def work(sight: Sight) -> None:
            raise _Preview(self._undo(sight, _Wish(by, since, keep_paused=True), MOST_SHOWN))

        try:
            change(self._tools, who, work)
        except _Preview as shown:
            change(self._tools, who, _note_preview)
            return shown.report
        raise AssertionError("a preview always ends so")

    def _undo(self, sight: Sight, wish: "_Wish", most: int) -> UndoReport:
        drive = own_drive(sight)
        assert drive.vault is not None  # noqa: S101 — one's own drive is a vault
        permit = sight.require(Action.GRANT, drive)
        person = self._registered.find_person(sight.tx, wish.by)
        if person.id == sight.who.id:
            raise BadInput("an owner's own changes are taken back one by one: abri vault restore")
        pause = pace.pause_of(sight.tx, person.id, drive.vault.id)
        since = wish.since or (pause.batch if pause else None)
        if since is None:
            raise BadInput(f"the changes of “{person.login}” are not paused: say --since when")
        part = Round(sight, drive.vault, Deeds(person.id, since), most)
        part.run()
        lifted = part.finished and pause is not None and not wish.keep_paused
        if lifted:
            pace.lift(sight.tx, person.id, drive.vault.id)
        details = {"person": person.id.hex(), "from": since.isoformat(), **dict(counts(part.done))}
        details |= {"pause": "lifted"} if lifted else {}
        record(sight, What.UNDO, drive, permit, None, part.stamps, details)
        if part.finished:
            _tell_owner(sight, person.id, What.UNDO)
        return UndoReport(
            since=since,
            done=tuple(part.done),
            left=tuple(part.left),
            paused=pause is not None and not lifted,
            more=not part.finished,
        )

    def _resume(self, sight: Sight, by: str) -> None:
        drive = own_drive(sight)
        assert drive.vault is not None  # noqa: S101 — one's own drive is a vault
        permit = sight.require(Action.GRANT, drive)
        person = self._registered.find_person(sight.tx, by)
        if pace.pause_of(sight.tx, person.id, drive.vault.id) is None:
            raise NotFound(f"the changes of “{person.login}” are not paused there")
        pace.lift(sight.tx, person.id, drive.vault.id)
        record(sight, What.RESUME, drive, permit, None, (), {"person": person.id.hex()})
        _tell_owner(sight, person.id, What.RESUME)


def _tell_owner(sight: Sight, whose: PersonId, what: What) -> None:
    """Where it was not their own sign-in that did it (DESIGN §4)."""
    if sight.who.operator is not None:
        says = {"who": whose.hex(), "what": what.value}
        tell(sight.tx, sight.tools, NoticeKind.CHANGES_FOR_YOU, {sight.who.id}, says, sight.now)


def _note_preview(sight: Sight) -> None:
    drive = own_drive(sight)
    note_look(sight, drive, sight.require(Action.LIST, drive), "undo --dry-run")
