"""Rules about sharing on: the one thing by which a rule could widen what a beneficiary decided.

Whoever was given a document may pass it on only where they were given it by name, only if its
category is an ordinary one, and only after signing in with a password at least: an app password
lies in a program on a telephone. The loader holds every file to it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from davserver.domain.actions import Action, Relation, Strength
from policies.invariants import GRANTED, READS_NOTHING
from policies.vocabulary import KNOWN_GROUPS, Column, Vocabulary

Accepted = Callable[[Column], frozenset[str]]
"""For each column of a rule, the values that it stands for."""
ORDINARY = KNOWN_GROUPS[Column.CATEGORY][0]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is too wide in an `allow`: the column, what to say, the word to write instead."""

    column: Column
    message: str
    word: str | None


def faults(words: Mapping[Column, str], vocabulary: Vocabulary) -> Iterator[Fault]:
    """Why an `allow` with these words lets more be shared on than a rule may; nothing if it is
    fine, or about something else.
    """

    def accepted(column: Column) -> frozenset[str]:
        return vocabulary.accepts[column][words[column]]

    if Action.REGRANT not in accepted(Column.ACTION) or not accepted(Column.RELATION) & GRANTED:
        return
    if accepted(Column.ROLE) <= READS_NOTHING:
        return
    found = list(_too_wide(accepted, vocabulary))
    if found and words[Column.ACTION] != Action.REGRANT:
        yield Fault(Column.ACTION, _unasked(words[Column.ACTION]), None)
    else:
        yield from found


def _too_wide(accepted: Accepted, vocabulary: Vocabulary) -> Iterator[Fault]:
    if accepted(Column.RELATION) - {Relation.OWNER, Relation.GRANTEE}:
        yield Fault(
            Column.RELATION,
            "This rule lets people pass on documents that were not shared with them by name. Only"
            " whoever was given a document by name may pass it on.",
            Relation.GRANTEE,
        )
    # A set whose groups are broken may lack the word; that is told elsewhere.
    ordinary = vocabulary.accepts[Column.CATEGORY].get(ORDINARY, accepted(Column.CATEGORY))
    if not accepted(Column.CATEGORY) <= ordinary:
        yield Fault(
            Column.CATEGORY,
            "This rule lets people pass on sensitive documents (health, justice, family, without"
            " category). Only their owner may give these.",
            ORDINARY,
        )
    if Strength.APP_PASSWORD in accepted(Column.AUTH):
        yield Fault(
            Column.AUTH,
            "This rule lets people pass documents on with the password of a device, which others"
            " may hold. A rule must ask for the person's own password at least.",
            Strength.PASSWORD,
        )


def _unasked(word: str) -> str:
    return (
        f"“{word}” stands for {Action.REGRANT} too: people could pass on what was shared with"
        f" them. Name the actions that this rule is about; {Action.REGRANT} needs a rule of its"
        f" own, for {Relation.GRANTEE}, {ORDINARY} documents, at least {Strength.PASSWORD}."
    )
