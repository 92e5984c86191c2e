"""A report of `davserver.gate.policy.impact`, as an administrator reads it."""

from collections.abc import Iterator

from davserver.domain.actions import Category, Relation
from davserver.gate.policy.impact import Line, Report, Things, Turn
from policies.moments import in_words

NOTHING = "Nothing would change for anybody here."

BY: dict[Relation, str] = {
    Relation.OWNER: "with what is their own",
    Relation.GRANTEE: "by grants to them by name",
    Relation.VIA_STRUCTURE: "by grants to the structure",
    Relation.MANAGES: "for the people of the structure",
    Relation.NONE: "for the whole instance",
}
"""How the people of a line come to what they do."""

_MOST_NAMES = 5


def as_lines(report: Report) -> list[str]:
    """Plain text. A line that begins with `+` tells of a gain, with `-` of a loss, with `±` of
    both, whatever stands before it.
    """
    if not report.lines:
        return [NOTHING]
    told: list[str] = []
    for line in report.lines:
        told += [_heading(line), *(f"  {_turn(turn)}" for turn in line.turns)]
        told += [f"    {one}" for one in _details(line)]
    return told


def _heading(line: Line) -> str:
    where = f" of {line.structure}" if line.structure else ""
    return f"{_many(line.people, line.role.value)}{where}, {BY[line.relation]}:"


def _turn(turn: Turn) -> str:
    sign = "±" if turn.gains and turn.loses else "+" if turn.gains else "-"
    actions = ", ".join(action.value for action in turn.actions)
    moved = f"; now {', '.join(turn.moved)}" if turn.moved else ""
    return f"{sign} {actions}: {in_words(turn.after)} (before: {in_words(turn.before)}{moved})"


def _details(line: Line) -> Iterator[str]:
    if line.things is not None:
        yield _things(line.things)
    if line.named:
        yield f"people: {_some(line.named, line.people)}"
    if line.things is not None and line.things.owners:
        yield f"vaults: {_some(line.things.owners, line.things.vaults)}"


def _things(things: Things) -> str:
    told = f"{_many(things.documents, 'document')}, {_many(things.folders, 'folder')}"
    of = f"{told} of {_many(things.vaults, 'vault')}"
    ordered = [(one, things.categories[one]) for one in Category if one in things.categories]
    if not ordered:
        return of
    return f"{of}; documents: {', '.join(f'{number} {one.value}' for one, number in ordered)}"


def _some(names: tuple[str, ...], all_of_them: int) -> str:
    shown = names[:_MOST_NAMES]
    more = all_of_them - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _many(number: int, word: str) -> str:
    return f"{number} {word if number == 1 else _plural(word)}"


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
