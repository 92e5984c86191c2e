"""A form that cannot be used as it was filled in comes back, with the sentence beside the field."""

import re
from collections.abc import Mapping
from dataclasses import replace

from werkzeug.wrappers import Response

from davserver.domain.errors import (
    AbriError,
    AlreadyThere,
    BadPath,
    ConditionFailed,
    Locked,
    NoSpace,
)
from davserver.web.errors import FilledInWrong, sentence_of, trouble_of
from davserver.web.forms import Fields
from davserver.web.routes import ROUTES, Route
from davserver.web.visit import Visit, Wrong

CORRECTABLE = (FilledInWrong, BadPath, AlreadyThere, ConditionFailed, Locked, NoSpace)
"""What whoever sent the form can do something about there."""

_PLACE = re.compile(r"<(?:path:)?([a-z]+)>")
_SHOWN = {route.name: route for route in ROUTES if route.method == "GET"}


def shown_again(visit: Visit, error: AbriError, route: Route, place: Mapping[str, str]) -> Response:
    """The page that has the form, with the status of the error. Raises what that page raises: what
    is hidden meanwhile is not there.
    """
    trouble, said = trouble_of(error), sentence_of(error, visit.texts)
    if not isinstance(error, FilledInWrong):
        said = f"{visit.texts.gettext(trouble.headline)}. {said}"
    at = error.at if isinstance(error, FilledInWrong) and error.at is not None else route.at
    page = _SHOWN[route.again]
    back = replace(
        visit,
        wrong=Wrong(route.name.removesuffix("-top"), at, said, trouble.status),
        path=_PLACE.sub(lambda named: place.get(named[1], ""), page.rule),
        query=Fields(),
    )
    return page.page(back, **place)
