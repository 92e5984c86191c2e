"""Files that pages use, at addresses that change with what is in them."""

from werkzeug.wrappers import Response

from davserver.domain.errors import NotFound
from davserver.web.assets import ASSETS
from davserver.web.headers import KEPT
from davserver.web.visit import Visit


def asset(visit: Visit, digest: str, name: str) -> Response:
    del digest, name  # the whole address names it
    found = ASSETS.get(visit.path)
    if found is None:
        raise NotFound
    return Response(found.content, content_type=found.media_type, headers=[KEPT])
