"""Locks over HTTP, between people who do not see the same things (DESIGN §4)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from lxml import etree

from tests.support.dav import DAV, Drive, token_of
from tests.support.http import Answer
from tests.support.instance import Server

pytestmark = pytest.mark.server

_numbers = count(1)


@dataclass(frozen=True)
class Scene:
    """farah's folder /Logement/N, shared with karim's structure. Both see `letter.odt` in it, only
    she sees `report.odt`, which is medical.
    """

    farah: Drive
    karim: Drive
    hers: str
    his: str


@pytest.fixture(scope="module")
def people(served: Server) -> Iterator[tuple[Drive, Drive, str]]:
    instance = served.instance
    instance.add_person("farah", "beneficiary", "Farah Diallo", template="fr")
    grant = instance.grant("farah", "structure:ccas-lyon", "/Logement", "write")
    farah, karim = instance.drive("farah"), instance.drive("karim")
    yield farah, karim, instance.seen_at(grant)
    farah.caller.close()
    karim.caller.close()


@pytest.fixture
def scene(people: tuple[Drive, Drive, str]) -> Scene:
    farah, karim, seen_at = people
    return _scene(farah, karim, seen_at)


def _scene(farah: Drive, karim: Drive, seen_at: str) -> Scene:
    name = f"folder-{next(_numbers):03}"
    hers = f"/Logement/{name}"
    assert farah.mkcol(hers).status == 201
    assert farah.put(f"{hers}/letter.odt", b"letter").status == 201
    assert farah.put(f"/Santé/{name}.odt", b"medical").status == 201
    assert farah.move(f"/Santé/{name}.odt", f"{hers}/report.odt").status == 201
    return Scene(farah, karim, hers, f"{seen_at}/{name}")


def _locks_on(drive: Drive, path: str) -> list[str]:
    """The roots of the locks that it shows."""
    answer = drive.propfind(path, "0", f"{DAV}lockdiscovery")
    assert answer.status == 207
    return [str(one.text) for one in etree.fromstring(answer.body).iterfind(f".//{DAV}lockroot/*")]


def _addresses(answer: Answer) -> list[str]:
    return [str(one.text) for one in etree.fromstring(answer.body).iter(f"{DAV}href")]


def test_a_deep_lock_of_a_professional_does_not_hinder_what_they_do_not_see(scene: Scene) -> None:
    farah, karim = scene.farah, scene.karim
    token = token_of(karim.lock(scene.his, depth="infinity"))
    assert farah.put(f"{scene.hers}/letter.odt", b"mine").status == 423
    assert farah.put(f"{scene.hers}/report.odt", b"mine").status == 204
    assert farah.proppatch(f"{scene.hers}/report.odt", "{urn:x}a", "1").status == 207
    assert _locks_on(farah, f"{scene.hers}/report.odt") == []
    assert _locks_on(farah, f"{scene.hers}/letter.odt") == [farah.url(scene.hers) + "/"]
    own = token_of(farah.lock(f"{scene.hers}/report.odt"))
    assert farah.unlock(f"{scene.hers}/report.odt", own).status == 204
    assert karim.unlock(scene.his, token).status == 204


REFUSED: dict[str, Callable[[Drive, str], tuple[Answer, str]]] = {
    "PUT": lambda d, f: (d.put(f"{f}/letter.odt", b"x"), f"{f}/letter.odt"),
    "PUT of something new": lambda d, f: (d.put(f"{f}/new.odt", b"x"), f"{f}/new.odt"),
    "MKCOL": lambda d, f: (d.mkcol(f"{f}/new"), f"{f}/new"),
    "PROPPATCH": lambda d, f: (
        d.proppatch(f"{f}/letter.odt", "{urn:x}a", "1"),
        f"{f}/letter.odt",
    ),
    "DELETE of their own": lambda d, f: (d.delete(f"{f}/karims.odt"), f"{f}/karims.odt"),
    "MOVE": lambda d, f: (d.move(f"{f}/letter.odt", f"{f}/b.odt"), f"{f}/letter.odt"),
    "MOVE of the folder": lambda d, f: (d.move(f, f"{f}-b"), f),
    "COPY": lambda d, f: (d.copy(f"{f}/letter.odt", f"{f}/b.odt"), f"{f}/letter.odt"),
    "LOCK": lambda d, f: (d.lock(f"{f}/letter.odt"), f"{f}/letter.odt"),
    "LOCK of all": lambda d, f: (d.lock(f, depth="infinity"), f),
    "LOCK of something new": lambda d, f: (d.lock(f"{f}/new.odt"), f"{f}/new.odt"),
}


@pytest.mark.parametrize("root", ["", "/Logement", None], ids=["drive", "granted", "folder"])
def test_a_refusal_names_the_address_that_was_asked_for_and_no_other(
    scene: Scene, root: str | None
) -> None:
    farah, karim = scene.farah, scene.karim
    where = scene.hers if root is None else root or "/"
    assert karim.put(f"{scene.his}/karims.odt", b"his own").status == 201
    token = token_of(farah.lock(where, depth="infinity"))
    try:
        for title, request in REFUSED.items():
            answer, path = request(karim, scene.his)
            assert (title, answer.status) == (title, 423)
            assert (title, _addresses(answer)) == (title, [karim.url(path)])
        (shown,) = _locks_on(karim, f"{scene.his}/letter.odt")
        granted = scene.his.rpartition("/")[0]
        assert shown == karim.url(scene.his if root is None else granted) + "/"
        assert token not in karim.propfind(scene.his, "1").body.decode()
    finally:
        assert farah.unlock(where, token).status == 204


REQUESTS: dict[str, Callable[[Drive, str, str], Answer]] = {
    "PROPFIND": lambda d, f, _: d.propfind(f, "1"),
    "PUT by its name": lambda d, f, _: d.put(f"{f}/report.odt", b"a twin"),
    "PUT with her token": lambda d, f, token: d.put(f"{f}/a", b"x", If=f"(<{token}>)"),
    "PUT if not with her token": lambda d, f, token: d.put(f"{f}/a", b"x", If=f"(Not <{token}>)"),
    "a tagged condition": lambda d, f, token: d.put(
        f"{f}/b", b"x", If=f"<{d.url(f)}/report.odt> (<{token}>)"
    ),
    "UNLOCK with her token": lambda d, f, token: d.unlock(f"{f}/report.odt", token),
    "COPY": lambda d, f, _: d.copy(f, f"{f}-c"),
    "COPY onto it": lambda d, f, _: d.copy(f"{f}-c", f),
    "DELETE": lambda d, f, _: d.delete(f),
    "LOCK": lambda d, f, _: d.lock(f, depth="infinity"),
    "MOVE": lambda d, f, _: d.move(f, f"{f}-m", If=f"(<{_own_token(d, f)}>)"),
    "PROPFIND after it": lambda d, f, _: d.propfind(f"{f}-m", "1"),
}


def _own_token(drive: Drive, path: str) -> str:
    body = drive.propfind(path, "0", f"{DAV}lockdiscovery").body.decode()
    return re.findall(r"urn:uuid:[0-9a-f-]{36}", body)[0]


def test_a_hidden_lock_changes_no_answer(people: tuple[Drive, Drive, str]) -> None:
    scenes = [_scene(*people), _scene(*people)]
    token = token_of(scenes[0].farah.lock(f"{scenes[0].hers}/report.odt"))
    for title, request in REQUESTS.items():
        answers = [_masked(request(one.karim, one.his, token), one) for one in scenes]
        assert (title, answers[0]) == (title, answers[1])
    moved = f"{scenes[0].hers}-m/report.odt"
    assert scenes[0].farah.put(moved, b"without the token").status == 423
    assert scenes[0].farah.put(moved, b"with it", If=f"(<{token}>)").status == 204
    assert scenes[0].farah.unlock(moved, token).status == 204


def _masked(answer: Answer, scene: Scene) -> tuple[int, str]:
    text = answer.body.decode().replace(scene.his.rpartition("/")[2], "FOLDER")
    for varying in (
        r"urn:uuid:[0-9a-f-]{36}",
        r"&quot;[^&]+&quot;|\"[0-9a-f]{32}\"",
        r"\d{4}-\d\d-\d\dT[\d:.]+Z",
        r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT",
        r"\b[0-9a-f]{32}\b",
        r"Second-\d+",
    ):
        text = re.sub(varying, "VARYING", text)
    return answer.status, text


def test_whoever_is_blocked_leaves_no_lock_behind(served: Server, scene: Scene) -> None:
    instance = served.instance
    instance.add_person("lea", "professional", "Léa Petit", "ccas-lyon")
    lea = instance.drive("lea")
    assert lea.lock(f"{scene.his}/letter.odt").status == 200
    assert scene.farah.put(f"{scene.hers}/letter.odt", b"mine").status == 423
    instance.abri("person", "disable", "lea")
    assert scene.farah.put(f"{scene.hers}/letter.odt", b"mine").status == 204
    assert _locks_on(scene.karim, f"{scene.his}/letter.odt") == []
    lea.caller.close()
