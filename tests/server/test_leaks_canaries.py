"""Words that only their owner may read are found nowhere on disk, in no spelling."""

import base64
import os
import urllib.parse
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.cards import Issuer
from tests.support.dav import Drive
from tests.support.instance import Instance, serving
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.server

CANARIES = {
    "file content": "contenu-kolibri-7f3a",
    "large content": "grandcontenu-pivoine-19c2",
    "file name": "nomdefichier-mesange-52d1",
    "folder name": "dossier-rossignol-88b0",
    "profile name": "Prénom-Hirondelle-c41e",
    "property": "propriete-chouette-0a9d",
    "lock owner": "verrou-pinson-e77b",
    "password": "motdepasse-bergeronnette-3fe6",
    "wrong password": "mauvaismot-corneille-b2d8",
    "password of another": "autremot-geai-64aa",
    "name of a device": "appareil-sittelle-d903",
    "name of a card": "carte-gobemouche-31ce",
    "name that is refused": "refuse-tourterelle-2b5c",
    "query": "requete-loriot-97e1",
    "header": "entete-fauvette-a8f4",
}


def _spellings(word: str) -> set[bytes]:
    """How a program might have written it down."""
    raw = word.encode()
    offsets = {base64.b64encode(b"x" * skip + raw)[4:-4] for skip in range(3)}
    return {
        raw, raw.lower(), raw.upper(), raw.hex().encode(), raw.hex().upper().encode(),
        word.encode("utf-16-le"), word.encode("utf-16-be"), word[::-1].encode(),
        urllib.parse.quote(word).encode(), repr(word)[1:-1].encode("ascii", "backslashreplace"),
        *offsets,
    }  # fmt: skip


def _files(folder: Path) -> list[Path]:
    """Those that are there, also while a server makes and removes some."""
    places = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    return sorted(one for one in places if one.is_file() and not one.is_symlink())


def _leaks(folders: list[Path]) -> list[str]:
    """Which words were found, where."""
    spellings = {title: _spellings(word) for title, word in CANARIES.items()}
    found = []
    for folder in folders:
        for path in _files(folder):
            with suppress(FileNotFoundError):  # removed while we look: it is nowhere any more
                data = path.read_bytes() + path.name.encode()
                found += [
                    f"{title} in {path}"
                    for title, words in spellings.items()
                    if any(word in data for word in words)
                ]
    return found


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def stores(instance: Instance, postgres: PostgresServer, temporary: Path) -> list[Path]:
    """Every place where the server and its database could leave something."""
    return [instance.folder, postgres.folder, temporary]


def test_what_only_the_owner_may_read_is_nowhere_on_disk(
    instance: Instance, stores: list[Path], temporary: Path
) -> None:
    _add_people(instance)
    secrets = instance.json("app-password", "add", "oiseau", "--name", CANARIES["name of a device"])
    card, _ = Issuer().card(CANARIES["name of a card"]).written(temporary.parent)
    instance.abri("client-certificate", "add", "oiseau", str(card))
    card.unlink()
    with serving(instance, TMPDIR=str(temporary)) as server:
        _live_a_little(instance)
        _go_wrong(instance)
        running = _leaks(stores)
        log = server.log
    instance.abri("vault", "check", "--deep")
    instance.abri("trail", "show", "oiseau")
    assert running + _leaks([*stores, log.parent]) == []
    assert secrets["secret"] not in log.read_text()
    for path in (one for folder in stores for one in _files(folder)):
        with suppress(FileNotFoundError):
            assert secrets["secret"].encode() not in path.read_bytes(), path


def test_the_search_finds_a_word_that_is_there(tmp_path: Path) -> None:
    word = CANARIES["file content"]
    for number, spelled in enumerate(sorted(_spellings(word))):
        (tmp_path / str(number)).write_bytes(os.urandom(50) + spelled + os.urandom(50))
    assert len(_leaks([tmp_path])) >= len(_spellings(word))


def _add_people(instance: Instance) -> None:
    for login, password in (
        ("oiseau", CANARIES["password"]),
        ("nid", CANARIES["password of another"]),
    ):
        role = "beneficiary" if login == "oiseau" else "professional"
        where = ["--structure", "ccas-lyon"] if role == "professional" else ["--template", "fr"]
        instance.abri(
            "person", "add", login, "--role", role, "--name", CANARIES["profile name"],
            "--password-stdin", *where, given=f"{password}\n",
        )  # fmt: skip
        instance.passwords[login] = password


def _live_a_little(instance: Instance) -> None:
    drive = instance.drive("oiseau")
    folder = f"/{CANARIES['folder name']}"
    path = f"{folder}/{CANARIES['file name']}.txt"
    assert drive.mkcol(folder).status == 201
    assert drive.put(path, CANARIES["file content"].encode()).status == 201
    assert (
        drive.put(f"{folder}/large.bin", CANARIES["large content"].encode() * 50_000).status == 201
    )
    assert drive.proppatch(path, "{urn:x}note", CANARIES["property"]).status == 207
    assert drive.lock(path, CANARIES["lock owner"]).status == 200
    assert drive.put(
        f"{folder}/~${CANARIES['file name']}", CANARIES["file content"].encode()
    ).status
    instance.grant("oiseau", "nid", folder, "write")
    other = instance.drive("nid")
    for name in other.names("/"):
        assert other.names(f"/{name}")
    assert drive.get(path).status == 200
    assert drive.delete(f"{folder}/large.bin").status == 204


def _go_wrong(instance: Instance) -> None:
    """Errors are where secrets get written down."""
    drive = instance.drive("oiseau")
    refused = CANARIES["name that is refused"]
    assert drive.get(f"/{refused}").status == 404
    assert drive.put(f"/{refused}/{refused}", b"x").status == 409
    assert drive.ask("PROPFIND", f"/{refused}", {}, b"<" + refused.encode()).status >= 400
    assert drive.get(f"/%00{refused}").status >= 400
    strange = {"X-Strange": CANARIES["header"], "If": f"(<{CANARIES['header']}>"}
    assert drive.ask("PUT", "/x.txt", strange, b"x").status == 400
    assert drive.caller.ask("GET", f"/dav/?{CANARIES['query']}=1").status
    wrong = Drive(instance.caller("oiseau"))
    wrong.caller.password = CANARIES["wrong password"]
    assert wrong.get("/").status == 401
    wrong.caller.login = CANARIES["wrong password"]
    assert wrong.get("/").status == 401
