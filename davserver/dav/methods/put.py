"""PUT (RFC 9110 §9.3.4): one whole new version, or nothing."""

from binascii import b2a_base64
from http import HTTPStatus

from davserver.dav import fields
from davserver.dav.environ import Request
from davserver.dav.errors import Declined
from davserver.dav.reply import CREATED, NO_CONTENT, Headers, Reply, empty
from davserver.dav.visit import Visit
from davserver.domain.drive import Entry, Written
from davserver.domain.errors import AlreadyThere
from davserver.http.dates import from_unix
from davserver.http.environ import keys_of
from davserver.http.malformed import Malformed
from davserver.http.media import clean_media_type
from davserver.http.streams import Incoming


def put(visit: Visit) -> Reply:
    request = visit.request
    _check(request)
    upload = _upload(request)
    written = visit.services.writing.put(
        visit.who, request.path, upload, request.conditions(), visit.now
    )
    taken = (("X-OC-Mtime", "accepted"),) if upload.modified else ()
    return created_or_not(written, request, *taken)


def created_or_not(written: Written, request: Request, *headers: tuple[str, str]) -> Reply:
    entry = written.entry
    receipt = (("ETag", f'"{entry.etag}"'), *_digest(entry), *headers)
    if not written.created:
        return empty(NO_CONTENT, *receipt)
    return empty(CREATED, *receipt, ("Location", request.href))


def _digest(entry: Entry) -> Headers:
    """RFC 9530 §3: what the server has stored, for whoever wants to prove later what they sent."""
    if entry.sha256 is None:
        return ()
    return (("Repr-Digest", f"sha-256=:{b2a_base64(entry.sha256, newline=False).decode()}:"),)


def _check(request: Request) -> None:
    if request.folder_form:
        # An address that ends with a slash means a folder, there or not.
        raise AlreadyThere
    if _OF_PARTS.isdisjoint(request.environ):
        return
    if request.header("Content-Range") is not None:
        # RFC 9110 §14.5: to take the part for the whole would lose the rest
        raise Malformed("A part of a file cannot be uploaded.")
    if (request.header("Content-Encoding") or "identity").strip().lower() != "identity":
        raise Declined(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Compressed uploads are not taken.",
            ("Accept-Encoding", "identity"),
        )


def _upload(request: Request) -> Incoming:
    media_type = clean_media_type(request.header("Content-Type"))
    if _TOLD.isdisjoint(request.environ):
        return Incoming(
            request.body, announced=None, media_type=media_type, modified=None, digests={}
        )
    return Incoming(
        request.body,
        announced=fields.length(request.header("X-Expected-Entity-Length")),
        media_type=media_type,
        modified=from_unix(request.header("X-OC-Mtime") or ""),
        digests=_digests(request),
    )


_DICTIONARIES = ("Repr-Digest", "Content-Digest", "Digest")
_OF_PARTS = keys_of("Content-Range", "Content-Encoding")
_TOLD = keys_of(
    "X-Expected-Entity-Length", "X-OC-Mtime", "OC-Checksum", "Content-MD5", *_DICTIONARIES
)


def _digests(request: Request) -> dict[str, bytes]:
    return fields.digests(
        checksum=request.header("OC-Checksum"),
        content_md5=request.header("Content-MD5"),
        dictionaries=tuple(request.header(name) for name in _DICTIONARIES),
    )
