"""`abri policy test`: the administrator's cases and Abri's own promises, tried on the rules."""

from pathlib import Path
from typing import Annotated

import typer

from admin.exits import Exit
from admin.output import AsJson, say, show_json, show_table
from admin.settings_of import config_file, settings_of
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
        say(f"error: {where}/{one}")
    for failure in trial.failures:
        _tell_failure(failure, where)
    cases, failed = len(trial.cases), len(trial.failures)
    say(f"Cases: {cases}, with {trial.questions} questions; {failed or 'none'} failed.")
    _tell_promises(trial)
    _tell_coverage(trial, least, every_rule=every_rule)


def _tell_failure(failure: Failure, where: Path) -> None:
    case = failure.case
    say(f"{where}/{case.file}:{case.line}: FAILED “{case.name}”")
    say(f"  asked     {question(failure)}")
    say(f"  expected  {expectation(failure)}")
    say(f"  got       {answer(failure)}")
    if failure.asked > 1:
        say(f"  {failure.failed} of the {failure.asked} questions of this case came out otherwise.")
    say()


def _tell_promises(trial: Trial) -> None:
    broken = [one for one in trial.promises if one.broken]
    for one in broken:
        say(
            f"BROKEN PROMISE {one.name}: {one.sentence} {len(one.broken)} of {one.asked} questions."
        )
        say("  No file can do this: it is a fault in Abri. Do not serve anybody with it.")
    asked = sum(one.asked for one in trial.promises)
    told = f"{len(broken)} broken" if broken else "all kept"
    say(f"Promises of Abri: {len(trial.promises)}, with {asked} questions; {told}.")


def _tell_coverage(trial: Trial, least: int, *, every_rule: bool) -> None:
    able = [one for one in trial.coverage if one.worth is Worth.DECISIVE]
    shown = sum(one.decisive for one in able)
    told = f"Coverage: {shown} of {len(able)} rules decided a case, {trial.percent} %"
    say(f"{told}; at least {least} % are asked for." if least else f"{told}.")
    rows = [coverage_row(one) for one in trial.coverage if every_rule or not one.decisive]
    if rows:
        say()
        show_table(("rule", "line", "matched", "decisive", ""), rows, "")
