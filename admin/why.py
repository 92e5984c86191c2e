"""`abri grant why`: who can see a document, and why, in one sentence each."""

from typing import Annotated, Any

import typer

from admin.instants import coming, parse_moment
from admin.output import AsJson, say, show_json
from admin.session import opened
from admin.settings_of import asked_language
from admin.speaking import language
from davserver.domain.languages import Language
from davserver.domain.paths import DrivePath
from davserver.gate.sharing.insight import Insight
from davserver.gate.sharing.seeing_texts import nobody_else, sentence


def why(
    context: typer.Context,
    vault: Annotated[str, typer.Option(metavar="LOGIN", help="Whose document.")],
    path: Annotated[str, typer.Option(help="A folder or file in that vault.")],
    who: Annotated[
        str | None,
        typer.Option(metavar="LOGIN", help="About whom; everybody with a grant if left out."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="ISO8601",
            help="When, from now on; a date alone means its beginning. Now if left out.",
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Who can see a document, and why: the decision that the drive makes, in a sentence."""
    place, moment = DrivePath.parse(path), parse_moment("--at", at)
    with opened(context) as session:
        when = coming(moment, at, session.now)
        seeing, owner = session.services.seeing, session.acting_for(vault)
        if who is None:
            found = seeing.everybody(owner, place, session.now, at=when)
        else:
            found = [seeing.why(owner, place, who, session.now, at=when)]
    lang = language(asked=asked_language(context))
    if as_json:
        plain = [_plain(one, lang) for one in found]
        show_json(plain if who is None else plain[0])
    elif found:
        for one in found:
            say(sentence(one, lang))
    else:
        say(nobody_else(owner.person.name, place, lang))


def _plain(one: Insight, lang: Language) -> dict[str, Any]:
    subject, grant = one.subject, one.row.grant if one.row else None
    return {
        "who": subject.login,
        "name": subject.name,
        "role": None if subject.is_team else subject.role.value,
        "structure": subject.structure.slug if subject.structure else None,
        "path": str(one.path),
        "can": one.can.value,
        "ground": one.ground.value,
        "grant": grant.id.hex() if grant else None,
        "parent": grant.parent.hex() if grant and grant.parent else None,
        "giver": one.giver or None,
        "shared": str(one.shared) if one.shared else None,
        "rights": grant.right.value if grant else None,
        "given": grant.created if grant else None,
        "starts": grant.starts if grant else None,
        "until": grant.until if grant else None,
        "ended": grant.ended if grant else None,
        "category": one.category.value if one.category else None,
        "reason": one.reason.value if one.reason else None,
        "moment": one.moment,
        "left": one.left.slug if one.left else None,
        "sentence": sentence(one, lang),
    }
