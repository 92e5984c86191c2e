"""`abri policy`: whether the rules can be used, and why they decide as they do."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from admin import policy_check, policy_impact, policy_lint, policy_replay, policy_test
from admin.instants import parse_instant
from admin.output import AsJson, say, show_json
from admin.policy_activation import apply, rollback, status
from admin.policy_approve import approve
from admin.policy_diff import diff
from admin.session import opened
from davserver.domain.actions import Action, Strength
from davserver.domain.decisions import Permit
from davserver.domain.paths import DrivePath
from davserver.wiring.explaining import Explanation, Question, in_words

app = typer.Typer(help="The rules that narrow what grants give.", no_args_is_help=True)
app.command("check")(policy_check.check)
app.command("test")(policy_test.try_rules)
app.command("lint")(policy_lint.lint)
app.command("impact")(policy_impact.impact)
app.command("replay")(policy_replay.replay)


app.command("diff")(diff)
app.command()(status)
app.command()(apply)
app.command()(approve)
app.command()(rollback)


class Language(StrEnum):
    EN = "en"
    FR = "fr"


@app.command()
def explain(  # noqa: PLR0913 — the circumstances of a decision
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="Who would do it.")],
    action: Annotated[Action, typer.Argument(help="What they would do.")],
    path: Annotated[str, typer.Argument(help="To what, on their own drive or on that of --of.")],
    of: Annotated[str | None, typer.Option(metavar="LOGIN", help="Whose vault PATH is in.")] = None,
    auth: Annotated[Strength, typer.Option(help="How they sign in.")] = Strength.PASSWORD,
    address: Annotated[
        str | None, typer.Option("--from", metavar="IP", help="From which address.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When; now if left out.")] = None,
    language: Annotated[Language, typer.Option(help="Of the answer.")] = Language.EN,
    *,
    as_json: AsJson = False,
) -> None:
    """Why somebody may or may not do something: the question as the rules see it, the rules that
    speak of it, the one that decides, and what would change the answer.
    """
    asked = Question(login, action, DrivePath.parse(path), of, auth, address)
    when = parse_instant("--at", at)
    with opened(context) as session:
        answer = session.services.explaining.explain(asked, session.operator, when or session.now)
    if as_json:
        show_json(_plain(answer))
    else:
        say(in_words(answer, language.value))


def _plain(answer: Explanation) -> dict[str, Any]:
    decision = answer.decision
    return {
        "allowed": isinstance(decision, Permit),
        "reason": None if isinstance(decision, Permit) else decision.reason.value,
        "rule": decision.rule,
        "valid_until": decision.valid_until if isinstance(decision, Permit) else None,
        "visible": answer.visible,
        "grant": answer.grant.id.hex() if answer.grant else None,
        "question": {one.column.value: one.word for one in answer.attributes},
        "matching": [{"id": one.id, "line": one.line} for one in answer.matching],
        "would_allow": {one.column.value: one.word for one in answer.changes},
        "generation": answer.generation,
    }
