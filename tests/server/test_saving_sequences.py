"""However a program saves, it is the same document afterwards (DESIGN §2.5).

Each sequence is what reaches the server when a person saves over an existing document with the
named program: some write in place, some beside it and rename, some rename the old one away first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from tests.support.dav import Drive, token_of
from tests.support.http import Answer
from tests.support.instance import Instance, Server
from tests.support.odt import odt

pytestmark = pytest.mark.server

OLD, NEW = odt("Première version."), odt("Deuxième version.")


@dataclass(frozen=True)
class Document:
    """A document as one person's program sees it, and the places that it writes beside it."""

    drive: Drive
    folder: str
    name: str

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}"

    def beside(self, name: str) -> str:
        return f"{self.folder}/{name.format(self.name)}"


def _expect(status: int, *answers: Answer) -> None:
    for answer in answers:
        assert answer.status == status, answer


def word_on_a_mounted_drive(doc: Document) -> None:
    """Word writes a new file, renames the old one away, renames the new one, removes the old."""
    drive, owner_file = doc.drive, doc.beside("~${}")
    new, gone = doc.beside("~WRD0001.tmp"), doc.beside("~WRL0002.tmp")
    _expect(201, drive.put(owner_file, b"\x05Amina" + bytes(156)))
    _expect(201, drive.put(new, b""))
    token = token_of(drive.lock(new))
    _expect(204, drive.put(new, NEW, If=f"(<{token}>)"))
    _expect(204, drive.unlock(new, token))
    changed = drive.proppatch(
        new, "{urn:schemas-microsoft-com:}Win32LastModifiedTime", "Mon, 23 Nov 2026 10:00:00 GMT"
    )
    _expect(207, changed)
    _expect(201, drive.move(doc.path, gone, Overwrite="F"))
    _expect(201, drive.move(new, doc.path, Overwrite="F"))
    _expect(204, drive.delete(gone), drive.delete(owner_file))


def word_by_its_address(doc: Document) -> None:
    """Word opens the address itself: lock, write in place, unlock."""
    token = token_of(doc.drive.lock(doc.path, "karim"))
    _expect(204, doc.drive.put(doc.path, NEW, If=f"(<{token}>)"))
    _expect(204, doc.drive.unlock(doc.path, token))


def libreoffice_by_its_address(doc: Document) -> None:
    """LibreOffice locks from opening to closing, and looks at the folder before it writes."""
    drive = doc.drive
    token = token_of(drive.lock(doc.path, "LibreOffice"))
    _expect(200, drive.ask("OPTIONS", doc.folder), drive.ask("HEAD", doc.folder))
    _expect(207, drive.propfind(doc.folder, "0"))
    _expect(204, drive.put(doc.path, NEW, If=f"(<{token}>)"))
    _expect(204, drive.unlock(doc.path, token))


def libreoffice_on_a_mounted_drive(doc: Document) -> None:
    """A lock file of its own beside the document, which is written in place."""
    note = doc.beside(".~lock.{}#")
    _expect(201, doc.drive.put(note, b",karim,poste,23.11.2026 10:00;"))
    _expect(204, doc.drive.put(doc.path, NEW))
    _expect(204, doc.drive.delete(note))


def gnome_text_editor(doc: Document) -> None:
    """GLib writes `.goutputstream-XXXXXX`, then renames it over the document."""
    half = doc.beside(".goutputstream-X7QK02")
    _expect(201, doc.drive.put(half, NEW))
    _expect(204, doc.drive.move(half, doc.path, Overwrite="T"))


def rsync(doc: Document) -> None:
    """It writes `.name.XXXXXX`, then renames it over the document."""
    half = doc.beside(".{}.Kd3f9a")
    _expect(201, doc.drive.put(half, NEW))
    _expect(204, doc.drive.move(half, doc.path, Overwrite="T"))


def a_shell(doc: Document) -> None:
    """`mv tmp name`."""
    new = doc.beside("tmp")
    _expect(201, doc.drive.put(new, NEW))
    _expect(204, doc.drive.move(new, doc.path))


def vim_with_a_backup(doc: Document) -> None:
    """The old file is renamed to `name~`, a new one is written, the backup is removed."""
    backup = doc.beside("{}~")
    _expect(201, doc.drive.move(doc.path, backup, Overwrite="F"))
    _expect(201, doc.drive.put(doc.path, NEW))
    _expect(204, doc.drive.delete(backup))


def a_program_that_removes_first(doc: Document) -> None:
    """The new file is whole, the old one is removed, the new one takes its name."""
    new = doc.beside("{}.new")
    _expect(201, doc.drive.put(new, NEW))
    _expect(201, doc.drive.move(doc.path, doc.beside("{}.old")))
    _expect(201, doc.drive.move(new, doc.path))
    _expect(204, doc.drive.delete(doc.beside("{}.old")))


SEQUENCES = [
    word_on_a_mounted_drive,
    word_by_its_address,
    libreoffice_by_its_address,
    libreoffice_on_a_mounted_drive,
    gnome_text_editor,
    rsync,
    a_shell,
    vim_with_a_backup,
    a_program_that_removes_first,
]
_numbers = count()


@dataclass(frozen=True)
class Office:
    """amina's folder /Courrier, which karim may write; zoe is given single documents to read."""

    instance: Instance
    amina: Drive
    karim: Drive
    zoe: Drive
    seen_at: str

    def document_for(self, who: str, name: str) -> Document:
        if who == "amina":
            return Document(self.amina, "/Courrier", name)
        return Document(self.karim, self.seen_at, name)


@pytest.fixture(scope="module")
def office(served: Server) -> Iterator[Office]:
    instance = served.instance
    amina = instance.drive("amina")
    assert amina.mkcol("/Courrier").status == 201
    grant = instance.grant("amina", "karim", "/Courrier", "write")
    yield Office(
        instance, amina, instance.drive("karim"), instance.drive("zoe"), instance.seen_at(grant)
    )
    amina.caller.close()


@pytest.mark.parametrize("save", SEQUENCES, ids=[one.__name__ for one in SEQUENCES])
@pytest.mark.parametrize("who", ["amina", "karim"], ids=["its owner", "a professional"])
def test_a_saved_document_is_still_the_same_document(
    office: Office, save: Callable[[Document], None], who: str
) -> None:
    name = f"lettre-{next(_numbers)}.odt"
    path = f"/Courrier/{name}"
    assert office.amina.put(path, OLD).status == 201
    assert office.amina.proppatch(path, "{urn:x}dossier", "42").status == 207
    identity = office.amina.id_of(path)
    etag = office.amina.get(path).header("ETag")
    office.instance.grant("amina", "zoe", path, "read")
    seen_at = f"{office.seen_at.rpartition('/')[0]}/{name}"
    assert office.zoe.get(seen_at).body == OLD
    before = office.amina.names("/Courrier")

    document = office.document_for(who, name)
    save(document)

    assert office.amina.names("/Courrier") == before
    assert office.amina.id_of(path) == identity
    saved = office.amina.get(path)
    assert saved.body == NEW
    assert saved.header("ETag") != etag
    assert office.zoe.get(seen_at).body == NEW, "who could read it can read the new version"
    assert document.drive.get(document.path).body == NEW
    assert _versions(office, path) >= 2, "the version before is kept"


def _versions(office: Office, path: str) -> int:
    found = office.instance.json("vault", "list", "amina", "--path", path)
    return len(found)
