"""Deposits over HTTP: put in without reading, with a receipt (RFC 9530), by every client's way."""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from itertools import count

import pytest

from tests.support.dav import DAV, OC, Drive, token_of
from tests.support.http import Answer, chunked
from tests.support.instance import Instance, Server

pytestmark = pytest.mark.server

PLAIN = b"an attestation of residence"
PRIVILEGES = f"{DAV}current-user-privilege-set"
_numbers = count(1)


@pytest.fixture(scope="module")
def instance(served: Server) -> Instance:
    return served.instance


@pytest.fixture
def amina(instance: Instance) -> Iterator[Drive]:
    drive = instance.drive("amina")
    yield drive
    drive.caller.close()


@pytest.fixture
def karim(instance: Instance) -> Iterator[Drive]:
    drive = instance.drive("karim")
    yield drive
    drive.caller.close()


@pytest.fixture
def own(amina: Drive) -> str:
    """Her folder, with a document of hers in it."""
    path = f"/deposits-{next(_numbers)}"
    assert amina.mkcol(path).status == 201
    assert amina.put(f"{path}/hers.pdf", b"hers").status == 201
    return path


@pytest.fixture
def folder(instance: Instance, own: str) -> str:
    """The same where karim, who may put things there, finds it."""
    return instance.seen_at(instance.grant("amina", "karim", own, "deposit"))


def digest(plain: bytes) -> str:
    return f"sha-256=:{b64encode(sha256(plain).digest()).decode()}:"


def is_refused(answer: Answer, reason: str = "deposit-only") -> bool:
    return answer.status == 403 and (not answer.body or f">{reason}<" in answer.text())


def privileges(drive: Drive, path: str) -> set[str]:
    listed = next(iter(drive.listing(path, "0", PRIVILEGES).values()))
    found = listed.properties[PRIVILEGES].iterfind(f"{DAV}privilege/*")
    return {str(one.tag).removeprefix(DAV) for one in found}


def test_a_put_is_answered_with_a_receipt(
    instance: Instance, amina: Drive, karim: Drive, own: str, folder: str
) -> None:
    made = karim.put(f"{folder}/a.pdf", PLAIN)
    assert (made.status, made.header("Repr-Digest")) == (201, digest(PLAIN))
    assert made.header("Date")
    assert made.header("ETag") == karim.property(f"{folder}/a.pdf", f"{DAV}getetag")
    replaced = karim.put(f"{folder}/a.pdf", b"better", If_Match=str(made.header("ETag")))
    assert (replaced.status, replaced.header("Repr-Digest")) == (204, digest(b"better"))
    assert amina.get(f"{own}/a.pdf").body == b"better"
    told = [one for one in instance.json("trail", "show", "amina") if one["what"] == "write"]
    kept = {(one["who"], one["details"].get("sha256")) for one in told}
    assert {("karim", sha256(PLAIN).hexdigest()), ("karim", sha256(b"better").hexdigest())} <= kept


def test_a_deposit_is_listed_and_never_given_out(karim: Drive, folder: str) -> None:
    path = f"{folder}/a.pdf"
    karim.put(path, PLAIN)
    assert karim.names(folder) == {"a.pdf"}
    for answer in (
        karim.get(path),
        karim.get(path, Range="bytes=0-1"),
        karim.get(path, If_None_Match='"other"'),
        karim.ask("HEAD", path),
        karim.copy(path, f"{folder}/b.pdf"),
    ):
        assert is_refused(answer), answer
        assert answer.header("ETag") is None
    assert karim.ask("HEAD", folder).status == 200
    assert karim.get(folder).status == 200
    names = (f"{OC}permissions", f"{OC}checksums", f"{OC}size", f"{DAV}getcontenttype")
    (listed,) = karim.listing(path, "0", *names).values()
    assert listed.text(f"{OC}permissions") == "DNVW"
    assert listed.text(f"{OC}checksums") == f"SHA256:{sha256(PLAIN).hexdigest()}"
    assert listed.text(f"{OC}size") == str(len(PLAIN))
    assert listed.text(f"{DAV}getcontenttype") == "application/pdf"


