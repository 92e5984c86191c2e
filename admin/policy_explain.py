"""`abri policy explain`: why one decision came out as it did, and whether other rules change it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from admin import speaking
from admin.instants import parse_moment
from admin.output import AsJson, say, show_json
from admin.session import opened
from davserver.domain.actions import Action, Strength
from davserver.domain.decisions import Permit
from davserver.domain.paths import DrivePath
from davserver.wiring.explaining import Explained, Explanation, Question, in_words
from davserver.wiring.policy import load_policy


class Language(StrEnum):
    EN = "en"
    FR = "fr"


def explain(  # noqa: PLR0913 — the circumstances of a decision
    context: typer.Context,
    user: Annotated[str, typer.Option(metavar="LOGIN", help="Who would do it.")],
    path: Annotated[str, typer.Option(help="To what, on their own drive or on that of --of.")],
    action: Annotated[Action, typer.Option(help="What they would do.")],
    of: Annotated[str | None, typer.Option(metavar="LOGIN", help="Whose vault PATH is in.")] = None,
    auth: Annotated[Strength, typer.Option(help="How they sign in.")] = Strength.PASSWORD,
    address: Annotated[
        str | None,
        typer.Option("--from", metavar="IP", help="From which address; this machine if left out."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="ISO8601", help="When; a date alone means its beginning. Now if left out."
        ),
    ] = None,
    candidate: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Other rules, to be asked the same.")
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="Of the answer; the command's if left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Why somebody may or may not do something: the question as the rules see it and where each
    word comes from, the rules that speak of it, the grant, the rule that decides, and the nearest
    change that would allow it.
    """
    asked = Question(user, action, DrivePath.parse(path), of, auth, address)
    when = parse_moment("--at", at)
    other = load_policy(candidate) if candidate else None
    with opened(context) as session:
        explaining, now = session.services.explaining, when or session.now
        found = explaining.explain(asked, session.operator, now, other)
    if as_json:
        show_json(_plain(found))
    else:
        say(in_words(found, language.value if language else speaking.language()))


def _plain(found: Explained) -> dict[str, Any]:
    plain = _plain_one(found.in_force)
    if found.candidate is None:
        return plain
    return plain | {"differs": found.differs, "candidate": _plain_one(found.candidate)}


def _plain_one(answer: Explanation) -> dict[str, Any]:
    decision = answer.decision
    return {
        "allowed": answer.allowed,
        "reason": None if isinstance(decision, Permit) else decision.reason.value,
        "rule": decision.rule,
        "deny": {"id": answer.deny.id, "line": answer.deny.line} if answer.deny else None,
        "valid_until": decision.valid_until if isinstance(decision, Permit) else None,
        "visible": answer.visible,
        "drive_blocked": answer.blocked.rule if answer.blocked else None,
        "grant": _plain_grant(answer),
        "question": {one.column.value: one.word for one in answer.attributes},
        "origins": {
            one.column.value: {"from": one.origin.value, "detail": one.detail}
            for one in answer.attributes
        },
        "matching": [
            {"id": one.id, "effect": one.effect, "line": one.line} for one in answer.matching
        ],
        "would_allow": {one.column.value: one.word for one in answer.changes},
        "generation": answer.generation,
    }


def _plain_grant(answer: Explanation) -> dict[str, Any] | None:
    grant = answer.grant
    if grant is None:
        return None
    return {
        "id": grant.id.hex(),
        "rights": grant.right.value,
        "purpose": answer.purpose,
        "until": grant.until,
    }
