"""Take everything away while other things happen: it ends well only with everything in it."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest

from authn.credentials import Password, password_bytes
from davserver.domain.conditions import NONE
from davserver.domain.errors import NotSignedIn
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.http.streams import Body as Request
from davserver.web.languages import languages_with
from davserver.web.pages import documents
from davserver.web.parcel import Parcel
from davserver.web.rendering import environments
from davserver.web.texts import Texts
from davserver.web.visit import Visit
from davserver.wiring.services import Services
from tests.support.cast import EITHER, Casts
from tests.support.drive import Body
from tests.support.instance import Instance, password_of

pytestmark = pytest.mark.slow

KIB = 1 << 10
HOME = "127.0.0.1"
_numbers = count()
TEXTS = Texts(
    next(one for one in languages_with(None) if one.code == "en"), ZoneInfo("Europe/Paris")
)
TEMPLATES = environments([TEXTS])["en"]


@dataclass
class Later:
    """The clock of a server, which may be told that time has passed."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module", params=EITHER)
def house(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[Instance, Services]]:
    folder = tmp_path_factory.mktemp("parcels") / "abri"
    with casts.copy(request.param, folder) as instance, instance.opened() as services:
        yield instance, services


@dataclass
class Taker:
    """Somebody with a safe of their own, about to take everything away."""

    instance: Instance
    services: Services
    login: str
    later: Later = field(default_factory=Later)

    def __post_init__(self) -> None:
        self.instance.add_person(self.login, "beneficiary", "Noor Haddad")
        secret = password_bytes(password_of(self.login))
        who = self.services.login.sign_in(Password(self.login, secret), HOME, self.later())
        self.token = self.services.sessions.begin(who, self.later())

    @property
    def who(self) -> Principal:
        return self.services.sessions.resume(self.token, HOME, self.later()).who

    def put(self, path: str, content: bytes, modified: datetime | None = None) -> None:
        body = Body(content, modified)
        self.services.writing.put(self.who, DrivePath.parse(path), body, NONE, self.later())

    def mkcol(self, *paths: str) -> None:
        for path in paths:
            self.services.writing.make_folder(self.who, DrivePath.parse(path), NONE, self.later())

    def remove(self, path: str) -> None:
        self.services.writing.remove(self.who, DrivePath.parse(path), NONE, self.later())

    def move(self, path: str, to: str) -> None:
        self.services.moving.move(
            self.who, DrivePath.parse(path), DrivePath.parse(to), overwrite=False,
            conditions=NONE, now=self.later(),
        )  # fmt: skip

    def visit(self) -> Visit:
        services = replace(self.services, clock=self.later)
        now = self.later()
        return Visit(
            services=services, templates=TEMPLATES, texts=TEXTS, now=now, address=HOME,
            path="/take-away", body=Request(io.BytesIO(), 0), content_type="", mark="",
            session=services.sessions.resume(self.token, HOME, now),
            environ={"REQUEST_METHOD": "GET"},
        )  # fmt: skip

    def parcel(self) -> Iterator[bytes]:
        return Parcel(self.visit()).pieces()


@pytest.fixture
def taker(house: tuple[Instance, Services]) -> Taker:
    return Taker(*house, f"noor-{next(_numbers)}")


