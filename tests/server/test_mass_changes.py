"""Ransomware on a professional's computer meets the drive: it is stopped, told, and taken back."""

from collections.abc import Iterator

import pytest

from tests.conftest import EITHER
from tests.support.cast import Casts
from tests.support.http import Answer
from tests.support.instance import Instance, serving

COUNT = 120
MOST = 20
"""Few enough for a slow machine to do within a minute."""
REFUSED = (403, "<abri:reason>too-many-changes</abri:reason>")
View = dict[str, tuple[str | None, bytes]]


@pytest.fixture(scope="module", params=EITHER)
def served(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("served") / "abri"
    with casts.copy(request.param, folder) as made:
        made.set("vaults.changes_per_minute", str(MOST))
        with serving(made, workers=2) as server:
            yield server.instance


@pytest.fixture
def instance(served: Instance) -> Iterator[Instance]:
    """Nobody is paused when a test begins."""
    yield served
    served.run("vault", "resume", "amina", "--by", "karim")


def answered(answer: Answer) -> tuple[int, str]:
    """Its status, and the reason if that is the one."""
    return answer.status, REFUSED[1] if REFUSED[1] in answer.text() else ""


def view(instance: Instance, folder: str) -> View:
    amina = instance.drive("amina")
    listed = amina.listing(folder)
    return {
        path: (one.etag, amina.get(path).body)
        for path, one in listed.items()
        if path.rstrip("/") != folder
    }


def whole(instance: Instance) -> None:
    assert instance.json("vault", "check", "--deep")["troubles"] == []
    assert instance.json("trail", "verify")["findings"] == []


def shared(instance: Instance, name: str, count: int) -> tuple[str, str]:
    """A folder of amina's with papers, and where karim sees it."""
    amina, folder = instance.drive("amina"), f"/{name}"
    assert amina.mkcol(folder).status == 201
    for number in range(count):
        body = f"{name} {number}".encode() * (number + 1)
        assert amina.put(f"{folder}/papier {number:03}.pdf", body).status == 201
    return folder, instance.seen_at(instance.grant("amina", "karim", folder, "write"))


def test_ransomware_is_paused_and_one_command_brings_back_every_byte_etag_and_name(
    instance: Instance,
) -> None:
    folder, there = shared(instance, "Dossier", COUNT)
    before, karim = view(instance, folder), instance.drive("karim")
    assert len(before) == COUNT
    statuses = []
    for number in range(COUNT):
        name = f"{there}/papier {number:03}.pdf"
        statuses.append(karim.put(name, b"\x00\x01garbage" * 100).status)
        statuses.append(karim.move(name, f"{name}.locked").status)
    assert statuses[: MOST + 1] == [204, 201] * (MOST // 2) + [204]
    assert set(statuses[MOST + 1 :]) == {403}
    refused = karim.put(f"{there}/LISEZ-MOI.txt", b"pay")
    assert answered(refused) == REFUSED
    for answer in (
        karim.mkcol(f"{there}/new"),
        karim.copy(f"{there}/papier 100.pdf", f"{there}/copie.pdf"),
        karim.delete(f"{there}/papier 100.pdf"),
        karim.proppatch(f"{there}/papier 100.pdf", "{urn:x}y", "z"),
        karim.lock(f"{there}/free.txt", "a program"),
    ):
        assert answered(answer) == REFUSED, answer
    assert len(karim.listing(there)) == COUNT + 1
    assert karim.get(f"{there}/papier 119.pdf").body == before[f"{folder}/papier 119.pdf"][1]
    whole(instance)

    (vault,) = (one for one in instance.json("vault", "list") if one["owner"] == "amina")
    assert vault["paused"] == ["karim"]
    warned = [one for one in instance.json("doctor") if one["check"] == "pauses"]
    assert [one["state"] for one in warned] == ["warning"]
    assert "abri vault undo amina --by karim" in warned[0]["says"]
    preview = instance.json("vault", "undo", "amina", "--by", "karim", "--dry-run")
    assert view(instance, folder) != before
    done = instance.json("vault", "undo", "amina", "--by", "karim")
    assert done["done"] == preview["done"]
    acts = [one["act"] for one in done["done"]]
    half = MOST // 2
    assert (acts.count("content"), acts.count("place"), len(acts)) == (half + 1, half, MOST + 1)
    assert (done["left"], done["paused"], done["more"]) == ([], False, False)
    assert view(instance, folder) == before
    whole(instance)
    assert karim.put(f"{there}/rapport.txt", b"works again").status == 201


def test_a_pause_can_be_lifted_and_the_commands_say_what_they_did(instance: Instance) -> None:
    folder, there = shared(instance, "Classement", MOST + 1)
    karim = instance.drive("karim")
    for number in range(MOST + 1):
        name = f"{there}/papier {number:03}.pdf"
        assert karim.move(name, f"{there}/rangé {number:03}.pdf").status == 201
    assert karim.put(f"{there}/x", b"x").status == 403
    shown = instance.abri("vault", "undo", "amina", "--by", "karim", "--dry-run")
    assert f"place: {folder}/papier 007.pdf (was {folder}/rangé 007.pdf)" in shown
    assert "Would be done, from" in shown
    assert f"{MOST + 1} names and places are as they were" in shown
    assert "amina" in instance.abri("vault", "resume", "amina", "--by", "karim")
    assert karim.put(f"{there}/x", b"x").status == 201
    assert instance.run("vault", "resume", "amina", "--by", "karim").returncode == 4
    assert instance.run("vault", "undo", "amina", "--by", "karim").returncode == 2
    assert f"{folder}/rangé 000.pdf" in view(instance, folder)
    whole(instance)


def test_a_misfiled_document_is_recalled_by_command_unless_somebody_opened_it(
    instance: Instance,
) -> None:
    folder, there = shared(instance, "Erreur", 1)
    karim = instance.drive("karim")
    assert karim.put(f"{there}/autre personne.pdf", b"misfiled").status == 201
    recalled = instance.json(
        "vault", "recall", "--by", "karim", "--path", f"{there}/autre personne.pdf"
    )
    assert (recalled["path"], recalled["size"]) == (f"{folder}/autre personne.pdf", 8)
    assert f"{folder}/autre personne.pdf" not in view(instance, folder)
    assert karim.put(f"{there}/menace.txt", b"a threat").status == 201
    assert instance.drive("amina").get(f"{folder}/menace.txt").status == 200
    words = ["vault", "recall", "--by", "karim", "--path", f"{there}/menace.txt"]
    ended = instance.run(*words)
    assert (ended.returncode, "[opened-by-others]" in ended.stderr) == (5, True)
    told = [
        one
        for one in instance.json("trail", "show", "amina", "--limit", "9999")
        if one["what"] == "recall"
    ]
    assert told[-1]["details"]["sha256"] == recalled["sha256"][0]
    here = [
        one for one in instance.json("trail", "show", "--limit", "9999") if one["what"] == "recall"
    ]
    assert (here[-1]["path"], here[-1]["details"]["sha256"]) == ("", recalled["sha256"][0])
    whole(instance)
