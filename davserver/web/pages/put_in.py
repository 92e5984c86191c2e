"""What I put in: documents that I put into other people's safes lately, and may still take back."""

from werkzeug.wrappers import Response

from davserver.domain.errors import Reason
from davserver.domain.ids import NodeId
from davserver.web.marked import N_
from davserver.web.slices import sliced
from davserver.web.typed import id_typed
from davserver.web.visit import Visit, moved_to

_DONE: dict[str, str] = {
    "recalled": N_("It is erased. Its owner sees in their record that you took it back."),
}

_BECAUSE: dict[Reason, str] = {
    Reason.OPENED_BY_OTHERS: N_("somebody else has opened or copied it"),
    Reason.NOT_YOURS: N_("somebody else has changed it"),
    Reason.GRANT_ROOT: N_("it is shared with you by itself"),
}
_RULES = N_("the rules of the service do not allow it")


def show(visit: Visit) -> Response:
    found = visit.services.nets.put_in(visit.who, visit.now)
    return visit.page(
        "put_in.html",
        slice=sliced(found, visit.query.text("page")),
        because=lambda reason: visit.texts.gettext(_BECAUSE.get(reason, _RULES)),
        done=_DONE.get(visit.query.text("done"), ""),
    )


def recall(visit: Visit) -> Response:
    """First a sentence of what will happen; then, with `sure`, it does."""
    node = NodeId(id_typed(visit.form.text("node"), N_("Choose one of the documents.")))
    if not visit.form.is_set("sure"):
        one = visit.services.nets.put_in_one(visit.who, node, visit.now)
        return visit.page("put_in_sure.html", one=one)
    visit.services.nets.recall_node(visit.who, node)
    return moved_to("/put-in?done=recalled")
