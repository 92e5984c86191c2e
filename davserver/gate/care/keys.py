"""Replacing the key that opens an instance: for when a copy of it got about, or whoever held it
left. A new generation wraps what is new, then all that the old one wrapped; once nothing needs the
old one, it is destroyed. Contents and the keys that seal them stay as they are.

Each step may be cut short and done again. The order is always the same: what opens is in the
keyring before anything is wrapped under it, and nothing is wrapped under a generation any more
before its key is erased.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from authn.register import Register
from authn.registered import Registered
from davserver.domain.errors import AlreadyThere, ConditionFailed, NotFound, Unavailable
from davserver.domain.ids import VaultId
from davserver.domain.people import Principal
from davserver.gate.care.key_states import Use, keyring_state
from davserver.gate.people.desk import Desk, Front
from davserver.gate.tools import Tools
from davserver.sealing.kek import Generation, GenerationState, KekProvider
from davserver.trail import Event, What
from davserver.vault import key_generations
from davserver.vault.rewrapping import AT_ONCE, START, Batch, opened_with, rewrap_own, rewrap_some

Tell = Callable[[int, int], None]
"""Is told how much of how much is done."""


_ELSEWHERE = (
    "other machines may serve this instance, and must have the new key before it is used: "
    "`abri keys add`, copy the keyring to each, then `abri keys rotate`. Where there is no other: "
    "`abri keys rotate --one-machine`"
)


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """`generation` wraps all keys now, but those of `unopened` vaults, which are damaged and as
    they were. `older`: generations before it that are not destroyed.
    """

    generation: str
    vaults: int
    instance: int
    unopened: tuple[VaultId, ...]
    older: tuple[str, ...]


class Keys:
    """`who` is somebody at the machine. All raise Refused, Unavailable, NoSpace."""

    def __init__(self, tools: Tools, kek: KekProvider, at_once: int = AT_ONCE) -> None:
        """`at_once`: how many keys one transaction wraps anew."""
        self._at_once = at_once
        self._tools = tools
        self._kek = kek
        register = Register(tools.keys, tools.entropy)
        self._front = Front(tools, Registered(tools.keys), register)

    def add(self, who: Principal, now: datetime) -> Generation:
        """A generation that waits to be used; the one that waits already, if there is one."""
        self._front.look(who, now, lambda desk: desk.allow())
        self._follow()
        added = self._kek.add_generation(self._tools.entropy, now)

        def work(desk: Desk) -> None:
            _record(desk, "keys add", added.kek_id)
            key_generations.add(desk.tx, self._kek.generations())

        self._front.change(who, now, work)
        return added

    def replace(self, who: Principal, now: datetime, tell: Tell, *, alone: bool) -> Rewrapped:
        """The newest generation that waits wraps everything from now on. Where none waits one is
        made, if this is the only machine that serves the instance: `alone`, or as it has SQLite.

        Raises AlreadyThere when somebody else replaced it meanwhile, ConditionFailed.
        """
        with self._tools.db.read() as tx:
            before = key_generations.active(tx)
        waits = self._after(before)
        if waits is None:
            if not (alone or self._tools.db.sqlite):
                raise ConditionFailed(_ELSEWHERE)
            waits = self.add(who, now)
        used = waits.kek_id
        own = self._front.change(who, now, lambda desk: self._use(desk, before, used))
        return self._rewrap(own, tell)

    def rewrap(self, who: Principal, now: datetime, tell: Tell) -> Rewrapped:
        """What a replacement that was cut short left to be done."""

        def work(desk: Desk) -> int:
            used = key_generations.active(desk.tx)
            _record(desk, "keys rewrap", used)
            return rewrap_own(desk.tx, self._kek, used)

        return self._rewrap(self._front.change(who, now, work), tell)

    def destroy(self, who: Principal, kek_id: str, now: datetime) -> None:
        """Erases the key of a generation that nothing needs any more, for good.

        Raises NotFound, ConditionFailed.
        """
        self._follow()
        held = self._holds(kek_id)
        if held:
            self._require_useless(kek_id)

        def work(desk: Desk) -> None:
            _record(desk, "keys destroy", kek_id)
            key_generations.add(desk.tx, self._kek.generations())
            _require_needless(desk.tx, kek_id)
            key_generations.destroy(desk.tx, kek_id, now)

        self._front.change(who, now, work)
        if held:
            self._kek.destroy(kek_id, now)

    def _use(self, desk: Desk, before: str, kek_id: str) -> int:
        """How many keys of the instance were wrapped anew."""
        _record(desk, "keys rotate", kek_id)
        _require_still(desk.tx, before)
        key_generations.add(desk.tx, self._kek.generations())
        if key_generations.states(desk.tx)[kek_id] is GenerationState.DESTROYED:
            raise ConditionFailed(f"key generation {kek_id} is destroyed: see `abri keys list`")
        key_generations.use(desk.tx, kek_id)
        return rewrap_own(desk.tx, self._kek, kek_id)

    def _rewrap(self, own: int, tell: Tell) -> Rewrapped:
        used = self._follow()
        with self._tools.db.read() as tx:
            left = sum(
                one.vaults for of, one in key_generations.opened_by(tx).items() if of != used
            )
        done, unopened = 0, list[VaultId]()
        for batch in self._batches(used):
            done += batch.done
            unopened += batch.unopened
            tell(done, left)
        return Rewrapped(used, done, own, tuple(unopened), self._older())

    def _batches(self, used: str) -> Iterator[Batch]:
        after: bytes | None = START
        while after is not None:
            batch = self._tools.db.write(partial(self._some, used, after))
            yield batch
            after = batch.after

    def _some(self, used: str, after: bytes, tx: Connection) -> Batch:
        _require_still(tx, used)
        return rewrap_some(tx, self._kek, self._tools.keys, used, after, self._at_once)

    def _older(self) -> tuple[str, ...]:
        with self._tools.db.read() as tx:
            return tuple(one.id for one in keyring_state(tx, self._kek).of(Use.OLD))

    def _holds(self, kek_id: str) -> bool:
        file = {one.kek_id: one.state for one in self._kek.generations()}
        return file.get(kek_id) is GenerationState.DECRYPT_ONLY

    def _require_useless(self, kek_id: str) -> None:
        """Rows may say what somebody wrote there: it is tried, too."""
        with self._tools.db.read() as tx:
            opened = opened_with(tx, self._kek, kek_id)
            said = key_generations.opened_by(tx).get(kek_id)
        if opened and said is None:
            raise ConditionFailed(
                f"key generation {kek_id} opens {opened} keys of which the database says that "
                "another one does: somebody wrote to it. `abri vault check`"
            )

    def _after(self, kek_id: str) -> Generation | None:
        """The newest one after it that opens."""
        every = self._kek.generations()
        order = [one.kek_id for one in every]
        if kek_id not in order:
            raise Unavailable(f"the keyring has no generation {kek_id}: `abri doctor` says more")
        later = every[order.index(kek_id) + 1 :]
        left = [one for one in later if one.state is not GenerationState.DESTROYED]
        return left[-1] if left else None

    def _follow(self) -> str:
        """The generation in use, which the keyring uses too from now on: a replacement may have
        been cut short in between. A keyring that is ahead of its database stays so.
        """
        with self._tools.db.read() as tx:
            used = key_generations.active(tx)
        with suppress(ValueError):
            self._kek.use_generation(used)
        return used


def _record(desk: Desk, command: str, kek_id: str) -> None:
    """Raises Barred."""
    details = {"command": command, "generation": kek_id}
    event = Event(None, What.OPERATOR, desk.who, rule=desk.allow(), details=details)
    desk.tools.trail.record(desk.tx, event, desk.now)


def _require_still(tx: Connection, used: str) -> None:
    if key_generations.active(tx) != used:
        raise AlreadyThere("somebody else replaced the key meanwhile: see `abri keys list`")


def _require_needless(tx: Connection, kek_id: str) -> None:
    known = key_generations.states(tx)
    if kek_id not in known:
        raise NotFound(f"there is no key generation {kek_id}: see `abri keys list`")
    if known[kek_id] is GenerationState.ACTIVE:
        raise ConditionFailed(f"key generation {kek_id} is in use: `abri keys rotate` replaces it")
    needed = key_generations.opened_by(tx).get(kek_id)
    if needed is not None:
        raise ConditionFailed(
            f"key generation {kek_id} still opens {needed.vaults} vaults and {needed.instance} "
            "keys of the instance: `abri keys rewrap`, then try again"
        )
