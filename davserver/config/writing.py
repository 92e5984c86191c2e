"""From settings to config.yaml: every setting with its default and one line of why."""

import re
from collections.abc import Iterator, Mapping

import yaml

from davserver.config.setting import Declared, DeclaredNamed, DeclaredSection, Plain, declared
from davserver.config.settings import Settings

_PLAIN = re.compile(r"[\w./-](?:[\w ./-]*[\w./-])?")
_ONE_LINE = 1 << 30
_HEAD = """\
# Abri's settings. Every one is here with its default: change what you need, leave the rest.
# Relative paths start from the folder of this file. Secrets are names of files, never values.
# Times are written as 30 s, 10 min, 24 h or 30 d; sizes as 64 KiB, 600 MB or 2 GB.
"""


def written(changes: Mapping[str, Plain] | None = None) -> str:
    """The text of a config.yaml. `changes` maps full names (`listen.port`) to values."""
    left = dict(changes or {})
    lines = [_HEAD, *_lines(Settings, "", left)]
    if left:
        message = f"no such settings: {', '.join(left)}"
        raise ValueError(message)
    return "\n".join(lines) + "\n"


def _lines(of: type, path: str, changes: dict[str, Plain]) -> Iterator[str]:
    indent = "  " * path.count(".")
    for one in declared(of):
        match one:
            case DeclaredSection(name=name, of=inner, why=why):
                yield ""
                yield f"# {why}"
                yield f"{name}:"
                yield from _lines(inner, f"{path}{name}.", changes)
            case DeclaredNamed(name=name, why=why):
                yield ""
                yield f"{indent}# {why}"
                yield f"{indent}{name}: {{}}"
            case Declared(name=name, written=default, why=why):
                value = changes.pop(f"{path}{name}", default)
                if value is None:
                    message = f"{path}{name} has no default to write"
                    raise ValueError(message)
                yield f"{indent}# {why}"
                yield f"{indent}{name}: {_scalar(value)}"


def _scalar(value: Plain) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(_scalar(one) for one in value)}]"
        case str():
            return _text(value)
        case _:
            return str(value)


def _text(value: str) -> str:
    # “no” and “1:30” are not texts to YAML.
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    quoted: str = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=_ONE_LINE)
    return quoted.rstrip("\n")
