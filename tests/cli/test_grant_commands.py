"""`abri grant` over a grant's life: begun later, renewed, ended together, shared on."""

import shutil
from datetime import UTC, datetime

import pytest

from tests.support.instance import Instance, Server

LATER = "2098-01-01T00:00+00:00"
LAST = "2099-01-01T00:00+00:00"
SHARE_ON = "\np, share-on, allow, professional, grantee, regrant, ordinary, *, *, password, *\n"


@pytest.fixture(scope="module")
def instance(served: Server) -> Instance:
    instance = served.instance
    instance.add_person("lea", "professional", "Léa Faure")
    amina = instance.drive("amina")
    for folder in ("/Logement", "/Courrier", "/Papiers"):
        assert amina.mkcol(folder).status == 201
    assert amina.put("/Logement/bail.txt", b"bail").status == 201
    return instance


def given(instance: Instance, giver: str, to: str, path: str, rights: str, *more: str) -> str:
    """The new grant's id, from the real command."""
    return instance.abri(
        "grant", "add", "--from", giver, "--to", to, "--path", path, "--rights", rights, *more
    ).strip()


def listed(instance: Instance, grant: str) -> dict[str, object]:
    return next(one for one in instance.json("grant", "list") if one["id"] == grant)


def test_a_grant_that_begins_later_is_listed_as_upcoming_and_not_on_the_drive(instance: Instance):
    grant = given(
        instance, "amina", "karim", "/Papiers", "read", "--starts", LATER, "--until", LAST
    )
    shown = listed(instance, grant)
    assert (shown["state"], shown["starts"]) == ("upcoming", "2098-01-01T00:00:00Z")
    assert shown["until"] == "2099-01-01T00:00:00Z"
    assert instance.drive("karim").names("/") == set()
    instance.abri("grant", "end", grant)


def test_a_grant_that_begins_today_is_there_today(instance: Instance):
    """A date alone was its end for `--starts`, too: a share that began a day late, and nobody said.
    So was it for `vault undo --since`, which then took back nothing of that day.
    """
    today = datetime.now(UTC).astimezone().date().isoformat()
    grant = given(instance, "amina", "karim", "/Papiers", "read", "--starts", today)
    assert listed(instance, grant)["state"] == "live"
    instance.abri("grant", "end", grant)


def test_a_grant_is_renewed(instance: Instance):
    grant = given(instance, "amina", "karim", "/Courrier", "read", "--until", LATER)
    said = instance.abri("grant", "renew", grant, "--until", LAST)
    assert said.startswith(f"Grant {grant} lasts until 209")
    assert listed(instance, grant)["until"] == "2099-01-01T00:00:00Z"
    assert "until somebody ends it" in instance.abri("grant", "renew", grant, "--until", "none")
    assert listed(instance, grant)["until"] is None
    made = instance.json("grant", "renew", grant, "--until", LATER)
    assert made["until"] == "2098-01-01T00:00:00Z"
    instance.abri("grant", "end", grant)
    ended = instance.run("grant", "renew", grant, "--until", "none")
    assert ended.returncode == 2
    assert "that grant is ended: give it anew (abri grant add)" in ended.stderr
    trail = instance.json("trail", "show", "amina")
    assert [one["what"] for one in trail if one["path"] == "/Courrier"].count("renew-grant") == 3


def test_what_is_for_one_purpose_ends_together(instance: Instance):
    for to, path in (("karim", "/Logement"), ("lea", "/Logement"), ("zoe", "/Papiers")):
        given(instance, "amina", to, path, "read", "--purpose", "dossier logement")
    kept = given(instance, "amina", "zoe", "/Courrier", "read", "--purpose", "courrier")
    table = instance.abri("grant", "list")
    assert {"purpose", "parent", "starts"} <= set(table.splitlines()[0].split())
    assert table.count("dossier logement") == 3
    words = ("grant", "end", "--from", "amina", "--purpose", "dossier logement")
    assert instance.abri(*words) == "3 grants have ended.\n"
    assert instance.abri(*words) == "0 grants have ended.\n"
    assert listed(instance, kept)["state"] == "live"
    assert instance.abri("grant", "end", "--from", "amina", "--to", "zoe") == (
        "1 grant has ended.\n"
    )
    assert instance.drive("zoe").names("/") == set()


