"""How keyring and database stand to each other: each generation, what it is for and what it still
opens. Needs no key: it is asked, too, where an instance does not open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from davserver.sealing.kek import Generation, GenerationState, KekProvider
from davserver.vault import key_generations
from davserver.vault.key_generations import Opens


class Use(StrEnum):
    """What a generation is for."""

    CURRENT = "current"
    """Wraps what is new."""
    WAITING = "waiting"
    OLD = "old"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class KeyState:
    """`held`: the keyring of this machine has its key; `erased`: when that was erased there.
    `opens`: what would not open without it.
    """

    generation: Generation
    use: Use
    provider: str
    opens: Opens
    held: bool
    erased: datetime | None

    @property
    def id(self) -> str:
        return self.generation.kek_id


@dataclass(frozen=True, slots=True)
class Keyring:
    """All generations, oldest first, and which one this machine's keyring has in use."""

    states: tuple[KeyState, ...]
    in_file: str

    @property
    def current(self) -> KeyState | None:
        """The one that the database has in use. None: its rows were altered."""
        found = [one for one in self.states if one.use is Use.CURRENT]
        return found[0] if len(found) == 1 else None

    def of(self, use: Use) -> list[KeyState]:
        return [one for one in self.states if one.use is use]

    def is_later(self, one: str, other: str) -> bool:
        order = [state.id for state in self.states]
        return one in order and other in order and order.index(one) > order.index(other)


def keyring_state(tx: Connection, kek: KekProvider) -> Keyring:
    """Raises Damaged, where somebody altered the database."""
    file = kek.generations()
    named = {one.kek_id: one for one in key_generations.named(tx)}
    held = {one.kek_id for one in file if one.state is not GenerationState.DESTROYED}
    erased = {one.kek_id: one.destroyed for one in file}
    opens = key_generations.opened_by(tx)
    every = _in_order(file, [*named.values()])
    used = [one.kek_id for one in named.values() if one.state is GenerationState.ACTIVE]
    place = max((place for place, one in enumerate(every) if one.kek_id in used), default=-1)
    states = tuple(
        KeyState(
            generation=named.get(one.kek_id, one),
            use=_use(named.get(one.kek_id, one), is_after=at > place),
            provider=key_generations.LOCAL,
            opens=opens.get(one.kek_id, Opens()),
            held=one.kek_id in held,
            erased=erased.get(one.kek_id),
        )
        for at, one in enumerate(every)
    )
    active = next(one.kek_id for one in file if one.state is GenerationState.ACTIVE)
    return Keyring(states, active)


def _in_order(file: Sequence[Generation], named: Sequence[Generation]) -> list[Generation]:
    """The file's order, which nobody with the database alone can change; then by age."""
    known = {one.kek_id for one in file}
    missing = [one for one in named if one.kek_id not in known]
    older = [one for one in missing if one.created < file[0].created]
    return [*older, *file, *(one for one in missing if one not in older)]


def _use(one: Generation, *, is_after: bool) -> Use:
    if one.state is GenerationState.DESTROYED:
        return Use.DESTROYED
    if one.state is GenerationState.ACTIVE and not is_after:
        return Use.CURRENT
    return Use.WAITING if is_after else Use.OLD
