"""What went wrong, as HTTP says it: one table, complete by test.

A body holds the condition element that RFC 4918 §16 names, a stable reason code where there is
one, and a plain sentence. It never holds a path other than the request's own, a name, or the
text of an exception from below this front.
"""

from dataclasses import dataclass
from http import HTTPStatus

from davserver.dav.reply import XML, Headers, Reply, whole
from davserver.domain.errors import (
    AbriError,
    AlreadyThere,
    BadInput,
    BadPath,
    ConditionFailed,
    Damaged,
    Locked,
    NoParent,
    NoSpace,
    NotChanged,
    NotFound,
    NotLocked,
    NotSignedIn,
    Reason,
    Refused,
    SlowDown,
    TooLarge,
    Truncated,
    Unavailable,
    WrongChecksum,
)

CHALLENGE = ("WWW-Authenticate", 'Basic realm="Abri", charset="UTF-8"')
REASON_NAMESPACE = "urn:x-abri:reason"


class Malformed(BadInput):
    """What a client sent is wrong. The text is a fixed sentence of this front: it may be shown."""


class Declined(Exception):
    """A no that only HTTP knows: a method, a header or a media type that this front refuses.

    `condition` is the local name of an element in the DAV: namespace (RFC 4918 §16).
    """

    def __init__(
        self, status: HTTPStatus, sentence: str, *headers: tuple[str, str], condition: str = ""
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers
        self.condition = condition


@dataclass(frozen=True, slots=True)
class Answer:
    """`allow`: what 405 must name (RFC 9110 §15.5.6)."""

    status: HTTPStatus
    sentence: str
    condition: str = ""
    allow: str = ""


ANSWERS: dict[type[AbriError], Answer] = {
    AbriError: Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on the server."),
    BadInput: Answer(HTTPStatus.BAD_REQUEST, "The request is not valid."),
    BadPath: Answer(HTTPStatus.BAD_REQUEST, "The address is not valid."),
    Truncated: Answer(HTTPStatus.BAD_REQUEST, "Fewer bytes arrived than were announced."),
    WrongChecksum: Answer(HTTPStatus.BAD_REQUEST, "The bytes do not match their checksum."),
    TooLarge: Answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request carries more than is allowed."
    ),
    NotSignedIn: Answer(HTTPStatus.UNAUTHORIZED, "Sign in with your name and password."),
    SlowDown: Answer(HTTPStatus.TOO_MANY_REQUESTS, "Too many failed sign-ins. Wait a little."),
    NotFound: Answer(HTTPStatus.NOT_FOUND, "There is nothing here."),
    Refused: Answer(HTTPStatus.FORBIDDEN, "This is not allowed."),
    NoParent: Answer(HTTPStatus.CONFLICT, "The folder that should hold it does not exist."),
    AlreadyThere: Answer(HTTPStatus.CONFLICT, "The name is taken."),
    ConditionFailed: Answer(HTTPStatus.PRECONDITION_FAILED, "A condition did not hold."),
    NotChanged: Answer(HTTPStatus.NOT_MODIFIED, ""),
    Locked: Answer(HTTPStatus.LOCKED, "Somebody has locked it.", "lock-token-submitted"),
    # RFC 4918 §9.11.1
    NotLocked: Answer(
        HTTPStatus.CONFLICT, "There is no such lock here.", "lock-token-matches-request-uri"
    ),
    NoSpace: Answer(
        HTTPStatus.INSUFFICIENT_STORAGE, "There is not enough room.", "quota-not-exceeded"
    ),
    Damaged: Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "What is stored here is damaged."),
    Unavailable: Answer(HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy. Try again soon."),
}

_ON_FOLDERS = "COPY, DELETE, GET, HEAD, LOCK, MOVE, OPTIONS, PROPFIND, PROPPATCH, UNLOCK"

BY_METHOD: dict[tuple[type[AbriError], str], Answer] = {
    # RFC 4918 §9.3.1 and §9.7.2
    (AlreadyThere, "MKCOL"): Answer(
        HTTPStatus.METHOD_NOT_ALLOWED, "The name is taken.", allow=f"{_ON_FOLDERS}, PUT"
    ),
    (AlreadyThere, "PUT"): Answer(
        HTTPStatus.METHOD_NOT_ALLOWED, "A folder has that name.", allow=_ON_FOLDERS
    ),
    # RFC 4918 §9.10.6: the lock that stands in the way of a new one
    (Locked, "LOCK"): Answer(HTTPStatus.LOCKED, "Somebody has locked it.", "no-conflicting-lock"),
}