def test_a_professional_shares_on_only_where_a_rule_allows_it(instance: Instance):
    instance.abri("vault", "category", "amina", "/Logement", "housing")
    parent = given(instance, "amina", "karim", "/Logement", "write", "--until", LATER)
    path = "/Amina Benali/Logement/bail.txt"
    words = ("grant", "add", "--from", "karim", "--to", "lea", "--path", path, "--rights", "read")
    refused = instance.run(*words)
    assert (refused.returncode, "[policy]" in refused.stderr) == (5, True)
    rules = instance.folder / "policies" / "rules.csv"
    shipped = rules.read_text()
    # The shipped cases expect the shipped rules.
    shutil.rmtree(rules.parent / "tests")
    rules.write_text(shipped + SHARE_ON)
    try:
        instance.abri("policy", "apply")
        made = instance.json(*words)
        assert (made["from"], made["parent"], made["path"]) == ("karim", parent, path)
        shown = listed(instance, made["id"])
        assert (shown["path"], shown["until"]) == ("/Logement/bail.txt", "2098-01-01T00:00:00Z")
        lea = instance.drive("lea")
        assert lea.get("/Amina Benali/bail.txt").body == b"bail"
        late = instance.run("grant", "renew", made["id"], "--until", LAST)
        assert (late.returncode, "what it stands on ends at" in late.stderr) == (2, True)
        instance.abri("grant", "end", parent)
        assert listed(instance, made["id"])["state"] == "ended"
        assert lea.get("/Amina Benali/bail.txt").status == 404
    finally:
        rules.write_text(shipped)
        instance.abri("policy", "apply")


def test_a_moment_without_an_offset_is_read_in_the_machines_zone_and_said_so(instance: Instance):
    ended = instance.run(
        "grant", "add", "--from", "amina", "--to", "zoe", "--path", "/Courrier", "--rights", "read",
        "--until", "2098-01-01",
    )  # fmt: skip
    assert ended.returncode == 0
    assert "--until 2098-01-01: read in this machine's zone, as 2098-01-02 00:00:00" in ended.stderr
    instance.abri("grant", "end", ended.stdout.strip())


WRONG = [
    (["end"], 2, "either ID, or --from"),
    (["end", "0" * 32, "--purpose", "x"], 2, "either ID, or --from"),
    (["end", "--from", "amina"], 2, "either ID, or --from"),
    (["end", "--purpose", "x"], 2, "either ID, or --from"),
    (["end", "--from", "karim", "--purpose", "x"], 4, "only whoever owns a vault"),
    (["end", "--from", "amina", "--to", "nobody"], 4, "there is no professional"),
    (["renew", "0" * 32, "--until", "none"], 4, "there is no such grant"),
    (["renew", "0" * 32, "--until", "soon"], 2, "write a date such as"),
    (["add", "--from", "amina", "--to", "karim", "--path", "/Courrier", "--rights", "read",
      "--starts", LAST, "--until", LATER], 2, "the end must come after the start"),
    (["add", "--from", "amina", "--to", "karim", "--path", "/Courrier", "--rights", "read",
      "--starts", "2001-01-01T00:00Z"], 2, "that is over"),
]  # fmt: skip


def test_what_is_wrong_is_told_and_nothing_is_changed(instance: Instance):
    before = instance.json("grant", "list")
    for words, code, says in WRONG:
        ended = instance.run("grant", *words)
        assert ended.returncode == code, (words, ended)
        assert says in " ".join(ended.stderr.split()), (words, ended)
        assert "Traceback" not in ended.stderr
    assert instance.json("grant", "list") == before


def test_who_can_see_a_document_and_why_is_told_in_a_sentence(instance: Instance):
    words = ("grant", "why", "--vault", "amina", "--path", "/Logement/bail.txt")
    assert instance.abri(*words) == "Nobody but Amina Benali can see “Logement/bail.txt”.\n"
    given(instance, "amina", "karim", "/Logement", "write", "--until", LATER)
    given(instance, "amina", "zoe", "/Logement/bail.txt", "read", "--starts", LATER)
    french = instance.abri(*words, "--who", "karim", "--lang", "fr")
    assert french.startswith(
        "Karim Roux (CCAS de Lyon) peut lire et modifier « Logement/bail.txt » parce que Amina "
        "Benali lui a partagé « Logement » le "
    )
    assert french.endswith("jusqu'au 1er janvier 2098 à 01:00.\n")
    assert instance.abri(*words).startswith("Karim Roux (CCAS de Lyon) can read and change ")
    found = instance.json(*words, "--who", "zoe")
    assert (found["can"], found["ground"], found["starts"]) == (
        "nothing",
        "upcoming",
        "2098-01-01T00:00:00Z",
    )
    assert "only from 1 January 2098 at 01:00" in found["sentence"]
    assert instance.json(*words, "--who", "zoe", "--at", LAST)["can"] == "read"
    assert [one["who"] for one in instance.json(*words)] == ["karim"]
    later = instance.json(*words, "--at", LAST)
    assert [(one["who"], one["can"]) for one in later] == [("zoe", "read")]
    manager = instance.json(*words, "--who", "mireille", "--lang", "fr")
    assert manager["sentence"].startswith(
        "Mireille Blanc (CCAS de Lyon) ne peut pas voir « Logement/bail.txt », parce que"
    )
    for wrong, code in (
        ((*words, "--who", "nobody"), 4),
        ((*words[:4], "--path", "/Rien"), 4),
        (("grant", "why", "--vault", "karim", "--path", "/"), 4),
        ((*words, "--at", "2001-01-01T00:00Z"), 2),
        ((*words, "--lang", "de"), 2),
    ):
        assert instance.run(*wrong).returncode == code, wrong
    for login in ("karim", "zoe"):
        instance.abri("grant", "end", "--from", "amina", "--to", login)
