"""What a page says when something cannot be done: what happened, and what to do.

Nothing of what is hidden, no path, no text of an exception from below this front.
"""

from dataclasses import dataclass
from http import HTTPStatus

from davserver.domain.advice import advice
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
    NotFound,
    NotSignedIn,
    Refused,
    SlowDown,
    TooLarge,
    Truncated,
    Unavailable,
)
from davserver.web.marked import N_
from davserver.web.texts import Texts


class FormExpired(AbriError):
    """A form without the mark of this browser: sent by another site, or from a page too old."""


class FilledInWrong(BadInput):
    """What somebody typed cannot be used. `sentence` is for them, from a catalogue; `at` the field
    where they typed it, "" for the whole form, None for the field that its route names.
    """

    def __init__(self, sentence: str, *, at: str | None = None, **values: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.at = at
        self.values = values


class FolderGone(FilledInWrong):
    """Where something was, or was to go, is no folder any more."""


class AnotherNow(FilledInWrong):
    """What somebody answered is not any more what they were asked."""


class NoSuchMethod(AbriError):
    """The address is a page, but not for this method."""


class NotPrivate(AbriError):
    """Somebody on the way could read along."""


@dataclass(frozen=True, slots=True)
class Trouble:
    status: HTTPStatus
    headline: str
    sentence: str


_ODD = Trouble(
    HTTPStatus.BAD_REQUEST,
    N_("That did not work"),
    N_("The server did not understand what was sent. Go back and try again."),
)

TROUBLES: dict[type[AbriError], Trouble] = {
    AbriError: Trouble(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        N_("Something went wrong"),
        N_("It is not your fault. Try again; if it goes on, tell the people who run this service."),
    ),
    BadInput: _ODD,
    FolderGone: Trouble(
        HTTPStatus.CONFLICT,
        N_("The folder is no longer there"),
        N_("Choose another folder, or create it again."),
    ),
    AnotherNow: Trouble(
        HTTPStatus.CONFLICT,
        N_("It has changed meanwhile"),
        N_("Open the page again to see how it is now."),
    ),
    BadPath: Trouble(
        HTTPStatus.BAD_REQUEST,
        N_("This name cannot be used"),
        N_("Choose a shorter name without “/” and try again."),
    ),
    Truncated: Trouble(
        HTTPStatus.BAD_REQUEST,
        N_("The connection was cut"),
        N_("Not everything arrived, so nothing of it was kept. Send it again."),
    ),
    TooLarge: Trouble(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        N_("Too much at once"),
        N_("Send less at once."),
    ),
    FormExpired: Trouble(
        HTTPStatus.FORBIDDEN,
        N_("This page was open for too long"),
        N_("Nothing was changed. Open the page again and repeat what you did."),
    ),
    NotPrivate: Trouble(
        HTTPStatus.FORBIDDEN,
        N_("This connection is not private"),
        N_("Others could read along. Write https:// in front of the address and try again."),
    ),
    NoSuchMethod: Trouble(
        HTTPStatus.METHOD_NOT_ALLOWED,
        N_("That did not work"),
        N_("Go back to the start page and try again from there."),
    ),
    NotSignedIn: Trouble(
        HTTPStatus.FORBIDDEN,
        N_("You are not signed in"),
        N_("Sign in to go on."),
    ),
    SlowDown: Trouble(
        HTTPStatus.TOO_MANY_REQUESTS,
        N_("Too many tries"),
        N_("Wait a few minutes, then try again."),
    ),
    NotFound: Trouble(
        HTTPStatus.NOT_FOUND,
        N_("There is nothing here"),
        N_("It may have been moved or removed. Go back to your start page."),
    ),
    Refused: Trouble(HTTPStatus.FORBIDDEN, N_("This is not allowed"), ""),
    NoParent: Trouble(
        HTTPStatus.CONFLICT,
        N_("The folder is no longer there"),
        N_("Choose another folder, or create it again."),
    ),
    AlreadyThere: Trouble(
        HTTPStatus.CONFLICT,
        N_("The name is taken"),
        N_("Choose another name and try again."),
    ),
    ConditionFailed: Trouble(
        HTTPStatus.CONFLICT,
        N_("It has changed meanwhile"),
        N_("Open the page again to see how it is now."),
    ),
    Locked: Trouble(
        HTTPStatus.LOCKED,
        N_("Somebody is working on it"),
        N_("Try again when they have finished."),
    ),
    NoSpace: Trouble(
        HTTPStatus.INSUFFICIENT_STORAGE,
        N_("There is not enough room"),
        N_("Remove something, or ask the people who run this service for more room."),
    ),
    Damaged: Trouble(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        N_("This document is damaged"),
        N_("Tell the people who run this service: they can look for a copy of it."),
    ),
    Unavailable: Trouble(
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("The service is busy"),
        N_("Your documents are safe. Try again in a moment."),
    ),
}
"""Complete by test: every kind of error has its own row or that of its nearest ancestor."""


def trouble_of(error: AbriError) -> Trouble:
    """The row for the nearest class of `error`."""
    return next(TROUBLES[kind] for kind in type(error).__mro__ if kind in TROUBLES)


def sentence_of(error: AbriError, texts: Texts) -> str:
    match error:
        case Refused():
            return advice(error.reason, texts.speech, error.remedy)
        case FilledInWrong():
            return texts.gettext(error.sentence, **error.values)
        case _:
            return texts.gettext(trouble_of(error).sentence)
