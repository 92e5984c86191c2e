"""rules.csv: `p, id, effect, role, relation, action, category, structure, zone, auth, slot`."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from davserver.domain.actions import Action, Relation
from davserver.domain.people import Role
from policies.invariants import possible
from policies.problems import Code, Report, nearest
from policies.sharing_on import faults
from policies.sheet import Field, Line
from policies.vocabulary import ANY, CIRCUMSTANCES, Column, Vocabulary

FILE = "rules.csv"
KEY = "p"
EFFECTS = ("allow", "deny")
MOST_RULES = 100
"""Above this many, a decision that is not remembered costs milliseconds (docs/policy.md)."""

_BEFORE_WORDS = 3
_FIELDS = _BEFORE_WORDS + len(Column)
_ID_LENGTH = 60


_PLACES = {column: place for place, column in enumerate(Column)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of rules.csv. `words` are in the order of `Column`."""

    id: str
    allows: bool
    words: tuple[str, ...]
    line: int

    def word(self, column: Column) -> str:
        return self.words[_PLACES[column]]

    def covers(self, column: Column, value: str, vocabulary: Vocabulary) -> bool:
        return value in vocabulary.accepts[column][self.word(column)]

    @property
    def blocks_drive(self) -> bool:
        """A refusal of everything to some people in some circumstances: the one way in which
        circumstances may touch what is listed, because then nothing at all is (DESIGN §2.2).
        """
        whole = (Column.RELATION, Column.ACTION, Column.CATEGORY, Column.STRUCTURE)
        return not self.allows and all(self.word(column) == ANY for column in whole)

    @property
    def effect(self) -> str:
        return "allow" if self.allows else "deny"


def parse_rules(
    lines: tuple[Line, ...], vocabulary: Vocabulary, report: Report
) -> tuple[Rule, ...]:
    """The rules that are sound, in file order. Problems go to `report`."""
    ids: dict[str, int] = {}
    said: dict[tuple[bool, tuple[str, ...]], Rule] = {}
    rules: list[Rule] = []
    for line in lines:
        if report.is_full(FILE):
            break
        rule = _read_rule(line, vocabulary, ids, report)
        if rule is not None:
            _check_visibility(rule, line, vocabulary, report)
            if _shares_on_rightly(rule, line, vocabulary, report):
                _check_honoured(rule, line, vocabulary, report)
            _check_strength(rule, line, report)
            _check_same(rule, said, line, report)
            rules.append(rule)
    _check_whole(rules, report)
    return tuple(rules)


def _read_rule(
    line: Line, vocabulary: Vocabulary, ids: dict[str, int], report: Report
) -> Rule | None:
    if not _shape_holds(line, report):
        return None
    _, name, effect, *words = line.fields
    good = _check_id(name, line.number, ids, report)
    good = _check_effect(effect, line.number, report) and good
    for column, field in zip(Column, words, strict=True):
        good = _check_word(column, field, line.number, vocabulary, report) and good
    if not good:
        return None
    return Rule(name.text, effect.text == "allow", tuple(f.text for f in words), line.number)


def _shape_holds(line: Line, report: Report) -> bool:
    key, place = line.fields[0], (line.number, line.fields[0].column)
    if key.text != KEY:
        message = f"A rule starts with “{KEY}”, not with “{key.text}”."
        report.add(FILE, place, Code.UNKNOWN_KEY, message, nearest(key.text, {KEY}))
    if len(line.fields) != _FIELDS:
        message = f"A rule has {_FIELDS} fields, this line has {len(line.fields)}."
        report.add(FILE, (line.number, line.fields[-1].column), Code.FIELD_COUNT, message)
        return False
    return key.text == KEY


def _check_id(field: Field, line: int, ids: dict[str, int], report: Report) -> bool:
    place, word = (line, field.column), field.text
    plain = word.replace("-", "")
    if not (plain.isascii() and plain.isalnum() and word[0] != "-" and len(word) <= _ID_LENGTH):
        message = f"“{word}” is no id: up to {_ID_LENGTH} letters, digits and “-”."
        report.add(FILE, place, Code.BAD_ID, message if word else "The rule has no id.")
        return False
    if word in ids:
        message = f"The id “{word}” already stands in line {ids[word]}; each rule has its own."
        report.add(FILE, place, Code.DUPLICATE_ID, message)
        return False
    ids[word] = line
    return True


def _check_effect(field: Field, line: int, report: Report) -> bool:
    if field.text in EFFECTS:
        return True
    message = f"“{field.text}” is neither allow nor deny, so this rule would have no effect."
    place = (line, field.column)
    report.add(FILE, place, Code.UNKNOWN_EFFECT, message, nearest(field.text, EFFECTS))
    return False


