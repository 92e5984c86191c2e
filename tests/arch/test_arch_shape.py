"""The shape of the code: a file is one idea, a function fits on a screen, no state in modules."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("davserver", "authn", "policies", "admin")
MOST_LINES = 300
MOST_TEST_LINES = 600
# One table each, which nobody would find again if it were cut in pieces.
ONE_TABLE = (
    "davserver/db/tables.py",
    "davserver/db/migrations/versions/",
    "admin/demo_documents.py",
    "tests/golden/",
)
MOST_FUNCTION_LINES = 40
MOST_ARGUMENTS = 7
VAGUE = ("Manager", "Helper", "Util")

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _functions() -> Iterator[tuple[Path, Function]]:
    for path in SOURCES:
        for node in ast.walk(_tree(path)):
            if isinstance(node, Function):
                yield path, node


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 100


def test_every_file_of_python_is_short() -> None:
    own = {_named(path): MOST_LINES for path in SOURCES}
    others = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    limits = own | {_named(path): MOST_TEST_LINES for path in others}
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in limits}
    too_long = {
        name: lengths[name]
        for name, most in limits.items()
        if lengths[name] > most and not name.startswith(ONE_TABLE)
    }
    assert too_long == {}


def test_every_function_is_at_most_40_lines_long() -> None:
    too_long = {
        f"{_named(path)}:{node.lineno} {node.name}": _lines(node)
        for path, node in _functions()
        if _lines(node) > MOST_FUNCTION_LINES and not _named(path).startswith(ONE_TABLE)
    }
    assert too_long == {}


def _lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_takes_more_than_seven_arguments() -> None:
    too_many = [
        f"{_named(path)}:{node.lineno} {node.name}"
        for path, node in _functions()
        if not _gives_a_reason(path, node) and _arguments(node) > MOST_ARGUMENTS
    ]
    assert too_many == []


def _gives_a_reason(path: Path, node: Function) -> bool:
    """A command has as many arguments as options, an event as many as it has facts: said there."""
    line = path.read_text().splitlines()[node.lineno - 1]
    return "noqa: PLR0913 —" in line


def _arguments(node: Function) -> int:
    own = [
        one for one in (*node.args.args, *node.args.kwonlyargs) if one.arg not in {"self", "cls"}
    ]
    return len(own)


EXCEPTION = re.compile(r"# (?:noqa|type: ignore)\b.*")
REASONED = re.compile(r"# (?:noqa: [A-Z0-9, ]+ [—-]|type: ignore\[[a-z, -]+\]  #) \S")


def test_every_exception_from_a_rule_says_why() -> None:
    bare = [
        f"{_named(path)}:{number} {found[0]}"
        for path in SOURCES
        if not _named(path).startswith(ONE_TABLE)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := EXCEPTION.search(line)) and not REASONED.match(found[0])
    ]
    assert bare == []


def test_names_say_what_a_thing_is() -> None:
    vague = [
        f"{_named(path)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(VAGUE)
    ]
    assert vague == []


def test_only_the_decider_makes_a_permit() -> None:
    makers = {
        _named(path)
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and _called(node) == "Permit"
    }
    assert makers == {"policies/decider.py"}


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


MUTABLE_CALLS = {"dict", "list", "set", "defaultdict", "deque", "OrderedDict", "Counter"}
MUTABLE = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
CHANGERS = {
    "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove",
    "setdefault", "update",
}  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_a_module_keeps_no_state(path: Path) -> None:
    """A table at module level is read only: nothing in the module changes it."""
    tables = _tables(_tree(path))
    changed = [
        f"{_named(path)}:{line} {name}" for name, line in _changes(_tree(path)) if name in tables
    ]
    rebound = [
        f"{_named(path)}:{node.lineno} global {', '.join(node.names)}"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Global)
    ]
    assert changed + rebound == []


def _tables(tree: ast.Module) -> set[str]:
    """The names of containers that could be changed."""
    names = set()
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        call = isinstance(value, ast.Call) and _called(value) in MUTABLE_CALLS
        if isinstance(value, MUTABLE) or call:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[union-attr]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _changes(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every place inside a function where something named is changed in place."""
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    for node in (inner for function in functions for inner in ast.walk(function)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=verb)):
                if verb in CHANGERS:
                    yield name, node.lineno
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
                yield name, node.lineno
            case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name))):
                yield name, node.lineno
            case ast.Delete(targets=[ast.Subscript(value=ast.Name(id=name))]):
                yield name, node.lineno
