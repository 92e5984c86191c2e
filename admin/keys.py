"""`abri keys`: the key that opens the instance, and replacing it."""

from pathlib import Path
from typing import Annotated

import typer

from admin.exits import Exit
from admin.output import AsJson, local, say, show_json, show_table, warn
from admin.progress import progress
from admin.session import opened
from admin.settings_of import settings_of
from admin.speaking import _, headings
from admin.words import word
from davserver.domain.errors import BadInput
from davserver.gate.care.key_states import KeyState
from davserver.gate.care.keys import Rewrapped
from davserver.wiring.opening import keyring_and_database

app = typer.Typer(help="The key that opens the instance.", no_args_is_help=True)


@app.command(name="list")
def list_(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Every generation of the key: when it was made, what it is for, what still needs it."""
    found = keyring_and_database(settings_of(context))
    if as_json:
        show_json([_plain(one) for one in found.states])
        return
    show_table(
        headings("key generation", "made", "provider", "is", "opens", "in the keyring"),
        [_row(one) for one in found.states],
        _("There is no key."),
    )


@app.command()
def add(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Make a new generation that waits: time to copy the keyring to other machines and to its
    backup, before anything depends on it. `abri keys rotate` uses it.
    """
    file = settings_of(context).keys.keyring
    with opened(context) as session:
        added = session.services.keys.add(session.who, session.now)
    if as_json:
        show_json({"id": added.kek_id, "created": added.created})
        return
    say(_("Key generation %(kek_id)s waits: nothing uses it yet.", kek_id=added.kek_id))
    say(
        _(
            "Copy %(file)s to its backup and to every other machine that serves this instance;",
            file=file,
        )
    )
    say(_("then: abri keys rotate"))


@app.command()
def rotate(
    context: typer.Context,
    *,
    one_machine: Annotated[
        bool,
        typer.Option(help="No other machine serves this instance (as always with SQLite)."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replace the key: a new generation wraps whatever the old one wrapped. Servers go on running.

    If it is stopped, `abri keys rewrap` does the rest.
    """
    file = settings_of(context).keys.keyring
    with opened(context) as session, progress(_("wrapping keys anew")) as tell:
        keys = session.services.keys
        done = keys.replace(session.who, session.now, tell, alone=one_machine)
    _end(done, file, as_json=as_json)


@app.command()
def rewrap(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Wrap under the present generation what an older one still wraps: the rest of a replacement
    that was stopped.
    """
    file = settings_of(context).keys.keyring
    with opened(context) as session, progress(_("wrapping keys anew")) as tell:
        done = session.services.keys.rewrap(session.who, session.now, tell)
    _end(done, file, as_json=as_json)


@app.command()
def destroy(
    context: typer.Context,
    generation: Annotated[str, typer.Argument(help="As `abri keys list` shows it.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Backups that need it may be lost for good.")
    ] = False,
) -> None:
    """Erase an old generation's key from the keyring, for good. Backups of the database from before
    it was replaced cannot be opened any more, by anybody.
    """
    if not yes:
        raise BadInput(
            f"this erases the key of generation {generation} for good: backups of the database "
            "from before it was replaced can never be opened again. If so: --yes"
        )
    file = settings_of(context).keys.keyring
    with opened(context) as session:
        session.services.keys.destroy(session.who, generation, session.now)
    say(
        _(
            "The key of generation %(generation)s is erased from %(file)s.",
            generation=generation,
            file=file,
        )
    )
    say(_("Backups of the database from before it was replaced cannot be opened any more."))
    say(
        _("Erase it on every other machine too (the same command), and from the keyring's backups.")
    )


def _end(done: Rewrapped, file: Path, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "id": done.generation,
                "vaults": done.vaults,
                "instance": done.instance,
                "unopened": [one.hex() for one in done.unopened],
                "older": list(done.older),
            }
        )
    else:
        _say_done(done, file)
    for one in done.unopened:
        warn(
            _(
                "vault %(id)s: its key is damaged and stays as it was (`abri vault check`)",
                id=one.hex(),
            )
        )
    if done.unopened:
        raise typer.Exit(Exit.FINDINGS)


def _say_done(done: Rewrapped, file: Path) -> None:
    say(_("Key generation %(generation)s is in use.", generation=done.generation))
    say(
        _(
            "Wrapped anew: %(vaults)s keys of vaults, %(instance)s of the instance.",
            vaults=done.vaults,
            instance=done.instance,
        )
    )
    say(
        _(
            "Copy %(file)s to its backup now, and to every other machine: without it "
            "nothing opens.",
            file=file,
        )
    )
    for one in done.older:
        say(_("Older backups still need generation %(id)s. When they are gone:", id=one))
        say(f"abri keys destroy {one} --yes")


def _plain(one: KeyState) -> dict[str, object]:
    return {
        "id": one.id,
        "provider": one.provider,
        "is": one.use.value,
        "created": one.generation.created,
        "destroyed": one.generation.destroyed,
        "vaults": one.opens.vaults,
        "instance": one.opens.instance,
        "in_keyring": one.held,
    }


def _row(one: KeyState) -> tuple[str, ...]:
    needed = _(
        "%(vaults)s of vaults, %(instance)s of the instance",
        vaults=one.opens.vaults,
        instance=one.opens.instance,
    )
    return (
        one.id,
        local(one.generation.created),
        one.provider,
        word(one.use),
        needed if one.opens.keys else _("nothing"),
        _("yes") if one.held else _("no"),
    )
