"""Sharing: what I give to whom, what will come of it before it does, who can see it, and its end.

Whoever is to get something is named exactly, by their login, their structure's short name or a
code, as they show it: nobody browses people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from werkzeug.wrappers import Response

from davserver.domain.actions import Right
from davserver.domain.drive import GrantView
from davserver.domain.errors import AlreadyThere, BadInput, NotFound
from davserver.domain.grants import Grantee, ToStructure
from davserver.domain.ids import GrantId
from davserver.domain.paths import DrivePath
from davserver.gate.shares import STRUCTURE, GrantState
from davserver.gate.sharing.ledger import MOST_PURPOSE_CHARACTERS
from davserver.gate.sharing.seeing_texts import nobody_else, sentence
from davserver.web.errors import FilledInWrong
from davserver.web.links import path_link
from davserver.web.marked import N_
from davserver.web.typed import end_of_day, id_typed
from davserver.web.visit import Visit, moved_to

RIGHTS: dict[Right, tuple[str, str]] = {
    Right.READ: (
        N_("read"),
        N_("%(name)s will be able to open and copy it, and to change nothing."),
    ),
    Right.WRITE: (
        N_("read and change"),
        N_("%(name)s will be able to open and copy it, to change it and to add documents. "
           "What was there before stays with you as an earlier version."),
    ),
    Right.DEPOSIT: (
        N_("put documents in"),
        N_("%(name)s will be able to put documents into it, and to see nothing of what is there."),
    ),
}  # fmt: skip
"""What each right is called, and what will come of it."""

_LIVE = frozenset(
    one.value
    for one in (
        GrantState.LIVE, GrantState.UPCOMING, GrantState.SUSPENDED, GrantState.RESTING,
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """A share as it was filled in. `until` None: until its giver ends it."""

    typed: str
    to: Grantee
    name: str
    works_at: tuple[str, ...]
    right: Right
    until: datetime | None
    purpose: str

    @property
    def is_for_all(self) -> bool:
        return isinstance(self.to, ToStructure)


def ask(visit: Visit, place: str) -> Response:
    entry = visit.services.reading.look(visit.who, DrivePath.parse(place), visit.now)
    return visit.page(
        "share.html",
        entry=entry,
        rights={right: words for right, words in RIGHTS.items() if _fits(right, entry.is_folder)},
        tomorrow=(visit.now + timedelta(days=1)).astimezone(visit.texts.zone).date().isoformat(),
    )


def share(visit: Visit, place: str) -> Response:
    """First a sentence of what will happen; then, with `sure`, it does."""
    path = DrivePath.parse(place)
    wish = _wish(visit)
    if not visit.form.is_set("sure"):
        entry = visit.services.reading.look(visit.who, path, visit.now)
        return visit.page("share_sure.html", entry=entry, wish=wish, rights=RIGHTS)
    _give(visit, path, wish)
    return moved_to(f"{path_link('who', path)}?done=shared")


def _give(visit: Visit, path: DrivePath, wish: Wish) -> None:
    try:
        visit.services.sharing.add(
            visit.who,
            to=wish.to,
            path=path,
            right=wish.right,
            until=wish.until,
            now=visit.now,
            purpose=wish.purpose,
        )
    except AlreadyThere:
        raise FilledInWrong(
            N_("%(name)s has this already. End that share first, then make the new one."),
            name=wish.name,
        ) from None
    except BadInput:
        raise FilledInWrong(
            N_("This cannot be shared like that: documents can only be put into folders."),
            at="right",
        ) from None


def who(visit: Visit, place: str) -> Response:
    """Everybody who can see it, each with the reason, as `abri grant why` says it."""
    path = DrivePath.parse(place)
    entry = visit.services.reading.look(visit.who, path, visit.now)
    found = visit.services.seeing.everybody(visit.who, path, visit.now)
    speech, zone = visit.texts.speech, visit.texts.zone
    return visit.page(
        "who.html",
        entry=entry,
        lines=[
            (sentence(one, speech, zone), one.row.grant.id if one.row else None) for one in found
        ],
        nobody=nobody_else(visit.who.person.name, path, speech),
        done=_DONE.get(visit.query.text("done"), ""),
    )


_DONE: dict[str, str] = {
    "shared": N_("It is shared from now on."),
    "ended": N_("This share has ended. Nobody opens anything through it any more."),
}


def mine(visit: Visit) -> Response:
    """All that I share now, by person."""
    every = visit.services.sharing.list(visit.who, visit.now)
    live = [one for one in every if one.state in _LIVE]
    return visit.page(
        "shares.html",
        by_side=_by_side(live),
        purposes=sorted({one.purpose for one in live if one.purpose}),
        rights=RIGHTS,
        done=_DONE.get(visit.query.text("done"), ""),
    )


def _by_side(live: list[GrantView]) -> list[tuple[str, str, list[GrantView]]]:
    """Login or structure, name, and what they have; by name."""
    sides = sorted({(one.to_name.casefold(), one.to_name, one.to) for one in live})
    return [(to, name, [one for one in live if one.to == to]) for _, name, to in sides]


def end(visit: Visit) -> Response:
    """One share, at once."""
    grant = GrantId(id_typed(visit.form.text("grant"), N_("Choose one of your shares.")))
    visit.services.sharing.end(visit.who, grant, visit.now)
    back = visit.form.text("back")
    if back:
        return moved_to(f"{path_link('who', DrivePath.parse(back))}?done=ended")
    return moved_to("/shares?done=ended")


def end_several(visit: Visit) -> Response:
    """All under one purpose, or everything that one person or structure has."""
    purpose, to = visit.form.text("purpose"), visit.form.text("to")
    if bool(purpose) == bool(to):
        raise FilledInWrong(N_("Choose one of your shares."))
    sharing = visit.services.sharing
    if purpose:
        sharing.end_all(visit.who, visit.now, purpose=purpose)
    else:
        sharing.end_all(visit.who, visit.now, to=sharing.grantee(to))
    return moved_to("/shares?done=ended")


# ── what was filled in ──────────────────────────────────────────────────────────────────────────


def _fits(right: Right, is_folder: bool) -> bool:  # noqa: FBT001 — a kind of thing
    return is_folder or right is not Right.DEPOSIT


def _wish(visit: Visit) -> Wish:
    """Raises FilledInWrong."""
    form, sharing = visit.form, visit.services.sharing
    typed = form.text("to")
    if not typed:
        raise FilledInWrong(N_("Write with whom you want to share."))
    try:
        to = _found(visit, typed)
        called = sharing.called(to, visit.now)
    except NotFound:
        raise FilledInWrong(
            N_("There is nobody with this name or code. Ask for the exact sign-in name, for the "
               "short name of the organisation, or for a code that still works.")
        ) from None  # fmt: skip
    try:
        right = Right(form.text("right"))
    except ValueError:
        raise FilledInWrong(N_("Choose what they may do."), at="right") from None
    until, purpose = end_of_day(visit, "until"), form.text("purpose")
    if len(purpose) > MOST_PURPOSE_CHARACTERS:
        raise FilledInWrong(
            N_("Write it in at most %(number)s characters."),
            at="purpose",
            number=visit.texts.number(MOST_PURPOSE_CHARACTERS),
        )
    return Wish(typed, to, called.name, called.works_at, right, until, purpose)


def _found(visit: Visit, typed: str) -> Grantee:
    """A professional's login, a code, or a structure's short name. Raises NotFound."""
    sharing = visit.services.sharing
    try:
        return sharing.grantee(typed)
    except NotFound:
        return sharing.grantee(STRUCTURE + typed.lower())
