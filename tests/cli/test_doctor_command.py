"""`abri doctor` names what is wrong and what to do, and goes on with the next question."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from admin.doctor_checks import CHECKS
from davserver.db import tables as t
from davserver.wiring.signing import make_key
from tests.support.cards import DAY, Issuer
from tests.support.instance import Instance


@pytest.fixture
def sick(fresh: Instance) -> Path:
    """An instance to be harmed."""
    return fresh.folder


def examined(run, folder: Path) -> tuple[int, dict[str, list[tuple[str, str]]]]:
    ended = run("--config", folder / "config.yaml", "doctor")
    assert "Traceback" not in ended.err
    found: dict[str, list[tuple[str, str]]] = {}
    for line in ended.out.splitlines():
        state, _, rest = line.partition(" ")
        name, _, says = rest.strip().partition(": ")
        found.setdefault(name, []).append((state, says))
    return ended.code, found


def test_a_well_instance_is_well_in_every_respect(on):
    ended = on("doctor", "--json")
    assert ended.code == 0
    assert {one["state"] for one in ended.json} == {"well"}
    assert list(dict.fromkeys(one["check"] for one in ended.json)) == list(CHECKS)


def test_keys_that_others_can_read(run, sick: Path):
    (sick / "keys" / "keyring").chmod(0o640)
    (sick / "keys" / "tls.key").chmod(0o644)
    (sick / "data").chmod(0o755)
    code, found = examined(run, sick)
    assert code == 7
    keyring = sick / "keys" / "keyring"
    says = f"the keyring {keyring} can be read by others. Run: chmod 600 {keyring}"
    assert found["keyring"][0] == ("PROBLEM", says)
    assert f"others can read {sick}/keys/tls.key. Run: chmod 600" in found["certificate"][1][1]
    assert found["folders"][0][0] == "warning"
    assert found["disk"][0][0] == "ok"


def test_keys_that_are_missing_or_belong_to_another_instance(run, sick: Path, tmp_path: Path):
    run("init", tmp_path / "other", "--plain-http")
    shutil.copy(tmp_path / "other" / "keys" / "keyring", sick / "keys" / "keyring")
    code, found = examined(run, sick)
    assert code == 7
    assert found["keyring"][0][0] == "ok"
    assert found["database"][0][0] == "PROBLEM"
    (sick / "keys" / "keyring").unlink()
    _, found = examined(run, sick)
    assert found["keyring"][0][0] == "PROBLEM"
    assert found["keyring"][0][1].endswith("Put it back from its backup: nothing opens without it")
    assert run("--config", sick / "config.yaml", "database", "upgrade").code == 8
    assert not (sick / "keys" / "keyring").exists(), "a lost keyring is never replaced"


def test_a_database_of_another_version(run, fresh: Instance):
    fresh.tamper(text("UPDATE alembic_version SET version_num = '9999'"))
    code, found = examined(run, fresh.folder)
    assert code == 7
    assert "newer than the" in found["database"][0][1]
    served = run("--config", fresh.config, "serve")
    assert served.code == 8
    assert "the database has schema 9999, newer than" in served.err


def test_a_database_that_is_gone(run, fresh: Instance):
    if fresh.database == "postgresql":
        fresh.set("database.url", fresh.database_url + "_elsewhere")
        says = "the database is away: start it, or correct database.url in config.yaml"
    else:
        database = fresh.folder / "data" / "abri.db"
        for beside in database.parent.glob("abri.db*"):
            beside.unlink()
        says = f"there is no database {database}"
    code, found = examined(run, fresh.folder)
    assert code == 7
    assert says in found["database"][0][1]
    assert not (fresh.folder / "data" / "abri.db").exists(), "looking makes nothing"


def test_a_certificate_that_is_another_keys_or_gone(run, sick: Path, made: Path):
    run("--config", sick / "config.yaml", "certificate", "renew")
    shutil.copy(made / "keys" / "tls.crt", sick / "keys" / "tls.crt")
    code, found = examined(run, sick)
    assert code == 7
    assert found["certificate"][1] == (
        "PROBLEM", f"{sick}/keys/tls.key is not the key of the certificate",
    )  # fmt: skip
    (sick / "keys" / "tls.crt").write_text("nothing")
    _, found = examined(run, sick)
    assert found["certificate"][0][1].endswith("holds no certificate in PEM")


@pytest.mark.parametrize("days", [400, 20, -1])
def test_whoever_signs_the_cards_of_clients_is_looked_at(run, fresh: Instance, days: int):
    life = (-500 * DAY, days * DAY)
    authority = Issuer().card("Authority", ca=True, life=life).written(fresh.folder, "ca")[0]
    fresh.set("listen.client_ca", str(authority))
    code, found = examined(run, fresh.folder)
    ((state, says),) = found["client-ca"]
    assert (state, code) == {400: ("ok", 0), 20: ("warning", 0), -1: ("PROBLEM", 7)}[days]
    assert says.startswith(f"{authority} is good until ")


def test_policies_that_cannot_be_used(run, sick: Path):
    rules = sick / "policies" / "rules.csv"
    rules.write_text(rules.read_text() + "p, x1, alow, *, *, *, *, *, *, *, *\n")
    code, found = examined(run, sick)
    assert code == 7
    assert "rules.csv:" in found["policies"][0][1]


def test_signers_that_others_choose_or_nobody_can_read(run, fresh: Instance):
    file = make_key(fresh.folder / "keys" / "claire").public
    fresh.set("policy.signers", str(file))
    code, found = examined(run, fresh.folder)
    assert code == 0
    assert found["signers"] == [("ok", f"{file} names 1 key, and others cannot change it")]
    for place, asked in ((file, file), (file.parent, file.parent)):
        before = place.stat().st_mode
        place.chmod(before | 0o020)
        code, found = examined(run, fresh.folder)
        assert code == 7
        assert found["signers"][0][0] == "PROBLEM"
        assert f"others can {'change it' if place == file else 'put'}" in found["signers"][0][1]
        assert found["signers"][0][1].endswith(f"Run: chmod go-w {asked}")
        place.chmod(before)
    file.write_text("no key")
    assert examined(run, fresh.folder)[1]["signers"][0][0] == "PROBLEM"
    file.unlink()
    told = examined(run, fresh.folder)[1]["signers"][0][1]
    assert told == f"{file}: policy.signers: cannot be read: No such file or directory"


def test_a_decision_log_that_cannot_be_kept_or_that_others_see(run, fresh: Instance):
    def says(code: int) -> tuple[str, str]:
        ended, found = examined(run, fresh.folder)
        assert ended == code
        (one,) = found["decisions"]
        return one

    folder = fresh.folder / "decisions"
    assert says(0) == ("ok", f"{folder} is made with the first decision")
    folder.mkdir(mode=0o700)
    assert says(0) == ("ok", f"{folder} is written, and for this account alone")
    folder.chmod(0o750)
    assert says(0) == ("warning", f"others can look into {folder}. Run: chmod 700 {folder}")
    folder.rmdir()
    folder.write_text("")
    assert says(7)[1] == f"{folder} is not a folder: no decision is kept; name another one"
    fresh.set("policy.decisions", "no/where")
    lost = fresh.folder / "no" / "where"
    assert says(7) == ("PROBLEM", f"{lost} is not there and cannot be made: no decision is kept")
    fresh.set("policy.decisions", "none")
    assert says(0) == ("ok", "not kept: policy.decisions is none")


def test_settings_that_cannot_be_read_are_told_instead(run, sick: Path):
    config = sick / "config.yaml"
    config.write_text(config.read_text().replace("  port:", "  prot:") + "nonsense: 1\n")
    ended = run("--config", config, "doctor")
    assert ended.code == 3
    assert ended.err.count("no such setting") == 2
    assert "did you mean “port”?" in ended.err


def test_a_document_that_does_not_open(run, fresh: Instance):
    run("--config", fresh.config, "demo")
    _, found = examined(run, fresh.folder)
    assert found["vaults"] == [("ok", "2 open, and a document of each of the 2 that hold any")]
    blob = t.blob.c
    with fresh.opened() as services, services.db.read() as tx:
        inline = tx.execute(
            select(blob.id, func.length(blob.inline_ct)).where(blob.inline_ct.is_not(None))
        ).all()
    fresh.tamper(
        *(
            update(t.blob).where(blob.id == one).values(inline_ct=bytes(size))
            for one, size in inline
        )
    )
    code, found = examined(run, fresh.folder)
    assert code == 7
    assert [state for state, _ in found["vaults"]] == ["PROBLEM", "PROBLEM", "ok"]
