"""What went wrong, as HTTP says it.

A body holds the condition element that RFC 4918 §16 names, a stable reason code where there is
one, and a plain sentence. It never holds a path other than the request's own, a name, or the
text of an exception from below this front.
"""

from dataclasses import dataclass
from http import HTTPStatus
from unicodedata import normalize

from davserver.dav.answers import Answer, answer_to
from davserver.dav.french import said
from davserver.dav.reply import TEXT, XML, Headers, Reply, whole
from davserver.dav.xmltext import escape
from davserver.domain.advice import advice
from davserver.domain.errors import (
    AbriError,
    BadPath,
    NotChanged,
    NotSignedIn,
    Refused,
    SlowDown,
    Unavailable,
)
from davserver.domain.languages import Language
from davserver.http.malformed import Malformed
from davserver.http.reader import Reader

CHALLENGE = ("WWW-Authenticate", 'Basic realm="Abri", charset="UTF-8"')
REASON_NAMESPACE = "urn:x-abri:reason"
MESSAGE_NAMESPACE = "http://sabredav.org/ns"


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


def reply_to(error: AbriError, method: str, href: str, reader: Reader) -> Reply:
    """`href` is the request's own, as it may be shown to whoever sent it."""
    row = answer_to(error, method)
    extra = (*_headers(error), *((("Allow", row.allow),) if row.allow else ()))
    if row.status is HTTPStatus.NOT_MODIFIED:
        return Reply(row.status, extra)
    reason = error.reason.value if isinstance(error, Refused) else ""
    told = Told(_sentence(error, row, reader.language), row.condition, href, reason)
    return _telling(row.status, told, reader, extra)


def declined(no: Declined, reader: Reader) -> Reply:
    told = Told(said(no.sentence, reader.language), no.condition)
    return _telling(no.status, told, reader, no.headers)


@dataclass(frozen=True, slots=True)
class Told:
    """What a body says. `condition` is the local name of an element in the DAV: namespace (RFC 4918
    §16), `reason` a code for scripts.
    """

    sentence: str
    condition: str = ""
    href: str = ""
    reason: str = ""

    def as_xml(self, language: Language) -> str:
        """The sentence is where sabre/dav has it: there the programs look that show one."""
        inner = f"<D:{self.condition}/>" if self.condition else ""
        if self.condition in _WITH_HREF:
            inner = f"<D:{self.condition}><D:href>{self.href}</D:href></D:{self.condition}>"
        code = f"<abri:reason>{self.reason}</abri:reason>" if self.reason else ""
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<D:error xmlns:D="DAV:" xmlns:abri="{REASON_NAMESPACE}" '
            f'xmlns:s="{MESSAGE_NAMESPACE}">{inner}{code}'
            f'<s:message xml:lang="{language}">{escape(self.sentence)}</s:message></D:error>\n'
        )

    def as_text(self) -> str:
        return f"{self.sentence} [{self.reason}]\n" if self.reason else f"{self.sentence}\n"


def _telling(status: HTTPStatus, told: Told, reader: Reader, headers: Headers) -> Reply:
    """No `Vary` goes with it: `Cache-Control: no-cache` lets nobody reuse an answer without asking,
    and one without an ETag cannot be asked about (RFC 9111 §4.3.1).
    """
    text = told.as_text() if reader.plain else told.as_xml(reader.language)
    kind, language = TEXT if reader.plain else XML, ("Content-Language", reader.language)
    reply = whole(status, text.encode(), kind, language, *headers)
    return Reply(reply.status, reply.headers, reply.body, phrase(status, told.sentence))


def phrase(status: HTTPStatus, sentence: str) -> str:
    """The usual words, then the sentence: all that GNOME Files, cadaver, lftp, wget and programs in
    Python or JavaScript show (RFC 9112 §4). Without accents: each of them reads others as other
    letters.
    """
    letters = normalize("NFKD", sentence.translate(_PLAIN_LETTERS))
    return f"{status.phrase} ({letters.encode('ascii', 'ignore').decode()})"


_PLAIN_LETTERS = str.maketrans(
    {"’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "œ": "oe", "æ": "ae", "—": "-", "–": "-"}
)
_WITH_HREF = frozenset({"lock-token-submitted", "no-conflicting-lock"})


def _sentence(error: AbriError, row: Answer, language: Language) -> str:
    match error:
        case Refused():
            return advice(error.reason, language, error.remedy)
        # Both carry fixed texts without names: this front's own, and the domain's rules for paths.
        case Malformed():
            return said(error.sentence, language, *error.words)
        case BadPath():
            return said(row.sentence, language, said(str(error), language))
        case _:
            return said(row.sentence, language)


def _headers(error: AbriError) -> Headers:
    match error:
        case NotSignedIn() | SlowDown():
            return (CHALLENGE,)
        case Unavailable():
            return (("Retry-After", str(error.seconds)),)
        case NotChanged():
            return (("ETag", f'"{error.etag}"'),)
        case _:
            return ()
