"""The key is replaced while people work: nobody notices, and the old one opens nothing more."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.instance import Instance, serving
from tests.support.ports import free_port

pytestmark = [pytest.mark.server, pytest.mark.slow]

TEXT = b"une attestation"
ONE_MACHINE = ("keys", "rotate", "--one-machine")


def keyring(instance: Instance) -> Path:
    return instance.folder / "keys" / "keyring"


def by_use(instance: Instance) -> dict[str, list[str]]:
    """Generations by what they are for; those that wrap anything are asked to be current."""
    found: dict[str, list[str]] = {}
    for one in instance.json("keys", "list"):
        found.setdefault(one["is"], []).append(one["id"])
        assert (one["is"] == "current") == (one["vaults"] + one["instance"] > 0), one
    return found


def test_a_key_is_replaced_while_people_work_and_then_destroyed(instance: Instance) -> None:
    old_keyring = keyring(instance).read_bytes()
    (first,) = by_use(instance)["current"]
    heads = instance.folder / "heads.json"
    with serving(instance, workers=2):
        amina = instance.drive("amina")
        assert amina.put("/avant.txt", TEXT).status == 201
        heads.write_text(instance.abri("trail", "heads"))
        done = instance.json(*ONE_MACHINE)
        assert (done["vaults"], done["instance"], done["older"]) == (2, 8, [first])
        assert amina.get("/avant.txt").body == TEXT
        assert amina.put("/apres.txt", TEXT).status == 201
        instance.add_person("nadia", "beneficiary", "Nadia Faure")
        assert instance.drive("nadia").put("/une.txt", TEXT).status == 201
        assert by_use(instance) == {"old": [first], "current": [done["id"]]}
    new_keyring = keyring(instance).read_bytes()
    keyring(instance).write_bytes(old_keyring)
    assert instance.run("person", "list").returncode == 8, "the old key opens nothing"
    keyring(instance).write_bytes(new_keyring)
    instance.abri("keys", "destroy", first, "--yes")
    assert old_keyring.split(b'"key": "')[1][:64] not in keyring(instance).read_bytes()
    with serving(instance):
        for login, path in (
            ("amina", "/avant.txt"),
            ("amina", "/apres.txt"),
            ("nadia", "/une.txt"),
        ):
            assert instance.drive(login).get(path).body == TEXT
    assert by_use(instance) == {"destroyed": [first], "current": [done["id"]]}
    assert "all whole" in instance.abri("trail", "verify", "--against", str(heads))
    instance.abri("vault", "check", "--deep")
    assert {one["state"] for one in instance.json("doctor")} == {"well"}
    told = [one["details"] for one in instance.json("trail", "show") if one["what"] == "operator"]
    commands = [one["command"] for one in told if one.get("command", "").startswith("keys")]
    assert commands == ["keys add", "keys rotate", "keys destroy"]


@pytest.fixture
def second(instance: Instance, tmp_path: Path) -> Instance:
    """Another machine that serves the same instance, with a keyring of its own."""
    folder = tmp_path / "second"
    folder.mkdir()
    for shared in ("data", "policies"):
        (folder / shared).symlink_to(instance.folder / shared)
    shutil.copytree(instance.folder / "keys", folder / "keys")
    shutil.copy(instance.config, folder)
    machine = replace(instance, folder=folder, port=free_port())
    machine.set("listen.port", str(machine.port))
    return machine


def test_a_machine_whose_keyring_is_copied_in_between_notices_nothing(
    instance: Instance, second: Instance
) -> None:
    with serving(instance), serving(second):
        amina = second.drive("amina")
        assert amina.put("/avant.txt", TEXT).status == 201
        instance.abri("keys", "add")
        shutil.copy(keyring(instance), keyring(second))
        instance.abri("keys", "rotate")
        assert amina.get("/avant.txt").body == TEXT
        assert amina.put("/apres.txt", TEXT).status == 201
        second.add_person("nadia", "beneficiary", "Nadia Faure")
        assert instance.drive("nadia").put("/une.txt", TEXT).status == 201
    assert list(by_use(second)) == ["old", "current"]
    told = {one["says"] for one in second.json("doctor") if one["check"] == "keys"}
    assert any("does not know yet" in one for one in told), told
    shutil.copy(keyring(instance), keyring(second))
    assert {one["state"] for one in second.json("doctor")} == {"well"}


def test_a_machine_that_lacks_the_key_refuses_and_loses_nothing(
    instance: Instance, second: Instance
) -> None:
    with serving(instance), serving(second) as behind:
        amina, there = instance.drive("amina"), second.drive("amina")
        assert there.put("/avant.txt", TEXT).status == 201
        instance.abri(*ONE_MACHINE)
        assert there.get("/avant.txt").status == 503
        assert there.put("/apres.txt", TEXT).status == 503
        assert (amina.get("/avant.txt").body, amina.get("/apres.txt").status) == (TEXT, 404)
        doctor = second.run("doctor")
        assert (doctor.returncode, "does not have generation" in doctor.stdout) == (7, True)
        assert second.run("keys", "rotate").returncode == 8
        shutil.copy(keyring(instance), keyring(second))
        assert there.get("/avant.txt").body == TEXT
        assert there.put("/apres.txt", TEXT).status == 201
        assert amina.get("/apres.txt").body == TEXT
        assert "Traceback" not in behind.log_text()
    assert all(json.loads(one) for one in behind.log_text().splitlines() if one.startswith("{"))
