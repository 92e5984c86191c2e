"""Grants, trails, vaults and locks from the command line, beside a drive that is in use."""

import re

import pytest

from tests.support.dav import token_of
from tests.support.instance import Instance, Server

ID = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def instance(served: Server) -> Instance:
    """The cast's instance, running; amina has one folder with one file, lea the French folders."""
    instance = served.instance
    instance.add_person("lea", "beneficiary", "Léa Faure", template="fr")
    amina = instance.drive("amina")
    assert amina.mkcol("/Courrier").status == 201
    assert amina.put("/Courrier/lettre à Zoé.txt", b"un").status == 201
    return instance


def listed(instance: Instance, grant: str) -> dict[str, object]:
    return next(one for one in instance.json("grant", "list") if one["id"] == grant)


def test_a_grant_is_added_seen_and_ended(instance: Instance):
    grant = instance.abri(
        "grant", "add", "--from", "amina", "--to", "karim", "--path", "/Courrier",
        "--rights", "write", "--until", "2099-12-31T12:00:00+02:00", "--purpose", "courrier",
    ).strip()  # fmt: skip
    assert ID.fullmatch(grant)
    shown = listed(instance, grant)
    assert set(shown) >= {"id", "from", "to", "path", "rights", "until", "state", "seen_at"}
    assert (shown["from"], shown["to"], shown["path"]) == ("amina", "karim", "/Courrier")
    assert (shown["rights"], shown["state"]) == ("write", "live")
    assert shown["until"] == "2099-12-31T10:00:00Z"
    karim = instance.drive("karim")
    assert karim.names(str(shown["seen_at"])) == {"lettre à Zoé.txt"}
    instance.abri("grant", "end", grant)
    assert listed(instance, grant)["state"] == "ended"
    assert karim.get(str(shown["seen_at"])).status == 404


def test_a_structure_gets_a_grant_under_its_slug(instance: Instance):
    made = instance.json(
        "grant", "add", "--from", "lea", "--to", "structure:ccas-lyon",
        "--path", "/Logement", "--rights", "read",
    )  # fmt: skip
    assert listed(instance, made["id"])["to"] == "structure:ccas-lyon"
    instance.abri("grant", "end", made["id"])
    instance.abri("grant", "end", made["id"])


def test_what_is_done_on_somebodys_behalf_is_in_their_trail_with_the_operator(instance: Instance):
    entries = instance.json("trail", "show", "amina")
    given = next(one for one in entries if one["what"] == "grant")
    assert given["who"] == "amina"
    assert given["details"]["operator"]
    assert given["path"] == "/Courrier"
    assert [one["seq"] for one in entries if one["seq"]] == sorted(
        one["seq"] for one in entries if one["seq"]
    )
    assert len(instance.json("trail", "show", "amina", "--limit", "2")) == 2


def test_trails_are_whole_and_heads_kept_elsewhere_agree(instance: Instance, tmp_path):
    heads = tmp_path / "heads.json"
    heads.write_text(instance.abri("trail", "heads"))
    assert instance.json("trail", "verify", "--against", str(heads))["findings"] == []
    assert "all whole" in instance.abri("trail", "verify")


def test_heads_of_a_later_state_show_that_an_older_one_was_put_back(instance: Instance, tmp_path):
    ahead = tmp_path / "heads.json"
    text = instance.abri("trail", "heads")
    ahead.write_text(re.sub(r'"seq": (\d+)', lambda found: f'"seq": {int(found[1]) + 5}', text))
    ended = instance.run("trail", "verify", "--against", str(ahead))
    assert ended.returncode == 7
    assert ended.stdout.count("(") >= 1


def test_older_versions_are_listed_and_brought_back(instance: Instance):
    amina, path = instance.drive("amina"), "/Courrier/versions.txt"
    for content in (b"un", b"deux", b"trois"):
        amina.put(path, content)
    versions = instance.json("vault", "list", "amina", "--path", path)
    assert versions[0]["version"] is None
    assert [one["size"] for one in versions] == [5, 4, 2]
    first = versions[-1]["version"]
    instance.abri("vault", "restore", "amina", "--path", path, "--version", str(first))
    assert amina.get(path).body == b"un"
    sizes = [one["size"] for one in instance.json("vault", "list", "amina", "--path", path)]
    assert 5 in sizes[1:], "what was there before is an older version now"


def test_what_was_removed_is_listed_and_brought_back(instance: Instance):
    amina = instance.drive("amina")
    amina.put("/Courrier/perdu.txt", b"perdu")
    assert amina.delete("/Courrier/perdu.txt").status == 204
    (one,) = (x for x in instance.json("vault", "list", "amina") if "perdu" in x["path"])
    instance.abri(
        "vault", "restore", "amina", "--trash", one["id"], "--to", "/Courrier/retrouvé.txt"
    )
    assert amina.get("/Courrier/retrouvé.txt").body == b"perdu"


