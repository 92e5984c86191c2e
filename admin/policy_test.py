"""`abri policy test`: the administrator's cases and Abri's own promises, tried on the rules."""

from pathlib import Path
from typing import Annotated

import typer

from admin.exits import Exit
from admin.output import AsJson, say, show_json, show_table
from admin.policy_mistakes import problem_told
from admin.settings_of import config_file, settings_of
from admin.speaking import _, headings, ngettext
from admin.told import told
from admin.trial_words import answer, coverage_row, expectation, question, trial_as_json
from davserver.wiring.policy import Failure, Trial, Worth, try_policy


def try_rules(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="A candidate; the folder of config.yaml if left out.")
    ] = None,
    least: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            metavar="N",
            help="The percentage of coverage to reach; policy.coverage if left out.",
        ),
    ] = None,
    *,
    coverage: Annotated[bool, typer.Option("--coverage", help="Show it for every rule.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try the cases in tests/*.toml beside the rules, and what Abri promises whatever they say.
    The exit code is 7 when something comes out otherwise, 3 when a file cannot be used.
    """
    where = folder or settings_of(context).policies
    asked = _asked_for(context) if least is None else least
    trial = try_policy(where)
    if as_json:
        show_json(trial_as_json(trial, asked))
    else:
        _tell(trial, where, asked, every_rule=coverage)
    if trial.problems:
        raise typer.Exit(Exit.CONFIGURATION)
    if not trial.passed or trial.percent < asked:
        raise typer.Exit(Exit.FINDINGS)


def _asked_for(context: typer.Context) -> int:
    """A candidate is tried without an instance too: nothing is asked for then."""
    return settings_of(context).policy.coverage if config_file(context).exists() else 0


def _tell(trial: Trial, where: Path, least: int, *, every_rule: bool) -> None:
    for one in trial.problems:
        say(f"{_('error')}{_(': ')}{where}/{problem_told(str(one))}")
    for failure in trial.failures:
        _tell_failure(failure, where)
    cases, failed = len(trial.cases), len(trial.failures)
    say(
        _(
            "Cases: %(cases)s, with %(questions)s questions; %(failed)s failed.",
            cases=cases,
            questions=trial.questions,
            failed=failed or _("none"),
        )
    )
    _tell_promises(trial)
    _tell_coverage(trial, least, every_rule=every_rule)


def _tell_failure(failure: Failure, where: Path) -> None:
    case = failure.case
    say(
        _(
            "%(place)s: FAILED “%(name)s”",
            place=f"{where}/{case.file}:{case.line}",
            name=case.name,
        )
    )
    say(f"  {_('asked'):<9} {question(failure)}")
    say(f"  {_('expected'):<9} {expectation(failure)}")
    say(f"  {_('got'):<9} {answer(failure)}")
    if failure.asked > 1:
        otherwise = _(
            "%(failed)s of the %(asked)s questions of this case came out otherwise.",
            failed=failure.failed,
            asked=failure.asked,
        )
        say(f"  {otherwise}")
    say()


def _tell_promises(trial: Trial) -> None:
    broken = [one for one in trial.promises if one.broken]
    for one in broken:
        say(
            _(
                "BROKEN PROMISE %(name)s: %(says)s %(number)s of %(asked)s questions.",
                name=one.name,
                says=told(one.sentence),
                number=len(one.broken),
                asked=one.asked,
            )
        )
        say("  " + _("No file can do this: it is a fault in Abri. Do not serve anybody with it."))
    asked = sum(one.asked for one in trial.promises)
    kept = _("all kept")
    if broken:
        kept = ngettext("%(number)s broken", "%(number)s broken", len(broken))
    say(
        _(
            "Promises of Abri: %(number)s, with %(asked)s questions; %(kept)s.",
            number=len(trial.promises),
            asked=asked,
            kept=kept,
        )
    )


def _tell_coverage(trial: Trial, least: int, *, every_rule: bool) -> None:
    able = [one for one in trial.coverage if one.worth is Worth.DECISIVE]
    shown = sum(one.decisive for one in able)
    told = _(
        "Coverage: %(shown)s of %(number)s rules decided a case, %(percent)s %%",
        shown=shown,
        number=len(able),
        percent=trial.percent,
    )
    say(
        _("%(told)s; at least %(least)s %% are asked for.", told=told, least=least)
        if least
        else f"{told}."
    )
    rows = [coverage_row(one) for one in trial.coverage if every_rule or not one.decisive]
    if rows:
        say()
        show_table(headings("rule", "line", "matched", "decisive", ""), rows, "")
