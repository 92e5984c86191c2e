"""The drive over HTTP: what a lock means to everybody but its holder (DESIGN §4).

W: stock WsgiDAV 4.4.0 does otherwise. It has no drives of persons, so that was seen with two users,
or two addresses, of one folder.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import pytest
from lxml import etree

from tests.support.dav import DAV, Drive, token_of
from tests.support.instance import Instance, Server, serving

pytestmark = pytest.mark.server

_numbers = count(1)
DISCOVERY = f"{DAV}lockdiscovery"


@dataclass(frozen=True)
class Shared:
    """A folder of amina's with another in it, `inner`, which is all that karim sees."""

    amina: Drive
    karim: Drive
    instance: Instance
    folder: str
    grant: str

    @property
    def inner(self) -> str:
        return f"{self.folder}/inner"

    @property
    def seen_at(self) -> str:
        return self.instance.seen_at(self.grant)


def _share(instance: Instance, rights: str) -> Shared:
    amina, karim = instance.drive("amina"), instance.drive("karim")
    folder = f"/locks-{next(_numbers)}"
    for path in (folder, f"{folder}/inner"):
        assert amina.mkcol(path).status == 201
    assert amina.put(f"{folder}/inner/note.txt", b"first").status == 201
    grant = instance.grant("amina", "karim", f"{folder}/inner", rights)
    return Shared(amina, karim, instance, folder, grant)


@pytest.fixture
def shared(served: Server) -> Iterator[Shared]:
    made = _share(served.instance, "write")
    yield made
    made.amina.caller.close()
    made.karim.caller.close()


def _discovered(drive: Drive, path: str) -> etree._Element:
    return drive.listing(path, "0", DISCOVERY)[path].properties[DISCOVERY]


def test_a_file_under_two_addresses_has_one_lock(shared: Shared) -> None:
    """W: locks belong to addresses, so that the other address of the file is free."""
    mine, theirs = f"{shared.inner}/note.txt", f"{shared.seen_at}/note.txt"
    token = token_of(shared.amina.lock(mine))
    assert shared.karim.put(theirs, b"lost").status == 423
    assert shared.karim.lock(theirs).status == 423
    assert shared.amina.unlock(mine, token).status == 204
    token = token_of(shared.karim.lock(theirs))
    assert shared.amina.put(mine, b"lost").status == 423
    assert shared.karim.unlock(theirs, token).status == 204
    assert shared.amina.put(mine, b"second").status == 204


def test_a_token_is_for_its_holder_alone(shared: Shared) -> None:
    """W: `lockdiscovery` gives it to everybody."""
    mine, theirs = f"{shared.inner}/note.txt", f"{shared.seen_at}/note.txt"
    token = token_of(shared.amina.lock(mine, "Amina's laptop"))
    for answer in (
        shared.karim.propfind(theirs, "0"),
        shared.karim.propfind(shared.seen_at, "1"),
        shared.karim.put(theirs, b"lost"),
        shared.karim.lock(theirs),
    ):
        assert token not in answer.text()
    (active,) = _discovered(shared.karim, theirs)
    assert active.findtext(f"{DAV}owner") == "Amina's laptop"
    assert shared.karim.put(theirs, b"lost", If=f"(<{token}>)").status == 412
    assert shared.karim.unlock(theirs, token).status == 409
    assert shared.amina.get(mine).body == b"first"
    assert shared.amina.unlock(mine, token).status == 204


def test_a_lock_on_a_folder_that_one_does_not_see_binds_without_naming_it(shared: Shared) -> None:
    """W: the answer to a PUT gives the address of the folder that is locked."""
    token = token_of(shared.amina.lock(shared.folder, depth="infinity"))
    theirs = f"{shared.seen_at}/note.txt"
    (active,) = _discovered(shared.karim, theirs)
    root = active.findtext(f"{DAV}lockroot/{DAV}href")
    assert root == shared.karim.url(shared.seen_at) + "/"
    refused = shared.karim.put(theirs, b"lost")
    assert refused.status == 423
    href = etree.fromstring(refused.body).findtext(f"{DAV}lock-token-submitted/{DAV}href")
    assert href == shared.karim.url(theirs)
    assert shared.folder not in refused.text()
    assert shared.amina.unlock(shared.folder, token).status == 204


def test_a_lock_ends_with_the_grant_of_whoever_took_it(shared: Shared) -> None:
    mine = f"{shared.inner}/note.txt"
    assert shared.karim.lock(f"{shared.seen_at}/note.txt", "Karim").status == 200
    assert shared.amina.put(mine, b"lost").status == 423
    shared.instance.abri("grant", "end", shared.grant)
    assert len(_discovered(shared.amina, mine)) == 0
    assert shared.amina.put(mine, b"second").status == 204


def test_whoever_only_reads_is_offered_no_lock(served: Server) -> None:
    """LibreOffice shows an error when a lock is offered and then refused."""
    shared = _share(served.instance, "read")
    theirs = f"{shared.seen_at}/note.txt"
    offered = shared.karim.listing(theirs, "0", f"{DAV}supportedlock")[theirs]
    assert len(offered.properties[f"{DAV}supportedlock"]) == 0
    assert shared.karim.lock(theirs).status == 403
    offered = shared.amina.listing(f"{shared.inner}/note.txt", "0", f"{DAV}supportedlock")
    assert len(offered[f"{shared.inner}/note.txt"].properties[f"{DAV}supportedlock"]) == 2


def test_of_all_who_lock_at_once_one_has_it(instance: Instance) -> None:
    """Its check and its taking are one transaction, whichever process answers."""
    with serving(instance, workers=2):
        drives = [instance.drive("amina") for _ in range(8)]
        for number in range(6):
            path = f"/race-{number}.odt"
            with ThreadPoolExecutor(len(drives)) as pool:
                answers = list(pool.map(lambda drive, at=path: drive.lock(at), drives))
            statuses = sorted(answer.status for answer in answers)
            assert statuses == [201, *[423] * (len(drives) - 1)]
            assert len(_discovered(drives[0], path)) == 1
