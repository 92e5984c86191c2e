"""A saved policy file is in force for the next request of every worker, or says why not."""

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from davserver.db.tables import epoch, policy_folder, policy_generation
from davserver.wiring.signing import make_key
from tests.support.dav import Drive
from tests.support.instance import Instance, serving
from tests.support.serving import eventually

pytestmark = pytest.mark.server

NO_GET = "p, no-get, deny, professional, *, get, *, *, *, *, *\n"
SLIP = "p, no-put, dney, professional, *, put, *, *, *, *, *\n"


@pytest.fixture(autouse=True)
def without_cases(instance: Instance) -> None:
    """The shipped cases expect the shipped rules."""
    shutil.rmtree(instance.folder / "policies" / "tests")


def share(instance: Instance) -> str:
    """A document of amina's that karim may read and write; its path on his drive."""
    with drive_of(instance, "amina") as amina:
        assert amina.mkcol("/Logement").status == 201
        assert amina.put("/Logement/bail.txt", b"bail").status == 201
    instance.grant("amina", "karim", "/Logement", "write")
    with drive_of(instance, "karim") as karim:
        return f"/{next(iter(karim.names('/')))}/Logement/bail.txt"


@contextmanager
def drive_of(instance: Instance, login: str) -> Iterator[Drive]:
    drive = instance.drive(login)
    try:
        yield drive
    finally:
        drive.caller.close()


def rules(instance: Instance) -> Path:
    return instance.folder / "policies" / "rules.csv"


def health(instance: Instance) -> dict[str, Any]:
    with urllib.request.urlopen(f"{instance.url}/healthz", timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)["policy"]
        return found


def soon(holds: Callable[[], bool]) -> bool:
    """Two seconds on a machine that has nothing else to do."""
    return eventually(holds, within=60)


def says(instance: Instance, **expected: object) -> Callable[[], bool]:
    return lambda: expected.items() <= health(instance).items()


def test_each_change_counts_for_the_next_request_of_every_worker(instance: Instance) -> None:
    text = rules(instance).read_text()
    with serving(instance, workers=2) as server:
        path = share(instance)
        assert answers(instance, path) == {200}
        rules(instance).write_text(text + NO_GET)
        assert soon(says(instance, generation=2, files="in-force"))
        assert answers(instance, path) == {403}
        rules(instance).write_text(text)
        assert soon(says(instance, generation=3))
        assert answers(instance, path) == {200}
        _two_files_at_once(instance)
        assert soon(says(instance, generation=4, files="in-force"))
        _another_folder(instance, text + NO_GET)
        assert soon(says(instance, generation=5, files="in-force"))
        assert answers(instance, path) == {403}
        assert "policy-not-in-force" not in server.log_text()
        _goes_back(instance, text + NO_GET)


def answers(instance: Instance, path: str) -> set[int]:
    """What karim is answered on connections that fall to either worker."""
    statuses = set()
    for _ in range(8):
        with drive_of(instance, "karim") as karim:
            statuses.add(karim.get(path).status)
    return statuses


def _two_files_at_once(instance: Instance) -> None:
    """Without the second file the first one is an error, and the other way round too."""
    more = {
        "rules.csv": "p, x, deny, professional, *, put, papers, *, *, *, *\n",
        "groups.csv": "category, identity, papers\n",
    }
    folder = instance.folder / "policies"
    ready = [folder.with_name(f"ready-{name}") for name in more]
    for one, (name, line) in zip(ready, more.items(), strict=True):
        one.write_text((folder / name).read_text() + line)
    for one, name in zip(ready, more, strict=True):
        one.replace(folder / name)


def _another_folder(instance: Instance, text: str) -> None:
    """One that was prepared beside it takes the place of the whole folder."""
    here, there = instance.folder / "policies", instance.folder / "policies-2"
    shutil.copytree(here, there)
    (there / "rules.csv").write_text(
        text + "p, y, deny, professional, *, put, papers, *, *, *, *\n"
    )
    here.rename(instance.folder / "policies-1")
    there.rename(here)


