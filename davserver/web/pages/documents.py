"""My documents, and those of people who share with me: folders, up, down, and around."""

import re
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

from werkzeug.wrappers import Response

from davserver.domain.actions import Action
from davserver.domain.conditions import NONE
from davserver.domain.drive import Entry
from davserver.domain.errors import AlreadyThere, ConditionFailed, NotFound
from davserver.domain.paths import DrivePath, clean_name
from davserver.domain.sidefiles import NameKind, kind_of_name
from davserver.http.streams import Outgoing
from davserver.web.answering import streamed
from davserver.web.attended import Attended
from davserver.web.links import document_link
from davserver.web.marked import N_
from davserver.web.slices import sliced_below
from davserver.web.visit import Visit, moved_to

_MONTH = timedelta(days=30)
_OTHER_SIGNS = re.compile(r"[^A-Za-z0-9._ -]")


def show(visit: Visit, place: str = "") -> Response:
    """A folder's list, or what can be done with a document."""
    path = DrivePath.parse(place)
    entry, below = visit.services.reading.list(visit.who, path, visit.now)
    if not entry.is_folder:
        return visit.page("document.html", entry=entry, may=_may(entry))
    return visit.page(
        "folder.html",
        entry=entry,
        slice=sliced_below(path, below, visit.query.text("page"), _is_document),
        may=_may(entry),
        done=_DONE.get(visit.query.text("done"), ""),
        in_my_name=_in_my_name(visit) if path.is_root else 0,
    )


def _is_document(name: str, _: bool) -> bool:  # noqa: FBT001 — as `Wanted` is called
    return kind_of_name(name) is NameKind.DOCUMENT


def _in_my_name(visit: Visit) -> int:
    """What an operator did for a beneficiary within a month: they are to see it without looking for
    it.
    """
    return visit.services.history.in_their_name(visit.who, visit.now - _MONTH, visit.now)


_DONE: dict[str, str] = {
    "uploaded": N_("Your documents are in the safe."),
    "folder": N_("The folder is there."),
    "renamed": N_("It has its new name."),
    "moved": N_("It was moved."),
    "removed": N_("It is in the trash."),
    "back": N_("It is back."),
}


def _may(entry: Entry) -> frozenset[str]:
    return frozenset(action.value for action in entry.may)


def download(visit: Visit, place: str) -> Response:
    path = DrivePath.parse(place)
    if visit.environ["REQUEST_METHOD"] == "HEAD":
        # Nobody reads anything here, so the trail gets no entry.
        entry = visit.services.reading.look(visit.who, path, visit.now)
        return Response(headers=_of_document(entry))
    opened = visit.services.reading.open(visit.who, path, NONE, visit.now)
    attended = Attended(visit)
    try:
        pieces = attended.over(opened.read(0, opened.entry.size or 0))
        body = Outgoing(pieces, opened.close)
    except BaseException:
        opened.close()
        raise
    response = streamed(body, *_of_document(opened.entry))
    response.call_on_close(opened.close)
    response.call_on_close(attended.noted)
    return response


def _of_document(entry: Entry) -> list[tuple[str, str]]:
    """Somebody's document never acts in a browser as if it were a page of ours."""
    plain = _OTHER_SIGNS.sub("_", entry.path.name)
    name = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(entry.path.name, safe='')}"
    return [
        ("Content-Type", entry.media_type),
        ("Content-Length", str(entry.size or 0)),
        ("Content-Disposition", name),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ]


# ── folders, moving and removing ────────────────────────────────────────────────────────────────


def make_folder(visit: Visit, place: str = "") -> Response:
    folder = DrivePath.parse(place)
    path = folder / clean_name(visit.form.text("name"))
    visit.services.writing.make_folder(visit.who, path, NONE, visit.now)
    return moved_to(f"{document_link(folder)}?done=folder")


def rename(visit: Visit, place: str) -> Response:
    path = DrivePath.parse(place)
    _move(visit, path, path.parent / clean_name(visit.form.text("name")))
    return moved_to(f"{document_link(path.parent)}?done=renamed")


def where_to(visit: Visit, place: str) -> Response:
    """A list of folders to choose from, one step at a time: no script, no dragging."""
    path = DrivePath.parse(place)
    entry = visit.services.reading.look(visit.who, path, visit.now)
    at = DrivePath.parse(visit.query.text("in") or visit.filled("move", "to"))
    here, below = visit.services.reading.list(visit.who, at, visit.now)
    takes = Action.PUT in here.may or Action.MKCOL in here.may

    def is_goal(name: str, is_folder: bool) -> bool:  # noqa: FBT001 — as `Wanted` is called
        where = DrivePath((*at.parts, name))
        return is_folder and not where.is_within(path) and _may_lead(visit, path, where)

    some = sliced_below(at, below, visit.query.text("page"), is_goal)
    return visit.page("move.html", entry=entry, here=here, slice=some, takes=takes)


def _may_lead(visit: Visit, path: DrivePath, where: DrivePath) -> bool:
    """Nothing moves from one beneficiary's vault into another's; each has a first folder on the
    drive of whoever has no vault of their own.
    """
    return visit.who.vault is not None or where.parts[:1] == path.parts[:1]


def move(visit: Visit, place: str) -> Response:
    path = DrivePath.parse(place)
    folder = DrivePath.parse(visit.form.text("to"))
    _move(visit, path, folder / path.name)
    return moved_to(f"{document_link(folder)}?done=moved")


def _move(visit: Visit, source: DrivePath, goal: DrivePath) -> None:
    if source == goal:
        return
    try:
        visit.services.moving.move(
            visit.who, source, goal, overwrite=False, conditions=NONE, now=visit.now
        )
    except ConditionFailed:
        # Said only where overwriting was not wished for: the name is taken.
        raise AlreadyThere from None


def remove(visit: Visit, place: str) -> Response:
    path = DrivePath.parse(place)
    with suppress(NotFound):
        # Pressed twice: it is gone, and that is what was wanted.
        visit.services.writing.remove(visit.who, path, NONE, visit.now)
    return moved_to(f"{document_link(path.parent)}?done=removed")
