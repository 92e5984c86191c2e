"""My password."""

from werkzeug.wrappers import Response

from authn.credentials import Password, password_bytes
from authn.sessions import as_cookie
from davserver.domain.errors import BadInput, NotSignedIn
from davserver.web import cookies
from davserver.web.errors import FilledInWrong
from davserver.web.marked import N_
from davserver.web.visit import Visit, moved_to


def show(visit: Visit) -> Response:
    if not visit.services.people.keeps_password(visit.who, visit.now):
        return visit.page("password_elsewhere.html")
    return visit.page("password.html", done=visit.query.is_set("done"))


def change(visit: Visit) -> Response:
    """Whoever signed in with the old one is out, in every browser but this."""
    form, login = visit.form, visit.who.person.login
    old, new = form.secret("old"), form.secret("new")
    if new != form.secret("again"):
        raise FilledInWrong(
            N_("The two new passwords differ. Type the same one twice."), at="again"
        )
    _require_old(visit, old)
    try:
        visit.services.people.set_password(visit.who, login, new, visit.now)
    except BadInput:
        raise FilledInWrong(
            N_("Choose a longer password, of at least 12 characters, that nobody can guess.")
        ) from None
    who = visit.services.login.sign_in(
        Password(login, password_bytes(new)), visit.address, visit.now, visit.aside
    )
    token = visit.services.sessions.begin(who, visit.now)
    response = moved_to("/password?done=1")
    response.headers.add("Set-Cookie", cookies.kept_for_now(cookies.SESSION, as_cookie(token)))
    return response


def _require_old(visit: Visit, old: str) -> None:
    """A computer that was left alone gives nobody the account. Raises FilledInWrong."""
    mine = Password(visit.who.person.login, password_bytes(old))
    try:
        visit.services.login.sign_in(mine, visit.address, visit.now, visit.aside)
    except NotSignedIn:
        raise FilledInWrong(N_("Your present password is not right."), at="old") from None
