"""What `abri doctor` asks about the key: whether keyring and database fit, and what is left to do
of a replacement.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from admin.output import local
from admin.speaking import _, ngettext
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
        yield State.WELL, _("generation %(id)s opens everything", id=found.current.id)
    for old in found.of(Use.OLD):
        if not old.opens.keys:
            yield (
                State.WELL,
                _(
                    "%(id)s opens backups alone: %(command)s when they are gone",
                    id=old.id,
                    command=_destroys(old),
                ),
            )


def _missing(found: Keyring, settings: Settings) -> Found:
    """What the database needs, and this machine's keyring does not have."""
    file = settings.keys.keyring
    if found.current is None:
        says = _("the database names no generation to be used, or several: somebody altered it")
        yield State.PROBLEM, says
    for one in found.states:
        needed = one.opens.keys or one.use is Use.CURRENT
        if one.held or not (needed or one.use is Use.WAITING):
            continue
        if one.erased is not None:
            says = _(
                "generation %(id)s was erased from %(file)s on %(erased)s, and the database is "
                "older: only a backup of the keyring from before opens it",
                id=one.id,
                file=file,
                erased=local(one.erased),
            )
        else:
            says = _(
                "%(file)s does not have generation %(id)s of %(created)s: copy the keyring "
                "from the machine that has it, or from its newest backup",
                file=file,
                id=one.id,
                created=local(one.generation.created),
            )
        yield State.PROBLEM if needed else State.WARNING, says


def _unfinished(found: Keyring) -> Found:
    current = found.current
    if current is not None and current.id != found.in_file:
        yield State.WARNING, _apart(found, current)
    for one in found.of(Use.OLD):
        if one.opens.keys and one.held:
            says = ngettext(
                "%(number)s key still needs generation %(id)s: `abri keys rewrap`",
                "%(number)s keys still need generation %(id)s: `abri keys rewrap`",
                one.opens.keys,
                id=one.id,
            )
            yield State.WARNING, says
    for one in found.of(Use.DESTROYED):
        if one.held:
            says = _(
                "%(id)s was destroyed, but is still in this keyring: %(command)s",
                id=one.id,
                command=_destroys(one),
            )
            yield State.WARNING, says


def _apart(found: Keyring, current: KeyState) -> str:
    if found.is_later(found.in_file, current.id):
        return _(
            "the keyring is ahead of the database, which still uses %(id)s (is it an older "
            "backup?): no vault can be made until `abri keys rotate`",
            id=current.id,
        )
    return _(
        "the keyring does not know yet that %(id)s is in use: `abri keys rewrap`, or "
        "copy it from where the key was replaced",
        id=current.id,
    )


def _of_age(found: Keyring, now: datetime) -> Found:
    for one in found.of(Use.WAITING):
        if one.held and one.id != found.in_file and not found.is_later(found.in_file, one.id):
            says = _(
                "generation %(id)s waits since %(created)s: copy the keyring to its backup and "
                "to every machine, then `abri keys rotate`",
                id=one.id,
                created=local(one.generation.created),
            )
            yield State.WARNING, says
    current = found.current
    if current is not None and now - current.generation.created > OLD:
        made = local(current.generation.created)
        yield State.WARNING, _("the key is of %(made)s: `abri keys rotate` replaces it", made=made)


def _destroys(one: KeyState) -> str:
    return f"`abri keys destroy {one.id} --yes`"
