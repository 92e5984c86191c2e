"""What goes wrong has one answer each, and it gives nothing away."""

import re
from http import HTTPStatus

import pytest
from lxml import etree

from davserver.dav.answers import ANSWERS, BY_METHOD
from davserver.dav.errors import (
    MESSAGE_NAMESPACE,
    REASON_NAMESPACE,
    Declined,
    Malformed,
    declined,
    phrase,
)
from davserver.dav.errors import reply_to as reply_for
from davserver.dav.french import FRENCH as SENTENCES
from davserver.dav.french import said
from davserver.dav.reply import Reply
from davserver.domain import errors
from davserver.domain.advice import advice
from davserver.domain.errors import AbriError, Reason
from davserver.domain.languages import LANGUAGES
from davserver.domain.refusals import REASONS
from davserver.http.reader import Reader

FRENCH, ENGLISH = Reader("fr"), Reader("en")


def reply_to(error: AbriError, method: str, href: str, reader: Reader = ENGLISH) -> Reply:
    return reply_for(error, method, href, reader)


D = "{DAV:}"
SECRET = "canary-in-an-exception"


def _all_errors(kind: type[AbriError] = AbriError) -> set[type[AbriError]]:
    below = (
        set().union(*map(_all_errors, kind.__subclasses__())) if kind.__subclasses__() else set()
    )
    return {kind, *below}


def _made(kind: type[AbriError]) -> AbriError:
    match kind:
        case errors.SlowDown:
            return errors.SlowDown(7)
        case errors.Refused:
            return errors.Refused(Reason.READ_ONLY)
        case errors.Unavailable:
            return errors.Unavailable(SECRET, 9)
        case _:
            return kind(SECRET)


def _body(reply: Reply) -> bytes:
    return b"".join(reply.body)


OURS = sorted(
    (kind for kind in _all_errors() if kind.__module__ == errors.__name__), key=lambda k: k.__name__
)


def test_every_error_of_the_domain_has_an_answer() -> None:
    assert set(ANSWERS) == set(OURS)


@pytest.mark.parametrize("kind", OURS)
def test_an_answer_is_well_formed_and_says_nothing_of_the_inside(kind: type[AbriError]) -> None:
    if kind is errors.BadPath:
        return  # its texts are fixed sentences of the domain, shown on purpose: see below
    reply = reply_to(_made(kind), "GET", "/dav/x")
    body = _body(reply)
    assert SECRET.encode() not in body
    if kind is not errors.NotChanged:
        assert etree.fromstring(body).tag == D + "error"
        assert dict(reply.headers)["Content-Length"] == str(len(body))


STATUSES = [
    (errors.BadInput, 400),
    (errors.BadPath, 400),
    (errors.Truncated, 400),
    (errors.WrongChecksum, 400),
    (errors.TooLarge, 413),
    (errors.NotSignedIn, 401),
    (errors.SlowDown, 401),
    (errors.NotFound, 404),
    (errors.Refused, 403),
    (errors.NoParent, 409),
    (errors.AlreadyThere, 409),
    (errors.ConditionFailed, 412),
    (errors.NotChanged, 304),
    (errors.Locked, 423),
    (errors.NotLocked, 409),
    (errors.NoSpace, 507),
    (errors.Damaged, 500),
    (errors.Unavailable, 503),
    (AbriError, 500),
]


@pytest.mark.parametrize(("kind", "status"), STATUSES)
def test_statuses(kind: type[AbriError], status: int) -> None:
    assert reply_to(_made(kind), "GET", "/dav/x").status == status


def test_the_table_of_statuses_is_complete() -> None:
    assert {kind for kind, _ in STATUSES} == set(OURS)


@pytest.mark.parametrize(
    ("kind", "method", "status", "condition"),
    [
        (errors.AlreadyThere, "MKCOL", 405, None),
        (errors.AlreadyThere, "PUT", 405, None),
        (errors.Locked, "PUT", 423, "lock-token-submitted"),
        (errors.Locked, "LOCK", 423, "no-conflicting-lock"),
        (errors.NotLocked, "UNLOCK", 409, "lock-token-matches-request-uri"),
        (errors.NoSpace, "PUT", 507, "quota-not-exceeded"),
    ],
)
def test_some_methods_say_it_in_their_own_way(
    kind: type[AbriError], method: str, status: int, condition: str | None
) -> None:
    reply = reply_to(kind(), method, "/dav/x")
    assert reply.status == status
    assert (status == 405) is ("Allow" in dict(reply.headers))
    assert method not in dict(reply.headers).get("Allow", "").split(", ")
    root = etree.fromstring(_body(reply))
    assert condition is None or root.find(D + condition) is not None


