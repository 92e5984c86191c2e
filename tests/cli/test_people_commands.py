"""Structures, people and how they sign in, from the command line: a story, every way to err."""

import re

import pytest

from tests.support.cards import Issuer, new_key

PASSWORD = "quatre mots sans rapport"
GENERATED = re.compile(r"(?:[a-z2-9]{4}-){4}[a-z2-9]{4}")


@pytest.fixture(scope="module", autouse=True)
def cast(on):
    """By the commands themselves: they are what this file is about."""
    on("structure", "add", "ccas-lyon", "--name", "CCAS de Lyon", "--kind", "ccas")
    on("person", "add", "amina", "--role", "beneficiary", "--name", "Amina Benali",
       "--password-stdin", given=PASSWORD + "\n")  # fmt: skip
    on("person", "add", "karim", "--role", "professional", "--name", "Karim Roux",
       "--structure", "ccas-lyon", "--password-stdin", given=PASSWORD + "\n")  # fmt: skip


def test_what_was_added_is_listed(on):
    assert [one["slug"] for one in on("structure", "list", "--json").json] == ["ccas-lyon"]
    people = {one["login"]: one for one in on("person", "list", "--json").json}
    assert people["amina"]["role"] == "beneficiary"
    assert people["karim"]["state"] == "active"
    lines = [line.split() for line in on("person", "list").out.splitlines()]
    assert ["karim", "Karim", "Roux", "professional", "active", "-", "-", "-"] in lines


def test_a_beneficiary_has_a_vault_and_a_professional_a_structure(on):
    amina = on("person", "show", "amina", "--json").json
    assert re.fullmatch(r"[0-9a-f]{32}", amina["vault"])
    assert amina["memberships"] == []
    karim = on("person", "show", "karim", "--json").json
    assert karim["vault"] is None
    assert [one["structure"] for one in karim["memberships"]] == ["ccas-lyon"]
    assert karim["memberships"][0]["from"].endswith("Z")


def test_without_anybody_to_ask_a_password_is_made_and_shown_once(on):
    ended = on("person", "add", "zoe", "--role", "professional", "--name", "Zoé Petit")
    assert GENERATED.search(ended.out)
    made = on("person", "password", "zoe", "--json").json
    assert GENERATED.fullmatch(made["password"])
    given = on("person", "password", "zoe", "--password-stdin", "--json", given=PASSWORD)
    assert given.json == {"login": "zoe"}
    assert PASSWORD not in given.out + given.err


def test_an_app_password_is_shown_once_and_taken_back(on):
    made = on("app-password", "add", "amina", "--name", "Téléphone", "--read-only",
              "--until", "2099-12-31", "--json").json  # fmt: skip
    assert set(made) == {"id", "secret"}
    assert made["secret"].startswith(f"abri_{made['id']}_")
    (listed,) = on("app-password", "list", "amina", "--json").json
    assert listed["id"] == made["id"]
    assert (listed["name"], listed["state"], listed["read_only"]) == ("Téléphone", "live", True)
    assert listed["until"].startswith(("2099-12-31", "2100-01-01"))
    assert "secret" not in listed
    assert on("app-password", "revoke", made["id"]).code == 0
    assert on("app-password", "list", "amina", "--json").json[0]["state"] == "revoked"


def test_a_client_certificate_is_registered_and_taken_back(on, tmp_path):
    file, _ = Issuer().card("Amina Benali").written(tmp_path)
    done = on("client-certificate", "add", "amina", file, "--read-only", "--until", "2099-12-31")
    assert done.code == 0
    assert "set listen.client_ca, or behind a proxy" in done.err
    (listed,) = on("client-certificate", "list", "amina", "--json").json
    assert f"Client certificate {listed['id']} is amina's." in done.out
    assert (listed["name"], listed["state"], listed["read_only"]) == ("Amina Benali", "live", True)
    assert on("person", "show", "amina", "--json").json["client_certificates"] == [listed]
    assert f"client certificate {listed['id']}: Amina Benali" in on("person", "show", "amina").out
    assert on("client-certificate", "add", "karim", file).code == 6
    assert on("client-certificate", "revoke", listed["id"]).code == 0
    assert on("client-certificate", "list", "amina", "--json").json[0]["state"] == "revoked"
    assert on("client-certificate", "add", "amina", file).code == 6
    another, _ = Issuer().card("", key=new_key()).written(tmp_path, "another")
    assert on("client-certificate", "add", "amina", another).code == 2
    made = on("client-certificate", "add", "amina", another, "--name", "Carte", "--json").json
    assert set(made) == {"id"}


