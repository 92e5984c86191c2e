"""How one setting is declared: what it is by default, of what kind, and why one would change it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from davserver.config.kinds import Kind

T = TypeVar("T")

Plain = bool | int | str | list[str]
"""What stands in the YAML file."""

_HERE = Path()
_DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Declared:
    """`written` is the default as it stands in config.yaml; None: it must be given."""

    name: str
    written: Plain | None
    kind: Kind[Any]
    why: str


@dataclass(frozen=True, slots=True)
class DeclaredSection:
    name: str
    of: type
    why: str


@dataclass(frozen=True, slots=True)
class DeclaredNamed:
    """Any number of sections of one kind, each under a name that the administrator chooses."""

    name: str
    of: type
    names: Kind[str]
    why: str


OneDeclared = Declared | DeclaredSection | DeclaredNamed


def setting(written: Plain, kind: Kind[T], why: str) -> T:
    """A dataclass field whose default is what `written` means to `kind`."""
    declared = Declared("", written, kind, why)
    made: T = field(default=kind.read(written, _HERE), metadata={_DECLARED: declared})
    return made


def required(kind: Kind[T], why: str) -> T:
    """A dataclass field without a default. Only for sections that are there by choice."""
    made: T = field(metadata={_DECLARED: Declared("", None, kind, why)})
    return made


def section(of: type[T], why: str) -> T:
    """A dataclass field that holds further settings."""
    made: T = field(default_factory=of, metadata={_DECLARED: DeclaredSection("", of, why)})
    return made


def named_sections(of: type[T], names: Kind[str], why: str) -> Mapping[str, T]:
    """A dataclass field that holds sections by name; none by default."""
    declared_as = DeclaredNamed("", of, names, why)
    made: Mapping[str, T] = field(default_factory=dict, metadata={_DECLARED: declared_as})
    return made


def declared(of: type) -> list[OneDeclared]:
    """What may stand in that section, in the order of the file."""
    if not is_dataclass(of):
        message = f"{of.__name__} is not a section"
        raise TypeError(message)
    found: list[OneDeclared] = []
    for one in fields(of):
        what: OneDeclared = one.metadata[_DECLARED]
        found.append(replace(what, name=one.name))
    return found
