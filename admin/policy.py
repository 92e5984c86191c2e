"""`abri policy`: whether the rules can be used, and why they decide as they do."""

import typer

from admin import policy_check, policy_impact, policy_lint, policy_replay, policy_test
from admin.policy_activation import apply, rollback, status
from admin.policy_approve import approve
from admin.policy_diff import diff
from admin.policy_explain import explain
from admin.policy_sign import sign

app = typer.Typer(help="The rules that narrow what grants give.", no_args_is_help=True)
app.command("check")(policy_check.check)
app.command("test")(policy_test.try_rules)
app.command("lint")(policy_lint.lint)
app.command("impact")(policy_impact.impact)
app.command("replay")(policy_replay.replay)
app.command("diff")(diff)
app.command("explain")(explain)
app.command()(status)
app.command()(apply)
app.command()(sign)
app.command()(approve)
app.command()(rollback)
