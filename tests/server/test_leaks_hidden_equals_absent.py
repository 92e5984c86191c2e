"""What a person may not see does not exist for them (DESIGN §2.2).

Every method is tried on every kind of hidden place, and on a place of the same shape where there is
nothing at all: status, headers and body must be the same, and so must what can be seen afterwards.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
NOT_FOUND, NO_CONTENT = 404, 204


# A request gets the drive and the place; some also something that the person may see themselves.
Alone = Callable[[Drive, str], Answer]
Together = Callable[[Drive, str, str], Answer]


def _simple(method: str, **headers: str) -> Alone:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda drive, path: drive.ask(method, path, named)


def _xml(method: str, body: str, **headers: str) -> Alone:
    named = {"Content-Type": "application/xml", **headers}
    return lambda drive, path: drive.ask(method, path, named, body.encode())


def _to(method: str, **headers: str) -> Together:
    """From something visible onto the place."""
    return lambda drive, path, mine: getattr(drive, method)(mine, path, **headers)


def _onward(method: str) -> Together:
    """From the place to a free name."""
    return lambda drive, path, mine: getattr(drive, method)(path, f"{mine}-landed")


def _tagged(term: str) -> Together:
    """A condition about the place, on a request about something else."""

    def ask(drive: Drive, path: str, mine: str) -> Answer:
        return drive.put(mine, b"conditional", If=f"<{drive.url(path)}> ({term})")

    return ask


OF_THE_PLACE: dict[str, Alone] = {
    "OPTIONS": _simple("OPTIONS"),
    "GET": _simple("GET"),
    "GET of a range": _simple("GET", Range="bytes=0-3"),
    "GET if changed": _simple("GET", If_None_Match="*"),
    "GET if unchanged": _simple("GET", If_Match="*"),
    "GET with a slash": lambda drive, path: drive.get(path + "/"),
    "GET in capitals": lambda drive, path: drive.get(path.upper()),
    "GET in NFD": lambda drive, path: drive.get(unicodedata.normalize("NFD", path)),
    "GET below": lambda drive, path: drive.get(path + "/x"),
    "HEAD": _simple("HEAD"),
    "PROPFIND 0": lambda drive, path: drive.propfind(path, "0"),
    "PROPFIND 1": lambda drive, path: drive.propfind(path, "1"),
    "PROPFIND infinity": lambda drive, path: drive.propfind(path, "infinity"),
    "PROPFIND of names": _xml("PROPFIND", '<propfind xmlns="DAV:"><propname/></propfind>'),
    "PUT": lambda drive, path: drive.put(path, b"mine"),
    "PUT only if new": lambda drive, path: drive.put(path, b"mine", If_None_Match="*"),
    "PUT only if there": lambda drive, path: drive.put(path, b"mine", If_Match="*"),
    "PUT in chunks": lambda drive, path: drive.ask(
        "PUT", path, {"Transfer-Encoding": "chunked"}, chunked(b"mine")
    ),
    "PUT with a slash": lambda drive, path: drive.put(path + "/", b"mine"),
    "PUT below": lambda drive, path: drive.put(path + "/x", b"mine"),
    "MKCOL": _simple("MKCOL"),
    "MKCOL below": lambda drive, path: drive.mkcol(path + "/x"),
    "MKCOL with a body": _xml("MKCOL", "<what/>"),
    "DELETE": _simple("DELETE"),
    "DELETE if there": _simple("DELETE", If_Match="*"),
    "PROPPATCH": lambda drive, path: drive.proppatch(path, "{urn:x}a", "1"),
    "PROPPATCH of a live one": lambda drive, path: drive.proppatch(path, CASE, "1"),
    "LOCK": lambda drive, path: drive.lock(path),
    "LOCK of all below": lambda drive, path: drive.lock(path, depth="infinity"),
    "LOCK shared": lambda drive, path: drive.lock(path, scope="shared"),
    "LOCK again": _simple("LOCK", If="(<urn:uuid:00000000-0000-4000-8000-000000000000>)"),
    "UNLOCK": lambda drive, path: drive.unlock(
        path, "urn:uuid:00000000-0000-4000-8000-000000000000"
    ),
    "POST": _simple("POST"),
    "PATCH": _simple("PATCH"),
    "REPORT": _xml("REPORT", "<what/>"),
    "a method that nobody knows": _simple("BREW"),
}

OF_TWO_PLACES: dict[str, Together] = {
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
    question = Question(scene, scene.places(viewer)[kind], scene.instance.drive(viewer))
    differences = [
        f"{title}: {difference}"
        for title, request in (OF_THE_PLACE | OF_TWO_PLACES).items()
        if (difference := question.difference(request, two=title in OF_TWO_PLACES))
    ]
    assert not differences, "\n".join(differences)


def test_an_unauthenticated_person_learns_nothing_about_any_path(scene: Scene) -> None:
    stranger = Drive(scene.instance.caller("zoe"))
    stranger.caller.login = None
    known, unknown = scene.seen_at, "/" + "x" * (len(scene.seen_at.encode()) - 1)
    for title, request in (OF_THE_PLACE | OF_TWO_PLACES).items():
        more = ["/m"] if title in OF_TWO_PLACES else []
        answers = [masked(request(stranger, path, *more), path) for path in (known, unknown)]
        assert answers[0] == answers[1], title
        assert int(answers[0][0].split()[0]) >= 400 or title == "OPTIONS", title


@dataclass
class Question:
    """Something hidden and nothing at all, side by side under two names, for one request after the
    other; under two new names once a request has left something there.
    """

    scene: Scene
    place: Place
    drive: Drive
    _number: int | None = None

    def difference(self, request: Callable[..., Answer], *, two: bool) -> str:
        """How the answers differ, and what can be seen afterwards; empty when they do not."""
        names = self._names()
        hidden, absent = (str(self._seen(request, name, two=two)) for name in names)
        if self.scene.owner.get(self.place.kept.format(names[0])).body != SECRET:
            return "the owner lost it"
        return first_difference(hidden, absent)

    def _names(self) -> list[str]:
        new = self._number is None
        if self._number is None:
            self._number = next(_numbers)
        names = [f"cache-{self._number:05}.txt", f"vides-{self._number:05}.txt"]
        if new:
            self.place.make(self.scene.owner, names[0])
        return names

    def _seen(self, request: Callable[..., Answer], name: str, *, two: bool) -> object:
        """`two`: it is about something of the person's own as well, which is made for it."""
        path = f"{self.place.folder}/{name}{self.place.below}"
        mine = f"{self.scene.home(str(self.drive.caller.login))}/mine-{next(_numbers):05}"
        if two:
            self.drive.put(mine, b"mine")
        answer = request(self.drive, path, *([mine] if two else []))
        where = [mine, f"{mine}-landed", path] if two else [path]
        around = {one: self.drive.propfind(one, "1") for one in where}
        self._take_back(around)
        return [masked(found, path, name, mine) for found in (answer, *around.values())]

    def _take_back(self, around: dict[str, Answer]) -> None:
        """Remove what the person sees there, so that the next question finds the same world."""
        for path, found in around.items():
            if found.status != NOT_FOUND and self.drive.delete(path).status != NO_CONTENT:
                self._number = None
