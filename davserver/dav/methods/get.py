"""GET and HEAD (RFC 9110 §9.3): the bytes of a file, or a word about a folder."""

from http import HTTPStatus

from davserver.dav.bodies import no_body
from davserver.dav.looking import require_conditions
from davserver.dav.reply import TEXT, Headers, Reply, empty, whole
from davserver.dav.visit import Visit
from davserver.domain.actions import Action
from davserver.domain.drive import Download, Entry
from davserver.domain.errors import BadInput
from davserver.http.dates import http_date
from davserver.http.ranges import Span, Unsatisfiable, asked_span
from davserver.http.streams import Outgoing

_FOLDER = b"This is a folder of an Abri drive. Open it with a program that speaks WebDAV.\n"

_OK, _PARTIAL = HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT

_SMALL = 64 * 1024
"""Bytes that are read before the answer begins: nothing is left to do once it has."""

_NOT_A_PAGE: Headers = (
    # Somebody else's document must not act in a browser as if it were a page of ours.
    ("Content-Disposition", "attachment"),
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
)


def get(visit: Visit) -> Reply:
    request = visit.request
    no_body(request.body)
    if request.folder_form:
        entry = visit.services.reading.look(visit.who, request.path, visit.now)
        if entry.is_folder:
            return _folder(visit, entry)
    try:
        download = visit.services.reading.open(
            visit.who,
            request.path,
            request.conditions(),
            visit.now,
            part=request.header("Range") is not None,
        )
    except BadInput:
        entry = visit.services.reading.look(visit.who, request.path, visit.now)
        if not entry.is_folder:
            raise
        return _folder(visit, entry)
    return _download(visit, download)


def head(visit: Visit) -> Reply:
    """What GET would say of the whole. Nobody reads anything here, so the trail gets no entry."""
    request = visit.request
    no_body(request.body)
    entry = visit.services.reading.look(visit.who, request.path, visit.now)
    if entry.is_folder:
        return _folder(visit, entry)
    if Action.GET not in entry.may:
        # The gate knows why not, and records it.
        return get(visit)
    require_conditions(visit, entry)
    # A Range counts for GET alone (RFC 9110 §14.2).
    return Reply(*_status_and_headers(entry, None))


def _folder(visit: Visit, entry: Entry) -> Reply:
    require_conditions(visit, entry)
    return whole(HTTPStatus.OK, _FOLDER, TEXT, _etag(entry))


def _download(visit: Visit, download: Download) -> Reply:
    entry = download.entry
    try:
        span = _span(visit, entry)
        offset, length = (span.offset, span.length) if span else (0, entry.size or 0)
        pieces = download.read(offset, length)
        if length > _SMALL:
            return Reply(*_status_and_headers(entry, span), Outgoing(pieces, download.close))
        body = tuple(pieces)
    except Unsatisfiable:
        download.close()
        return _unsatisfiable(entry)
    except BaseException:
        download.close()
        raise
    download.close()
    if len(body) > 1:
        body = (b"".join(body),)
    return Reply(*_status_and_headers(entry, span), body)


def _span(visit: Visit, entry: Entry) -> Span | None:
    request = visit.request
    return asked_span(
        request.header("Range"), request.header("If-Range"), etag=entry.etag, size=entry.size or 0
    )


def _unsatisfiable(entry: Entry) -> Reply:
    return empty(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, ("Content-Range", f"bytes */{entry.size}")
    )


def _status_and_headers(entry: Entry, span: Span | None) -> tuple[HTTPStatus, Headers]:
    size = entry.size or 0
    headers: Headers = (
        ("Content-Type", entry.media_type),
        ("Content-Length", str(span.length if span else size)),
        _etag(entry),
        ("Last-Modified", http_date(entry.modified)),
        ("Accept-Ranges", "bytes"),
        *_NOT_A_PAGE,
    )
    if span is None:
        return _OK, headers
    return _PARTIAL, (*headers, ("Content-Range", span.content_range(size)))


def _etag(entry: Entry) -> tuple[str, str]:
    return ("ETag", f'"{entry.etag}"')
