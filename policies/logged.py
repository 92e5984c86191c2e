"""One line of the decision log: what the rules were asked, what they said, how often.

JSON, one object per line; keys without a value are left out. No name, login, path or address: ids
point to rows of the database, which only those who may read it can follow.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from davserver.domain.decisions import Denial, Permit
from davserver.domain.ids import GrantId, StructureId, id_from_text
from davserver.domain.instants import to_millisecond
from davserver.domain.people import Structure
from davserver.domain.tallies import Counted
from policies.vocabulary import Column, Point

DIGEST = 12
"""Hexadecimal digits of a set of rules that a line carries."""

_ALLOW, _REFUSE = "allow", "refuse"
_PLAIN = re.compile(r"[A-Za-z0-9_:./+-]{0,200}")
"""All that our words, ids, moments and time zones are made of; it is shown on terminals."""
_MOST_COUNT = 2**53
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Logged:
    """`at`: when it was first decided within the request (UTC). `grant`: the only one by which it
    was reached; None by ownership, or where there were several, then `grants` says how many.
    """

    at: datetime
    request: str | None
    policy: str
    generation: int | None
    question: Point
    structure: StructureId | None
    time_zone: str | None
    allowed: bool
    reason: str | None
    rule: str | None
    grant: GrantId | None
    grants: int
    count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """So many lines before this moment could not be written."""

    at: datetime
    lost: int


def lines_of(counted: Iterable[Counted], request: str | None) -> bytes:
    """A line for each, of one request. `request` is of the server's own making."""
    # Every request pays for this: one function, and no look-up that can be done before.
    number = f'"request":"{request}",' if request else ""
    text, at, instant = "", None, ""
    for one in counted:
        if one.at is not at:  # one for all that a transaction decided
            at = one.at
            instant = to_millisecond(at)
        grants, way = one.grants, ""
        if len(grants) == 1:
            (grant,) = grants
            way = f'"grant":"{grant.hex()}",'
        elif grants:
            way = f'"grants":{len(grants)},'
        text += f'{{"at":"{instant}",{number}{one.answer.said},{way}"count":{one.count}}}\n'
    return text.encode()


def said(
    question: Point,
    decision: Permit | Denial,
    structure: Structure | None,
    policy: tuple[str, int | None],
) -> str:
    """What all lines with this answer have in common, as the inside of a JSON object. `policy`: the
    digest of the rules, and the number of their generation.
    """
    digest, number = policy
    values: dict[str, str | int | None] = {"policy": digest[:DIGEST], "generation": number}
    values |= {column.value: str(word) for column, word in zip(Column, question, strict=True)}
    values["structure_id"] = structure.id.hex() if structure else None
    values["time_zone"] = structure.time_zone if structure else None
    values["decision"] = _REFUSE if isinstance(decision, Denial) else _ALLOW
    values["reason"] = decision.reason.value if isinstance(decision, Denial) else None
    values["rule"] = decision.rule
    there = {key: value for key, value in values.items() if value is not None}
    return json.dumps(there, separators=(",", ":"))[1:-1]


def gap_line(at: datetime, lost: int) -> bytes:
    return f'{{"at":"{to_millisecond(at)}","lost":{lost}}}\n'.encode()


def read_line(line: bytes) -> Logged | Gap:
    """Raises ValueError for anything that no version of Abri wrote whole."""
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 — one exception for a damaged line
    at = _moment(_one(found, "at", str))
    if "lost" in found:
        return Gap(at, _number(found, "lost"))
    grant, structure = _maybe(found, "grant"), _maybe(found, "structure_id")
    return Logged(
        at=at,
        request=_maybe(found, "request"),
        policy=_one(found, "policy", str),
        generation=_number(found, "generation", 0) if "generation" in found else None,
        question=Point(*(_one(found, column.value, str) for column in Column)),
        structure=StructureId(id_from_text(structure)) if structure else None,
        time_zone=_maybe(found, "time_zone"),
        allowed=_decision(_one(found, "decision", str)),
        reason=_maybe(found, "reason"),
        rule=_maybe(found, "rule"),
        grant=GrantId(id_from_text(grant)) if grant else None,
        grants=_number(found, "grants") if "grants" in found else int(grant is not None),
        count=_number(found, "count"),
    )


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a moment without a zone")
    return at.astimezone(UTC)


def _one(found: dict[str, Any], key: str, kind: type[T]) -> T:
    value = found.get(key)
    if not isinstance(value, kind) or (isinstance(value, str) and not _PLAIN.fullmatch(value)):
        raise ValueError(f"no {key}")
    return value


def _maybe(found: dict[str, Any], key: str) -> str | None:
    return _one(found, key, str) if key in found else None


def _number(found: dict[str, Any], key: str, least: int = 1) -> int:
    number = _one(found, key, int)
    if isinstance(number, bool) or not least <= number <= _MOST_COUNT:
        raise ValueError(f"{key} is no count")
    return number


def _decision(word: str) -> bool:
    if word not in {_ALLOW, _REFUSE}:
        raise ValueError("neither allow nor refuse")
    return word == _ALLOW
