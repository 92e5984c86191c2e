"""All that commands say: what a translator is given, and what each catalogue has, by test.

`python -m admin.sentences CODE` prints the catalogue with what `CODE.po` of this package has
already. Three kinds: what stands in commands themselves, what `--help` says of them, and what the
layers below say when something cannot be done, which is found in their code.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

import typer
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from admin.main import application
from admin.usage import help_texts
from davserver.domain.errors import AbriError

ROOT = Path(__file__).parent.parent
Sentence = str | tuple[str, str]
"""The second where there is a number in it: for several."""

_CATALOGUES = Path(__file__).parent / "catalogues"
_SAYING: Final = {"_", "N_", "headings"}
_COUNTING: Final = {"ngettext", "NN_"}

_BELOW = ("admin", "authn", "policies", "davserver")
_NOT_OF_COMMANDS = ("davserver/dav", "davserver/http", "davserver/serving", "davserver/web")
"""What is said to whoever is at a drive or a page."""


def _kinds_of(error: type[AbriError]) -> Iterator[type[AbriError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _kinds_of(kind)


_ERRORS: Final = frozenset(one.__name__ for one in _kinds_of(AbriError))
_OF_PYTHON = re.compile(r"(?:Value|Type|Key|Runtime|Assertion|Lookup|OS|Timeout|Import|NotImpl)")
"""Errors that are not told to anybody."""
_PROBLEMS: Final = {"Problem", "_wrong"}
"""What makes a line of many about one file."""

_TABLES: Final[tuple[str, ...]] = (
    "davserver/domain/errors.py",
    "davserver/config/kinds.py",
    "davserver/config/reading.py",
    "davserver/config/rules.py",
    "davserver/gate/recovery/undone.py",
    "davserver/trail/proof.py",
    "davserver/vault/check/findings.py",
    "policies/lint.py",
    "policies/promises.py",
    "authn/ldap/answers.py",
    "authn/ldap/diagnosis.py",
    "authn/ldap/reach.py",
)
"""Files whose every sentence is told, wherever it stands in them."""


@cache
def of_commands() -> frozenset[Sentence]:
    """Those of commands themselves."""
    found: set[Sentence] = set()
    for file in (ROOT / "admin").glob("*.py"):
        for call in _calls(ast.parse(file.read_text(encoding="utf-8"))):
            texts = [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            if name in _SAYING:
                found |= set(texts if name == "headings" else texts[:1])
            elif name in _COUNTING and texts:
                found.add((texts[0], texts[1]))
    return frozenset(one for one in found if one)


@cache
def of_help() -> frozenset[str]:
    return frozenset(help_texts(typer.main.get_command(application([]))))


@cache
def of_layers() -> frozenset[str]:
    """With a blank for whatever is filled in."""
    found: set[str] = set()
    for folder in _BELOW:
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if not name.startswith(_NOT_OF_COMMANDS):
                tree = ast.parse(file.read_text(encoding="utf-8"))
                found |= set(_all_texts(tree) if name in _TABLES else _raised(tree))
    return frozenset(one for one in found if _says_something(one))


def catalogue(code: str) -> Catalog:
    """Everything, with the translations that are there, and empty ones."""
    so_far = read_po(BytesIO((_CATALOGUES / f"{code}.po").read_bytes()), locale=code)
    made = Catalog(locale=code)
    made.mime_headers = so_far.mime_headers
    made.header_comment, made.fuzzy = so_far.header_comment, False
    counted = {one for one in of_commands() if isinstance(one, tuple)}
    plain = (of_commands() | of_help() | of_layers()) - counted - {one for one, _ in counted}
    for text in sorted(counted | plain, key=str):
        known = so_far.get(text if isinstance(text, str) else text[0])
        flags = ["python-format"] if "%(" in str(text) else []
        made.add(text, known.string if known else "", flags=flags)
    return made


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(tree) if isinstance(one, ast.Call))


def _raised(tree: ast.AST) -> Iterator[str]:
    """What errors are told with, wherever they are made, and each problem of settings."""
    named = _named_texts(tree)
    raised = {id(one.exc) for one in ast.walk(tree) if isinstance(one, ast.Raise)}
    for call in _calls(tree):
        name = ast.unparse(call.func)
        is_error = name in _ERRORS or (id(call) in raised and not _OF_PYTHON.match(name))
        if call.args and (is_error or name in _PROBLEMS):
            text = call.args[0 if is_error and name not in _PROBLEMS else -1]
            for one in named.get(text.id, ()) if isinstance(text, ast.Name) else (text,):
                yield from _template(one)


def _named_texts(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """What stands under a name somewhere in this file."""
    found: dict[str, list[ast.expr]] = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            found.setdefault(one.targets[0].id, []).append(one.value)
    return found


def _all_texts(tree: ast.AST) -> Iterator[str]:
    documentation = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    inside = {
        id(part)
        for one in ast.walk(tree)
        if isinstance(one, ast.JoinedStr)
        for part in ast.walk(one)
        if part is not one
    }
    for one in ast.walk(tree):
        if id(one) not in documentation | inside and isinstance(one, ast.Constant | ast.JoinedStr):
            yield from _template(one)


def _template(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"\{(\w+)\}", r"%(\1)s", node.value)
    elif isinstance(node, ast.JoinedStr):
        yield _with_blanks(node)
    elif isinstance(node, ast.IfExp):
        yield from _template(node.body)
        yield from _template(node.orelse)


def _with_blanks(node: ast.JoinedStr) -> str:
    text, names = "", dict[str, str]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value).replace("%", "%%")
        elif isinstance(part, ast.FormattedValue):
            text += f"%({_blank(part, names)})s"
    return text


def _blank(part: ast.FormattedValue, names: dict[str, str]) -> str:
    """The last word of what fills it; a number where another has that."""
    filled = ast.unparse(part.value)
    words = re.findall(r"[A-Za-z]\w*", re.sub(r"\.(?:value|strerror)\b|['\"].*?['\"]", "", filled))
    name = words[-1].lower().strip("_") if words else "it"
    if names.setdefault(name, filled) != filled:
        name = f"{name}{len(names)}"
        names[name] = filled
    return name


def _says_something(text: str) -> bool:
    plain = re.sub(r"%\(\w+\)s", "", text)
    return " " in text.strip() and "\\" not in text and bool(re.search(r"[^\W\d_]{2,}", plain))


def main(code: str) -> None:
    written = BytesIO()
    write_po(written, catalogue(code), width=100)
    sys.stdout.buffer.write(written.getvalue())


if __name__ == "__main__":
    main(sys.argv[1])
