"""`abri grant` over a grant's life: begun later, renewed, ended together, shared on."""

import pytest

from tests.support.instance import Instance, Server

LATER = "2098-01-01T00:00+00:00"
LAST = "2099-01-01T00:00+00:00"
SHARE_ON = "\np, share-on, allow, professional, grantee, regrant, *, *, *, *, *\n"


@pytest.fixture(scope="module")
def instance(served: Server) -> Instance:
    instance = served.instance
    instance.add_person("lea", "professional", "Léa Faure")
    amina = instance.drive("amina")
    for folder in ("/Logement", "/Courrier", "/Papiers"):
        assert amina.mkcol(folder).status == 201
    assert amina.put("/Logement/bail.txt", b"bail").status == 201
    return instance


def listed(instance: Instance, grant: str) -> dict[str, object]:
    return next(one for one in instance.json("grant", "list") if one["id"] == grant)


def test_a_grant_that_begins_later_is_listed_as_upcoming_and_not_on_the_drive(instance: Instance):
    grant = instance.grant("amina", "karim", "/Papiers", "read", "--starts", LATER, "--until", LAST)
    shown = listed(instance, grant)
    assert (shown["state"], shown["starts"]) == ("upcoming", "2098-01-01T00:00:00Z")
    assert shown["until"] == "2099-01-01T00:00:00Z"
    assert instance.drive("karim").names("/") == set()
    instance.abri("grant", "end", grant)


def test_a_grant_is_renewed(instance: Instance):
    grant = instance.grant("amina", "karim", "/Courrier", "read", "--until", LATER)
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
        instance.grant("amina", to, path, "read", "--purpose", "dossier logement")
    kept = instance.grant("amina", "zoe", "/Courrier", "read", "--purpose", "courrier")
    table = instance.abri("grant", "list")
    assert {"purpose", "parent", "starts"} <= set(table.splitlines()[0].split())
    assert table.count("dossier logement") == 3
    words = ("grant", "end", "--from", "amina", "--purpose", "dossier logement")
    assert instance.abri(*words) == "3 grants have ended.\n"
    assert instance.abri(*words) == "0 grants have ended.\n"
    assert listed(instance, kept)["state"] == "live"
    assert instance.abri("grant", "end", "--from", "amina", "--to", "zoe") == (
        "1 grants have ended.\n"
    )
    assert instance.drive("zoe").names("/") == set()


def test_a_professional_shares_on_only_where_a_rule_allows_it(instance: Instance):
    parent = instance.grant("amina", "karim", "/Logement", "write", "--until", LATER)
    path = "/Amina Benali/Logement/bail.txt"
    words = ("grant", "add", "--from", "karim", "--to", "lea", "--path", path, "--rights", "read")
    refused = instance.run(*words)
    assert (refused.returncode, "[policy]" in refused.stderr) == (5, True)
    rules = instance.folder / "policies" / "rules.csv"
    shipped = rules.read_text()
    rules.write_text(shipped + SHARE_ON)
    try:
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
