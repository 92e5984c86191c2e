"""A difference in plain sentences."""

from collections.abc import Iterator, Mapping

from davserver.domain.actions import Action, Relation
from policies.diff import Box, Change, Diff, Rules
from policies.place_changes import place_lines
from policies.rules import FILE
from policies.terms import UNBLOCKED
from policies.vocabulary import ANY, CLOSED, NO_STRUCTURE, Column

_RELATIONS: Mapping[str, str] = {
    Relation.OWNER: "own vault",
    Relation.GRANTEE: "granted by name",
    Relation.VIA_STRUCTURE: "granted to the structure",
    Relation.MANAGES: "for their structure",
    Relation.NONE: "for the instance",
}
_WITHOUT_DOCUMENT: Mapping[str, str] = {
    Action.AUDIT: "read the trail (audit)",
    Action.ACCOUNT: "change accounts (account)",
}


def as_lines(diff: Diff) -> Iterator[str]:
    """What is seen, what may be done, and what words stand for now."""
    seen = [box for box in diff.boxes if box.change in {Change.SEEN, Change.HIDDEN}]
    done = [box for box in diff.boxes if box not in seen]
    if not diff.boxes and not diff.places:
        yield "Nobody sees or may do anything more or less."
    if seen:
        yield "What is seen:"
        yield from _boxes(seen)
    if done:
        yield "What may be done:"
        yield from _boxes(done)
    if diff.places:
        yield "What directories make of people:"
        yield from (f"  {line}" for line in place_lines(diff.places))
    if diff.facts:
        yield "What words stand for:"
        yield from (f"  {fact.file}: {fact.says}" for fact in diff.facts)


def _boxes(boxes: list[Box]) -> Iterator[str]:
    for box in boxes:
        yield f"  {sentence(box)}"
        yield f"      before: {_rules(box.before)}"
        yield f"      after:  {_rules(box.after)}"


def _rules(rules: Rules) -> str:
    return ", ".join(
        f"{rule.effect} {rule.id} ({FILE}:{rule.line})" if rule else "no rule" for rule in rules
    )


def sentence(box: Box) -> str:
    """`+ professional (granted by name) may now get health documents from vpn with cert`. Of
    networks that both sets block it says nothing.
    """
    widens = box.change.widens
    who = f"{'+' if widens else '-'} {_who(box)}"
    if box.change in {Change.SEEN, Change.HIDDEN}:
        return f"{who} {'now' if widens else 'no longer'} sees {_documents(box)}"
    may = "may now" if widens else "may no longer"
    return f"{who} {may} {_does(box)}{_circumstances(box)}"


def _who(box: Box) -> str:
    roles, relations = box.terms[Column.ROLE], box.terms[Column.RELATION]
    structures = box.terms[Column.STRUCTURE]
    who = "anybody" if roles == (ANY,) else _either(*roles)
    if structures != (ANY,):
        told = ("no structure" if one == NO_STRUCTURE else one for one in structures)
        who += f" of {_either(*told)}"
    if relations != (ANY,):
        ties = _either(*(_RELATIONS[one] for one in relations))
        who += f" ({ties.replace('or granted to', 'or to')})"
    return who


def _does(box: Box) -> str:
    actions = box.terms[Column.ACTION]
    if actions == (ANY,):
        return f"do anything with {_documents(box)}"
    told = _either(*(_WITHOUT_DOCUMENT.get(one, one) for one in actions))
    return told if set(actions) <= set(_WITHOUT_DOCUMENT) else f"{told} {_documents(box)}"


def _documents(box: Box) -> str:
    categories = box.terms[Column.CATEGORY]
    return "documents" if categories == (ANY,) else f"{_either(*categories)} documents"


def _circumstances(box: Box) -> str:
    zones, strengths, slots = (
        box.terms[column] for column in (Column.ZONE, Column.AUTH, Column.SLOT)
    )
    told = ", blocked networks too" if zones == (ANY,) else f" from {_either(*zones)}"
    if zones == (UNBLOCKED,):
        told = ""
    if strengths != (ANY,):
        told += f" with {_either(*strengths)}"
    if slots != (ANY,):
        told += " when closed" if slots == (CLOSED,) else f" in {_either(*slots)}"
    return told


def _either(*words: str) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[:-1] else words)
