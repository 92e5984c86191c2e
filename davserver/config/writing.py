"""From settings to config.yaml: every setting with its default and one line of why."""

from collections.abc import Iterator, Mapping

from davserver.config.setting import Declared, DeclaredSection, Plain, declared
from davserver.config.settings import Settings

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
            case Declared(name=name, written=default, why=why):
                value = changes.pop(f"{path}{name}", default)
                yield f"{indent}# {why}"
                yield f"{indent}{name}: {_scalar(value)}"


def _scalar(value: Plain) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(_scalar(one) for one in value)}]"
        case str() if not value or value != value.strip() or set(value) & set("#:{}[],&*!|>'\"%@`"):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            return str(value)
