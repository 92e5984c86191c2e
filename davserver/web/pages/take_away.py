"""Take everything away: one press, one ZIP."""

from werkzeug.wrappers import Response

from davserver.web.answering import streamed
from davserver.web.parcel import Parcel
from davserver.web.visit import Visit


def show(visit: Visit) -> Response:
    visit.services.keeping.require_all(visit.who, visit.now)
    return visit.page("take_away.html")


def parcel(visit: Visit) -> Response:
    """Begins at once; how long it takes depends on how much there is. What a rule refuses is said
    before: once the answer has begun it can only be broken off.
    """
    visit.services.keeping.require_all(visit.who, visit.now)
    day = visit.now.astimezone(visit.texts.zone).date().isoformat()
    return streamed(
        Parcel(visit).pieces(),
        ("Content-Type", "application/zip"),
        ("Content-Disposition", f'attachment; filename="abri-{day}.zip"'),
    )