def test_letters_and_privileges_of_the_folder_are_the_verbs_that_it_takes(
    karim: Drive, folder: str
) -> None:
    karim.mkcol(f"{folder}/mine")
    assert karim.property(folder, f"{OC}permissions") == "GCK"
    assert karim.property(f"{folder}/mine", f"{OC}permissions") == "GDNVCK"
    everywhere = {"read", "bind", "read-current-user-privilege-set"}
    assert privileges(karim, folder) == everywhere
    assert privileges(karim, f"{folder}/mine") == everywhere | {"unbind", "write-properties"}
    assert is_refused(karim.proppatch(folder, "{urn:x}a", "1"))
    assert karim.proppatch(f"{folder}/mine", "{urn:x}a", "1").status == 207
    for path in (folder, f"{folder}/mine"):
        assert karim.property(path, f"{DAV}supportedlock") == ""
        assert is_refused(karim.lock(path))
        assert karim.mkcol(f"{path}/sub").status == 201
    assert is_refused(karim.delete(folder), "grant-root")
    assert karim.delete(f"{folder}/mine").status == 204


def test_finder_locks_a_free_name_writes_in_chunks_and_looks_again(
    amina: Drive, karim: Drive, own: str, folder: str
) -> None:
    path = f"{folder}/Scan 1.pdf"
    assert karim.propfind(path, "0").status == 404
    assert karim.put(path, b"").status == 201
    locked = karim.lock(path)
    assert locked.status == 200
    token = token_of(locked)
    headers = {"Transfer-Encoding": "chunked", "X-Expected-Entity-Length": str(len(PLAIN))}
    sent = karim.ask("PUT", path, {**headers, "If": f"(<{token}>)"}, chunked(PLAIN))
    assert (sent.status, sent.header("Repr-Digest")) == (204, digest(PLAIN))
    assert karim.put(f"{folder}/._Scan 1.pdf", b"finder's own").status == 201
    assert karim.get(f"{folder}/._Scan 1.pdf").body == b"finder's own"
    assert karim.unlock(path, token).status == 204
    assert karim.names(folder) == {"Scan 1.pdf", "._Scan 1.pdf"}
    assert amina.get(f"{own}/Scan 1.pdf").body == PLAIN


def test_gvfs_replaces_under_a_condition_and_office_programs_save_by_renaming(
    amina: Drive, karim: Drive, own: str, folder: str
) -> None:
    path = f"{folder}/lettre.odt"
    first = karim.put(path, b"one", If_None_Match="*")
    assert first.status == 201
    assert karim.put(path, b"x", If_None_Match="*").status == 412
    assert karim.put(path, b"two", If_Match=str(first.header("ETag"))).status == 204
    identity = karim.id_of(path)
    assert karim.put(f"{folder}/lettre.odt.tmp", b"three").status == 201
    assert karim.move(f"{folder}/lettre.odt.tmp", path).status == 204
    assert karim.id_of(path) == identity
    assert amina.get(f"{own}/lettre.odt").body == b"three"
    assert karim.delete(path).status == 204
    assert amina.names(own) == {"hers.pdf"}


def test_what_lies_there_is_neither_seen_nor_replaced(
    amina: Drive, karim: Drive, own: str, folder: str
) -> None:
    assert karim.put(f"{folder}/hers.pdf", b"forged").status == 201
    assert karim.get(f"{folder}/hers (2).pdf").status == 404
    assert amina.names(own) == {"hers.pdf", "hers (2).pdf"}
    assert amina.get(f"{own}/hers.pdf").body == b"hers"


def test_a_file_takes_no_deposits(instance: Instance, own: str) -> None:
    done = instance.run(
        "grant", "add", "--from", "amina", "--to", "karim",
        "--path", f"{own}/hers.pdf", "--rights", "deposit",
    )  # fmt: skip
    assert done.returncode != 0
    assert f"{own}/hers.pdf is a file: documents can only be deposited in a folder" in done.stderr