def test_vaults_are_listed_with_their_sizes_and_checked(instance: Instance):
    vaults = {one["owner"]: one for one in instance.json("vault", "list")}
    amina = vaults["amina"]
    assert vaults["lea"]["folders"] == 7
    assert 0 < amina["used"] < amina["quota"] == 600_000_000
    report = instance.json("vault", "check", "--deep")
    assert report["troubles"] == []
    assert report["vaults"] == len(vaults)
    assert "all whole" in instance.abri("vault", "check", "amina")


def test_a_damaged_content_is_found_and_named(instance: Instance):
    amina = instance.drive("amina")
    amina.put("/Courrier/grand.bin", bytes(300_000))
    blobs = sorted((instance.folder / "data" / "blobs").rglob("*"), key=lambda f: f.stat().st_mtime)
    blob = [file for file in blobs if file.is_file()][-1]
    whole = blob.read_bytes()
    blob.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    ended = instance.run("vault", "check", "--deep", "--json")
    assert ended.returncode == 7
    assert '"login": "amina"' in ended.stdout
    blob.write_bytes(whole)
    assert instance.run("vault", "check", "--deep").returncode == 0


def test_a_lock_is_listed_and_taken_away(instance: Instance):
    amina = instance.drive("amina")
    token = token_of(amina.lock("/Courrier/lettre à Zoé.txt", "Un traitement de texte"))
    (one,) = instance.json("lock", "list")
    assert one["path"] == "/Courrier/lettre à Zoé.txt"
    assert (one["vault"], one["holder"]) == ("amina", "amina")
    assert one["program"] == "Un traitement de texte"
    assert instance.json("lock", "list", "amina") == [one]
    instance.abri("lock", "break", one["id"])
    assert instance.json("lock", "list") == []
    assert amina.unlock("/Courrier/lettre à Zoé.txt", token).status in {403, 409}
    assert "lock-break" in {e["what"] for e in instance.json("trail", "show", "amina")}


WRONG = [
    (["grant", "add", "--from", "amina", "--to", "karim", "--path", "/Rien", "--rights", "read"],
     4, "nothing is at /Rien"),
    (["grant", "add", "--from", "amina", "--to", "nobody", "--path", "/Courrier",
      "--rights", "read"], 4, "there is no professional with the login “nobody”"),
    (["grant", "add", "--from", "nobody", "--to", "karim", "--path", "/Courrier",
      "--rights", "read"], 4, "nobody has the login “nobody”"),
    (["grant", "add", "--from", "amina", "--to", "structure:rien", "--path", "/Courrier",
      "--rights", "read"], 4, "there is no structure “rien”"),
    (["grant", "add", "--from", "amina", "--to", "karim", "--path", "/", "--rights", "read"],
     5, "[drive-root]"),
    (["grant", "add", "--from", "amina", "--to", "karim", "--path", "/Courrier",
      "--rights", "read", "--until", "2001-01-01"], 2, "that is over"),
    (["grant", "add", "--from", "amina", "--to", "structure:ccas-lyon", "--path", "/Courrier",
      "--rights", "read"], 5, "[category]"),
    (["grant", "end", "0" * 32], 4, "there is no such grant"),
    (["trail", "show", "nobody"], 4, "nobody has the login"),
    (["trail", "show", "karim"], 4, "has no vault"),
    (["vault", "list", "karim"], 2, "has no vault"),
    (["vault", "list", "amina", "--path", "/Rien"], 4, ""),
    (["vault", "check", "karim"], 2, "has no vault"),
    (["vault", "restore", "amina"], 2, "either --path and --version, or --trash"),
    (["vault", "restore", "amina", "--path", "/Courrier/lettre à Zoé.txt", "--version", "99"],
     4, ""),
    (["vault", "restore", "amina", "--trash", "0" * 32], 4, "not in the trash"),
    (["lock", "break", "0" * 32], 4, "there is no such lock"),
    (["lock", "list", "nobody"], 4, "nobody has the login"),
]  # fmt: skip


def test_what_is_wrong_is_told_and_nothing_is_changed(instance: Instance):
    def everything() -> tuple[object, ...]:
        drive = instance.drive("amina").listing("/Courrier")
        return instance.json("grant", "list"), {one: drive[one].etag for one in drive}

    before = everything()
    for words, code, says in WRONG:
        ended = instance.run(*words)
        assert ended.returncode == code, (words, ended)
        assert says in " ".join(ended.stderr.split()), (words, ended)
        assert ended.stdout == "" or code == 2, (words, ended)
        assert "Traceback" not in ended.stderr
    assert everything() == before