class Zip:
    """What somebody has who opens the file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
        assert self._archive.testzip() is None
        self.rows = json.loads(self._archive.read("manifest.json"))
        self.page = self._archive.read("index.html").decode()
        self.names = {one for one in self._archive.namelist() if one.startswith("documents/")}

    def contents(self) -> dict[str, bytes]:
        """By path on the drive."""
        return {one["path"]: self._archive.read(one["file"]) for one in self.rows if "file" in one}

    def row(self, path: str) -> dict[str, str]:
        (found,) = [one for one in self.rows if one["path"] == path]
        return dict(found)


def test_all_of_it_is_there_and_nothing_of_anybody_elses(
    house: tuple[Instance, Services], taker: Taker
) -> None:
    other = Taker(*house, f"noor-{next(_numbers)}")
    other.mkcol("/theirs")
    other.put("/theirs/secret.txt", b"theirs")
    given = {
        "/empty.txt": b"", "/..\\evil": b"1", "/CON.txt": b"2", "/a:b": b"3", "/a*b": b"4",
        "/Bail.pdf": b"5", "/bail.pdf": b"6", "/.goutputstream-AB12": b"half-saved",
        "/F:/x": b"7", "/F_/x": b"8", "/large": bytes(range(256)) * 2048,
    }  # fmt: skip
    taker.mkcol("/F:", "/F_", "/nothing in it")
    for path, content in given.items():
        taker.put(path, content)
    taker.put("/.DS_Store", b"a program's")
    taker.put("/old.txt", b"old", datetime(1970, 1, 1, tzinfo=UTC))
    found = Zip(taker.parcel())
    assert found.contents() == given | {"/old.txt": b"old"}
    assert "documents/nothing in it/" in found.names
    alike = {one.rstrip("/").casefold() for one in found.names}
    assert len(alike) == len(found.names)
    assert not any({"..", "CON.txt"} & set(one.split("/")) or "\\" in one for one in found.names)
    assert found.row("/CON.txt")["file"] == "documents/CON_.txt", "the manifest says so"
    assert found.row("/old.txt")["modified"].startswith("1970-01-01")
    assert "secret" not in found.page


def begun(taker: Taker) -> tuple[Iterator[bytes], list[bytes]]:
    """The first document is on its way; `/b` and all below it were not looked at yet."""
    taker.mkcol("/a", "/b")
    taker.put("/a/1", b"1" * 400 * KIB)
    taker.put("/a/2", b"2" * 400 * KIB)
    taker.put("/b/3", b"3")
    pieces = taker.parcel()
    return pieces, [next(pieces)]


def test_what_is_moved_out_of_the_way_is_still_in_it(taker: Taker) -> None:
    pieces, got = begun(taker)
    taker.move("/b/3", "/3 was moved")
    taker.move("/a/2", "/b/2")
    taker.move("/b", "/a/b")
    found = Zip(iter([*got, *pieces]))
    assert sorted(one[:1] for one in found.contents().values()) == [b"1", b"2", b"3"]
    assert found.contents()["/3 was moved"] == b"3"


def test_what_is_removed_is_told_and_what_is_new_need_not_be_there(taker: Taker) -> None:
    pieces, got = begun(taker)
    taker.remove("/a/2")
    taker.put("/new", b"after it began")
    found = Zip(iter([*got, *pieces]))
    assert set(found.contents()) == {"/a/1", "/b/3"}
    assert found.row("/a/2")["problem"] == "removed"
    assert "It was moved to the trash while this was put together" in found.page


def test_another_document_in_the_place_of_one_is_not_taken_for_it(taker: Taker) -> None:
    pieces, got = begun(taker)
    taker.remove("/a/2")
    taker.put("/a/2", b"another")
    found = Zip(iter([*got, *pieces]))
    rows = [one for one in found.rows if one["path"] == "/a/2"]
    assert {one.get("problem", "") for one in rows} == {"removed", ""}
    assert found.contents()["/a/2"] == b"another"


@pytest.mark.parametrize("what", ["signed out", "signed out everywhere", "blocked", "password"])
def test_it_breaks_off_when_the_session_ends(taker: Taker, what: str) -> None:
    pieces, _ = begun(taker)
    services, who = taker.services, taker.who
    operator = services.people.operator("tests", taker.later())
    match what:
        case "signed out":
            services.sessions.end(taker.token, taker.later())
        case "signed out everywhere":
            services.sessions.end_everywhere(who, taker.later())
        case "blocked":
            services.people.disable(operator, taker.login, taker.later())
        case "password":
            services.people.set_password(who, taker.login, "quatre autres mots", taker.later())
    taker.later.ahead += timedelta(seconds=1)
    with pytest.raises(NotSignedIn):
        list(pieces)


def test_so_does_the_download_of_one_document(taker: Taker) -> None:
    taker.put("/large", b"x" * 2000 * KIB)
    whole = documents.download(taker.visit(), "/large").iter_encoded()
    assert b"".join(whole) == b"x" * 2000 * KIB
    pieces = documents.download(taker.visit(), "/large").iter_encoded()
    next(pieces)
    taker.services.sessions.end(taker.token, taker.later())
    taker.later.ahead += timedelta(seconds=1)
    with pytest.raises(NotSignedIn):
        list(pieces)


def test_it_goes_on_for_longer_than_a_session_may_be_idle(taker: Taker) -> None:
    """Whoever has a slow telephone looks at no other page for an hour."""
    pieces, got = begun(taker)
    taker.put("/b/4", b"4" * 900 * KIB)
    for piece in pieces:
        got.append(piece)
        # Two pieces may go out between two looks at the session, which may be idle for 20 minutes.
        taker.later.ahead += timedelta(minutes=9)
    assert len(got) > 4
    assert set(Zip(iter(got)).contents()) == {"/a/1", "/a/2", "/b/3", "/b/4"}


@pytest.mark.parametrize("how", ["altered", "cut short", "gone"])
def test_a_damaged_document_is_told_and_the_others_are_there(taker: Taker, how: str) -> None:
    before = _blobs(taker.instance)
    taker.put("/damaged", bytes(range(256)) * 3 * KIB)
    (blob,) = _blobs(taker.instance) - before
    taker.put("/well", b"w" * 400 * KIB)
    match how:
        case "altered":
            stored = bytearray(blob.read_bytes())
            stored[-100_000] ^= 1
            blob.chmod(0o600)
            blob.write_bytes(stored)
        case "cut short":
            blob.chmod(0o600)
            blob.write_bytes(blob.read_bytes()[:-1])
        case "gone":
            blob.unlink()
    found = Zip(taker.parcel())
    row = found.row("/damaged")
    assert row["problem"] == "damaged"
    assert "This document is damaged" in found.page
    part = found.contents().get("/damaged", b"")
    assert (bytes(range(256)) * 3 * KIB).startswith(part)
    assert bool(part) == (how == "altered")
    assert found.contents()["/well"] == b"w" * 400 * KIB


def _blobs(instance: Instance) -> set[Path]:
    return {one for one in (instance.folder / "data" / "blobs").rglob("*") if one.is_file()}


def test_one_that_is_broken_off_holds_nothing_open(taker: Taker) -> None:
    taker.put("/large", b"x" * 2000 * KIB)
    us = psutil.Process()
    assert not [one for one in us.open_files() if "/blobs/" in one.path]
    pieces = taker.parcel()
    next(pieces)
    assert [one for one in us.open_files() if "/blobs/" in one.path]
    pieces.close()  # type: ignore[attr-defined]
    assert not [one for one in us.open_files() if "/blobs/" in one.path]
