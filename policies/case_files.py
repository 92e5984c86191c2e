"""tests/*.toml beside the rules: what administrators expect of them. docs/policy/test.md shows how.

Read as strictly as the rules: a case that says something else than it seems to say would be worse
than none.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.case_words import CaseReader
from policies.cases import Case
from policies.problems import Code, Report, nearest
from policies.snapshot import Snapshot
from policies.toml_places import TomlPlaces, place_of_error

FOLDER = "tests"
SUFFIX = ".toml"
TABLE = "case"
MOST_BYTES = 1 << 20

_BOM = b"\xef\xbb\xbf"
_QUOTES = "“”«»„\u2018\u2019"
_SYNTAX_HINT = ' Words stand between straight quotes: role = "professional".'


def read_folder(directory: Path, report: Report) -> dict[str, bytes]:
    """The case files below a folder of rules, each read once, as `tests/NAME.toml` → content.
    There may be none. What else lies there is reported, except guides and hidden files.
    """
    folder = directory / FOLDER
    if not folder.is_dir():
        return {}
    files = {}
    for path in sorted(folder.iterdir()):
        name = f"{FOLDER}/{path.name}"
        if path.name.startswith(".") or path.name.endswith(("~", ".md")):
            continue
        if path.suffix != SUFFIX:
            message = f"Cases stand in files whose name ends in {SUFFIX}; this one is not read."
            report.add(name, (0, 0), Code.FILE_UNEXPECTED, message)
        elif (content := _content(path, name, report)) is not None:
            files[name] = content
    return files


def _content(path: Path, name: str, report: Report) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        report.add(name, (0, 0), Code.FILE_UNREADABLE, message)
        return None
    if len(content) > MOST_BYTES:
        report.add(name, (0, 0), Code.FILE_UNREADABLE, "The file is larger than 1 MiB.")
        return None
    return content


def is_case_file(name: str) -> bool:
    return name.startswith(f"{FOLDER}/") and name.endswith(SUFFIX)


def read_cases(files: Mapping[str, bytes], snapshot: Snapshot, report: Report) -> tuple[Case, ...]:
    """The sound cases of all files (`tests/NAME.toml` → content). Problems go to `report`."""
    cases: list[Case] = []
    names: dict[str, str] = {}
    for file in sorted(filter(is_case_file, files)):
        text = _decoded(file, files[file], report)
        table = _parsed(file, text, report) if text is not None else None
        if text is not None and table is not None:
            places = TomlPlaces(text, TABLE)
            for index, one in enumerate(_tables(file, table, places, report)):
                case = CaseReader(file, places, index, one, report).read(snapshot)
                _check_name(file, one, places.key(index, "name"), names, report)
                cases += [case] if case else []
    return tuple(cases)


def _decoded(file: str, raw: bytes, report: Report) -> str | None:
    if raw.startswith(_BOM):
        message = "The file starts with a byte order mark; save it as UTF-8 without BOM."
        report.add(file, (1, 1), Code.BYTE_ORDER_MARK, message)
        raw = raw.removeprefix(_BOM)
    try:
        return raw.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "The file is not UTF-8 text; save it as UTF-8."
        report.add(file, (line, 0), Code.NOT_UTF8, message)
        return None


def _parsed(file: str, text: str, report: Report) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said, place = place_of_error(str(error), text)
        line = text.split("\n")[place[0] - 1] if place[0] else ""
        odd = next((sign for sign in line if sign in _QUOTES), None)
        hint = f' The quote {odd} is not a straight one (").' if odd else _SYNTAX_HINT
        report.add(file, place, Code.NOT_TOML, f"This is not TOML: {said}.{hint}")
        return None


def _tables(
    file: str, table: dict[str, Any], places: TomlPlaces, report: Report
) -> list[dict[str, Any]]:
    for key in table:
        if key != TABLE:
            message = f"“{key}” stands outside of the cases; each case starts with [[{TABLE}]]."
            hint = nearest(key, [TABLE])
            report.add(file, places.top(key), Code.UNKNOWN_CASE_KEY, message, hint)
    found = table.get(TABLE, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        message = f"A case starts with [[{TABLE}]], with two brackets on each side."
        report.add(file, places.top(TABLE), Code.BAD_CASE_VALUE, message)
        return []
    if not found:
        message = f"There is no case in this file; each one starts with [[{TABLE}]]."
        report.add(file, (0, 0), Code.NO_CASE, message)
    return found


def _check_name(
    file: str,
    table: dict[str, Any],
    place: tuple[int, int],
    names: dict[str, str],
    report: Report,
) -> None:
    name = table.get("name")
    if not isinstance(name, str):
        return
    if name in names:
        message = f"“{name}” is the name of another case, at {names[name]}; each has its own."
        report.add(file, place, Code.DUPLICATE_CASE, message)
    else:
        names[name] = f"{file}:{place[0]}"
