"""Building the services: who gets what, in one function."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from authn.directories import Directories
from authn.login import Login
from authn.sessions import Sessions
from davserver.config import Settings
from davserver.db.database import Database
from davserver.domain.ids import Entropy
from davserver.gate.care.upkeep import Upkeep
from davserver.gate.drive.classifying import Classifying
from davserver.gate.drive.copying import Copying
from davserver.gate.drive.locking import Locking
from davserver.gate.drive.moving import Moving
from davserver.gate.drive.reading import Reading
from davserver.gate.drive.scratch import Scratch
from davserver.gate.drive.writing import Writing
from davserver.gate.people.history import History
from davserver.gate.policy.decision_log import DecisionLog
from davserver.gate.policy.notices import PolicyNotices
from davserver.gate.policy.rulebook import Rulebook, Terms
from davserver.gate.sharing.codes import SharingCodes
from davserver.gate.staff.roster import Roster
from davserver.gate.tools import Tools
from davserver.gate.watch import EpochWatch
from davserver.trail import TELLING, Readings, Trail
from davserver.vault.blobs.disk import DiskBlobStore
from davserver.vault.grants.grants import GrantBook
from davserver.vault.scratch import ScratchArea
from davserver.vault.staging import Staging
from davserver.vault.unlock import Unlock
from davserver.vault.vault import Vaults
from davserver.wiring.directories import open_directories, staff_login
from davserver.wiring.expiry import LOOKED_AT_EVERY, Expiry
from davserver.wiring.health import Checkup, Parts, parts_of
from davserver.wiring.housekeeping import Chore, Housekeeping
from davserver.wiring.key_watch import KeyWatch
from davserver.wiring.limits import limits_of
from davserver.wiring.looking_after import LookingAfter
from davserver.wiring.lookout import EVERY, Lookout
from davserver.wiring.occasional import Occasional
from davserver.wiring.opening import Clock, Opened, clock, open_all
from davserver.wiring.policy_watch import PolicyWatch
from davserver.wiring.signers import read_signers
from policies.folder import read_folder
from policies.in_force import InForce

if TYPE_CHECKING:
    from davserver.gate.policy.oversight import Oversight

BLOBS = "blobs"
"""Where contents lie in the data folder."""

READINGS = "readings"
"""Where the journals of readings lie there."""

_POLICY_TURN = "policy.turn"
_UPKEEP_EVERY = timedelta(minutes=1)
_SWEEP_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Services(Occasional):
    """All that a front calls. One per process, thread-safe; `close` it at the end."""

    clock: Callable[[], datetime]
    db: Database
    login: Login
    directories: Directories
    sessions: Sessions
    rulebook: Rulebook
    reading: Reading
    writing: Writing
    moving: Moving
    copying: Copying
    classifying: Classifying
    locking: Locking
    sharing_codes: SharingCodes
    roster: Roster
    looking_after: LookingAfter
    history: History
    decisions: DecisionLog
    watch: EpochWatch
    policy_watch: PolicyWatch
    housekeeping: Housekeeping
    lookout: Housekeeping
    certificates: Expiry

    def start(self) -> None:
        """Begin to watch for lost rights and changed rules, and to keep house: for processes that
        serve, after their fork.
        """
        self.watch.start(self.reading.decide_again)
        self.policy_watch.start()
        self.housekeeping.start()
        self.lookout.start()
        self.looking_after.start()

    def parts(self) -> Parts:
        """What must be well for the drive to work, each as a question. They may raise."""
        return parts_of(self.settings, self.db)

    def close(self) -> None:
        self.lookout.leave()
        self.looking_after.stop()
        self.housekeeping.stop()
        self.lookout.stop()
        self.history.close()
        self.policy_watch.stop()
        self.watch.stop()
        self.decisions.close()
        self.directories.close()
        self.db.close()


def build(settings: Settings, entropy: Entropy = os.urandom, clock: Clock = clock) -> Services:
    """Opens what the settings name and builds everything on it. `clock`: what tells the time.

    Raises Unavailable and its kind for a database or keyring that cannot be opened, Damaged for
    keys that do not fit the database.
    """
    opened = open_all(settings)
    try:
        return _built(_base(settings, opened, entropy, clock), opened, entropy)
    except BaseException:
        opened.db.close()
        raise


@dataclass(frozen=True, slots=True)
class _Base:
    """What use cases are built on, and what runs beside requests."""

    settings: Settings
    tools: Tools
    directories: Directories
    roster: Roster
    sessions: Sessions
    rulebook: Rulebook
    decisions: DecisionLog
    looking_after: LookingAfter
    housekeeping: Housekeeping


def _base(settings: Settings, opened: Opened, entropy: Entropy, clock: Clock) -> _Base:
    bare = _tools(settings, opened, entropy, clock)
    tools, roster, directories = _with_directories(settings, bare)
    sessions = Sessions(tools.db, tools.keys, tools.login, entropy)
    decisions = DecisionLog(settings.policy.decisions, settings.policy.decisions_kept, clock)
    return _Base(
        settings=settings,
        tools=tools,
        directories=directories,
        roster=roster,
        sessions=sessions,
        rulebook=Rulebook(tools, _terms(settings)),
        decisions=decisions,
        looking_after=LookingAfter(settings, tools, roster, directories),
        housekeeping=Housekeeping(
            [
                *_chores(settings, tools, decisions, sessions),
                Chore("keys", _UPKEEP_EVERY, KeyWatch(tools.db, opened.kek).look),
            ],
            clock,
        ),
    )


def _built(base: _Base, opened: Opened, entropy: Entropy) -> Services:
    settings, tools = base.settings, base.tools
    clock = tools.clock
    scratch = Scratch(tools, ScratchArea(tools.keys, entropy))
    watch = EpochWatch(tools.db, tools.policy, clock)
    certificates = Expiry(settings.listen)
    return Services(
        settings=settings,
        tools=tools,
        kek=opened.kek,
        watching=partial(_oversight, base),
        clock=clock,
        db=tools.db,
        login=tools.login,
        directories=base.directories,
        sessions=base.sessions,
        rulebook=base.rulebook,
        reading=Reading(tools, scratch, watch),
        writing=Writing(tools, scratch),
        moving=Moving(tools, scratch),
        copying=Copying(tools),
        classifying=Classifying(tools),
        locking=Locking(tools, scratch),
        sharing_codes=SharingCodes(tools),
        roster=base.roster,
        looking_after=base.looking_after,
        history=History(tools),
        decisions=base.decisions,
        watch=watch,
        policy_watch=_policy_watch(base),
        housekeeping=base.housekeeping,
        lookout=_lookout(Lookout(settings, tools.db, watch), certificates),
        certificates=certificates,
    )


def _lookout(lookout: Lookout, certificates: Expiry) -> Housekeeping:
    """A thread of its own: what it tells of makes the other chores wait."""
    chores = [
        Chore("lookout", EVERY, lookout.look),
        Chore("certificates", LOOKED_AT_EVERY, certificates.look),
    ]
    return Housekeeping(chores, clock, "lookout")


def _policy_watch(base: _Base) -> PolicyWatch:
    settings = base.settings
    turn = settings.data / _POLICY_TURN
    return PolicyWatch(base.rulebook, settings.policies, turn, base.tools.clock)


def _with_directories(settings: Settings, bare: Tools) -> tuple[Tools, Roster, Directories]:
    """The same tools, with a sign-in for those too who come from directories."""
    roster = Roster(bare, settings.directories)
    directories = open_directories(settings, bare.clock)
    login = staff_login(bare, settings, directories, roster)
    return replace(bare, login=login), roster, directories


def _chores(
    settings: Settings, tools: Tools, decisions: DecisionLog, sessions: Sessions
) -> list[Chore]:
    return [
        Chore("upkeep", _UPKEEP_EVERY, Upkeep(tools, settings.vaults.trash).run),
        Chore("readings", TELLING, tools.readings.keep_up),
        Chore("policy-notices", _UPKEEP_EVERY, PolicyNotices(tools).run),
        Chore("decisions", _SWEEP_EVERY, decisions.sweep),
        Chore("sessions", _SWEEP_EVERY, sessions.sweep),
        Chore("sharing-codes", _SWEEP_EVERY, SharingCodes(tools).sweep),
    ]


def _oversight(base: _Base) -> "Oversight":
    from davserver.gate.policy.oversight import Oversight, Sources  # noqa: PLC0415 — as `Occasional`

    settings = base.settings
    checkup = Checkup(
        settings=settings,
        db=base.tools.db,
        sessions=base.sessions,
        directories=base.directories,
        care=base.looking_after.care,
        housekeeping=base.housekeeping,
    )
    sources = Sources(
        folder=partial(read_folder, settings.policies),
        log=settings.policy.decisions,
        checkup=checkup.look,
    )
    return Oversight(base.tools, base.rulebook, sources)


def _tools(settings: Settings, opened: Opened, entropy: Entropy, clock: Clock) -> Tools:
    """With a sign-in for those alone who come from no directory."""
    db, keys = opened.db, opened.keys
    policy = InForce(keys)
    with db.read() as tx:
        policy.current(tx)
    blobs = DiskBlobStore(settings.data / BLOBS)
    trail = Trail(keys, entropy)
    return Tools(
        db=db,
        login=Login(db, keys, entropy, counted=settings.policy.decisions is not None),
        policy=policy,
        vaults=Vaults(Unlock(opened.kek, keys, entropy), entropy),
        grants=GrantBook(keys),
        trail=trail,
        readings=Readings(db, trail, keys.trail, settings.data / READINGS, entropy),
        staging=Staging(db, blobs, entropy),
        blobs=blobs,
        keys=keys,
        entropy=entropy,
        clock=clock,
        limits=limits_of(settings),
    )


def _terms(settings: Settings) -> Terms:
    policy = settings.policy
    signers = read_signers(policy.signers)
    return Terms(policy.automatic, policy.coverage, policy.four_eyes, signers)
