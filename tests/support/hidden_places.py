"""Places that are hidden from somebody, beside places of the same shape where there is nothing; and
answers without what differs between any two requests.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import Instance

SECRET = b"only for its owner"
DEPOSITOR = "noemi"
VIEWERS = {
    "karim": "a professional with a grant on a sibling",
    "zoe": "a professional without grant",
    "bilal": "another beneficiary",
    DEPOSITOR: "a professional who may only deposit",
}


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


@contextmanager
def farahs(instance: Instance) -> Iterator[Scene]:
    """On a running instance with the usual cast."""
    instance.add_person("farah", "beneficiary", "Farah Diallo", template="fr")
    owner = instance.drive("farah")
    owner.put("/Logement/bail.txt", b"known to the structure")
    grant = instance.grant("farah", "structure:ccas-lyon", "/Logement", "write")
    instance.add_person(DEPOSITOR, "professional", "Noémi Roux")
    deposits = instance.grant("farah", DEPOSITOR, "/Logement", "deposit")
    yield Scene(instance, owner, instance.seen_at(grant), instance.seen_at(deposits))
    owner.caller.close()


NOBODYS = Scene(None, None, "/x/y", "/x/y")  # type: ignore[arg-type]
"""To see which kinds of places there are."""


def first_difference(hidden: str, absent: str) -> str:
    """The place where two texts part, with some words around it; empty where they do not."""
    if hidden == absent:
        return ""
    same = next(i for i in range(len(hidden) + 1) if hidden[:i] != absent[:i])
    at = max(0, same - 60)
    return f"\n  hidden: …{hidden[at : at + 200]}\n  absent: …{absent[at : at + 200]}"


Instead = tuple[re.Pattern[str], str]
_VARYING: list[Instead] = [
    (re.compile(r"urn:uuid:[0-9a-f-]{36}|opaquelocktoken:[0-9a-f-]{36}"), "TOKEN"),
    (re.compile(r'(?:W/)?"[0-9A-Za-z_=+/-]{8,}"'), '"ETAG"'),
    (re.compile(r"&quot;[0-9A-Za-z_=+/-]{8,}&quot;"), '"ETAG"'),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "INSTANT"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT"), "INSTANT"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"Second-\d+"), "SECONDS"),
]
_PER_REQUEST = {"date", "x-request-id"}


Masked = tuple[str, tuple[tuple[str, str], ...], str]


def masked(answer: Answer, *own: str, varying: Iterable[Instead] = _VARYING) -> Masked:
    """An answer without what differs between any two requests, and without the asker's words."""

    def mask(text: str) -> str:
        for word in sorted({form for one in own for form in _forms(one)}, key=len, reverse=True):
            text = text.replace(word, "NAME")
        for pattern, instead in varying:
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
