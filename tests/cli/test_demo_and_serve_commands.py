"""What `make run` does: init, demo, serve. And once more."""

import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from admin.demo_cast import PEOPLE
from admin.demo_documents import documents
from davserver.domain.paths import clean_name
from tests.support.dav import Drive
from tests.support.http import Caller
from tests.support.instance import ABRI, Instance


@pytest.fixture(scope="module")
def port(bare: Instance) -> int:
    return bare.port


@pytest.fixture(scope="module")
def demo(on):
    """What the first `abri demo` printed."""
    ended = on("demo")
    assert ended.code == 0, ended
    return ended


@contextmanager
def serving(made: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [ABRI, "--config", str(made / "config.yaml"), "serve", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def computed(pid: int) -> float:
    """Seconds of a processor, by it and its workers: it may have waited for one much longer."""
    parent = psutil.Process(pid)
    times = [one.cpu_times() for one in (parent, *parent.children())]
    return sum(one.user + one.system for one in times)


def passwords(made: Path) -> dict[str, str]:
    lines = (made / "demo-passwords.txt").read_text().splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))


def test_it_prints_the_address_and_how_everybody_signs_in(demo, made: Path, port: int):
    assert f"Pages, for a browser: https://localhost:{port}/\n" in demo.out
    assert f"Drive: https://localhost:{port}/dav/" in demo.out
    known = passwords(made)
    assert set(known) == {one.login for one in PEOPLE}
    for one in PEOPLE:
        assert any({one.login, known[one.login]} <= set(x.split()) for x in demo.out.splitlines())
    assert len(set(known.values())) == len(PEOPLE)
    assert stat.S_IMODE((made / "demo-passwords.txt").stat().st_mode) == 0o600


def test_there_is_one_structure_with_its_people_and_two_vaults(demo, on):
    assert len(on("structure", "list", "--json").json) == 1
    roles = sorted(one["role"] for one in on("person", "list", "--json").json)
    assert roles == [
        "administrator", "beneficiary", "beneficiary", "manager", "professional", "professional",
    ]  # fmt: skip
    for one in on("vault", "list", "--json").json:
        assert one["folders"] == 7
    assert sum(one["files"] for one in on("vault", "list", "--json").json) == len(documents())


def test_one_grant_goes_to_a_professional_and_one_to_the_structure(demo, on):
    grants = {one["to"].split(":")[0]: one for one in on("grant", "list", "--json").json}
    assert set(grants) == {"karim", "structure"}
    assert grants["karim"]["rights"] == "write"
    assert grants["structure"]["rights"] == "read"


def test_another_run_changes_nothing(demo, on, made: Path):
    before = (on("trail", "heads").out, (made / "demo-passwords.txt").read_bytes())
    again = on("demo")
    assert again.code == 0
    assert again.out.splitlines()[1:] == demo.out.splitlines()[1:]
    assert (on("trail", "heads").out, (made / "demo-passwords.txt").read_bytes()) == before


def test_it_says_when_it_is_ready_serves_every_document_and_stops_on_ctrl_c(demo, made, port):
    with serving(made, "--workers", "2") as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready == f"Abri is ready on https://127.0.0.1:{port} (2 workers)\n"
        for one in documents():
            caller = Caller(port, one.owner, passwords(made)[one.owner], tls=True)
            drive = Drive(caller)
            answer = drive.get(f"/{one.folder}/{clean_name(one.name)}")
            assert (answer.status, answer.body) == (200, one.content), one.name
            caller.close()
        karim = Drive(Caller(port, "karim", passwords(made)["karim"], tls=True))
        assert karim.names("/") == {"Amina Benali", "Julien Moreau"}
        assert karim.put("/Amina Benali/Logement/note.txt", b"vu").status == 201
        assert karim.put("/Julien Moreau/Ressources/note.txt", b"vu").status == 403
        karim.caller.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_a_second_start_is_quick_and_keeps_everything(demo, made, port):
    with serving(made) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Abri is ready on")
        assert computed(process.pid) < 15
        with Caller(port, "amina", passwords(made)["amina"], tls=True) as caller:
            assert Drive(caller).get("/Logement/note.txt").body == b"vu"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_port_that_is_taken_is_told(demo, made, on, port):
    with serving(made) as process:
        assert process.stdout is not None
        process.stdout.readline()
        ended = on("serve")
        assert ended.code == 8
        assert str(port) in ended.err
        assert "Traceback" not in ended.err


def test_what_it_made_and_what_was_done_since_is_whole(demo, on):
    assert on("vault", "check", "--deep", "--json").json["troubles"] == []
    assert on("trail", "verify", "--json").json["findings"] == []


def test_an_instance_with_people_of_its_own_gets_no_demonstration(fresh: Instance, on_fresh):
    fresh.add_person("amina", "beneficiary", "Amina Benali")
    before = on_fresh("trail", "heads").out
    ended = on_fresh("demo")
    assert ended.code == 6
    assert "it needs one of its own (`abri init DIR`)" in ended.err
    assert on_fresh("trail", "heads").out == before
    assert not (fresh.folder / "demo-passwords.txt").exists()


def test_a_demonstration_that_was_cut_short_is_completed(fresh: Instance, on_fresh):
    assert on_fresh("demo").code == 0
    file = fresh.folder / "demo-passwords.txt"
    kept = file.read_text()
    file.write_text(kept.replace("# complete\n", ""))
    grant = on_fresh("grant", "list", "--json").json[0]["id"]
    ended = on_fresh("demo")
    assert ended.code == 0
    assert "The demonstration is ready." in ended.out
    assert file.read_text() == kept
    assert len(on_fresh("person", "list", "--json").json) == len(PEOPLE)
    assert on_fresh("grant", "list", "--json").json[0]["id"] == grant
