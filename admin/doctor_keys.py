"""What `abri doctor` asks about the key: whether keyring and database fit, and what is left to do
of a replacement.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from admin.output import local
from davserver.config import Settings
from davserver.domain.health import State
from davserver.gate.care.key_states import Keyring, KeyState, Use
from davserver.wiring.opening import keyring_and_database

OLD = timedelta(days=365)
"""A key that is used for longer is told of."""

Found = Iterator[tuple[State, str]]


def keys(settings: Settings, now: datetime) -> Found:
    found = keyring_and_database(settings)
    said = False
    for one in (*_missing(found, settings), *_unfinished(found), *_of_age(found, now)):
        said = True
        yield one
    if not said and found.current is not None:
        yield State.WELL, f"generation {found.current.id} opens everything"
    for old in found.of(Use.OLD):
        if not old.opens.keys:
            yield State.WELL, f"{old.id} opens backups alone: {_destroys(old)} when they are gone"


def _missing(found: Keyring, settings: Settings) -> Found:
    """What the database needs, and this machine's keyring does not have."""
    file = settings.keys.keyring
    if found.current is None:
        says = "the database names no generation to be used, or several: somebody altered it"
        yield State.PROBLEM, says
    for one in found.states:
        needed = one.opens.keys or one.use is Use.CURRENT
        if one.held or not (needed or one.use is Use.WAITING):
            continue
        if one.erased is not None:
            says = (
                f"generation {one.id} was erased from {file} on {local(one.erased)}, and the "
                "database is older: only a backup of the keyring from before opens it"
            )
        else:
            says = (
                f"{file} does not have generation {one.id} of {local(one.generation.created)}: "
                "copy the keyring from the machine that has it, or from its newest backup"
            )
        yield State.PROBLEM if needed else State.WARNING, says


def _unfinished(found: Keyring) -> Found:
    current = found.current
    if current is not None and current.id != found.in_file:
        yield State.WARNING, _apart(found, current)
    for one in found.of(Use.OLD):
        if one.opens.keys and one.held:
            says = f"{one.opens.keys} keys still need generation {one.id}: `abri keys rewrap`"
            yield State.WARNING, says
    for one in found.of(Use.DESTROYED):
        if one.held:
            says = f"{one.id} was destroyed, but is still in this keyring: {_destroys(one)}"
            yield State.WARNING, says


def _apart(found: Keyring, current: KeyState) -> str:
    if found.is_later(found.in_file, current.id):
        return (
            f"the keyring is ahead of the database, which still uses {current.id} (is it an older "
            "backup?): no vault can be made until `abri keys rotate`"
        )
    return (
        f"the keyring does not know yet that {current.id} is in use: `abri keys rewrap`, or copy "
        "it from where the key was replaced"
    )


def _of_age(found: Keyring, now: datetime) -> Found:
    for one in found.of(Use.WAITING):
        if one.held and one.id != found.in_file and not found.is_later(found.in_file, one.id):
            says = (
                f"generation {one.id} waits since {local(one.generation.created)}: copy the "
                "keyring to its backup and to every machine, then `abri keys rotate`"
            )
            yield State.WARNING, says
    current = found.current
    if current is not None and now - current.generation.created > OLD:
        made = local(current.generation.created)
        yield State.WARNING, f"the key is of {made}: `abri keys rotate` replaces it"


def _destroys(one: KeyState) -> str:
    return f"`abri keys destroy {one.id} --yes`"
