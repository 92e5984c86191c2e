"""My team: for managers, the people of their organisation, who comes, who goes.

Whoever comes is named exactly, by their login, as they say it: nobody browses people.
"""

from dataclasses import dataclass
from datetime import datetime

from werkzeug.wrappers import Response

from davserver.domain.decisions import Denial
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Refused
from davserver.domain.ids import ID_BYTES, PersonId
from davserver.gate.people.teams import Hindrance, Kept, Presence, Unknown
from davserver.web.errors import FilledInWrong, sentence_of
from davserver.web.marked import N_
from davserver.web.slices import sliced
from davserver.web.typed import end_of_day, start_of_day
from davserver.web.visit import Visit, moved_to

PRESENCES: dict[Presence, str] = {
    Presence.HERE: N_("Who works here"),
    Presence.TO_COME: N_("Who is to come"),
    Presence.LEFT: N_("Who left in the last 30 days"),
}

KEPT: dict[Kept, str] = {
    Kept.MANAGER: N_("Managers are added and taken out by the people who run this service."),
    Kept.DIRECTORY: N_(
        "%(name)s comes from the directory “%(directory)s” of your organisation. Take them out of "
        "the group there: some minutes later they are out here, too."
    ),
}
"""Why somebody's place is not a manager's to end, and who does it."""

_AT_ONCE = 50
"""A row has up to three times a long name."""

_DONE: dict[str, str] = {
    "added": N_("It is done. The list shows from when on they belong here."),
    "ended": N_("It is done. The list shows until when they belong here."),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody to be added, as it was filled in. `starts` None: at once."""

    login: str
    starts: datetime | None
    ends: datetime | None


def every(visit: Visit) -> Response:
    """Most managers have one team: they see it at once."""
    mine = visit.services.teams.mine(visit.who, visit.now)
    if len(mine) == 1:
        return moved_to(_link(mine[0].slug))
    return visit.page("teams.html", structures=mine)


def show(visit: Visit, slug: str) -> Response:
    team = visit.services.teams.show(visit.who, slug, visit.now)
    no_sums = ""
    if isinstance(team.sums, Denial):
        no_sums = sentence_of(Refused(team.sums.reason, team.sums.remedy), visit.texts)
    return visit.page(
        "team.html",
        team=team,
        slice=sliced(team.members, visit.query.text("page"), _AT_ONCE),
        presences=PRESENCES,
        no_sums=no_sums,
        several=len({one.structure.id for one in visit.who.memberships}) > 1,
        done=_DONE.get(visit.query.text("done"), ""),
    )


# ── who comes ───────────────────────────────────────────────────────────────────────────────────


def ask(visit: Visit, slug: str) -> Response:
    structure = visit.services.teams.place(visit.who, slug, visit.now)
    return visit.page("team_add.html", structure=structure, today=_today(visit))


def add(visit: Visit, slug: str) -> Response:
    """First a sentence of what will happen; then, with `sure`, it does."""
    structure = visit.services.teams.place(visit.who, slug, visit.now)
    wish = _wish(visit)
    use = visit.services.teams.add if visit.form.is_set("sure") else visit.services.teams.find
    try:
        person = use(visit.who, slug, wish.login, visit.now, starts=wish.starts, ends=wish.ends)
    except Unknown:
        raise FilledInWrong(
            N_("No professional who can be added has this name. Ask them for their exact sign-in "
               "name.")
        ) from None  # fmt: skip
    except AlreadyThere:
        raise FilledInWrong(
            N_("They belong to your team at that time already. Look at the list.")
        ) from None
    except BadInput:
        raise FilledInWrong(N_("The last day lies before the first one."), at="until") from None
    if visit.form.is_set("sure"):
        return moved_to(f"{_link(slug)}?done=added")
    return visit.page("team_sure.html", structure=structure, person=person, wish=wish)


def _wish(visit: Visit) -> Wish:
    """Raises FilledInWrong."""
    login = visit.form.text("login")
    if not login:
        raise FilledInWrong(N_("Write the sign-in name of the person."))
    return Wish(login, start_of_day(visit, "from"), end_of_day(visit, "until"))


# ── who goes ────────────────────────────────────────────────────────────────────────────────────


def ask_end(visit: Visit, slug: str, person: str) -> Response:
    """What will happen, before it does."""
    leaving = visit.services.teams.leaving(visit.who, slug, _id(person), visit.now)
    return visit.page(
        "team_end.html", leaving=leaving, kept=KEPT, today=_today(visit), team=_link(slug)
    )


def end(visit: Visit, slug: str, person: str) -> Response:
    on = end_of_day(visit, "on")
    try:
        visit.services.teams.end(visit.who, slug, _id(person), visit.now, on=on)
    except Hindrance as hindrance:
        raise _not_here(visit, slug, person, hindrance.kept) from None
    except BadInput:
        raise FilledInWrong(N_("They leave by then anyway. Choose an earlier day.")) from None
    return moved_to(f"{_link(slug)}?done=ended")


def _not_here(visit: Visit, slug: str, person: str, kept: Kept) -> FilledInWrong:
    member = visit.services.teams.leaving(visit.who, slug, _id(person), visit.now).member
    return FilledInWrong(KEPT[kept], at="", name=member.name, directory=member.directory)


def _id(text: str) -> PersonId:
    """Raises NotFound, as for an id that nobody has."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        raise NotFound from None
    if len(found) != ID_BYTES:
        raise NotFound
    return PersonId(found)


def _link(slug: str) -> str:
    return f"/teams/{slug}"


def _today(visit: Visit) -> str:
    return visit.now.astimezone(visit.texts.zone).date().isoformat()
