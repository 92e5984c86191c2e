"""Reads one policy file into lines of fields with their columns: strict, and never silent.

Casbin's own adapter drops what it does not understand; a lost `deny` is an open door. Each defect
is reported and then repaired in place, so that one reading also finds what is wrong further on.
"""

import unicodedata
from dataclasses import dataclass

from policies.problems import Code, Report

_BOM = "\ufeff"
_SPACE = " "
_QUOTES = "\"'“”«»\u2018\u2019"


@dataclass(frozen=True, slots=True)
class Field:
    """A word of a line. `column` counts characters from 1."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    fields: tuple[Field, ...]


def read_sheet(file: str, raw: bytes, report: Report) -> tuple[Line, ...]:
    """The lines that hold something, comments left out. Problems go to `report`."""
    text = _decoded(file, raw, report)
    lines = []
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.removesuffix("\r")
        if content.strip(_SPACE) and not content.lstrip(_SPACE).startswith("#"):
            clean = _repaired(file, number, content, report)
            if clean.strip(_SPACE):
                lines.append(Line(number, _fields(clean)))
    return tuple(lines)


def _decoded(file: str, raw: bytes, report: Report) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        report.add(
            file, (line, column), Code.NOT_UTF8, "The file is not UTF-8 text; save it as UTF-8."
        )
        return ""
    if text.startswith(_BOM):
        message = "The file starts with a byte order mark; save it as UTF-8 without BOM."
        report.add(file, (1, 1), Code.BYTE_ORDER_MARK, message)
        return text[1:]
    return text


def _repaired(file: str, number: int, content: str, report: Report) -> str:
    content = _without_comment(file, number, content, report)
    if ";" in content:
        message = "Fields are separated by commas; “;” has no meaning here."
        report.add(file, (number, content.index(";") + 1), Code.SEMICOLONS, message)
        content = content.replace(";", ",")
    return "".join(
        _repaired_character(file, (number, column), character, report)
        for column, character in enumerate(content, start=1)
    )


def _without_comment(file: str, number: int, content: str, report: Report) -> str:
    if "#" not in content:
        return content
    at = content.index("#")
    message = "A comment stands on a line of its own, with “#” as the line's first character."
    report.add(file, (number, at + 1), Code.TRAILING_COMMENT, message)
    return content[:at]


def _repaired_character(file: str, place: tuple[int, int], character: str, report: Report) -> str:
    category = unicodedata.category(character)
    point = f"U+{ord(character):04X}"
    if character in _QUOTES:
        report.add(file, place, Code.QUOTE, "Quotes are not used in these files; remove them.")
    elif category == "Cc":
        message = f"Control character {point}; use ordinary spaces."
        report.add(file, place, Code.CONTROL_CHARACTER, message)
    elif character != " " and category in {"Zs", "Zl", "Zp", "Cf"}:
        message = f"Unusual or invisible space {point}; use ordinary spaces."
        report.add(file, place, Code.ODD_SPACE, message)
    else:
        return character
    return " "


def _fields(line: str) -> tuple[Field, ...]:
    fields = []
    start = 0
    for part in line.split(","):
        word = part.strip(_SPACE)
        offset = len(part) - len(part.lstrip(_SPACE)) if word else 0
        fields.append(Field(word, start + offset + 1))
        start += len(part) + 1
    return tuple(fields)
