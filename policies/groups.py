"""groups.csv: `kind, member, group`, with kind one of action, category, structure, auth.

action, get, consult          a rule for `consult` also covers `get`
structure, ccas-lyon, ccas    the structure with the slug ccas-lyon, which is a CCAS
auth, mfa, password           a rule that asks for `password` is content with `mfa`
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from davserver.domain.actions import Strength
from davserver.domain.people import StructureKind
from policies.problems import Code, Report, nearest
from policies.sheet import Field, Line
from policies.vocabulary import (
    ANY,
    FIXED,
    KNOWN_GROUPS,
    NO_STRUCTURE,
    WORD,
    Column,
    Edges,
    ancestors,
)

FILE = "groups.csv"
GROUPED = (Column.ACTION, Column.CATEGORY, Column.STRUCTURE, Column.AUTH)
MAX_DEPTH = 8
"""Casbin silently stops following groups at ten levels; nobody needs eight."""

_CLASSES = frozenset(KNOWN_GROUPS[Column.CATEGORY])
_WEAKEST_FIRST = tuple(Strength)


@dataclass(frozen=True, slots=True)
class Groups:
    """`slugs`: the structures that rules may name, each with its kind."""

    edges: Mapping[Column, Edges]
    slugs: Mapping[str, StructureKind]
    places: Mapping[tuple[Column, str], tuple[int, int]]
    """Where each group was first named, for messages."""

    def pairs(self, column: Column) -> tuple[tuple[str, str], ...]:
        """(member, group), as Casbin takes them."""
        return tuple(
            (member, group) for member, groups in self.edges[column].items() for group in groups
        )


@dataclass
class _Reading:
    edges: dict[Column, dict[str, tuple[str, ...]]] = field(
        default_factory=lambda: {column: {} for column in GROUPED}
    )
    members: dict[tuple[Column, str], tuple[int, int]] = field(default_factory=dict)
    groups: dict[tuple[Column, str], tuple[int, int]] = field(default_factory=dict)

    def add(self, column: Column, member: str, group: str) -> None:
        self.edges[column][member] = (*self.edges[column].get(member, ()), group)


def parse_groups(lines: tuple[Line, ...], report: Report) -> Groups:
    """The groups without cycles, whatever the file holds. Problems go to `report`."""
    reading = _Reading()
    for line in lines:
        if report.is_full(FILE):
            break
        _read_line(line, reading, report)
    _check_members(reading, report)
    _cut_cycles(reading, report)
    _check_depth(reading, report)
    _check_categories(reading, report)
    return Groups(reading.edges, _slugs(reading, report), reading.groups)


def _read_line(line: Line, reading: _Reading, report: Report) -> None:
    kinds = [column.value for column in GROUPED]
    place = (line.number, line.fields[0].column)
    if line.fields[0].text not in kinds:
        word = line.fields[0].text
        message = f"“{word}” is no kind of group; the kinds are {', '.join(kinds)}."
        report.add(FILE, place, Code.UNKNOWN_GROUP_KIND, message, nearest(word, kinds))
        return
    if len(line.fields) != 3:  # noqa: PLR2004 — kind, member, group
        message = f"A group line has 3 fields (kind, member, group), this one {len(line.fields)}."
        report.add(FILE, place, Code.FIELD_COUNT, message)
        return
    column = Column(line.fields[0].text)
    member, group = line.fields[1], line.fields[2]
    good = _check_group_name(column, group, line.number, report)
    good = _check_member_name(member, line.number, report) and good
    if good:
        _keep(column, (member, group), line.number, reading, report)


def _keep(
    column: Column, words: tuple[Field, Field], line: int, reading: _Reading, report: Report
) -> None:
    member, group = words
    if group.text in reading.edges[column].get(member.text, ()):
        message = f"“{member.text}” is already in “{group.text}”; remove one of the two lines."
        report.add(FILE, (line, member.column), Code.DUPLICATE_MEMBER, message)
    elif member.text == group.text:
        message = f"“{member.text}” cannot be a member of itself."
        report.add(FILE, (line, member.column), Code.GROUP_CYCLE, message)
    elif column is not Column.AUTH or _strength_falls(words, line, report):
        reading.add(column, member.text, group.text)
        reading.members.setdefault((column, member.text), (line, member.column))
        reading.groups.setdefault((column, group.text), (line, group.column))


def _check_group_name(column: Column, group: Field, line: int, report: Report) -> bool:
    """A group may not take the name of a value: `action, put, get` would make reading a right
    to write. Structures are grouped under their kinds, strengths under weaker ones.
    """
    place = (line, group.column)
    if not WORD.fullmatch(group.text):
        message = f"“{group.text}” is no name for a group: small letters, digits and “-”."
        report.add(FILE, place, Code.BAD_GROUP_NAME, message)
        return False
    if column is Column.AUTH:
        known, hint = group.text in FIXED[column], nearest(group.text, FIXED[column])
        message = f"“{group.text}” is no strength of sign-in."
    else:
        reserved = {NO_STRUCTURE} if column is Column.STRUCTURE else set(FIXED[column])
        known, hint = group.text not in reserved, None
        message = f"“{group.text}” is itself a word of {column.value}; a group needs a new name."
    if not known:
        report.add(FILE, place, Code.BAD_GROUP_NAME, message, hint)
    return known


def _check_member_name(member: Field, line: int, report: Report) -> bool:
    if WORD.fullmatch(member.text) and member.text != NO_STRUCTURE:
        return True
    message = f"“{member.text}” is no word: small letters, digits and “-”."
    if member.text == ANY:
        message = "“*” cannot be a member of a group; name each word."
    report.add(FILE, (line, member.column), Code.UNKNOWN_MEMBER, message)
    return False


def _strength_falls(words: tuple[Field, Field], line: int, report: Report) -> bool:
    """The order of strengths is a fact of sign-in, not a choice of a file."""
    stronger, weaker = words
    if stronger.text not in FIXED[Column.AUTH]:
        return True  # told by _check_members
    order = [strength.value for strength in _WEAKEST_FIRST]
    if order.index(stronger.text) > order.index(weaker.text):
        return True
    message = f"“{stronger.text}” is weaker than “{weaker.text}”; the order is {' < '.join(order)}."
    report.add(FILE, (line, stronger.column), Code.STRENGTH_ORDER, message)
    return False


def _check_members(reading: _Reading, report: Report) -> None:
    for (column, member), place in reading.members.items():
        groups = {group for kind, group in reading.groups if kind is column}
        known = set(FIXED[column]) | groups
        if column is not Column.STRUCTURE and member not in known:
            message = f"“{member}” is no {column.value} and no group."
            report.add(FILE, place, Code.UNKNOWN_MEMBER, message, nearest(member, known))
        elif column is Column.STRUCTURE:
            _check_structure_member(member, groups, reading, report)


def _check_structure_member(
    member: str, groups: set[str], reading: _Reading, report: Report
) -> None:
    """Structures are grouped one level deep, or nobody could tell a group from a slug."""
    place = reading.members[Column.STRUCTURE, member]
    kinds = set(StructureKind)
    if member not in kinds and member in groups:
        message = f"“{member}” is used as a structure and as a group; rename the group."
        report.add(FILE, place, Code.BAD_GROUP_NAME, message)
    elif member in kinds and kinds & set(reading.edges[Column.STRUCTURE][member]):
        message = f"“{member}” is a kind of structure and cannot belong to another kind."
        report.add(FILE, place, Code.STRUCTURE_KIND, message)


def _cut_cycles(reading: _Reading, report: Report) -> None:
    for column, edges in reading.edges.items():
        for member in list(edges):
            if member in ancestors(member, edges):
                message = f"“{member}” is in a circle of groups that contain each other."
                place = reading.members[column, member]
                report.add(FILE, place, Code.GROUP_CYCLE, message)
                del edges[member]


def _check_depth(reading: _Reading, report: Report) -> None:
    for column, edges in reading.edges.items():
        for member in edges:
            depth = _depth(member, edges)
            if depth > MAX_DEPTH:
                message = f"“{member}” is {depth} groups deep; at most {MAX_DEPTH} are allowed."
                report.add(FILE, reading.members[column, member], Code.GROUP_TOO_DEEP, message)


def _depth(member: str, edges: Edges) -> int:
    level, depth = set(edges.get(member, ())), 0
    while level:
        depth += 1
        level = {group for word in level for group in edges.get(word, ())}
    return depth


def _check_categories(reading: _Reading, report: Report) -> None:
    """Each category is ordinary or sensitive: one that is neither would slip through every
    rule that forbids something for sensitive documents.
    """
    edges = reading.edges[Column.CATEGORY]
    unplaced = []
    for category in FIXED[Column.CATEGORY]:
        classes = ancestors(category, edges) & _CLASSES
        place = reading.members.get((Column.CATEGORY, category))
        if len(classes) != 1 and place is None:
            unplaced.append(category)
        elif len(classes) != 1:
            which = "both ordinary and sensitive" if classes else "neither ordinary nor sensitive"
            message = f"The category “{category}” is {which}; put it into exactly one of them."
            report.add(FILE, place or (0, 0), Code.CATEGORY_CLASS, message)
    if unplaced:
        message = f"Neither ordinary nor sensitive: {', '.join(unplaced)}. Put each into one."
        report.add(FILE, (0, 0), Code.CATEGORY_CLASS, message)


def _slugs(reading: _Reading, report: Report) -> dict[str, StructureKind]:
    """Every member of a structure group that is not a kind or a group is a structure's slug."""
    edges = reading.edges[Column.STRUCTURE]
    groups = {group for column, group in reading.groups if column is Column.STRUCTURE}
    kinds = {kind.value for kind in StructureKind}
    found = {}
    for slug in edges:
        if slug in kinds or slug in groups:
            continue
        own = sorted(ancestors(slug, edges) & kinds)
        if len(own) == 1:
            found[slug] = StructureKind(own[0])
        else:
            place = reading.members[Column.STRUCTURE, slug]
            told = " and ".join(own) if own else "no kind"
            message = f"The structure “{slug}” has {told}; it needs exactly one of: " + ", ".join(
                sorted(kinds)
            )
            hint = None if own else nearest(slug, kinds)
            report.add(FILE, place, Code.STRUCTURE_KIND, message, hint)
    return found


def check_use(groups: Groups, used: frozenset[tuple[Column, str]], report: Report) -> None:
    """A group that no rule names does nothing: mostly a typing mistake in a group's name."""
    for (column, group), place in groups.places.items():
        known = set(KNOWN_GROUPS.get(column, ()))
        inner = group in groups.edges[column]
        if group not in known | set(FIXED[column]) and not inner and (column, group) not in used:
            message = f"No rule uses the group “{group}”."
            named = {word for kind, word in groups.places if kind is column} | known
            report.add(FILE, place, Code.GROUP_UNUSED, message, nearest(group, named - {group}))
