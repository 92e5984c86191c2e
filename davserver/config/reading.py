"""From config.yaml to settings: every problem at once, each with its line and column."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml

from davserver.config.rules import broken_rules
from davserver.config.setting import Declared, DeclaredNamed, DeclaredSection, declared
from davserver.config.settings import Settings
from davserver.domain.errors import BadInput

T = TypeVar("T")

_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` and `column` count from 1; 0 when there is no place."""

    file: Path
    line: int
    column: int
    says: str

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line else ""
        return f"{self.file}{place}: {self.says}"


class WrongSettings(BadInput):
    """The configuration cannot be used. `problems` is everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(one) for one in problems))
        self.problems = tuple(problems)


@dataclass(slots=True)
class _Reading:
    file: Path
    base: Path
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, yaml.Mark] = field(default_factory=dict)

    def add(self, mark: yaml.Mark | None, says: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        self.problems.append(Problem(self.file, line, column, says))


def load(file: Path) -> Settings:
    """The settings in `file`; what it leaves out has its default. Raises WrongSettings.

    Relative paths start from the folder that holds `file`.
    """
    reading = _Reading(file, file.absolute().parent)
    root = _composed(reading)
    settings = None
    if not reading.problems:
        settings = _section(reading, Settings, root, "")
    if settings is None or reading.problems:
        raise WrongSettings(sorted(reading.problems, key=lambda one: (one.line, one.column)))
    for where, says in broken_rules(settings):
        reading.add(reading.places.get(where), f"{where}: {says}")
    if reading.problems:
        raise WrongSettings(reading.problems)
    return settings


def defaults(folder: Path) -> Settings:
    """What an empty config.yaml in `folder` would mean."""
    reading = _Reading(folder / "config.yaml", folder.absolute())
    return _section(reading, Settings, None, "")


def _composed(reading: _Reading) -> yaml.Node | None:
    try:
        with reading.file.open("rb") as file:
            text = file.read(_LARGEST + 1).decode()
    except OSError as error:
        reading.add(None, f"cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError:
        reading.add(None, "is not UTF-8 text")
        return None
    if len(text) > _LARGEST:
        reading.add(None, "is too large for a configuration")
        return None
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reading.add(mark, f"is not YAML here: {error.problem or error.context}")
    except (yaml.YAMLError, RecursionError) as error:
        reading.add(None, f"is not YAML: {error}")
    return None


def _section(reading: _Reading, of: type[T], node: yaml.Node | None, path: str) -> T:
    given = _given(reading, node, path)
    known = declared(of)
    names = [one.name for one in known]
    for name, (key, _) in given.items():
        if name not in names:
            reading.add(key.start_mark, f"{path}{name}: no such setting{_nearest(name, names)}")
    values: dict[str, Any] = {}
    for one in known:
        key_and_value = given.get(one.name)
        value = key_and_value[1] if key_and_value else None
        match one:
            case DeclaredSection(name=name, of=inner):
                values[name] = _section(reading, inner, value, f"{path}{name}.")
            case DeclaredNamed(name=name):
                values[name] = _named(reading, one, value, f"{path}{name}.")
            case Declared():
                values[one.name] = _value(reading, one, value, path, node)
    return of(**values)


def _named(
    reading: _Reading, one: DeclaredNamed, node: yaml.Node | None, path: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (key, value) in _given(reading, node, path).items():
        reading.places[f"{path}{name}"] = key.start_mark
        try:
            named = one.names.read(name, reading.base)
        except ValueError:
            reading.add(key.start_mark, f"{path}{name}: the name must be {one.names.right}")
        else:
            found[named] = _section(reading, one.of, value, f"{path}{name}.")
    return found


def _given(
    reading: _Reading, node: yaml.Node | None, path: str
) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return {}
    if not isinstance(node, yaml.MappingNode):
        says = f"{path.rstrip('.') or 'the file'}: this must be “name: value” lines"
        reading.add(node.start_mark, says)
        return {}
    given: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in given:
            reading.add(key.start_mark, f"{path}{name}: set twice")
        given[name] = (key, value)
    return given


def _value(
    reading: _Reading, one: Declared, node: yaml.Node | None, path: str, section: yaml.Node | None
) -> Any:
    name = f"{path}{one.name}"
    default = None if one.written is None else one.kind.read(one.written, reading.base)
    if node is None:
        if one.written is None:
            mark = section.start_mark if section else None
            reading.add(mark, f"{name}: must be given: {one.kind.right}")
        return default
    reading.places[name] = node.start_mark
    try:
        return one.kind.read(_plain(node), reading.base)
    except ValueError:
        shown = f" “{node.value}”" if isinstance(node, yaml.ScalarNode) else ""
        reading.add(node.start_mark, f"{name}:{shown} must be {one.kind.right}")
        return default


def _plain(node: yaml.Node) -> object:
    loader = yaml.SafeLoader("")
    try:
        value: object = loader.construct_object(node, deep=True)
    except yaml.YAMLError as error:
        raise ValueError from error
    finally:
        loader.dispose()
    return value


def _nearest(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean “{near[0]}”?" if near else f"; there are {', '.join(names)}"
