"""The If header of RFC 4918 §10.4: the whole grammar, tagged lists and Not included."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from davserver.domain.conditions import ETagTerm, IfList, StateTerm
from davserver.domain.errors import ConditionFailed
from davserver.domain.paths import DrivePath
from davserver.http.malformed import Malformed

Placing = Callable[[str], DrivePath | None]
"""The place that a URL in a header means; None when it is on another server or drive."""

_MOST_TERMS = 200
_WORD = re.compile(
    r"""[ \t]*(?:
        (?P<open>\() | (?P<close>\)) | (?P<not>Not\b)
      | <(?P<url>[^<>\s]+)>
      | \[[ \t]*(?P<weak>W/)?"(?P<etag>[\x21\x23-\x7e\x80-\xff]*)"[ \t]*\]
    )[ \t]*""",
    re.VERBOSE | re.IGNORECASE,
)
_ALWAYS = StateTerm("DAV:no-lock", None, negated=True)
"""`Not <DAV:no-lock>` holds everywhere (RFC 4918 §10.4.8): nothing is ever locked by it."""


@dataclass(frozen=True, slots=True)
class _Tagged:
    url: str | None
    terms: tuple[StateTerm, ...]


def parse_if(value: str, placing: Placing) -> tuple[IfList, ...]:
    """Never empty. Raises Malformed, and ConditionFailed when every list is about a resource of
    somebody else and so cannot hold.
    """
    lists = tuple(_lists(iter(_words(value))))
    tagged = {one.url is not None for one in lists}
    if len(tagged) != 1:
        raise Malformed("The If header must hold lists, all tagged or none of them.")
    placed = tuple(found for one in lists if (found := _placed(one, placing)))
    if not placed:
        raise ConditionFailed
    return placed


def _placed(one: _Tagged, placing: Placing) -> IfList | None:
    """None for a list that cannot hold: elsewhere there is no state of ours to match."""
    if one.url is None:
        return IfList(None, one.terms)
    resource = placing(one.url)
    if resource is not None:
        return IfList(resource, one.terms)
    return IfList(None, (_ALWAYS,)) if all(term.negated for term in one.terms) else None


def _words(value: str) -> Iterator[re.Match[str]]:
    place = count = 0
    while place < len(value):
        word = _WORD.match(value, place)
        count += 1
        if word is None or count > _MOST_TERMS:
            raise Malformed("The If header is not written correctly.")
        yield word
        place = word.end()


def _lists(words: Iterator[re.Match[str]]) -> Iterator[_Tagged]:
    tag: str | None = None
    used = True
    for word in words:
        if word["url"] and used:
            tag, used = word["url"], False
        elif word["open"]:
            used = True
            yield _Tagged(tag, tuple(_terms(words)))
        else:
            raise Malformed("The If header must hold lists in parentheses.")
    if not used:
        raise Malformed("A tag in the If header has no list.")


def _terms(words: Iterator[re.Match[str]]) -> Iterator[StateTerm]:
    """The terms up to the closing parenthesis: at least one."""
    for count, word in enumerate(words):
        if word["close"] and count:
            return
        negated = bool(word["not"])
        state = next(words, None) if negated else word
        if state is None or not (state["url"] or state["etag"] is not None):
            break
        yield _term(state, negated=negated)
    raise Malformed("A list in the If header is not written correctly.")


def _term(state: re.Match[str], *, negated: bool) -> StateTerm:
    if state["url"]:
        return StateTerm(state["url"], None, negated)
    return StateTerm(None, ETagTerm(state["etag"], weak=bool(state["weak"])), negated)
