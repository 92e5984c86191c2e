"""Rules that do nothing, and names that nothing has: no mistakes of spelling, those of thought."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import contains

from davserver.domain.people import StructureKind
from policies import calendars, directory_groups, groups
from policies.directory_groups import DirectoryGroups
from policies.problems import Report, nearest
from policies.rules import FILE, MOST_RULES, Rule
from policies.sheet import read_sheet
from policies.snapshot import Snapshot
from policies.space import ALWAYS_THERE, TIES_ASKED
from policies.vocabulary import Column
from policies.worth import Weighed, Worth, weigh


class Lint(StrEnum):
    """Stable, as the codes of problems are; docs/policy/lint.md explains each."""

    DEAD = "L001"
    SHADOWED = "L002"
    REDUNDANT = "L003"
    NEVER_DECISIVE = "L004"
    GUARD = "L005"
    UNKNOWN_STRUCTURE = "L006"
    OTHER_KIND = "L007"
    TOO_MANY_RULES = "L008"
    UNKNOWN_DIRECTORY = "L009"
    ROLE_NOT_GIVEN = "L010"


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is an id, None where no single rule is meant. `others` are the rules because of which
    this one does nothing.
    """

    file: str
    line: int
    code: Lint
    message: str
    rule: str | None = None
    others: tuple[Rule, ...] = ()

    @property
    def is_guard(self) -> bool:
        """Worth knowing, and nothing to be mended."""
        return self.code is Lint.GUARD


_CODES: dict[Worth, Lint] = {
    Worth.DEAD: Lint.DEAD,
    Worth.SHADOWED: Lint.SHADOWED,
    Worth.REPEATED: Lint.REDUNDANT,
    Worth.REPEATED_IN_PARTS: Lint.NEVER_DECISIVE,
    Worth.GUARD: Lint.GUARD,
}


def lint(
    snapshot: Snapshot,
    structures: Mapping[str, StructureKind] | None = None,
    directories: Mapping[str, Collection[str]] | None = None,
) -> tuple[Finding, ...]:
    """Every finding, by file and line. `structures` are those that the instance has, by slug, and
    `directories` the roles that each of its directories may give; None where they are not known.
    """
    weighed = weigh(snapshot)
    repeated = {one.rule.id: one.others for one in weighed}
    found = [
        Finding(
            FILE,
            one.rule.line,
            _CODES[one.worth],
            _sentence(one, repeated, snapshot),
            one.rule.id,
            one.others,
        )
        for one in weighed
        if one.worth is not Worth.DECISIVE
    ]
    found += _too_many(snapshot.rules)
    if structures is not None:
        found += _structures(snapshot, structures)
    if directories is not None and snapshot.directory_groups is not None:
        found += _directories(snapshot.directory_groups, directories)
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.code)))


def _sentence(one: Weighed, others_of: Mapping[str, tuple[Rule, ...]], snapshot: Snapshot) -> str:
    does = "allows" if one.rule.allows else "refuses"
    told = ", ".join(f"“{other.id}” ({FILE}:{other.line})" for other in one.others)
    told = " and ".join(told.rsplit(", ", 1))
    match one.worth:
        case Worth.DEAD:
            return _why_dead(one.rule, snapshot)
        case Worth.SHADOWED:
            return f"All that it allows is refused by {told}."
        case Worth.GUARD:
            return (
                "A guard: no rule allows what it refuses, so it changes nothing today; it refuses"
                " what a later rule might allow."
            )
        case _:
            mutual = one.rule in others_of[one.others[0].id] and len(one.others) == 1
            keep = ", and the other way round: keep one of the two" if mutual else ""
            done = "allowed" if one.rule.allows else "refused"
            return f"All that it {does} is {done} by {told} as well{keep}."


def _why_dead(rule: Rule, snapshot: Snapshot) -> str:
    zones = snapshot.vocabulary.accepts[Column.ZONE][rule.word(Column.ZONE)]
    if not zones & (ALWAYS_THERE | set(snapshot.networks.zones.values())):
        return f"It never counts: networks.csv puts no address into {', '.join(sorted(zones))}."
    columns = (Column.ROLE, Column.RELATION, Column.ACTION)
    accepted = [snapshot.vocabulary.accepts[column][rule.word(column)] for column in columns]
    if any(all(map(contains, accepted, tie)) for tie in TIES_ASKED):
        return "It never counts: nobody with its relation acts for its structure."
    return "It never counts: what no file can change answers before any rule is asked."


def _too_many(rules: tuple[Rule, ...]) -> Iterator[Finding]:
    if len(rules) > MOST_RULES:
        message = f"{len(rules)} rules; above {MOST_RULES} decisions become slow. Use groups."
        yield Finding(FILE, rules[MOST_RULES].line, Lint.TOO_MANY_RULES, message)


def _structures(snapshot: Snapshot, known: Mapping[str, StructureKind]) -> Iterator[Finding]:
    for file, line, slug in _named_structures(snapshot):
        if slug not in known:
            close = nearest(slug, known)
            hint = f" Did you mean “{close}”?" if close else ""
            message = f"This instance has no structure “{slug}”.{hint}"
            yield Finding(file, line, Lint.UNKNOWN_STRUCTURE, message)
        elif (declared := snapshot.slugs.get(slug)) not in {None, known[slug]}:
            message = (
                f"“{slug}” is of the kind {known[slug]}, not {declared}: its people are refused"
                " everything until the line is corrected."
            )
            yield Finding(file, line, Lint.OTHER_KIND, message)


def _directories(
    groups: DirectoryGroups, known: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    file = directory_groups.FILE
    for one in groups.places:
        if one.directory not in known:
            close = nearest(one.directory, known)
            hint = f" Did you mean “{close}”?" if close else ""
            message = f"config.yaml names no directory “{one.directory}”.{hint}"
            yield Finding(file, one.line, Lint.UNKNOWN_DIRECTORY, message)
        elif one.role.value not in known[one.directory]:
            message = (
                f"This line is ignored: the directory “{one.directory}” may not make anybody"
                f" {one.role.value}. It may once directories.{one.directory}.roles in config.yaml"
                " says so."
            )
            yield Finding(file, one.line, Lint.ROLE_NOT_GIVEN, message)


def _named_structures(snapshot: Snapshot) -> list[tuple[str, int, str]]:
    """Each slug that a file names, at its first place there."""
    wanted = {
        groups.FILE: frozenset(snapshot.slugs),
        calendars.FILE: snapshot.calendar.days.slugs,
    }
    groups_of = snapshot.directory_groups
    named = groups_of.structures if groups_of else {}
    places = {(directory_groups.FILE, slug): line for slug, line in named.items()}
    for file, slugs in wanted.items():
        for line in read_sheet(file, snapshot.files[file], Report()):
            for field in line.fields[1:]:
                if field.text in slugs:
                    places.setdefault((file, field.text), line.number)
    return [(file, line, slug) for (file, slug), line in places.items()]
