"""Which status and sentence each error has: one table, complete by test."""

from dataclasses import dataclass
from http import HTTPStatus

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
    Refused,
    SlowDown,
    TooLarge,
    Truncated,
    Unavailable,
    WrongChecksum,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`allow`: what 405 must name (RFC 9110 §15.5.6)."""

    status: HTTPStatus
    sentence: str
    condition: str = ""
    allow: str = ""


_SIGN_IN = Answer(
    HTTPStatus.UNAUTHORIZED,
    "Sign in with your name and password; after several mistakes, wait five minutes.",
)
"""A guesser does not learn from which guess on nothing is compared any more."""

ANSWERS: dict[type[AbriError], Answer] = {
    AbriError: Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong on the server: try again, then tell your administrator.",
    ),
    BadInput: Answer(
        HTTPStatus.BAD_REQUEST, "The server does not understand this request: try another program."
    ),
    BadPath: Answer(HTTPStatus.BAD_REQUEST, "The address is not valid: {}."),
    Truncated: Answer(
        HTTPStatus.BAD_REQUEST, "Fewer bytes arrived than were announced: send it again."
    ),
    WrongChecksum: Answer(
        HTTPStatus.BAD_REQUEST, "What arrived is not what was sent: send it again."
    ),
    TooLarge: Answer(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The request carries more than is allowed: send less at once.",
    ),
    NotSignedIn: _SIGN_IN,
    SlowDown: _SIGN_IN,
    NotFound: Answer(HTTPStatus.NOT_FOUND, "There is nothing here: check the name."),
    Refused: Answer(HTTPStatus.FORBIDDEN, "This is not allowed."),
    NoParent: Answer(
        HTTPStatus.CONFLICT, "The folder that should hold it does not exist: create it first."
    ),
    AlreadyThere: Answer(HTTPStatus.CONFLICT, "The name is taken: choose another."),
    ConditionFailed: Answer(
        HTTPStatus.PRECONDITION_FAILED,
        "It has changed meanwhile, or the name is taken: reload, then try again.",
    ),
    NotChanged: Answer(HTTPStatus.NOT_MODIFIED, ""),
    Locked: Answer(
        HTTPStatus.LOCKED,
        "Somebody is working on it: try again when they have finished.",
        "lock-token-submitted",
    ),
    # RFC 4918 §9.11.1
    NotLocked: Answer(
        HTTPStatus.CONFLICT,
        "There is no such lock here: open the document again.",
        "lock-token-matches-request-uri",
    ),
    NoSpace: Answer(
        HTTPStatus.INSUFFICIENT_STORAGE,
        "There is not enough room: make some, or ask for more.",
        "quota-not-exceeded",
    ),
    Damaged: Answer(
        HTTPStatus.INTERNAL_SERVER_ERROR, "What is stored here is damaged: tell your administrator."
    ),
    Unavailable: Answer(
        HTTPStatus.SERVICE_UNAVAILABLE, "The server is busy: try again in a moment."
    ),
}

_ON_FOLDERS = "COPY, DELETE, GET, HEAD, LOCK, MOVE, OPTIONS, PROPFIND, PROPPATCH, UNLOCK"

BY_METHOD: dict[tuple[type[AbriError], str], Answer] = {
    # RFC 4918 §9.3.1 and §9.7.2
    (AlreadyThere, "MKCOL"): Answer(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "The name is taken: choose another.",
        allow=f"{_ON_FOLDERS}, PUT",
    ),
    (AlreadyThere, "PUT"): Answer(
        HTTPStatus.METHOD_NOT_ALLOWED, "A folder has that name: choose another.", allow=_ON_FOLDERS
    ),
    # RFC 4918 §9.10.6: the lock that stands in the way of a new one
    (Locked, "LOCK"): Answer(
        HTTPStatus.LOCKED,
        "Somebody is working on it: try again when they have finished.",
        "no-conflicting-lock",
    ),
}


def answer_to(error: AbriError, method: str) -> Answer:
    """The row for the nearest class of `error`."""
    for kind in type(error).__mro__:
        row = BY_METHOD.get((kind, method)) or ANSWERS.get(kind)
        if row:
            return row
    return ANSWERS[AbriError]