def _goes_back(instance: Instance, text: str) -> None:
    """The files in the folder are held until somebody changes them."""
    assert "Generation 6 is in force" in instance.abri("policy", "rollback")
    assert soon(says(instance, generation=6, files="held"))
    listed = instance.json("policy", "status")["generations"]
    assert [one["number"] for one in listed] == [6, 5, 4, 3, 2, 1]
    assert listed[0]["digest"] == listed[2]["digest"]
    assert listed[0]["brought_back"] == 4
    rules(instance).touch()
    rules(instance).write_text(text + "p, z, deny, professional, *, put, papers, *, *, *, *\n")
    assert soon(says(instance, generation=7, files="in-force"))


def test_a_broken_change_leaves_the_last_good_rules_and_says_so(instance: Instance) -> None:
    good = rules(instance).read_text()
    rules(instance).write_text(good + NO_GET)
    with serving(instance) as server:
        assert health(instance) == {"generation": 2, "files": "in-force"}
        assert '"event": "policy-in-force", "level": "info"' in server.log_text()
        path = share(instance)
        with drive_of(instance, "karim") as karim:
            rules(instance).write_text(good + SLIP)
            assert soon(says(instance, generation=2, files="refused"))
            assert karim.get(path).status == 403
        assert soon(lambda: '"event": "policy-not-in-force"' in server.log_text())
    told = instance.run("policy", "status")
    line = len(good.splitlines()) + 1
    assert told.returncode == 7
    assert "Generation 2 is in force" in told.stdout
    assert f"rules.csv:{line}:12: P023" in told.stdout
    # A restart with broken files goes on with what was in force.
    with serving(instance) as server, drive_of(instance, "karim") as karim:
        assert karim.get(path).status == 403
        assert health(instance) == {"generation": 2, "files": "refused"}
        assert f"rules.csv:{line}:12: P023" in server.log_text()


def test_with_manual_activation_a_change_waits_for_apply_and_a_first_start_serves_owners(
    instance: Instance,
) -> None:
    instance.set("policy.activation", "manual")
    text = rules(instance).read_text()
    with serving(instance):
        path = share(instance)
        rules(instance).write_text(text + NO_GET)
        assert soon(says(instance, generation=1, files="waiting"))
        assert instance.run("policy", "status").returncode == 0
        applied = instance.run("policy", "apply")
        assert ("Generation 2 is in force" in applied.stdout, applied.stderr) == (True, "")
        assert soon(says(instance, generation=2, files="in-force"))
        rules(instance).write_text(text + SLIP)
        refused = instance.run("policy", "apply")
        assert (refused.returncode, "P023" in refused.stderr) == (3, True)
        assert health(instance)["generation"] == 2
    # As after moving to a new database, with a slip in the files.
    instance.tamper(
        update(epoch).values(policy=0), delete(policy_generation), delete(policy_folder)
    )
    with serving(instance), drive_of(instance, "amina") as amina:
        assert health(instance) == {"generation": 0, "files": "refused"}
        assert amina.put("/Logement/bail.txt", b"new").status == 204
        assert amina.get("/Logement/bail.txt").body == b"new"
        with drive_of(instance, "karim") as karim:
            assert karim.names("/") == set()
            assert karim.get(path).status == 404
    assert instance.run("policy", "status").returncode == 7


def test_where_signatures_are_asked_for_only_a_signed_change_counts(instance: Instance) -> None:
    made = make_key(instance.folder / "claire")
    instance.set("policy.signers", str(made.public))
    with serving(instance) as server:
        rules(instance).write_text(rules(instance).read_text() + NO_GET)
        assert eventually(says(instance, generation=1, files="unsigned"))
        line = '"verdict": "unsigned", "problems": 1, "event": "policy-not'
        assert soon(lambda: line in server.log_text())
        told = instance.run("policy", "status")
        assert (told.returncode, "policy.sig: P120 " in told.stdout) == (7, True)
        instance.abri("policy", "sign", "--key", str(made.private))
        assert eventually(says(instance, generation=2, files="in-force"))
