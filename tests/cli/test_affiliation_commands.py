"""Affiliations from the command line: asked for, answered, listed, ended; and staff who leave."""

from collections.abc import Iterator

import pytest

from davserver.config import load
from davserver.gate.people.notices import Notice, waiting
from davserver.wiring.opening import open_all
from tests.support.cast import CCAS, EITHER, OTHER_STRUCTURE, Casts
from tests.support.instance import Instance

ASK = ("affiliation", "request", "--structure", CCAS, "--by", "karim", "--for")


@pytest.fixture(scope="module", params=EITHER)
def house(
    casts: Casts, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Instance]:
    """The cast; lea has the French folders."""
    folder = tmp_path_factory.mktemp("affiliations") / "abri"
    with casts.copy(request.param, folder) as made:
        made.add_person("lea", "beneficiary", "Léa Faure", template="fr")
        yield made


def notices(instance: Instance) -> list[Notice]:
    opened = open_all(load(instance.config))
    try:
        with opened.db.read() as tx:
            return waiting(tx, opened.keys, 100)
    finally:
        opened.db.close()


def code_of(instance: Instance, request: str) -> str:
    return next(n.says["code"] for n in notices(instance) if n.says.get("request") == request)


def test_a_request_is_confirmed_used_and_ended(house: Instance):
    asked = house.abri(*ASK, "lea", "--until", "2099-12-31").strip()
    assert len(asked) == 32
    listed = house.json("affiliation", "list", "--of", "karim")
    assert listed["affiliations"] == []
    (one,) = listed["requests"]
    assert (one["id"], one["for"], one["state"]) == (asked, "lea", "open")
    assert house.json("affiliation", "list", "--of", "zoe") == {"affiliations": [], "requests": []}
    confirmed = house.json("affiliation", "confirm", asked, "--as", "lea")
    assert confirmed["until"].startswith(("2099-12-31", "2100-01-01"))
    house.grant("lea", f"structure:{CCAS}", "/Travail", "read")
    house.grant("lea", "karim", "/Santé", "read")
    (live,) = house.json("affiliation", "list", "--structure", CCAS)["affiliations"]
    assert (live["vault"], live["structure"], live["state"]) == ("lea", CCAS, "live")
    assert house.json("affiliation", "list", "--structure", OTHER_STRUCTURE)["affiliations"] == []
    assert "lea" in house.abri("affiliation", "list")
    left = house.json("person", "leave", "karim", "--structure", CCAS)
    assert (left["grants_lost"], left["personal_grants"]) == (1, 1)
    house.abri("person", "join", "karim", CCAS)
    said = house.abri("affiliation", "end", "--vault", "lea", "--structure", CCAS, "--by", "owner")
    assert "1 grant to the structure ended; 1 to its people by name remains" in said
    states = {g["to"]: g["state"] for g in house.json("grant", "list") if g["from"] == "lea"}
    assert states == {f"structure:{CCAS}": "ended", "karim": "live"}
    assert house.run("vault", "check").returncode == 0


def test_a_code_is_read_from_input_and_printed_nowhere(house: Instance):
    made = house.json(*ASK, "bilal")
    code = code_of(house, made["id"])
    assert code not in str(made) + house.abri("affiliation", "list", "--json")
    confirm = ("affiliation", "confirm", made["id"], "--by", "karim", "--code-stdin")
    wrong = house.run(*confirm, given="0000 0000\n")
    assert (wrong.returncode, wrong.stdout) == (4, "")
    assert "this code opens no request" in wrong.stderr
    assert "Confirmed" in house.abri(*confirm, given=f"{code}\n")
    trail = house.abri("trail", "show", "bilal", "--json") + house.abri("trail", "show", "--json")
    assert code not in trail
    assert code.replace(" ", "") not in trail
    end = ("affiliation", "end", "--vault", "bilal", "--structure", CCAS, "--by", "structure")
    assert house.json(*end) == {"grants_ended": 0, "personal_grants_left": 0}


def test_nothing_tells_whether_there_is_such_a_person(house: Instance):
    real, none = house.json(*ASK, "amina"), house.json(*ASK, "nobody.at.all")
    same = ("structure", "by", "until", "state")
    assert [real[key] for key in same] == [none[key] for key in same]
    refused = house.abri("affiliation", "refuse", real["id"], "--as", "amina")
    assert "is refused" in refused
    (told,) = [n for n in notices(house) if n.kind.value == "affiliation-refused"]
    assert told.says == {"request": real["id"], "structure": CCAS}


WRONG = [
    ((*ASK, "nobody.at.all"), "", 6, "was asked already"),
    ((*ASK, "x", "--until", "2001-01-01"), "", 2, "that is over"),
    (("affiliation", "request", "--structure", OTHER_STRUCTURE, "--by", "karim", "--for", "x"),
     "", 4, "no structure that you can act for"),
    (("affiliation", "request", "--structure", CCAS, "--by", "mireille", "--for", "x"),
     "", 4, "no structure that you can act for"),
    (("affiliation", "confirm", "0" * 32, "--as", "lea"), "", 4, "no such request"),
    (("affiliation", "confirm", "0" * 32), "", 2, "either --as LOGIN, or --by LOGIN"),
    (("affiliation", "confirm", "0" * 32, "--by", "karim"), "", 2, "--code-stdin"),
    (("affiliation", "confirm", "0" * 32, "--as", "lea", "--code-stdin"), "1\n", 2, "either"),
    (("affiliation", "confirm", "0" * 32, "--by", "karim", "--code-stdin"),
     "12\n", 2, "a code has 8 digits"),
    (("affiliation", "confirm", "0" * 32, "--by", "karim", "--code-stdin"),
     "12345678\n", 4, "this code opens no request"),
    (("affiliation", "refuse", "0" * 32, "--as", "lea"), "", 4, "no such request"),
    (("affiliation", "refuse", "xyz", "--as", "lea"), "", 2, "an id has 32 hexadecimal digits"),
    (("affiliation", "end", "--vault", "amina", "--structure", CCAS, "--by", "owner"),
     "", 4, "no affiliation"),
    (("affiliation", "end", "--vault", "nobody", "--structure", CCAS, "--by", "structure"),
     "", 4, "no affiliation"),
    (("affiliation", "list", "--of", "nobody"), "", 4, "nobody has the login"),
    (("person", "leave", "zoe", "--structure", CCAS), "", 4, "is not in"),
]  # fmt: skip


def test_what_is_wrong_is_told_and_nothing_is_changed(house: Instance):
    before = house.json("affiliation", "list")
    for words, given, code, says in WRONG:
        ended = house.run(*words, given=given)
        assert ended.returncode == code, (words, ended)
        assert says in " ".join(ended.stderr.split()), (words, ended)
        assert ended.stdout == "", (words, ended)
    assert house.json("affiliation", "list") == before
