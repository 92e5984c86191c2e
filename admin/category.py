"""`abri vault category`: what a document is about, shown and set on its owner's behalf."""

from typing import Annotated

import typer

from admin import words
from admin.output import AsJson, say, show_json
from admin.session import opened
from admin.speaking import _
from davserver.domain.actions import Category
from davserver.domain.errors import BadInput
from davserver.domain.paths import DrivePath

_INHERIT = "inherit"


def category(
    context: typer.Context,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Whose vault.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="A folder or file in it.")],
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="[CATEGORY|inherit]",
            help=f"{', '.join(Category)}; inherit: whatever its folder is about.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what a document is about, or set it on the owner's behalf. Who may see it can change
    with it, at once.
    """
    place, wanted = DrivePath.parse(path), _category(word)
    with opened(context) as session:
        classifying, who = session.services.classifying, session.acting_for(login)
        if word is None:
            view = classifying.show(who, place, session.now)
        else:
            view = classifying.set(who, place, wanted, session.now)
    if as_json:
        own = view.own.value if view.own else None
        show_json({"path": str(view.path), "category": view.category.value, "own": own})
    else:
        about = words.word(view.category)
        say(about if view.own else _("%(category)s (inherited)", category=about))


def _category(word: str | None) -> Category | None:
    """Raises BadInput."""
    if word is None or word == _INHERIT:
        return None
    if word not in set(Category):
        raise BadInput(f"{word[:64]}: write one of {', '.join(Category)}, or {_INHERIT}")
    return Category(word)
