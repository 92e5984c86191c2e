"""What waits for its owner's yes, as `abri grant` shows it beside grants (`operator.grants`)."""

from typing import Any, NoReturn

import typer

from admin.exits import Exit
from admin.output import local, say, show_json, warn
from admin.speaking import _
from admin.words import word
from davserver.gate.sharing.offer_views import OfferView


def show_waiting(one: OfferView, *, as_json: bool) -> NoReturn:
    """Prints what was stored, and ends with the code that says that nobody has it yet."""
    if as_json:
        show_json(plain(one))
    else:
        say(one.id.hex())
    warn(
        _(
            "That waits: %(giver)s is asked on their pages until %(expires)s. To take it "
            "back: abri grant end %(id)s",
            giver=one.giver,
            expires=local(one.expires),
            id=one.id.hex(),
        )
    )
    raise typer.Exit(Exit.WAITS)


def plain(one: OfferView) -> dict[str, Any]:
    """With everything that a grant has, so that a list of both can be read alike."""
    return {
        "kind": "offer",
        "id": one.id.hex(),
        "from": one.giver,
        "to": one.to,
        "path": one.path,
        "rights": one.right.value,
        "starts": one.starts,
        "until": one.until,
        "ended": None,
        "state": one.state.value,
        "left": None,
        "left_at": None,
        "purpose": one.purpose,
        "parent": None,
        "seen_at": None,
        "renews": one.renews.hex() if one.renews else None,
        "by": one.operator,
        "created": one.created,
        "expires": one.expires,
    }


def row(one: OfferView) -> tuple[str, ...]:
    """In the columns of grants."""
    state = (
        _("%(state)s: renews %(renews)s", state=word(one.state), renews=one.renews.hex())
        if one.renews
        else word(one.state)
    )
    return (
        one.id.hex(),
        one.giver,
        one.to,
        one.path or "-",
        word(one.right),
        local(one.starts),
        local(one.until),
        state,
        one.purpose or "-",
        "-",
        "-",
    )
