"""The conditional headers of RFC 9110 §13.1 as values. The gate judges them on what is there."""

import re
from datetime import datetime

from davserver.dav.ifheader import Placing, parse_if
from davserver.domain.conditions import NONE, Any, Conditions, ETags, ETagTerm
from davserver.http.dates import parsed_http_date
from davserver.http.malformed import Malformed

_TAG = re.compile(r'[ \t]*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*')
_MOST_TAGS = 100

FIELDS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If")
"""In the order of `parse_conditions`."""

_NONE_SENT = (None,) * len(FIELDS)


def parse_conditions(values: tuple[str | None, ...], placing: Placing) -> Conditions:
    """From the values of `FIELDS`. Raises Malformed, ConditionFailed (see `parse_if`)."""
    if values == _NONE_SENT:
        return NONE
    if_match, if_none_match, modified_since, unmodified_since, lists = values
    return Conditions(
        if_match=None if if_match is None else parse_etags(if_match),
        if_none_match=None if if_none_match is None else parse_etags(if_none_match),
        # RFC 9110 §13.1.3 and §13.1.4: a date gives way to an entity tag
        modified_since=_date(modified_since) if if_none_match is None else None,
        unmodified_since=_date(unmodified_since) if if_match is None else None,
        if_lists=() if lists is None else parse_if(lists, placing),
    )


def parse_etags(value: str) -> ETags:
    """`*`, or a list of entity tags. What cannot be read is refused: to pass over an If-Match
    would lose somebody's work.
    """
    if value.strip() == "*":
        return Any.ANY
    tags: list[ETagTerm] = []
    place = 0
    while place < len(value):
        match = _TAG.match(value, place)
        if match:
            tags.append(ETagTerm(match[2], weak=bool(match[1])))
            place = match.end()
        elif not value[place:].strip(" \t,"):
            break
        if place < len(value) and value[place] != ",":
            raise Malformed("If-Match and If-None-Match must be * or quoted entity tags.")
        place += 1
    if not tags or len(tags) > _MOST_TAGS:
        raise Malformed("If-Match and If-None-Match must be * or quoted entity tags.")
    return tuple(tags)


def _date(value: str | None) -> datetime | None:
    return None if value is None else parsed_http_date(value)
