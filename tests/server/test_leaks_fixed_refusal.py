"""The one documented exception to hidden = absent: a folder that is not removed says nothing more
than that, byte by byte the same whatever is in the way (DESIGN §2.2).
"""

import pytest

from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import Server

FOLDERS = ("visible", "hidden file", "hidden folder", "hidden deep", "many hidden")


@pytest.fixture(scope="module")
def answers(served: Server) -> list[tuple[Answer, Answer]]:
    """What DELETE and an overwriting MOVE answer for each of FOLDERS."""
    instance = served.instance
    instance.add_person("lea", "beneficiary", "Léa Faure", template="fr")
    lea = instance.drive("lea")
    there = instance.seen_at(instance.grant("lea", "structure:ccas-lyon", "/Logement", "write"))
    karim = instance.drive("karim")
    for name in FOLDERS:
        assert karim.mkcol(f"{there}/{name}").status == 201
        assert karim.mkcol(f"{there}/{name}/deep").status == 201
    assert lea.put("/Logement/visible/a.txt", b"a").status == 201
    hide(lea, "/Logement/hidden file/x.txt")
    assert lea.mkcol("/Santé/x").status == 201
    assert lea.move("/Santé/x", "/Logement/hidden folder/x").status == 201
    hide(lea, "/Logement/hidden deep/deep/x.txt")
    for number in range(5):
        hide(lea, f"/Logement/many hidden/{number}.txt")
    assert karim.put(f"{there}/other", b"o").status == 201
    assert karim.names(f"{there}/many hidden") == karim.names(f"{there}/hidden file") == {"deep"}
    return [
        (karim.delete(f"{there}/{name}"), karim.move(f"{there}/other", f"{there}/{name}"))
        for name in FOLDERS
    ]


def hide(lea: Drive, path: str) -> None:
    assert lea.put("/Santé/passing.txt", b"hidden").status == 201
    assert lea.move("/Santé/passing.txt", path).status == 201


@pytest.mark.parametrize("verb", [0, 1], ids=["DELETE", "MOVE"])
def test_a_folder_that_stays_answers_the_same_bytes_whatever_is_in_it(
    answers: list[tuple[Answer, Answer]], verb: int
) -> None:
    found = {said(both[verb]) for both in answers}
    assert len(found) == 1
    ((status, _, body),) = found
    assert status == 403
    assert b"folder-not-all-yours" in body


def said(answer: Answer) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    varying = {"date", "x-request-id"}
    headers = tuple(one for one in answer.headers if one[0].lower() not in varying)
    return answer.status, headers, answer.body
