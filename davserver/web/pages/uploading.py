"""Putting documents in: each file of a form whole or not at all, under a name that is free."""

import mimetypes
import unicodedata

from werkzeug.wrappers import Response

from davserver.domain.drive import Entry
from davserver.domain.errors import AbriError, BadInput, NotSignedIn
from davserver.domain.paths import MAX_SEGMENT_BYTES, DrivePath
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.web import reception
from davserver.web.errors import FilledInWrong, sentence_of, trouble_of
from davserver.web.forms import MARK
from davserver.web.links import document_link
from davserver.web.marked import N_
from davserver.web.uploads import Arriving, Part
from davserver.web.visit import Visit, moved_to

_LONGEST_ENDING = 20
_BOUNDARY = 70


def upload(visit: Visit, place: str = "") -> Response:
    """Files before one that fails stay, and the answer says which. Whoever puts something in for
    somebody else gets a receipt.
    """
    folder = DrivePath.parse(place)
    arriving = Arriving(visit.body, _boundary(visit.content_type))
    reception.require_mark(visit, arriving.fields().text(MARK))
    taken: list[Entry] = []
    name = ""
    try:
        for part in arriving.parts():
            name = _name(visit, part)
            put = visit.services.writing.add(visit.who, folder / name, part, visit.now)
            taken.append(put.entry)
    except AbriError as error:
        if not taken or isinstance(error, NotSignedIn):
            raise
        return _receipt(visit, folder, taken, error, name)
    if not taken:
        raise FilledInWrong(N_("Choose at least one document first."))
    if visit.who.vault is None:
        return _receipt(visit, folder, taken)
    return moved_to(f"{document_link(folder)}?done=uploaded")


def _receipt(
    visit: Visit,
    folder: DrivePath,
    taken: list[Entry],
    error: AbriError | None = None,
    missing: str = "",
) -> Response:
    if error is None:
        return visit.page("receipt.html", folder=folder, taken=taken, missing="", why="")
    trouble = trouble_of(error)
    why = f"{visit.texts.gettext(trouble.headline)}. {sentence_of(error, visit.texts)}"
    return visit.page(
        "receipt.html", trouble.status, folder=folder, taken=taken, missing=missing, why=why
    )


def _name(visit: Visit, part: Part) -> str:
    """As near to what was sent as a drive can have it: nobody on a telephone can give a photo
    another name. Old browsers send the whole way on the sender's disk. What looks like a side file
    was chosen by somebody, and must not vanish in a day.
    """
    sent = unicodedata.normalize("NFC", part.name.replace("\\", "/")).rpartition("/")[2]
    name = "".join(one for one in sent if unicodedata.category(one) not in {"Cc", "Cs"}).strip()
    if not name.strip("."):
        ending = mimetypes.guess_extension(part.media_type or "") or ""
        name = visit.texts.gettext("document") + ending
    if kind_of_name(name) is not NameKind.DOCUMENT:
        name = f"_{name}"
    return _short(name)


def _short(name: str) -> str:
    """Its ending stays, for it says what it is."""
    if len(name.encode()) <= MAX_SEGMENT_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > _LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    room = MAX_SEGMENT_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending


def _boundary(content_type: str) -> str:
    """RFC 2046 §5.1.1: one to seventy signs. Raises BadInput."""
    kind, _, rest = content_type.partition(";")
    name, _, value = rest.strip().partition("=")
    found = value.strip().strip('"')
    is_form = kind.strip().lower() == "multipart/form-data" and name.strip().lower() == "boundary"
    if not (is_form and found.isascii() and found.isprintable() and 0 < len(found) <= _BOUNDARY):
        raise BadInput("this is no form of ours")
    return found
