"""Every page there is: a page without a row here does not exist."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from werkzeug.wrappers import Response

from davserver.domain.actions import Action
from davserver.web.audiences import (
    ADMINISTRATORS,
    EVERYBODY,
    IN_STRUCTURES,
    MANAGERS,
    OWNERS,
    STAFF,
    WITH_DRIVE,
    Audience,
)
from davserver.web.pages import (
    accompanying,
    affiliations,
    code,
    devices,
    documents,
    entrance,
    health,
    history,
    offers,
    overview,
    password,
    people,
    put_in,
    refusals,
    sharing,
    static,
    take_away,
    teams,
    trash,
    uploading,
    versions,
)


@dataclass(frozen=True, slots=True)
class Route:
    """`audience` None: nobody has to be signed in. `action` is what the gate is asked there: the
    page decides as the drive does (tests/server/test_pages_matrix.py). None: nothing of anybody's
    is shown or changed, or somebody only leaves. No rule keeps an owner from ending a share
    (`revoke`), nor from the list of what can be ended. `has_files`: the page reads its form itself.
    `again` is the page that has the form: it comes back filled in where something in it was wrong,
    in the field `at` unless the error names another.
    """

    name: str
    method: Literal["GET", "POST"]
    rule: str
    page: Callable[..., Response]
    audience: Audience | None
    action: Action | None
    has_files: bool = False
    again: str = ""
    at: str = ""


_A = Action
ROUTES: tuple[Route, ...] = (
    Route("entrance", "GET", "/", entrance.show, None, None),
    Route("sign-in", "POST", "/sign-in", entrance.sign_in, None, None),
    Route("language", "POST", "/language", entrance.choose_language, None, None),
    Route("static", "GET", "/static/<digest>/<name>", static.asset, None, None),
    Route("sign-out", "POST", "/sign-out", entrance.sign_out, EVERYBODY, None),
    Route("sign-out-all", "POST", "/sign-out-everywhere", devices.sign_out_everywhere, EVERYBODY,
          None),
    # ── documents ───────────────────────────────────────────────────────────────────────────────
    Route("drive", "GET", "/documents/", documents.show, WITH_DRIVE, _A.LIST),
    Route("documents", "GET", "/documents/<path:place>", documents.show, WITH_DRIVE, _A.LIST),
    Route("download", "GET", "/download/<path:place>", documents.download, WITH_DRIVE, _A.GET),
    Route("upload", "POST", "/upload/<path:place>", uploading.upload, WITH_DRIVE, _A.PUT,
          has_files=True, again="documents", at="files"),
    Route("upload-top", "POST", "/upload/", uploading.upload, WITH_DRIVE, _A.PUT,
          has_files=True, again="drive", at="files"),
    Route("new-folder-top", "POST", "/new-folder/", documents.make_folder, WITH_DRIVE, _A.MKCOL,
          again="drive", at="name"),
    Route("new-folder", "POST", "/new-folder/<path:place>", documents.make_folder, WITH_DRIVE,
          _A.MKCOL, again="documents", at="name"),
    Route("rename", "POST", "/rename/<path:place>", documents.rename, WITH_DRIVE, _A.MOVE,
          again="documents", at="name"),
    Route("move-to", "GET", "/move/<path:place>", documents.where_to, WITH_DRIVE, _A.LIST),
    Route("move", "POST", "/move/<path:place>", documents.move, WITH_DRIVE, _A.MOVE,
          again="move-to"),
    Route("remove", "POST", "/remove/<path:place>", documents.remove, WITH_DRIVE, _A.DELETE,
          again="documents"),
    Route("versions", "GET", "/versions/<path:place>", versions.show, OWNERS, _A.GET),
    Route("restore-version", "POST", "/versions/<path:place>", versions.restore, OWNERS, _A.PUT,
          again="versions"),
    Route("trash", "GET", "/trash", trash.show, OWNERS, _A.LIST),
    Route("restore", "POST", "/trash", trash.restore, OWNERS, _A.PUT, again="trash",
          at="name"),
    Route("put-in", "GET", "/put-in", put_in.show, STAFF, _A.LIST),
    Route("recall", "POST", "/put-in", put_in.recall, STAFF, _A.RECALL, again="put-in"),
    Route("people", "GET", "/people", people.show, STAFF, _A.LIST),
    # ── sharing ─────────────────────────────────────────────────────────────────────────────────
    Route("share", "GET", "/share/<path:place>", sharing.ask, OWNERS, _A.LIST),
    Route("give", "POST", "/share/<path:place>", sharing.share, OWNERS, _A.GRANT, again="share",
          at="to"),
    Route("who", "GET", "/who/<path:place>", sharing.who, OWNERS, _A.LIST),
    Route("shares", "GET", "/shares", sharing.mine, OWNERS, _A.REVOKE),
    Route("end-share", "POST", "/shares/end", sharing.end, OWNERS, _A.REVOKE, again="shares"),
    Route("end-shares", "POST", "/shares/end-all", sharing.end_several, OWNERS, _A.REVOKE,
          again="shares"),
    Route("offers", "GET", "/offers", offers.show, OWNERS, _A.REVOKE),
    Route("accept-offer", "POST", "/offers/accept", offers.accept, OWNERS, _A.GRANT,
          again="offers"),
    Route("refuse-offer", "POST", "/offers/refuse", offers.refuse, OWNERS, _A.REVOKE,
          again="offers"),
    Route("history", "GET", "/history", history.show, OWNERS, _A.AUDIT),
    Route("affiliations", "GET", "/affiliations", affiliations.show, OWNERS, _A.REVOKE),
    Route("accept", "POST", "/affiliations/accept", affiliations.accept, OWNERS, _A.GRANT,
          again="affiliations"),
    Route("refuse", "POST", "/affiliations/refuse", affiliations.refuse, OWNERS, _A.REVOKE,
          again="affiliations"),
    Route("leave", "POST", "/affiliations/end", affiliations.leave, OWNERS, _A.REVOKE),
    Route("accompanied", "GET", "/accompanied", accompanying.show, STAFF, _A.ACCOUNT),
    Route("release", "POST", "/accompanied/end", accompanying.end, STAFF, _A.ACCOUNT),
    Route("requests", "GET", "/accompanied/requests", accompanying.requests, STAFF, _A.ACCOUNT),
    Route("request", "POST", "/accompanied/requests", accompanying.ask, STAFF, _A.ACCOUNT,
          again="requests", at="login"),
    Route("use-code", "POST", "/accompanied/code", accompanying.confirm, STAFF, _A.ACCOUNT,
          again="requests", at="code"),
    Route("code", "GET", "/code", code.show, IN_STRUCTURES, _A.ACCOUNT),
    Route("make-code", "POST", "/code", code.make, IN_STRUCTURES, _A.ACCOUNT),
    Route("end-code", "POST", "/code/end", code.end, IN_STRUCTURES, _A.ACCOUNT),
    Route("take-away", "GET", "/take-away", take_away.show, OWNERS, _A.GET),
    Route("parcel", "POST", "/take-away", take_away.parcel, OWNERS, _A.GET),
    # ── my team ─────────────────────────────────────────────────────────────────────────────────
    Route("teams", "GET", "/teams", teams.every, MANAGERS, _A.ACCOUNT),
    Route("team", "GET", "/teams/<slug>", teams.show, MANAGERS, _A.ACCOUNT),
    Route("add-to-team", "GET", "/teams/<slug>/add", teams.ask, MANAGERS, _A.ACCOUNT),
    Route("add-member", "POST", "/teams/<slug>/add", teams.add, MANAGERS, _A.ACCOUNT,
          again="add-to-team", at="login"),
    Route("take-out", "GET", "/teams/<slug>/end/<person>", teams.ask_end, MANAGERS, _A.ACCOUNT),
    Route("end-member", "POST", "/teams/<slug>/end/<person>", teams.end, MANAGERS, _A.ACCOUNT,
          again="take-out", at="on"),
    # ── looking after the service ───────────────────────────────────────────────────────────────
    Route("overview", "GET", "/overview", overview.show, ADMINISTRATORS, _A.AUDIT),
    Route("rules", "GET", "/rules", overview.rules, ADMINISTRATORS, _A.AUDIT),
    Route("rules-earlier", "GET", "/rules/earlier", overview.earlier, ADMINISTRATORS, _A.AUDIT),
    Route("refusals", "GET", "/refusals", refusals.show, ADMINISTRATORS, _A.AUDIT),
    Route("health", "GET", "/health", health.show, ADMINISTRATORS, _A.AUDIT),
    # ── my account ──────────────────────────────────────────────────────────────────────────────
    Route("devices", "GET", "/devices", devices.show, EVERYBODY, _A.ACCOUNT),
    Route("add-device", "POST", "/devices", devices.add, EVERYBODY, _A.ACCOUNT, again="devices",
          at="name"),
    Route("end-device", "POST", "/devices/end", devices.end, EVERYBODY, _A.ACCOUNT,
          again="devices"),
    Route("password", "GET", "/password", password.show, EVERYBODY, _A.ACCOUNT),
    Route("set-password", "POST", "/password", password.change, EVERYBODY, _A.ACCOUNT,
          again="password", at="new"),
)  # fmt: skip
