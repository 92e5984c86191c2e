"""What was removed, and how it comes back."""

from werkzeug.wrappers import Response

from davserver.domain.ids import NodeId
from davserver.domain.paths import DrivePath
from davserver.web.links import document_link
from davserver.web.marked import N_
from davserver.web.typed import id_typed
from davserver.web.visit import Visit, moved_to


def show(visit: Visit) -> Response:
    return visit.page("trash.html", removed=visit.services.keeping.trash(visit.who))


def restore(visit: Visit) -> Response:
    """To where it was, or to another place that was chosen because its folder is gone."""
    to = visit.form.text("to")
    chosen = visit.form.text("node")
    node = NodeId(id_typed(chosen, N_("Choose one of the documents in the trash.")))
    place = visit.services.keeping.restore_trash(
        visit.who, node, DrivePath.parse(to) if to else None
    )
    return moved_to(document_link(place.parent))