REASONS: dict[Reason, str] = {
    Reason.AUTH_TOO_WEAK: "This needs a stronger sign-in.",
    Reason.NETWORK: "This is not allowed from your network.",
    Reason.OUTSIDE_HOURS: "This is not allowed at this hour.",
    Reason.CATEGORY: "This kind of document needs a personal permission.",
    Reason.READ_ONLY: "You may read this, but not change it.",
    Reason.DEPOSIT_ONLY: "You may put documents here, but not open them.",
    Reason.TOO_MANY_CHANGES: "Many documents were changed within a minute, so that your changes "
    "here are paused. Check your computer, then ask the owner to let you go on.",
    Reason.READ_ONLY_DEVICE: "This device may read, but not change anything.",
    Reason.OWNER_ONLY: "Only the owner may do this.",
    Reason.NOT_YOURS: "You may only remove what you made yourself a moment ago.",
    Reason.TOO_LATE: "It is too late to take this back.",
    Reason.OPENED_BY_OTHERS: "Somebody else has opened it, so that it cannot be taken back.",
    Reason.GRANT_ROOT: "What was shared with you cannot be moved or removed.",
    Reason.OTHER_VAULT: "Documents cannot pass from one person's safe to another's.",
    Reason.WIDER_AUDIENCE: "More people would see it there than see it now.",
    Reason.FOLDER_NOT_ALL_YOURS: "You may not remove this folder.",
    Reason.SCRATCH: "Documents cannot be moved or copied to such a name.",
    Reason.SAME_PLACE: "It cannot be put onto itself or into itself.",
    Reason.DRIVE_ROOT: "The drive itself cannot be changed.",
    Reason.POLICY: "The rules of your organisation do not allow this.",
    Reason.NO_GRANT: "Nobody has shared this with you.",
    Reason.PROTECTED_PROPERTY: "This property is set by the server.",
}


def answer_to(error: AbriError, method: str) -> Answer:
    """The row for the nearest class of `error`."""
    for kind in type(error).__mro__:
        row = BY_METHOD.get((kind, method)) or ANSWERS.get(kind)
        if row:
            return row
    return ANSWERS[AbriError]


def reply_to(error: AbriError, method: str, href: str) -> Reply:
    """`href` is the request's own, as it may be shown to whoever sent it."""
    row = answer_to(error, method)
    extra = (*_headers(error), *((("Allow", row.allow),) if row.allow else ()))
    if row.status is HTTPStatus.NOT_MODIFIED:
        return Reply(row.status, extra)
    reason = error.reason.value if isinstance(error, Refused) else ""
    body = error_body(row.condition, href, reason, _sentence(error, row))
    return whole(row.status, body, XML, *extra)


def declined(no: Declined) -> Reply:
    return whole(no.status, error_body(no.condition, "", "", no.sentence), XML, *no.headers)


def error_body(condition: str, href: str, reason: str, sentence: str) -> bytes:
    inner = ""
    if condition in _WITH_HREF:
        inner = f"<D:{condition}><D:href>{href}</D:href></D:{condition}>"
    elif condition:
        inner = f"<D:{condition}/>"
    code = f"<abri:reason>{reason}</abri:reason>" if reason else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<D:error xmlns:D="DAV:" xmlns:abri="{REASON_NAMESPACE}">{inner}{code}'
        f"<abri:sentence>{sentence}</abri:sentence></D:error>\n"
    ).encode()


_WITH_HREF = frozenset({"lock-token-submitted", "no-conflicting-lock"})


def _sentence(error: AbriError, row: Answer) -> str:
    if isinstance(error, Refused):
        return REASONS[error.reason]
    # Both carry fixed texts without names: the domain's rules for paths, and this front's own.
    if isinstance(error, (Malformed, BadPath)):
        return str(error)
    return row.sentence


def _headers(error: AbriError) -> Headers:
    match error:
        case NotSignedIn():
            return (CHALLENGE,)
        case SlowDown() | Unavailable():
            return (("Retry-After", str(error.seconds)),)
        case NotChanged():
            return (("ETag", f'"{error.etag}"'),)
        case _:
            return ()
