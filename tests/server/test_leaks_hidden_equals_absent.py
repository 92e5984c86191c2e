"""What a person may not see does not exist for them (DESIGN §2.2).

Every method is tried on every kind of hidden place, and on a place of the same shape where there is
nothing at all: status, headers and body must be the same, and so must what can be seen afterwards.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from urllib.parse import quote

import pytest

from tests.support.dav import Drive
from tests.support.http import Answer, chunked
from tests.support.instance import Instance, Server

pytestmark = [pytest.mark.server, pytest.mark.slow]

SECRET = b"only for its owner"
DEPOSITOR = "noemi"
CASE = "{DAV:}displayname"
NOT_FOUND = 404


@dataclass(frozen=True)
class Place:
    """A kind of place. `make` lets the owner put something hidden there under a given name; `kept`
    is where the owner finds its secret.
    """

    folder: str
    make: Callable[[Drive, str], None]
    kept: str
    below: str = ""


@dataclass
class Scene:
    """farah's vault: /Logement is shared with the structure to write, what is private is not.
    There noemi, who is of no structure, may only deposit.
    """

    instance: Instance
    owner: Drive
    seen_at: str
    deposited_at: str

    def home(self, viewer: str) -> str:
        """Where somebody may write; for whom nothing is shared, their root."""
        return {"karim": self.seen_at, DEPOSITOR: self.deposited_at}.get(viewer, "")

    def places(self, viewer: str) -> dict[str, Place]:
        return self._everybodys(self.home(viewer) or self.seen_at) | (
            self._depositors() if viewer == DEPOSITOR else {}
        )

    def _depositors(self) -> dict[str, Place]:
        """What the owner, or anybody else, has where noemi deposits: all of it is hidden."""
        here, in_folder = self.deposited_at, "/Logement/{}/f.txt"
        return {
            "a file in a deposit folder": Place(here, _file, "/Logement/{}"),
            "a folder in a deposit folder": Place(here, _folder, in_folder),
            "below a folder in a deposit folder": Place(here, _folder, in_folder, "/f.txt"),
        }

    def _everybodys(self, shared: str) -> dict[str, Place]:
        whose = shared.rpartition("/")[0]
        in_folder, outside = "/Logement/{}/f.txt", "/{}/f.txt"
        return {
            "a private file in a shared folder": Place(shared, _private_file, "/Logement/{}"),
            "a locked private file": Place(shared, _locked_file, "/Logement/{}"),
            "a private folder in a shared folder": Place(shared, _private_folder, in_folder),
            "below a private folder in a shared folder": Place(
                shared, _private_folder, in_folder, "/f.txt"
            ),
            "beside the shared folder": Place(whose, _beside, outside),
            "below what lies beside the shared folder": Place(whose, _beside, outside, "/f.txt"),
            "at the root, by its true name": Place("", _beside, outside),
            "below the root, by its true name": Place("", _beside, outside, "/f.txt"),
        }


def _private_file(owner: Drive, name: str) -> None:
    """A medical document keeps its category where it is put: colleagues do not see it."""
    owner.put(f"/Santé/{name}", SECRET)
    assert owner.move(f"/Santé/{name}", f"/Logement/{name}").status == 201


def _locked_file(owner: Drive, name: str) -> None:
    _private_file(owner, name)
    assert owner.lock(f"/Logement/{name}").status == 200


def _private_folder(owner: Drive, name: str) -> None:
    owner.mkcol(f"/Santé/{name}")
    owner.put(f"/Santé/{name}/f.txt", SECRET)
    assert owner.move(f"/Santé/{name}", f"/Logement/{name}").status == 201


def _file(owner: Drive, name: str) -> None:
    assert owner.put(f"/Logement/{name}", SECRET).status == 201


def _folder(owner: Drive, name: str) -> None:
    owner.mkcol(f"/Logement/{name}")
    assert owner.put(f"/Logement/{name}/f.txt", SECRET).status == 201


def _beside(owner: Drive, name: str) -> None:
    owner.mkcol(f"/{name}")
    assert owner.put(f"/{name}/f.txt", SECRET).status == 201


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

VIEWERS = {
    "karim": "a professional with a grant on a sibling",
    "zoe": "a professional without grant",
    "bilal": "another beneficiary",
    DEPOSITOR: "a professional who may only deposit",
}
_numbers = count()


@pytest.fixture(scope="module")
def scene(served: Server) -> Iterator[Scene]:
    instance = served.instance
    instance.add_person("farah", "beneficiary", "Farah Diallo", template="fr")
    owner = instance.drive("farah")
    owner.put("/Logement/bail.txt", b"known to the structure")
    grant = instance.grant("farah", "structure:ccas-lyon", "/Logement", "write")
    instance.add_person(DEPOSITOR, "professional", "Noémi Roux")
    deposits = instance.grant("farah", DEPOSITOR, "/Logement", "deposit")
    yield Scene(instance, owner, instance.seen_at(grant), instance.seen_at(deposits))
    owner.caller.close()


_NOBODYS = Scene(None, None, "/x/y", "/x/y")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("viewer", "kind"),
    [
        pytest.param(viewer, kind, id=f"{title}-{kind}")
        for viewer, title in VIEWERS.items()
        for kind in _NOBODYS.places(viewer)
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
        answers = [_masked(request(stranger, path, "/m"), path) for path in (known, unknown)]
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
        answer = _masked(request(drive, path, mine), path, name, mine)
        around = {where: drive.propfind(where, "1") for where in (mine, f"{mine}-landed", path)}
        after = [_masked(found, path, name, mine) for found in around.values()]
        seen.append((answer, after))
        _take_back(drive, around)
    if scene.owner.get(place.kept.format(names[0])).body != SECRET:
        return "the owner lost it"
    return _first_difference(*map(str, seen))


def _first_difference(hidden: str, absent: str) -> str:
    """The place where two texts part, with some words around it; empty where they do not."""
    if hidden == absent:
        return ""
    same = next(i for i in range(len(hidden) + 1) if hidden[:i] != absent[:i])
    at = max(0, same - 60)
    return f"\n  hidden: …{hidden[at : at + 200]}\n  absent: …{absent[at : at + 200]}"


def _take_back(drive: Drive, around: dict[str, Answer]) -> None:
    """Remove what the person sees there, so that the next question finds the same world."""
    for path, found in around.items():
        if found.status != NOT_FOUND:
            drive.delete(path)


_VARYING = [
    (re.compile(r"urn:uuid:[0-9a-f-]{36}|opaquelocktoken:[0-9a-f-]{36}"), "TOKEN"),
    (re.compile(r'(?:W/)?"[0-9A-Za-z_=+/-]{8,}"'), '"ETAG"'),
    (re.compile(r"&quot;[0-9A-Za-z_=+/-]{8,}&quot;"), '"ETAG"'),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "INSTANT"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT"), "INSTANT"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"Second-\d+"), "SECONDS"),
]
_PER_REQUEST = {"date", "x-request-id"}


def _masked(answer: Answer, *own: str) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """An answer without what differs between any two requests, and without the asker's words."""

    def mask(text: str) -> str:
        for word in sorted({form for one in own for form in _forms(one)}, key=len, reverse=True):
            text = text.replace(word, "NAME")
        for pattern, instead in _VARYING:
            text = pattern.sub(instead, text)
        return text

    headers = tuple(
        (name, mask(value)) for name, value in answer.headers if name.lower() not in _PER_REQUEST
    )
    return f"{answer.status} {answer.phrase}", headers, mask(answer.body.decode())


def _forms(word: str) -> set[str]:
    words = {word, word.rpartition("/")[2], unicodedata.normalize("NFD", word)}
    encoded = {quote(one, safe="/~") for one in words}
    spelled = words | encoded
    return {form for one in spelled for form in (one, one.upper(), one.lower())} - {""}
