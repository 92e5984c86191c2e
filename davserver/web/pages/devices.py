"""My devices: passwords for telephones and file managers, each for one of them."""

from datetime import datetime, timedelta

from werkzeug.wrappers import Response

from davserver.domain.errors import BadInput
from davserver.domain.ids import CredentialId
from davserver.http.environ import is_https
from davserver.web import cookies
from davserver.web.errors import FilledInWrong
from davserver.web.marked import N_
from davserver.web.typed import end_of_day, id_typed
from davserver.web.visit import Visit, moved_to


def show(visit: Visit) -> Response:
    return _page(visit)


def add(visit: Visit) -> Response:
    """Its password is on this one page and nowhere else."""
    name, until = visit.form.text("name"), end_of_day(visit, "until")
    if not name:
        raise FilledInWrong(N_("Give the device a name, such as “my phone”."))
    try:
        made = visit.services.people.add_app_password(
            visit.who,
            visit.who.person.login,
            name,
            visit.now,
            read_only=visit.form.is_set("read_only"),
            until=until,
        )
    except BadInput:
        raise FilledInWrong(N_("Choose a shorter name, of letters and figures.")) from None
    return _page(visit, password=made.text, name=name)


def end(visit: Visit) -> Response:
    device = CredentialId(id_typed(visit.form.text("device"), N_("Choose one of your devices.")))
    visit.services.people.revoke_app_password(visit.who, device, visit.now)
    return moved_to("/devices")


def sign_out_everywhere(visit: Visit) -> Response:
    """In every browser, this one too. Devices keep their passwords."""
    visit.services.sessions.end_everywhere(visit.who, visit.now)
    response = moved_to("/")
    response.headers.add("Set-Cookie", cookies.forgotten(cookies.SESSION))
    return response


def _page(visit: Visit, *, password: str = "", name: str = "") -> Response:
    every = visit.services.people.app_passwords(visit.who, visit.who.person.login, visit.now)
    return visit.page(
        "devices.html",
        devices=[one for one in every if one.holds(visit.now)],
        password=password,
        name=name,
        address=f"{_scheme(visit)}://{visit.environ.get('HTTP_HOST', '')}/dav/",
        tomorrow=(visit.now + timedelta(days=1)).date().isoformat(),
        used=_used,
    )


def _scheme(visit: Visit) -> str:
    """As this browser came: behind a proxy that is another than ours."""
    return "https" if is_https(dict(visit.environ), visit.services.settings.listen) else "http"


def _used(day: int) -> datetime:
    """Days since 1970 as a moment."""
    return datetime.fromisoformat("1970-01-01T12:00:00+00:00") + timedelta(days=day)
