"""What a person may not see does not exist for them (DESIGN §2.2).

Every method is tried on every kind of hidden place, and on a place of the same shape where there is
nothing at all: status, headers and body must be the same, and so must what can be seen afterwards.
"""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.support.dav import Drive
from tests.support.hidden_places import (
    NOBODYS,
    SECRET,
    VIEWERS,
    Place,
    Scene,
    farahs,
    first_difference,
    masked,
)
from tests.support.http import Answer, chunked
from tests.support.instance import Server

pytestmark = [pytest.mark.server, pytest.mark.slow]

CASE = "{DAV:}displayname"
NOT_FOUND = 404


# Each request gets the drive, the place, and something that the person may see themselves.
Request = Callable[[Drive, str, str], Answer]


def _simple(method: str, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda drive, path, _: drive.ask(method, path, named)


def _xml(method: str, body: str, **headers: str) -> Request:
    named = {"Content-Type": "application/xml", **headers}
    return lambda drive, path, _: drive.ask(method, path, named, body.encode())


def _to(method: str, **headers: str) -> Request:
    """From something visible onto the place."""
    return lambda drive, path, mine: getattr(drive, method)(mine, path, **headers)


def _onward(method: str) -> Request:
    """From the place to a free name."""
    return lambda drive, path, mine: getattr(drive, method)(path, f"{mine}-landed")


def _tagged(term: str) -> Request:
    """A condition about the place, on a request about something else."""

    def ask(drive: Drive, path: str, mine: str) -> Answer:
        return drive.put(mine, b"conditional", If=f"<{drive.url(path)}> ({term})")

    return ask


REQUESTS: dict[str, Request] = {
    "OPTIONS": _simple("OPTIONS"),
    "GET": _simple("GET"),
    "GET of a range": _simple("GET", Range="bytes=0-3"),
    "GET if changed": _simple("GET", If_None_Match="*"),
    "GET if unchanged": _simple("GET", If_Match="*"),
    "GET with a slash": lambda drive, path, _: drive.get(path + "/"),
    "GET in capitals": lambda drive, path, _: drive.get(path.upper()),
    "GET in NFD": lambda drive, path, _: drive.get(unicodedata.normalize("NFD", path)),
    "GET below": lambda drive, path, _: drive.get(path + "/x"),
    "HEAD": _simple("HEAD"),
    "PROPFIND 0": lambda drive, path, _: drive.propfind(path, "0"),
    "PROPFIND 1": lambda drive, path, _: drive.propfind(path, "1"),
    "PROPFIND infinity": lambda drive, path, _: drive.propfind(path, "infinity"),
    "PROPFIND of names": _xml("PROPFIND", '<propfind xmlns="DAV:"><propname/></propfind>'),
    "PUT": lambda drive, path, _: drive.put(path, b"mine"),
    "PUT only if new": lambda drive, path, _: drive.put(path, b"mine", If_None_Match="*"),
    "PUT only if there": lambda drive, path, _: drive.put(path, b"mine", If_Match="*"),
    "PUT in chunks": lambda drive, path, _: drive.ask(
        "PUT", path, {"Transfer-Encoding": "chunked"}, chunked(b"mine")
    ),
    "PUT with a slash": lambda drive, path, _: drive.put(path + "/", b"mine"),
    "PUT below": lambda drive, path, _: drive.put(path + "/x", b"mine"),
    "MKCOL": _simple("MKCOL"),
    "MKCOL below": lambda drive, path, _: drive.mkcol(path + "/x"),
    "MKCOL with a body": _xml("MKCOL", "<what/>"),
    "DELETE": _simple("DELETE"),
    "DELETE if there": _simple("DELETE", If_Match="*"),
    "PROPPATCH": lambda drive, path, _: drive.proppatch(path, "{urn:x}a", "1"),
    "PROPPATCH of a live one": lambda drive, path, _: drive.proppatch(path, CASE, "1"),
    "LOCK": lambda drive, path, _: drive.lock(path),
    "LOCK of all below": lambda drive, path, _: drive.lock(path, depth="infinity"),
    "LOCK shared": lambda drive, path, _: drive.lock(path, scope="shared"),
    "LOCK again": _simple("LOCK", If="(<urn:uuid:00000000-0000-4000-8000-000000000000>)"),
    "UNLOCK": lambda drive, path, _: drive.unlock(
        path, "urn:uuid:00000000-0000-4000-8000-000000000000"
    ),
    "COPY from it": _onward("copy"),
    "MOVE from it": _onward("move"),
    "COPY onto it": _to("copy"),
    "COPY onto it, replacing": _to("copy", Overwrite="T"),
    "COPY onto it, not replacing": _to("copy", Overwrite="F"),
    "MOVE onto it": _to("move"),
    "MOVE onto it, replacing": _to("move", Overwrite="T"),
    "MOVE onto it, not replacing": _to("move", Overwrite="F"),
    "If it has no lock": _tagged("Not <DAV:no-lock>"),
    "If it has some lock": _tagged("<urn:uuid:00000000-0000-4000-8000-000000000000>"),
    "If it has a tag": _tagged('["something"]'),
    "POST": _simple("POST"),
    "PATCH": _simple("PATCH"),
    "REPORT": _xml("REPORT", "<what/>"),
    "a method that nobody knows": _simple("BREW"),
}

_numbers = count()


@pytest.fixture(scope="module")
def scene(served: Server) -> Iterator[Scene]:
    with farahs(served.instance) as made:
        yield made


@pytest.mark.parametrize(
    ("viewer", "kind"),
    [
        pytest.param(viewer, kind, id=f"{title}-{kind}")
        for viewer, title in VIEWERS.items()
        for kind in NOBODYS.places(viewer)
    ],
)
def test_every_request_is_answered_as_if_the_hidden_were_absent(
    scene: Scene, viewer: str, kind: str
) -> None:
    place, drive = scene.places(viewer)[kind], scene.instance.drive(viewer)
    differences = [
        f"{title}: {difference}"
        for title, request in REQUESTS.items()
        if (difference := _difference(scene, drive, place, request))
    ]
    assert not differences, "\n".join(differences)


def test_an_unauthenticated_person_learns_nothing_about_any_path(scene: Scene) -> None:
    stranger = Drive(scene.instance.caller("zoe"))
    stranger.caller.login = None
    known, unknown = scene.seen_at, "/" + "x" * (len(scene.seen_at.encode()) - 1)
    for title, request in REQUESTS.items():
        answers = [masked(request(stranger, path, "/m"), path) for path in (known, unknown)]
        assert answers[0] == answers[1], title
        assert int(answers[0][0].split()[0]) >= 400 or title == "OPTIONS", title


def _difference(scene: Scene, drive: Drive, place: Place, request: Request) -> str:
    """How the answers differ; empty when they do not."""
    number = next(_numbers)
    names = [f"cache-{number:05}.txt", f"vides-{number:05}.txt"]
    place.make(scene.owner, names[0])
    seen = []
    for side, name in enumerate(names):
        mine = f"{scene.home(str(drive.caller.login))}/mine-{number:05}-{side}"
        drive.put(mine, b"mine")
        path = f"{place.folder}/{name}{place.below}"
        answer = masked(request(drive, path, mine), path, name, mine)
        around = {where: drive.propfind(where, "1") for where in (mine, f"{mine}-landed", path)}
        after = [masked(found, path, name, mine) for found in around.values()]
        seen.append((answer, after))
        _take_back(drive, around)
    if scene.owner.get(place.kept.format(names[0])).body != SECRET:
        return "the owner lost it"
    return first_difference(*map(str, seen))


def _take_back(drive: Drive, around: dict[str, Answer]) -> None:
    """Remove what the person sees there, so that the next question finds the same world."""
    for path, found in around.items():
        if found.status != NOT_FOUND:
            drive.delete(path)