def test_methods_of_the_table_are_methods() -> None:
    assert {method for _, method in BY_METHOD} <= {"MKCOL", "PUT", "LOCK"}


def test_a_423_names_the_request_and_nothing_else() -> None:
    root = etree.fromstring(_body(reply_to(errors.Locked("/secret"), "PUT", "/dav/mine")))
    assert [one.text for one in root.iter(D + "href")] == ["/dav/mine"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_has_a_code_for_scripts_and_a_sentence_for_people(reason, language) -> None:
    reply = reply_to(errors.Refused(reason), "DELETE", "/dav/x", Reader(language))
    root = etree.fromstring(_body(reply))
    assert root.findtext(f"{{{REASON_NAMESPACE}}}reason") == reason.value
    message = root.find(f"{{{MESSAGE_NAMESPACE}}}message")
    assert message is not None
    assert message.text == REASONS[language][reason].advice
    assert message.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    assert dict(reply.headers)["Content-Language"] == language


def test_whoever_asks_for_plain_text_gets_the_sentence_alone() -> None:
    refused = reply_to(errors.Refused(Reason.READ_ONLY), "PUT", "/dav/x", Reader("fr", plain=True))
    assert dict(refused.headers)["Content-Type"] == "text/plain; charset=utf-8"
    assert _body(refused).decode() == f"{REASONS['fr'][Reason.READ_ONLY].advice} [read-only]\n"
    locked = reply_to(errors.Locked(), "PUT", "/dav/x", Reader("en", plain=True))
    assert _body(locked) == b"Somebody is working on it: try again when they have finished.\n"


def test_headers_tell_clients_what_to_do_next() -> None:
    assert dict(reply_to(errors.NotSignedIn(), "GET", "").headers)["WWW-Authenticate"] == (
        'Basic realm="Abri", charset="UTF-8"'
    )
    assert dict(reply_to(errors.Unavailable("", 9), "GET", "").headers)["Retry-After"] == "9"
    unchanged = reply_to(errors.NotChanged("e"), "GET", "")
    assert dict(unchanged.headers) == {"ETag": '"e"'}
    assert _body(unchanged) == b""


def test_what_is_wrong_with_a_request_is_told() -> None:
    wrong = Malformed("The Depth header must be one of these here: {}.", "0, 1")
    assert str(wrong) == "The Depth header must be one of these here: 0, 1."
    for error in (wrong, errors.BadPath("a path must be UTF-8")):
        assert str(error).encode() in _body(reply_to(error, "GET", ""))
    assert (
        "doit être ici l'un de ceux-ci : 0, 1."
        in _body(reply_to(wrong, "GET", "", FRENCH)).decode()
    )
    assert (
        "L'adresse n'est pas valable : une adresse doit être en UTF-8."
        in _body(reply_to(errors.BadPath("a path must be UTF-8"), "GET", "", FRENCH)).decode()
    )


def test_a_no_of_http_itself_carries_its_headers_and_condition() -> None:
    no = Declined(
        HTTPStatus.METHOD_NOT_ALLOWED, "No.", ("Allow", "GET"), condition="some-condition"
    )
    reply = declined(no, ENGLISH)
    assert reply.status == 405
    assert ("Allow", "GET") in reply.headers
    assert etree.fromstring(_body(reply)).find(D + "some-condition") is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_status_line_says_each_sentence_in_letters_that_every_program_reads(language) -> None:
    sentences = [said(english, language) for english in SENTENCES]
    sentences += [advice(reason, language) for reason in Reason]
    for sentence in sentences:
        words = phrase(HTTPStatus.FORBIDDEN, sentence)
        assert re.fullmatch(r"Forbidden \([ -~]+\)", words)
        kept = sum(map(str.isalpha, words)) - len("Forbidden")
        assert kept == sum(map(str.isalpha, sentence.replace("œ", "oe"))), words
