"""Reads one policy file into lines of fields with their columns: strict, and never silent.

Casbin's own adapter drops what it does not understand; a lost `deny` is an open door. Each defect
is reported and then repaired in place, so that one reading also finds what is wrong further on.
"""

import unicodedata
from dataclasses import dataclass

from policies.encodings import text_of
from policies.problems import Code, Report

LONGEST_LINE = 1000
"""The longest line that is read; a rule of twice the usual length has 200 characters."""

_SPACE = " "
_QUOTES = frozenset("\"'“”«»\u2018\u2019")
_APOSTROPHES = frozenset("'\u2019")


@dataclass(frozen=True, slots=True)
class Field:
    """A word of a line. `column` counts characters from 1."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    fields: tuple[Field, ...]


def read_sheet(
    file: str, raw: bytes, report: Report, *, most: int | None = None
) -> tuple[Line, ...]:
    """The lines that hold something, comments left out. Problems go to `report`. With `most`, a
    line has no more fields than that, and the last one is a name: commas and apostrophes are part
    of it.
    """
    text = text_of(file, raw, report)
    contents = text.split("\n")
    report.keep_lines(file, contents)
    lines = []
    for number, content in enumerate(contents, start=1):
        if report.is_full(file):
            break
        if content.strip(_SPACE) and not content.lstrip(_SPACE).startswith("#"):
            kept = _APOSTROPHES if most else frozenset[str]()
            clean = _repaired((file, number), content, report, kept)
            if clean.strip(_SPACE):
                lines.append(Line(number, _fields(clean, most)))
    return tuple(lines)


def _repaired(place: tuple[str, int], content: str, report: Report, kept: frozenset[str]) -> str:
    file, number = place
    if len(content) > LONGEST_LINE:
        message = f"This line has {len(content)} characters; {LONGEST_LINE} are read at most."
        report.add(file, (number, LONGEST_LINE + 1), Code.LINE_TOO_LONG, message)
        return ""
    content = _without_comment(file, number, content, report)
    if ";" in content:
        message = "Fields are separated by commas; “;” has no meaning here."
        report.add(file, (number, content.index(";") + 1), Code.SEMICOLONS, message)
        content = content.replace(";", ",")
    return _without_odd_characters(place, content, report, kept)


def _without_comment(file: str, number: int, content: str, report: Report) -> str:
    if "#" not in content:
        return content
    at = content.index("#")
    message = "A comment stands on a line of its own, with “#” as the line's first character."
    report.add(file, (number, at + 1), Code.TRAILING_COMMENT, message)
    return content[:at]


def _without_odd_characters(
    place: tuple[str, int], content: str, report: Report, kept: frozenset[str]
) -> str:
    """With a space for each of them. One problem per kind and line is told, with the count."""
    file, number = place
    if content.isascii() and content.isprintable() and _QUOTES.isdisjoint(content):
        return content
    found: dict[Code, list[int]] = {}
    for at, character in enumerate(content):
        code = _odd(character)
        if code is not None and character not in kept:
            found.setdefault(code, []).append(at)
    for code, places in found.items():
        message = _about(code, content[places[0]])
        if len(places) > 1:
            message += f" There are {len(places)} in this line."
        report.add(file, (number, places[0] + 1), code, message)
        content = "".join(" " if at in places else c for at, c in enumerate(content))
    return content


def _odd(character: str) -> Code | None:
    if character in _QUOTES:
        return Code.QUOTE
    if character == _SPACE or character.isalnum():
        return None
    category = unicodedata.category(character)
    if category == "Cc":
        return Code.CONTROL_CHARACTER
    return Code.ODD_SPACE if category in {"Zs", "Zl", "Zp", "Cf"} else None


def _about(code: Code, character: str) -> str:
    point = f"U+{ord(character):04X}"
    if code is Code.QUOTE:
        return "Quotes are not used in these files; remove them."
    if code is Code.CONTROL_CHARACTER:
        name = "A tab" if character == "\t" else f"Control character {point}"
        return f"{name}; use ordinary spaces."
    return f"Unusual or invisible space {point}; use ordinary spaces."


def _fields(line: str, most: int | None) -> tuple[Field, ...]:
    fields = []
    start = 0
    for part in line.split(",", -1 if most is None else most - 1):
        word = part.strip(_SPACE)
        offset = len(part) - len(part.lstrip(_SPACE)) if word else 0
        fields.append(Field(word, start + offset + 1))
        start += len(part) + 1
    return tuple(fields)
