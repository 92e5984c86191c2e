"""`abri directory report`: what somebody opened, for who must know after they left."""

from typing import Annotated, Any

import typer

from admin.instants import parse_since
from admin.output import AsJson, local, say, show_json, show_table
from admin.progress import progress
from admin.session import opened
from admin.speaking import _, headings, ngettext
from admin.words import word
from davserver.gate.people.deeds import Account, Day, Period


def report(
    context: typer.Context,
    login: Annotated[str, typer.Argument(help="Whose deeds; they may have left.")],
    since: Annotated[
        str, typer.Option(metavar="SPAN|ISO8601", help="From when on: 30d, 12h, or a moment.")
    ] = "30d",
    *,
    as_json: AsJson = False,
) -> None:
    """What somebody opened and changed of others: counts, people, days and categories, never the
    name of a document. Days are those of this machine's zone.

    Looking is an entry in each trail that it tells of.
    """
    with opened(context) as session, progress(_("Reading trails")) as tell:
        period = Period(parse_since(since, session.now), session.now, None)
        found = session.services.deeds.report(session.who, login, period, tell)
    if as_json:
        show_json(_plain(found))
    else:
        _tell(found)


def _tell(found: Account) -> None:
    one = found.person
    say(
        _(
            "%(login)s: %(name)s, %(role)s, since %(since)s",
            login=one.login,
            name=one.name,
            role=word(one.role),
            since=local(found.period.since),
        )
    )
    show_table(
        headings("day", "beneficiary", "category", "documents", "opened", "changed"),
        [_row(day) for day in found.days],
        _("They opened and changed nothing."),
    )
    if found.lost:
        say(
            ngettext(
                "%(number)s entry has lost its content: what it was about is not known.",
                "%(number)s entries have lost their content: what they were about is not known.",
                found.lost,
            )
        )


def _row(one: Day) -> tuple[str, ...]:
    who = f"{one.owner.name} ({one.owner.login})" if one.owner else _("a vault that does not open")
    category = word(one.category) if one.category else _("erased since")
    counts = (str(one.documents), str(one.opened), str(one.changed))
    return (one.day.isoformat(), who, category, *counts)


def _plain(found: Account) -> dict[str, Any]:
    return {
        "login": found.person.login,
        "name": found.person.name,
        "role": found.person.role.value,
        "since": found.period.since,
        "until": found.period.now,
        "lost_entries": found.lost,
        "days": [_day(one) for one in found.days],
    }


def _day(one: Day) -> dict[str, Any]:
    return {
        "day": one.day.isoformat(),
        "beneficiary": one.owner.login if one.owner else None,
        "name": one.owner.name if one.owner else None,
        "category": one.category.value if one.category else None,
        "documents": one.documents,
        "opened": one.opened,
        "changed": one.changed,
    }