def test_somebody_is_kept_out_and_let_in_again(on):
    assert on("person", "disable", "karim").code == 0
    assert on("person", "show", "karim", "--json").json["state"] == "administrator-blocked"
    assert on("person", "enable", "karim").code == 0
    assert on("person", "show", "karim", "--json").json["state"] == "active"


def test_a_place_in_a_structure_ends_and_begins_again(on):
    leave = ("person", "leave", "karim", "--structure", "ccas-lyon")
    assert on(*leave, "--on", "2001-01-01").code == 2
    later = on(*leave, "--on", "2099-12-31T12:00+01:00", "--json").json
    assert later == {"ends": "2099-12-31T11:00:00Z", "grants_lost": 0, "personal_grants": 0}
    assert on(*leave, "--on", "2100-06-30").code == 2
    said = on(*leave)
    assert (said.code, "Grants to the structure that they lose: 0" in said.out) == (0, True)
    assert on(*leave).code == 4
    assert on("person", "join", "karim", "ccas-lyon").code == 0
    assert on("person", "join", "karim", "ccas-lyon").code == 6
    places = on("person", "show", "karim", "--json").json["memberships"]
    assert [one["until"] is None for one in places] == [False, True]


def test_what_commands_do_stands_in_the_trail_under_who_ran_them(on):
    entries = on("trail", "show", "--json", "--limit", "100").json
    assert {"structure-add", "person-add"} <= {one["what"] for one in entries}
    # What `abri init` put in force is nobody's.
    assert [one["what"] for one in entries if "operator" not in one["details"]] == ["policy"]
    assert PASSWORD not in str(entries)


WRONG = [
    (["structure", "add", "CCAS Lyon", "--name", "x", "--kind", "ccas"], "", 2, "short name"),
    (["structure", "add", "none", "--name", "x", "--kind", "ccas"], "", 2, "policy files call"),
    (["structure", "add", "x-y", "--name", " ", "--kind", "ccas"], "", 2, "name: it is empty"),
    (["structure", "add", "ccas-lyon", "--name", "x", "--kind", "ccas"], "", 6, "there is a"),
    (["person", "add", "amina", "--role", "manager", "--name", "x"], "", 6, "is taken"),
    (["person", "add", "AMINA", "--role", "manager", "--name", "x"], "", 6, "is taken"),
    (["person", "add", "a b", "--role", "manager", "--name", "x"], "", 2, "login"),
    (["person", "add", "bob", "--role", "manager", "--name", "x", "--structure", "nope"],
     "", 4, "there is no structure “nope”"),
    (["person", "add", "bob", "--role", "beneficiary", "--name", "x", "--structure",
      "ccas-lyon"], "", 2, "belongs to no structure"),
    (["person", "add", "bob", "--role", "beneficiary", "--name", "x", "--template", "de"],
     "", 2, "template"),
    (["person", "add", "bob", "--role", "manager", "--name", "x", "--password-stdin"],
     "short\n", 2, "characters are too few"),
    (["person", "show", "bob"], "", 4, "nobody has the login “bob”"),
    (["person", "disable", "bob"], "", 4, "nobody has the login “bob”"),
    (["person", "password", "bob", "--password-stdin"], PASSWORD, 4, "nobody has the login"),
    (["app-password", "add", "bob", "--name", "x"], "", 4, "nobody has the login"),
    (["app-password", "add", "amina", "--name", ""], "", 2, "device name: it is empty"),
    (["app-password", "add", "amina", "--name", "x", "--until", "2001-01-01"],
     "", 2, "that is over"),
    (["app-password", "revoke", "0" * 32], "", 4, "there is no app password"),
    (["client-certificate", "list", "bob"], "", 4, "nobody has the login"),
    (["client-certificate", "revoke", "0" * 32], "", 4, "there is no client certificate"),
    (["client-certificate", "add", "amina", "/etc/hostname"], "", 2, "no certificate that can be"),
]  # fmt: skip


def test_what_is_wrong_is_told_and_nothing_is_changed(on):
    def everything() -> str:
        return on("person", "list", "--json").out + on("structure", "list", "--json").out

    before = everything()
    for words, given, code, says in WRONG:
        ended = on(*words, given=given)
        assert ended.code == code, (words, ended)
        assert says in " ".join((ended.err + ended.out).split()), (words, ended)
        assert "Traceback" not in ended.err
    assert everything() == before
