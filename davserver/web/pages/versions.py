"""Earlier versions of a document."""

from werkzeug.wrappers import Response

from davserver.domain.paths import DrivePath
from davserver.web.errors import FilledInWrong
from davserver.web.links import path_link
from davserver.web.marked import N_
from davserver.web.typed import number_typed
from davserver.web.visit import Visit, moved_to


def show(visit: Visit, place: str) -> Response:
    path = DrivePath.parse(place)
    entry = visit.services.reading.look(visit.who, path, visit.now)
    found = visit.services.keeping.versions(visit.who, path)
    return visit.page("versions.html", entry=entry, versions=found, done=visit.query.is_set("done"))


def restore(visit: Visit, place: str) -> Response:
    """What was the present version is kept as an earlier one."""
    path, number = DrivePath.parse(place), number_typed(visit.form.text("number"))
    if number is None:
        raise FilledInWrong(N_("Choose one of the versions."))
    visit.services.keeping.restore_version(visit.who, path, number)
    return moved_to(f"{path_link('versions', path)}?done=1")
