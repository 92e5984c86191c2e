"""The policy in force: what a folder of files would change, putting it in force, going back.

A set is examined outside of any transaction, and comes into force in one that checks that what it
was compared to is still in force. Requests meet the new number in their first statement.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from davserver.domain.errors import AlreadyThere, NotFound
from davserver.domain.events import Events
from davserver.domain.ids import ID_BYTES, GenerationId
from davserver.domain.people import Principal
from davserver.gate.policy.approvals import Approvals, Approved, Pending, is_administrator
from davserver.gate.policy.examining import Examined, Examiner, Terms
from davserver.gate.policy.notices import PolicyNotices
from davserver.gate.tools import Tools
from davserver.trail import Event, RowStamp, What
from policies import generations, last_seen, proposals
from policies.diff import Diff, differences
from policies.folder import Folder
from policies.generations import Generation, Origin, Proposed
from policies.last_seen import Seen, Verdict
from policies.loader import load_bytes
from policies.problems import Code, PolicyProblems
from policies.proposals import Proposal
from policies.snapshot import Snapshot

log = Events("abri.policy")


__all__ = [
    "Approved",
    "Code",
    "Diff",
    "Examined",
    "Generation",
    "Origin",
    "Pending",
    "Proposal",
    "Rulebook",
    "Status",
    "Terms",
    "Verdict",
]


@dataclass(frozen=True, slots=True)
class Status:
    """`number` 0: no set was ever put in force, so that only owners are served. `serving` None: its
    row was altered, with the same effect. `rules`: how many decide; None where this version cannot
    use the set, whatever the reason: then too only owners are served.
    """

    number: int
    serving: Generation | None
    rules: int | None
    kept: tuple[Generation, ...]
    folder: Examined
    pending: Pending | None


class Rulebook:
    def __init__(self, tools: Tools, terms: Terms) -> None:
        self._tools = tools
        self._terms = terms
        self._examiner = Examiner(tools, terms)
        self._approvals = Approvals(tools, must_be_signed=terms.signers is not None)
        self._notices = PolicyNotices(tools)

    def follow(self, folder: Folder, origin: Origin, now: datetime) -> Examined:
        """What the server does with the folder as it is: into force, if the settings let it."""
        found = self.examine(folder)
        ready = found.verdict is Verdict.WAITING and self._terms.automatic
        if ready or (found.number == 0 and origin is Origin.SETUP and not found.problems):
            return self._activate(folder, found, origin, None, now)
        if found.verdict is Verdict.NEEDS_APPROVAL:
            self._approvals.propose(folder.files, found.number, found.signed, now)
        self._note(folder, found, now)
        return found

    def apply(self, folder: Folder, who: Principal, now: datetime) -> Examined:
        """Somebody's wish to have this folder in force, held back or not. An administrator who
        signed in for it counts as the first of two where two are needed.
        """
        found = self.examine(folder)
        if found.verdict in {Verdict.WAITING, Verdict.HELD}:
            return self._activate(folder, found, Origin.APPLY, who, now)
        if found.verdict is Verdict.NEEDS_APPROVAL:
            waiting = self._approvals.propose(folder.files, found.number, found.signed, now)
            if is_administrator(who):
                after = self.approve(waiting.digest, who, now)
                if after.number is not None:
                    return Examined(Verdict.IN_FORCE, after.number)
        self._note(folder, found, now)
        return found

    def proposed(self) -> tuple[Proposal, Diff] | None:
        """What waits for approval, and what it would change."""
        with self._tools.db.read() as tx:
            found = proposals.waiting(tx, self._tools.keys)
            serving = self._tools.policy.current(tx).snapshot
        return None if found is None else (found, differences(serving, load_bytes(found.files)))

    def approve(self, digest: str, who: Principal, now: datetime) -> Approved:
        """An administrator's yes to the set that waits, of which they name the digest or the
        beginning of it; with the second one's it comes into force.

        Raises NotFound where nothing of that digest waits, Refused for anybody else.
        """
        done = self._approvals.approve(digest, who, now, self._put)
        if done.number is not None:
            log.info("policy-in-force", number=done.number, how=Origin.APPROVE.value)
            self._notices.run(now)
        return done

    def examine(self, folder: Folder) -> Examined:
        """Changes nothing."""
        return self._examiner.examine(folder)

    def bring_back(
        self, number: int | None, folder: Folder, who: Principal, now: datetime
    ) -> Generation:
        """An earlier generation's files, as a new generation; None: the one before. The folder as
        it is now is not put in force again by itself.

        Raises NotFound, Damaged, and AlreadyThere when it changed meanwhile.
        """

        def work(tx: Connection) -> Generation:
            current = generations.number_in_force(tx)
            back = self._earlier(tx, current, number)
            new = Proposed(back.files, Origin.ROLLBACK, back.number, back.signed)
            made = self._put(tx, new, current, who, now)
            held = folder.generation if folder.generation != made.digest else None
            verdict = Verdict.IN_FORCE if held is None else Verdict.HELD
            last_seen.write(tx, Seen(folder.digest, verdict, (), now, held))
            return made

        made = self._tools.db.write(work)
        log.warning("policy-brought-back", number=made.number, digest=made.digest[:12])
        self._notices.run(now)
        return made

    def status(self, folder: Folder) -> Status:
        """Changes nothing."""
        examined = self.examine(folder)
        with self._tools.db.read() as tx:
            number = generations.number_in_force(tx)
            serving = generations.find(tx, self._tools.keys, number)
            kept = tuple(generations.kept(tx, self._tools.keys))
            pending = self._approvals.pending(tx)
        return Status(number, serving, _rules(serving), kept, examined, pending)

    def kept(self) -> tuple[Generation, ...]:
        """All that can be brought back, newest first."""
        with self._tools.db.read() as tx:
            return tuple(generations.kept(tx, self._tools.keys))

    def snapshot(self, number: int | None = None) -> Snapshot:
        """A kept generation's rules; None: those in force, owners' alone if there are none.

        Raises NotFound, Damaged.
        """
        with self._tools.db.read() as tx:
            if number is None:
                number = generations.number_in_force(tx)
                return self._tools.policy.judge(tx, number).snapshot
            return load_bytes(generations.fetch(tx, self._tools.keys, number).files)

    def serving(self) -> tuple[int, Verdict | None]:
        """For whoever watches the server: the number in force, and what the folder was found to be
        when it was last looked at. One statement each.
        """
        with self._tools.db.read() as tx:
            number = generations.number_in_force(tx)
            seen = last_seen.fetch(tx)
        return number, None if seen is None else seen.verdict

    def _earlier(self, tx: Connection, current: int, number: int | None) -> Generation:
        """Raises NotFound."""
        if number is not None:
            return generations.fetch(tx, self._tools.keys, number)
        kept = generations.kept(tx, self._tools.keys)
        newest = next((one for one in kept if one.number == current), None)
        if newest is not None:
            start = newest.brought_back or newest.number
            for one in kept:
                if one.number < start and one.digest != newest.digest:
                    return one
        raise NotFound("there is no earlier policy to go back to")

    def _activate(
        self, folder: Folder, found: Examined, origin: Origin, who: Principal | None, now: datetime
    ) -> Examined:
        def work(tx: Connection) -> Generation:
            new = Proposed(folder.files, origin, signed=found.signed)
            made = self._put(tx, new, found.number, who, now)
            last_seen.write(tx, Seen(folder.digest, Verdict.IN_FORCE, (), now, None))
            return made

        try:
            made = self._tools.db.write(work)
        except AlreadyThere:
            # A server that follows the same files may have been faster.
            again = self.examine(folder)
            if again.verdict is Verdict.IN_FORCE:
                return again
            raise
        log.info("policy-in-force", number=made.number, digest=made.digest[:12], how=origin.value)
        self._notices.run(now)
        return Examined(Verdict.IN_FORCE, made.number)

    def _put(
        self, tx: Connection, new: Proposed, after: int, who: Principal | None, now: datetime
    ) -> Generation:
        one = GenerationId(self._tools.entropy(ID_BYTES))
        made, gone = generations.put_in_force(tx, self._tools.keys, new, after, one, now)
        rows = [RowStamp("policy_generation", made.id, made.number, made.mac)]
        rows += [RowStamp("policy_generation", old, 0, b"") for old in gone]
        details = {"generation": str(made.number), "digest": made.digest, "how": made.origin.value}
        if made.brought_back is not None:
            details["of"] = str(made.brought_back)
        event = Event(None, What.POLICY, who, rows=tuple(rows), details=details)
        self._tools.trail.record(tx, event, now)
        return made

    def _note(self, folder: Folder, found: Examined, now: datetime) -> None:
        """What the folder was found to be, once for each state of it."""
        with self._tools.db.read() as tx:
            before = last_seen.fetch(tx)
        held = before.held if before else None
        seen = Seen(folder.digest, found.verdict, found.problems, now, held)
        if before is None or not before.says_the_same(seen):
            self._tools.db.write(lambda tx: last_seen.write(tx, seen))
            if found.verdict is not Verdict.IN_FORCE:
                told = {"verdict": found.verdict.value, "problems": len(found.problems)}
                log.warning("policy-not-in-force", **told)


def _rules(serving: Generation | None) -> int | None:
    if serving is None:
        return None
    try:
        return len(load_bytes(serving.files).rules)
    except PolicyProblems:
        return None
