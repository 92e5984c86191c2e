"""directory-groups.csv: `m, directory, role, structure, group`; the group's commas are part of it.

m, lyon, professional, ccas-lyon, cn=travailleurs sociaux,ou=groupes,dc=lyon,dc=example
m, lyon, administrator, none, 3b1d5a0c-7c1e-4e0e-9d55-0f6ad8b6a001

Which directories there are, and what they may make of people, is said in config.yaml; which
structures there are, in the database: neither is for this reader to know.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from davserver.domain.people import Role
from policies.problems import Code, Report, nearest
from policies.sheet import Field, Line
from policies.vocabulary import NO_STRUCTURE, WORD

FILE = "directory-groups.csv"
KEY = "m"
FIELDS = 5
ROLES = (Role.PROFESSIONAL, Role.MANAGER, Role.ADMINISTRATOR)
"""A beneficiary comes from no directory."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""As `directories` in config.yaml are named."""
_UUID, _UNIQUE_ID = r"(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"(?:-[0-9a-f]{8}){3}"
_ID = re.compile(rf"[0-9a-f]{{8}}(?:{_UUID}|{_UNIQUE_ID})", re.IGNORECASE)
"""entryUUID and objectGUID, or nsUniqueId."""
_ESCAPED = r"\\(?:[ \"#+,;<=>\\]|[0-9A-Fa-f]{2})"
_ATTRIBUTE = r"(?:[A-Za-z][A-Za-z0-9-]*+|[0-9]++(?:\.[0-9]++)*+)"
_PAIR = rf"\s*+{_ATTRIBUTE}\s*+=\s*+(?:{_ESCAPED}|[^\\\"+,;<>])++"
_DN = re.compile(rf"{_PAIR}(?:[,+]{_PAIR})*+")
"""RFC 4514 §3, as far as a slip of the pen goes: attribute=value, joined by commas. Nothing is
tried twice, however long the line.
"""
_AROUND = re.compile(r"\s*([,=+])\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """What a group of a directory gives: a role, in a structure (None for administrators)."""

    directory: str
    role: Role
    structure: str | None
    group: str
    line: int


@dataclass(frozen=True, slots=True)
class DirectoryGroups:
    """In file order: where several lines fit somebody, the first says their role."""

    places: tuple[Place, ...]

    def of(self, directory: str, roles: Collection[str]) -> tuple[Place, ...]:
        """Those of one directory, without the roles that it may not make."""
        return tuple(
            one for one in self.places if one.directory == directory and one.role.value in roles
        )

    @property
    def structures(self) -> dict[str, int]:
        """Each slug that is named, with its first line."""
        found: dict[str, int] = {}
        for one in self.places:
            if one.structure is not None:
                found.setdefault(one.structure, one.line)
        return found


def parse_directory_groups(lines: tuple[Line, ...], report: Report) -> DirectoryGroups:
    """The sound lines. Problems go to `report`."""
    reading = _Reading({}, {}, report)
    places = []
    for line in lines:
        if report.is_full(FILE):
            break
        place = _read_line(line, report)
        if place is not None and reading.takes(place, line):
            places.append(place)
    return DirectoryGroups(tuple(places))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read so far, by what must not stand twice."""

    said: dict[tuple[str, str, str | None], Place]
    roles: dict[tuple[str, str], Place]
    report: Report

    def takes(self, place: Place, line: Line) -> bool:
        group = same_group(place.group)
        twin = self.said.setdefault((place.directory, group, place.structure), place)
        other = self.roles.setdefault((place.directory, group), place)
        if other.role is not place.role:
            message = (
                f"Line {other.line} makes the people of this group {other.role.value}s; a group"
                " gives one role."
            )
            self._add(line.fields[2], line, Code.TWO_ROLES, message)
        elif twin is not place:
            message = f"Line {twin.line} says the same; remove one of the two lines."
            self._add(line.fields[4], line, Code.DUPLICATE_PLACE, message)
        else:
            return True
        return False

    def _add(self, field: Field, line: Line, code: Code, message: str) -> None:
        self.report.add(FILE, (line.number, field.column), code, message)


def same_group(group: str) -> str:
    """Equal for two ways to write the same DN: case, and spaces around signs, mean nothing."""
    return _AROUND.sub(r"\1", group.strip()).lower()


def _read_line(line: Line, report: Report) -> Place | None:
    key, place = line.fields[0], (line.number, line.fields[0].column)
    if key.text != KEY:
        message = f"A line starts with “{KEY}”, not with “{key.text}”."
        report.add(FILE, place, Code.UNKNOWN_KEY, message, nearest(key.text, {KEY}))
        return None
    if len(line.fields) != FIELDS:
        message = (
            f"A line has {FIELDS} fields ({KEY}, directory, role, structure, group),"
            f" this one {len(line.fields)}."
        )
        report.add(FILE, (line.number, line.fields[-1].column), Code.FIELD_COUNT, message)
        return None
    _, directory, role, structure, group = line.fields
    good = _is_name(directory, line.number, report)
    good = _is_role(role, line.number, report) and good
    good = good and _is_place(role, structure, line.number, report)
    good = _is_group(group, line.number, report) and good
    if not good:
        return None
    where = None if structure.text == NO_STRUCTURE else structure.text
    name = group.text.lower() if _ID.fullmatch(group.text) else group.text
    return Place(directory.text, Role(role.text), where, name, line.number)


def _is_name(field: Field, line: int, report: Report) -> bool:
    if _NAME.fullmatch(field.text):
        return True
    message = f"“{field.text}” is no name of a directory: it stands so in config.yaml."
    report.add(FILE, (line, field.column), Code.BAD_DIRECTORY, message)
    return False


def _is_role(field: Field, line: int, report: Report) -> bool:
    if field.text in ROLES:
        return True
    message = f"“{field.text}” is no role that a directory can give; these are: {', '.join(ROLES)}."
    hint = nearest(field.text, ROLES)
    if field.text == Role.BENEFICIARY:
        message = "No directory makes beneficiaries: a vault is opened for a person by hand."
        hint = None
    report.add(FILE, (line, field.column), Code.UNKNOWN_ROLE, message, hint)
    return False


def _is_place(role: Field, structure: Field, line: int, report: Report) -> bool:
    """Administrators belong to no structure; the others to one."""
    place, word = (line, structure.column), structure.text
    if role.text == Role.ADMINISTRATOR:
        if word == NO_STRUCTURE:
            return True
        message = f"Administrators belong to no structure; write “{NO_STRUCTURE}”."
        report.add(FILE, place, Code.BAD_PLACE, message, NO_STRUCTURE)
        return False
    if word == NO_STRUCTURE:
        message = f"A {role.text} works in a structure; write its slug."
        report.add(FILE, place, Code.BAD_PLACE, message)
        return False
    if WORD.fullmatch(word):
        return True
    message = f"“{word}” is no structure; write its slug, as `abri structure list` shows it."
    report.add(FILE, place, Code.BAD_SLUG, message)
    return False


def _is_group(field: Field, line: int, report: Report) -> bool:
    if _ID.fullmatch(field.text) or _DN.fullmatch(field.text):
        return True
    message = (
        f"“{field.text}” is no group; write its DN, such as cn=staff,ou=groups,dc=example,"
        " or the id of its entry."
    )
    if not field.text:
        message = "The group is missing; write its DN or the id of its entry."
    report.add(FILE, (line, field.column), Code.BAD_GROUP, message)
    return False
