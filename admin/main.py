"""The `abri` command: finds the group that is asked for, and turns whatever goes wrong into one
message and one exit code.

Only the module of the named command is imported, so that each starts quickly.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from admin import usage
from admin.exits import EXIT_OF, Exit, exit_of
from admin.logs import log_errors
from admin.refusals import of_system, refusal
from admin.speaking import _, language_of, speak
from admin.told import error_told
from davserver.domain.disks import DISK_ERRORS
from davserver.domain.errors import AbriError, Refused
from davserver.domain.languages import LANGUAGES, Language
from davserver.wiring.version import abri_version

CONFIG = "--config"
LANG = "--lang"
DEBUG = "--debug"
_VALUED = (CONFIG, LANG)
"""Options of every command that have a value."""
_PRIVATE = 0o077
"""Whatever Abri writes belongs to its own account alone."""


class Lang(StrEnum):
    FR = "fr"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Command:
    """`module` has `app`, a Typer group, where `is_group`; else `run`, a single command."""

    module: str
    is_group: bool


COMMANDS: dict[str, Command] = {
    "init": Command("admin.init", is_group=False),
    "demo": Command("admin.demo", is_group=False),
    "serve": Command("admin.serve", is_group=False),
    "doctor": Command("admin.doctor", is_group=False),
    "structure": Command("admin.structures", is_group=True),
    "person": Command("admin.people", is_group=True),
    "app-password": Command("admin.app_passwords", is_group=True),
    "client-certificate": Command("admin.client_certificates", is_group=True),
    "directory": Command("admin.directory", is_group=True),
    "affiliation": Command("admin.affiliations", is_group=True),
    "grant": Command("admin.grants", is_group=True),
    "policy": Command("admin.policy", is_group=True),
    "trail": Command("admin.trail", is_group=True),
    "vault": Command("admin.vaults", is_group=True),
    "lock": Command("admin.locks", is_group=True),
    "keys": Command("admin.keys", is_group=True),
    "database": Command("admin.database", is_group=True),
    "certificate": Command("admin.certificates", is_group=True),
}
"""Every command, in the order of `abri --help`."""


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and ends the process with one of `admin.exits.Exit`."""
    os.umask(_PRIVATE)
    _never_fail_to_print()
    log_errors()
    arguments = config_first(list(sys.argv[1:] if words is None else words))
    speak(_asked_language(arguments), for_scripts=_asks_for_json(arguments))
    debug = DEBUG in arguments
    code: int = Exit.DONE
    try:
        code = _run(arguments)
    except AbriError as error:
        if debug:
            raise
        _end(_told(error), exit_of(error))
    except KeyboardInterrupt:
        _end(_("stopped"), Exit.INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            _end(of_system(error), EXIT_OF[DISK_ERRORS[error.errno]])
        _end(_fault(error), Exit.UNEXPECTED)
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    """Its exit code. Raises whatever goes wrong, but what Typer says of it."""
    command = typer.main.get_command(application(arguments))
    usage.in_our_language(command)
    try:
        ended = command(args=arguments, prog_name="abri", standalone_mode=False)
    except typer.Abort:
        _end(_("stopped"), Exit.UNEXPECTED)
    except typer.TyperException as error:
        usage.tell(error)
        return Exit.USAGE
    return ended if isinstance(ended, int) else Exit.DONE


def application(arguments: Sequence[str]) -> typer.Typer:
    """With the command that is named first; with all of them where none is."""
    app = typer.Typer(
        name="abri",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        callback=_everywhere,
    )
    asked = command_word(arguments)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        command = COMMANDS[name]
        module = import_module(command.module)
        if command.is_group:
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(module.run)
    return app


def _tell_version(asked: bool) -> None:  # noqa: FBT001 — as Typer calls it
    if asked:
        print(f"Abri {abri_version()}")  # noqa: T201 — it is what was asked for
        raise typer.Exit


def _everywhere(
    context: typer.Context,
    config: Annotated[
        Path,
        typer.Option(CONFIG, help="The settings of the instance to act on.", envvar="ABRI_CONFIG"),
    ] = Path("config.yaml"),
    *,
    version: Annotated[  # noqa: ARG001 — told by its callback
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_tell_version, help="Say which Abri this is."
        ),
    ] = False,
    lang: Annotated[  # noqa: ARG001 — read by `main` before anything is said
        Lang | None,
        typer.Option(LANG, help="Speak French or English; as the environment says if left out."),
    ] = None,
    debug: Annotated[  # noqa: ARG001 — read by `main` before anything can fail
        bool, typer.Option(DEBUG, help="Show where in the code something failed.")
    ] = False,
) -> None:
    """A digital safe that shows up as a drive.

    Set up an instance with `abri init DIR`, then name its settings in each command:
    `abri --config DIR/config.yaml serve`. Every command has `--help`; exit codes are in
    docs/commands.md.
    """
    context.obj = config


def config_first(words: list[str]) -> list[str]:
    """`--config FILE` and `--lang fr` are understood anywhere, not only before the command."""
    before: list[str] = []
    options: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            return [*options, *before, word, *rest]
        if word in _VALUED:
            options += [word, *([value] if (value := next(rest, None)) is not None else [])]
        elif word.startswith(tuple(f"{one}=" for one in _VALUED)) or word == DEBUG:
            options.append(word)
        else:
            before.append(word)
    return [*options, *before]


def command_word(arguments: Sequence[str]) -> str:
    rest = iter(arguments)
    for word in rest:
        if word in _VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def _asked_language(arguments: Sequence[str]) -> Language:
    """What `--lang` says; a word that is none is told by Typer."""
    asked = ""
    for word, after in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--":
            break
        asked = (
            after
            if word == LANG
            else word.removeprefix(f"{LANG}=")
            if word.startswith(f"{LANG}=")
            else asked
        )
    usual = language_of(os.environ)  # noqa: TID251 — the reader's, and no setting of an instance
    return next((one for one in LANGUAGES if one == asked), usual)


def _asks_for_json(arguments: Sequence[str]) -> bool:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return "--json" in arguments[:end]


def _told(error: AbriError) -> str:
    if isinstance(error, Refused):
        return refusal(error.reason)
    return error_told(error) or type(error).__name__


def _fault(error: Exception) -> str:
    # The text of an error may hold what was being written: only its class and place are shown.
    frame = error.__traceback__
    place = ""
    while frame is not None:
        code = frame.tb_frame.f_code
        place = f"{Path(code.co_filename).name}:{frame.tb_lineno}"
        frame = frame.tb_next
    return _(
        "a fault in Abri: %(kind)s at %(place)s. Nothing more was done. Please report it; --debug "
        "shows more.",
        kind=type(error).__name__,
        place=place,
    )


def _never_fail_to_print() -> None:
    """A terminal that cannot show a letter gets an escape instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _end(message: str, code: Exit) -> NoReturn:
    print(f"abri: {message}", file=sys.stderr)  # noqa: T201 — this is where messages go
    sys.exit(code)