_MADE_IN = {
    Column.STRUCTURE: "One that rules name is listed in groups.csv, with its kind.",
    Column.SLOT: "Hours that rules name are made in calendars.csv.",
}
"""Where the words of a column come from, if files make them."""


def _check_word(
    column: Column, field: Field, line: int, vocabulary: Vocabulary, report: Report
) -> bool:
    known = vocabulary.accepts[column]
    place = (line, field.column)
    if field.text in known:
        return True
    if not field.text:
        message = f"The field {column.value} is empty; write “{ANY}” for any."
        report.add(FILE, place, Code.EMPTY_FIELD, message)
        return False
    message = f"“{field.text}” is no word of the column {column.value}."
    others = [c.value for c in Column if field.text in vocabulary.accepts[c]]
    hint = None if others else nearest(field.text, set(known) - {ANY})
    if others:
        message += f" It belongs into the column {others[0]}: have two fields changed places?"
    elif column in _MADE_IN:
        message += f" {_MADE_IN[column]}"
    elif hint is None:
        message += f" Its words are {', '.join(sorted(set(known) - {ANY}))}, and “{ANY}” for any."
    report.add(FILE, place, Code.UNKNOWN_WORD, message, hint)
    return False


def _place(line: Line, column: Column) -> tuple[int, int]:
    return (line.number, line.fields[_BEFORE_WORDS + tuple(Column).index(column)].column)


def _check_visibility(rule: Rule, line: Line, vocabulary: Vocabulary, report: Report) -> None:
    if rule.blocks_drive or not rule.covers(Column.ACTION, Action.LIST, vocabulary):
        return
    for column in CIRCUMSTANCES:
        if not vocabulary.accepts_all(column, rule.word(column)):
            message = (
                f"This rule covers `list`, so {column.value} must be “{ANY}”: what is listed may"
                " not change with sign-in, network or hour, or programs that synchronise would"
                " delete their copies. Write one rule for `list` and one for the other actions."
            )
            report.add(FILE, _place(line, column), Code.LIST_DEPENDS, message)


def _shares_on_rightly(rule: Rule, line: Line, vocabulary: Vocabulary, report: Report) -> bool:
    words = dict(zip(Column, rule.words, strict=True))
    found = list(faults(words, vocabulary)) if rule.allows else []
    for fault in found:
        place = _place(line, fault.column)
        report.add(FILE, place, Code.WIDENS_SHARING_ON, fault.message, fault.word)
    return not found


def _combinations(rule: Rule, vocabulary: Vocabulary) -> Iterator[tuple[Role, Relation, Action]]:
    def stands_for(column: Column) -> list[str]:
        return sorted(vocabulary.accepts[column][rule.word(column)])

    roles, relations, actions = map(stands_for, (Column.ROLE, Column.RELATION, Column.ACTION))
    for role, relation, action in product(roles, relations, actions):
        yield Role(role), Relation(relation), Action(action)


def _check_honoured(rule: Rule, line: Line, vocabulary: Vocabulary, report: Report) -> None:
    if rule.allows and not any(possible(*one) for one in _combinations(rule, vocabulary)):
        message = (
            f"No file can allow this: {rule.word(Column.ACTION)} to {rule.word(Column.ROLE)}"
            f" ({rule.word(Column.RELATION)}). See “What no file can change” in docs/policy.md."
        )
        report.add(FILE, _place(line, Column.ROLE), Code.NEVER_HONOURED, message)


def _check_strength(rule: Rule, line: Line, report: Report) -> None:
    if not rule.allows and rule.word(Column.AUTH) != ANY:
        message = (
            f"A deny for {rule.word(Column.AUTH)} also refuses every stronger sign-in;"
            " to ask for a stronger one, name it in the allow rule."
        )
        report.add(FILE, _place(line, Column.AUTH), Code.DENY_STRENGTH, message)


def _check_same(
    rule: Rule, said: dict[tuple[bool, tuple[str, ...]], Rule], line: Line, report: Report
) -> None:
    other = said.setdefault((rule.allows, rule.words), rule)
    if other is not rule:
        message = f"This says the same as “{other.id}” in line {other.line}."
        report.add(FILE, (line.number, line.fields[1].column), Code.SAME_RULE, message)


def _check_whole(rules: list[Rule], report: Report) -> None:
    if len(rules) > MOST_RULES:
        message = f"{len(rules)} rules; above {MOST_RULES} decisions become slow. Use groups."
        report.add(FILE, (rules[MOST_RULES].line, 1), Code.TOO_MANY_RULES, message)
    if not any(rule.allows for rule in rules) and not report.knows(FILE):
        report.add(FILE, (0, 0), Code.NOTHING_ALLOWED, "No rule allows anything: nobody gets in.")
