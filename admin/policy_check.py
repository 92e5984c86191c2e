"""`abri policy check`: every mistake in the policy files, each with its line and what to do."""

from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import Annotated

import typer

from admin.exits import Exit
from admin.output import AsJson, say, say_coloured, show_json
from admin.policy_mistakes import mistake
from admin.settings_of import settings_of
from admin.speaking import _, ngettext
from davserver.wiring.policy import PolicyProblem, check_policy

_WIDTH = 96
_INDENT = "    "
_LONG, _BEFORE = 110, 60
"""How much of a line is shown, and how much of it before the mark."""


def check(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="A candidate; the folder of config.yaml if left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Look for mistakes in the policy files: place, code, what would be right. The exit code is 7
    when they cannot be used.
    """
    where = folder or settings_of(context).policies
    found = check_policy(where)
    if as_json:
        show_json([asdict(one) | {"is_error": one.is_error} for one in found])
    else:
        tell_problems(found, where)
    if any(one.is_error for one in found):
        raise typer.Exit(Exit.FINDINGS)


def tell_problems(found: tuple[PolicyProblem, ...], where: Path) -> None:
    """Each with the line that it is about and a mark under the word, then what it comes to."""
    for one in found:
        _tell(one, where)
    errors = sum(one.is_error for one in found)
    warnings = ngettext("%(number)s warning", "%(number)s warnings", len(found) - errors)
    if errors:
        counted = ngettext("%(number)s error", "%(number)s errors", errors)
        more = _(" and %(warnings)s", warnings=warnings) if len(found) > errors else ""
        say(_("%(errors)s%(more)s. These files cannot be used.", errors=counted, more=more))
    elif found:
        say(_("%(where)s: the rules can be used. %(warnings)s.", where=where, warnings=warnings))
    else:
        say(_("%(where)s: the rules can be used.", where=where))


def _tell(one: PolicyProblem, where: Path) -> None:
    kind, colour = (_("error"), "bold red") if one.is_error else (_("warning"), "bold yellow")
    say_coloured(f"{kind}{_(': ')}{where / one.place}: {one.code.value}", colour)
    if one.source:
        shown, at = _excerpt(one)
        say(f"{_INDENT}{shown}")
        say_coloured(f"{_INDENT}{' ' * at}{'^' * min(one.length, len(shown) - at or 1)}", colour)
    for line in wrap(mistake(one), _WIDTH, break_long_words=False):
        say(f"{_INDENT}{line}")
    say()


def _excerpt(one: PolicyProblem) -> tuple[str, int]:
    """The line, or of a long one what is around the mark; and where in it the mark stands."""
    begin = one.column - _BEFORE if len(one.source) > _LONG and one.column > _BEFORE else 0
    shown = one.source[begin : begin + _LONG]
    left, right = "…" * (begin > 0), "…" * (begin + _LONG < len(one.source))
    return f"{left}{shown}{right}", one.column - 1 - begin + len(left)
