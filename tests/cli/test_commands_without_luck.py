"""What a newcomer meets when something is missing, damaged or full: a sentence that says what to
do, the documented exit code, and never a fault of Abri.
"""

import json
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from admin.doctor_checks import CHECKS
from admin.exits import Exit
from davserver.wiring.version import abri_version
from tests.support.instance import Instance
from tests.support.outside import small_disk

ON_A_FILE = pytest.mark.parametrize("bare", ["sqlite"], indirect=True)

COMMANDS = (
    ("person", "list"),
    ("vault", "check"),
    ("database", "show"),
    ("policy", "status"),
    ("demo",),
    ("serve",),
)


def doctored(run, folder: Path) -> list[str]:
    """The questions that doctor asked, in order; it answers each whatever it finds."""
    ended = run("--config", folder / "config.yaml", "doctor", "--json")
    assert (ended.code, ended.err.count("fault")) == (Exit.FINDINGS, 0), ended
    return list(dict.fromkeys(one["check"] for one in json.loads(ended.out)))


def test_without_settings_the_way_to_them_is_told(run, tmp_path: Path) -> None:
    ended = run("person", "list", folder=tmp_path)
    assert ended.code == Exit.CONFIGURATION
    assert "config.yaml: cannot be read: No such file or directory" in ended.err
    assert "abri --config DIR/config.yaml" in ended.err
    assert "abri init DIR" in ended.err


def test_which_abri_it_is(run) -> None:
    ended = run("--version")
    assert (ended.code, ended.out.split()) == (0, ["Abri", abri_version()])


def test_the_address_of_every_network_is_nobodys_address(run, tmp_path: Path) -> None:
    for host in ("0.0.0.0", "[::]"):
        made = run("init", tmp_path / host, "--listen", f"{host}:8443")
        assert "https://SERVER:8443/dav/, with the server's name for SERVER" in made.out


@ON_A_FILE
@pytest.mark.parametrize("whole", [True, False], ids=["another file", "a page of it"])
def test_a_damaged_database_file(run, fresh: Instance, *, whole: bool) -> None:
    file = fresh.folder / "data" / "abri.db"
    for beside in ("-wal", "-shm"):
        file.with_name(file.name + beside).unlink(missing_ok=True)
    kept = b"" if whole else file.read_bytes()[:100]
    file.write_bytes(kept + b"hello " * 100_000)
    for words in COMMANDS:
        ended = run("--config", fresh.config, *words)
        assert ended.code == Exit.UNAVAILABLE, ended
        assert "the database file is damaged: restore a backup" in ended.err
    assert doctored(run, fresh.folder) == list(CHECKS)


@pytest.fixture
def disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="abri-disk-"))
    try:
        with small_disk(folder, "4m"):
            yield folder
    finally:
        folder.rmdir()


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "full").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(512))


@ON_A_FILE
def test_a_full_disk(run, fresh: Instance, disk: Path) -> None:
    shutil.copytree(fresh.folder, disk / "abri")
    config = disk / "abri" / "config.yaml"
    fill(disk)
    for words in COMMANDS:
        ended = run("--config", config, *words)
        assert ended.code == Exit.NO_SPACE, ended
        assert "full" in ended.err.splitlines()[-1]
    renewed = run("--config", config, "certificate", "renew")
    assert renewed.code == Exit.NO_SPACE, renewed
    keys = disk / "abri" / "keys"
    ssl.create_default_context().load_cert_chain(keys / "tls.crt", keys / "tls.key")
    assert doctored(run, disk / "abri") == list(CHECKS)
    made = run("init", disk / "another")
    assert made.code == Exit.NO_SPACE, made


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder that every account may enter, as it may not pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="abri-anybodys-"))
    folder.chmod(0o755)
    yield folder
    (folder / "abri" / "data").chmod(0o700)
    shutil.rmtree(folder)


AS_ANOTHER_ACCOUNT = """
import os, sys
from contextlib import redirect_stdout
from io import StringIO
from admin.main import main

words = sys.argv[1:]
try:  # what it loads, it loads from folders that are not everybody's
    with redirect_stdout(StringIO()):
        main(words)
except SystemExit:
    pass
for folder, _, files in os.walk(os.path.dirname(words[1])):
    for one in (folder, *(os.path.join(folder, file) for file in files)):
        if os.path.basename(one) in {"data", "abri.write-lock"}:
            os.chmod(one, 0o500 if os.path.isdir(one) else 0)
        elif not os.geteuid():
            os.chown(one, 65534, 65534)
if not os.geteuid():
    os.seteuid(65534)
main(words)
"""
"""A program that runs a command once as its owner, and once as somebody who may not open the data.
"""


@ON_A_FILE
@pytest.mark.parametrize("words", [("person", "list"), ("database", "show"), ("doctor",)])
def test_an_account_that_may_not_open_the_data(
    fresh: Instance, anybodys: Path, words: tuple[str, ...]
) -> None:
    """The first thing that goes wrong: a command is typed as another account than the server's."""
    config = shutil.copytree(fresh.folder, anybodys / "abri") / "config.yaml"
    program = [sys.executable, "-c", AS_ANOTHER_ACCOUNT, "--config", str(config), *words]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)
    assert "fault" not in done.stderr, done
    assert "Permission denied" in done.stderr + done.stdout
    assert "[Errno" not in done.stdout
    if words == ("doctor",):
        assert done.returncode == Exit.FINDINGS
    else:
        assert done.returncode == Exit.UNAVAILABLE, done
        assert "run it as the account that the server runs as" in done.stderr


def test_a_folder_of_rules_that_is_not_there_is_one_problem(run, fresh: Instance) -> None:
    for verb, code in (("check", Exit.FINDINGS), ("diff", Exit.CONFIGURATION)):
        ended = run("--config", fresh.config, "policy", verb, "/nowhere")
        told = ended.out + ended.err
        assert ended.code == code
        assert told.count("P0") == 1, told
        assert "/nowhere: P002" in told
        assert "The folder cannot be read: No such file or directory." in told


def test_no_directory_to_look_at(run, fresh: Instance) -> None:
    ended = run("--config", fresh.config, "directory", "sync", "--all")
    assert (ended.code, ended.out) == (0, "There is no directory in config.yaml.\n")
