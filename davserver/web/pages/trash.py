"""What was removed, and how it comes back."""

from werkzeug.wrappers import Response

from davserver.domain.errors import NoParent
from davserver.domain.ids import NodeId
from davserver.domain.paths import DrivePath
from davserver.web.errors import FolderGone
from davserver.web.links import document_link
from davserver.web.marked import N_
from davserver.web.slices import sliced
from davserver.web.typed import id_typed
from davserver.web.visit import Visit, moved_to


def show(visit: Visit) -> Response:
    removed = visit.services.keeping.trash(visit.who)
    return visit.page("trash.html", slice=sliced(removed, visit.query.text("page")))


def restore(visit: Visit) -> Response:
    """To where it was, or under a name and in a folder that are there for it: those where it was
    may be gone, or taken, meanwhile.
    """
    form = visit.form
    chosen = NodeId(id_typed(form.text("node"), N_("Choose one of the documents in the trash.")))
    to = DrivePath.parse(form.text("in")) / form.text("name") if form.is_set("in") else None
    try:
        place = visit.services.keeping.restore_trash(visit.who, chosen, to)
    except NoParent:
        raise FolderGone(
            N_("Its folder is no longer there. It can come back to your first folder."), at="gone"
        ) from None
    return moved_to(f"{document_link(place.parent)}?done=back")
