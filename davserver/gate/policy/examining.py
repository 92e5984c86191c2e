"""What a folder of policy files is, compared with what is in force. Changes nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from davserver.gate.tools import Tools
from policies import generations, last_seen
from policies.diff import differences
from policies.folder import Folder
from policies.generations import Generation
from policies.in_force import owners_only
from policies.last_seen import Verdict
from policies.loader import load_bytes, load_folder
from policies.problems import PolicyProblems
from policies.signing import Signers, look
from policies.snapshot import Snapshot
from policies.trials import Trial, run


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings ask of a change. `automatic`: a sound folder comes into force by itself;
    `coverage`: how many per cent of the rules its cases must show at work; `four_eyes`: what widens
    access for anybody waits for two administrators; `signers`: whose signature it must have.
    """

    automatic: bool = True
    coverage: int = 0
    four_eyes: bool = False
    signers: Signers | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """`number`: of what is in force. `problems`: a line each, with its place. `signed`: when, where
    that is asked for.
    """

    verdict: Verdict
    number: int
    problems: tuple[str, ...] = ()
    signed: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Tried:
    """The same texts have the same trial: a folder is examined more often than it changes."""

    digest: str
    folder: Folder = field(compare=False)
    snapshot: Snapshot = field(compare=False)


class Examiner:
    def __init__(self, tools: Tools, terms: Terms) -> None:
        self._tools = tools
        self._terms = terms

    def examine(self, folder: Folder) -> Examined:
        """What would become of that folder now: on one snapshot, and nothing is written."""
        with self._tools.db.read() as tx:
            number = generations.number_in_force(tx)
            serving = generations.find(tx, self._tools.keys, number)
            seen = last_seen.fetch(tx)
            newest = generations.newest_signature(tx, self._tools.keys)
        snapshot = _loaded(folder)
        if isinstance(snapshot, tuple):
            return Examined(Verdict.REFUSED, number, snapshot)
        if serving is not None and serving.digest == snapshot.generation:
            return Examined(Verdict.IN_FORCE, number)
        signature = look(folder, self._terms.signers, newest, self._tools.clock())
        if signature.problems:
            return Examined(Verdict.UNSIGNED, number, tuple(map(str, signature.problems)))
        failed = self._failed(folder, snapshot)
        if failed:
            return Examined(Verdict.FAILED, number, failed)
        is_held = seen is not None and seen.held == snapshot.generation
        verdict = Verdict.HELD if is_held else self._waiting(number, serving, snapshot)
        return Examined(verdict, number, signed=signature.signed)

    def _waiting(self, number: int, serving: Generation | None, snapshot: Snapshot) -> Verdict:
        """A first set has nothing to be compared with."""
        if self._terms.four_eyes and number and self._widens(serving, snapshot):
            return Verdict.NEEDS_APPROVAL
        return Verdict.WAITING

    def _widens(self, serving: Generation | None, snapshot: Snapshot) -> bool:
        before = owners_only() if serving is None else load_bytes(serving.files)
        return differences(before, snapshot).widens

    def _failed(self, folder: Folder, snapshot: Snapshot) -> tuple[str, ...]:
        trial = _trial(_Tried(folder.digest, folder, snapshot))
        found = list(trial.complaints)
        if trial.percent < self._terms.coverage:
            found.append(
                f"the cases show {trial.percent} % of the rules at work; "
                f"policy.coverage asks for {self._terms.coverage} %"
            )
        return tuple(found)


@lru_cache(maxsize=8)
def _trial(tried: _Tried) -> Trial:
    return run(tried.snapshot, tried.folder.tests)


def _loaded(folder: Folder) -> Snapshot | tuple[str, ...]:
    try:
        return load_folder(folder.files, folder.unread)
    except PolicyProblems as found:
        return tuple(str(one) for one in found.problems if one.is_error)
