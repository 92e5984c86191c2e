"""How commands show things: tables for people, JSON for scripts, times in the reader's zone."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from admin.speaking import N_, _

_OF_SIGN = {"+": "green", "-": "red", "±": "yellow"}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with times in UTC.")]
"""The option of everything that lists or makes something."""


def say(text: str = "") -> None:
    typer.echo(text)


def say_coloured(text: str, colour: str) -> None:
    """In colour on a terminal, unless NO_COLOR is set."""
    if not sys.stdout.isatty():
        say(text)
        return
    from rich.console import Console  # noqa: PLC0415 — see _pretty

    Console(markup=False, highlight=False).print(text, style=colour, soft_wrap=True)


def say_changes(lines: Iterable[str]) -> None:
    """Gains green, losses red, both yellow: by the sign that a line begins with."""
    for line in lines:
        colour = _OF_SIGN.get(line.strip()[:1])
        if colour:
            say_coloured(line, colour)
        else:
            say(line)


def warn(text: str) -> None:
    typer.echo(text, err=True)


def show_json(value: Any) -> None:
    """`value` is made of dicts, lists and plain values; datetimes are written in UTC."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """With borders and colours on a terminal, aligned text elsewhere; `nothing` if no rows."""
    if not rows:
        say(nothing)
    elif sys.stdout.isatty():
        _pretty(columns, rows)
    else:
        _aligned(columns, rows)


def local(instant: datetime | None) -> str:
    """In this machine's zone, with the zone; a dash for none."""
    return instant.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if instant else "-"


def utc(instant: datetime) -> str:
    """ISO 8601 with a Z, whole seconds where there is no fraction."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def size(number: int) -> str:
    """As people write it: 12.5 MB."""
    amount = float(number)
    for unit in _UNITS[:-1]:
        if amount < 1000:  # noqa: PLR2004 — steps of SI prefixes
            return _sized(amount, unit)
        amount /= 1000
    return _sized(amount, _UNITS[-1])


_UNITS = (N_("B"), N_("kB"), N_("MB"), N_("GB"), N_("TB"))


def _sized(amount: float, unit: str) -> str:
    figures = f"{amount:.{0 if unit == _UNITS[0] else 1}f}".replace(".", _("."))
    return f"{figures} {_(unit)}"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [columns, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())


def _pretty(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # rich takes a tenth of a second to load, and obeys NO_COLOR by itself.
    from rich.console import Console  # noqa: PLC0415 — loaded where a table is drawn
    from rich.table import Table  # noqa: PLC0415 — loaded where a table is drawn

    table = Table(*columns)
    for row in rows:
        table.add_row(*row)
    Console(markup=False).print(table)
