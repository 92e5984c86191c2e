"""Two applications on one port: the drives, and the pages for people with a browser."""

from collections.abc import Callable, Iterable
from typing import Any

from davserver.domain.drive import Piece
from davserver.serving.gateway import WSGIApp

_OF_BROWSERS = frozenset({"GET", "HEAD", "POST"})


def together(drives: WSGIApp, pages: WSGIApp, below: frozenset[str]) -> WSGIApp:
    """`below`: the first parts of the addresses under which drives are. Programs that mount one
    walk down to it from the root, with methods that no browser sends: those are for the drives too.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[Piece]:
        is_page = environ["REQUEST_METHOD"] in _OF_BROWSERS and _first(environ) not in below
        return (pages if is_page else drives)(environ, start_response)

    return app


def _first(environ: dict[str, Any]) -> str:
    """Of the decoded path: one address may be written in several ways, also as a whole URL."""
    return str(environ["PATH_INFO"]).lstrip("/").partition("/")[0]
