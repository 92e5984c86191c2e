"""OPTIONS: the same for everybody and every place, so it asks for no credential and tells nothing.

Windows, Office and gvfs ask it of parents and of files that do not exist yet; a 401 or 404 there
makes them give up or mount read-only.
"""

from http import HTTPStatus

from davserver.dav.bodies import METHODS
from davserver.dav.reply import Reply, empty

ALLOW = ("Allow", ", ".join(METHODS))


_SAME = empty(HTTPStatus.OK, ("DAV", "1, 2, 3"), ("MS-Author-Via", "DAV"), ALLOW)


def options() -> Reply:
    return _SAME
