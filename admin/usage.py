"""What Typer says of commands, in the language of the command: help, and what is mistyped.

Typer has English alone, in a few tables of its own and in its errors.
"""

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import typer

from admin.speaking import N_, _, catalogue, language
from admin.told import in_catalogue

_WORDS: dict[str, str] = {
    "DEFAULT_STRING": N_("[default: {}]"),
    "ENVVAR_STRING": N_("[env var: {}]"),
    "REQUIRED_LONG_STRING": N_("[required]"),
    "ARGUMENTS_PANEL_TITLE": N_("Arguments"),
    "OPTIONS_PANEL_TITLE": N_("Options"),
    "COMMANDS_PANEL_TITLE": N_("Commands"),
    "ERRORS_PANEL_TITLE": N_("Error"),
    "ABORTED_TEXT": N_("Aborted."),
    "RICH_HELP": N_("Try [blue]'{command_path} {help_option}'[/] for help."),
}
"""By their names in typer.rich_utils."""

MISTYPED: tuple[str, ...] = (
    N_("Invalid value for %(hint)s: %(message)s"),
    N_("Value error, %(message)s"),
    N_("%(value)s is not one of %(choices)s."),
    N_("Input should be less than or equal to %(most)s"),
    N_("Input should be greater than or equal to %(least)s"),
    N_("Input should be a valid integer, unable to parse string as an integer"),
    N_("Missing argument %(hint)s."),
    N_("Missing option %(hint)s."),
    N_("Missing option %(hint)s. Choose from:%(choices)s"),
    N_("No such option: %(name)s"),
    N_("No such option: %(name)s (Possible options: %(options)s)"),
    N_("Option %(name)s does not take a value."),
    N_("Option %(name)s requires an argument."),
    N_("Got unexpected extra argument(s) (%(words)s)"),
    N_("No such command %(name)s."),
    N_("No such command %(name)s. Did you mean %(names)s?"),
    N_("Missing command."),
)
"""What it says of a command that cannot be understood, with blanks."""


def in_our_language(command: Any) -> None:
    """`command` is what Typer made of our functions, and is changed."""
    if language() == "en":
        return
    _translate(command)


def help_texts(command: Any) -> set[str]:
    """All that `--help` says of a command and of those below."""
    found = {
        _sentence(one) for one in (command.help, *(p.help for p in _parameters(command))) if one
    }
    for one in getattr(command, "commands", {}).values():
        found |= help_texts(one)
    return found


def tell(error: Any) -> None:
    """A command that could not be understood, on standard error, as Typer frames it."""
    from typer import rich_utils  # noqa: PLC0415 — only for what is mistyped

    told: Any = _Told(error)
    _set_words()
    rich_utils.rich_format_error(told)


class _Told:
    """An error of Typer with its message in another language."""

    def __init__(self, error: Any) -> None:
        self.ctx = getattr(error, "ctx", None)
        self._text = error.format_message()

    def format_message(self) -> str:
        return in_catalogue(self._text, catalogue())


def _translate(command: Any) -> None:
    if command.help:
        command.help = _(_sentence(command.help))
    for one in _parameters(command):
        if one.help:
            one.help = _(_sentence(one.help))
    command.format_usage = partial(_format_usage, command)
    command.format_help = partial(_format_help, command.format_help)
    for one in getattr(command, "commands", {}).values():
        _translate(one)


def _parameters(command: Any) -> list[Any]:
    asks_for_help = command.get_help_option(typer.Context(command, info_name=command.name))
    return [*command.params, *([asks_for_help] if asks_for_help else [])]


def _sentence(text: str) -> str:
    """However it is broken into lines where it stands."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(text))
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def _set_words() -> None:
    from typer import rich_utils  # noqa: PLC0415 — a tenth of a second, where Typer shows anything

    for name, word in _WORDS.items():
        setattr(rich_utils, name, _(word))


def _format_help(as_it_was: Callable[[Any, Any], None], context: Any, formatter: Any) -> None:
    _set_words()
    as_it_was(context, formatter)


def _format_usage(command: Any, context: Any, formatter: Any) -> None:
    pieces = command.collect_usage_pieces(context)
    formatter.write_usage(context.command_path, " ".join(pieces), prefix=_("Usage: "))
