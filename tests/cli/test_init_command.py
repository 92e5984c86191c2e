"""`abri init`: all of an instance, or nothing.

It always makes a SQLite database; how an instance comes to PostgreSQL: test_postgresql_instance.py.
"""

import stat
import subprocess
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from davserver.config import load
from tests.support.instance import ABRI
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, run_once) -> Path:
    folder = tmp_path_factory.mktemp("made") / "abri"
    ended = run_once("init", folder, "--listen", f"127.0.0.1:{free_port()}")
    assert ended.code == 0, ended
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


FILES = (
    "model.conf", "rules.csv", "groups.csv", "networks.csv", "calendars.csv",
    "directory-groups.csv",
)  # fmt: skip


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_makes_settings_keys_data_policies_and_says_what_to_do_next(run, tmp_path: Path):
    ended = run("init", tmp_path / "abri", "--listen", "127.0.0.1:9443")
    assert ended.code == 0
    assert ended.err == ""
    made = f"{tmp_path}/abri"
    assert ended.out.splitlines() == [
        f"Made an instance in {made}.",
        f"Back up {made}/keys apart from {made}/data: together they open every vault.",
        f"Serve it with: abri --config {made}/config.yaml serve",
        "The drive will be at https://localhost:9443/dav/",
    ]
    assert names(tmp_path) == {"abri"}
    assert names(tmp_path / "abri") == {"config.yaml", "keys", "data", "policies"}
    settings = load(tmp_path / "abri" / "config.yaml")
    assert (settings.listen.address, settings.listen.port) == ("127.0.0.1", 9443)
    assert settings.listen.plain_http is False


def test_what_is_secret_is_for_its_account_alone(made: Path):
    assert mode(made / "keys") == 0o700
    assert mode(made / "data") == 0o700
    assert {path.name: mode(path) for path in (made / "keys").iterdir()} == {
        "keyring": 0o600, "tls.key": 0o600, "tls.crt": 0o600,
    }  # fmt: skip
    assert {mode(path) for path in (made / "data").rglob("*") if path.is_file()} == {0o600}


def test_the_certificate_is_one_leaf_for_this_machine_and_no_authority(made: Path):
    pem = (made / "keys" / "tls.crt").read_bytes()
    (one,) = x509.load_pem_x509_certificates(pem)
    names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]
    constraints = one.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value.ca is False
    key = load_pem_private_key((made / "keys" / "tls.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert key.public_key() == one.public_key()
    assert one.not_valid_before_utc < datetime.now(UTC) < one.not_valid_after_utc


def test_the_policies_are_a_copy_of_the_shipped_ones(made: Path):
    shipped = Path(__file__).resolve().parents[2] / "policies"
    for name in FILES:
        assert (made / "policies" / name).read_bytes() == (shipped / name).read_bytes()
    assert names(made / "policies") == {*FILES, "POLICY.md", "examples", "tests"}
    assert (made / "policies" / "POLICY.md").read_bytes() == (shipped / "POLICY.md").read_bytes()
    for folder in ("examples", "tests"):
        assert names(made / "policies" / folder) == names(shipped / folder)


def test_plain_http_needs_no_certificate(run, tmp_path: Path):
    ended = run("init", tmp_path / "abri", "--listen", "localhost:9080", "--plain-http")
    assert ended.code == 0
    assert "http://localhost:9080/dav/" in ended.out
    assert names(tmp_path / "abri" / "keys") == {"keyring"}
    assert run("--config", tmp_path / "abri" / "config.yaml", "doctor").code == 0


def test_another_loopback_address_is_in_the_certificate_too(run, tmp_path: Path):
    assert run("init", tmp_path / "abri", "--listen", "127.0.0.5:9443").code == 0
    ended = run("--config", tmp_path / "abri" / "config.yaml", "certificate", "show", "--json")
    assert '"127.0.0.5"' in ended.out


def test_for_an_address_that_others_reach_the_administrator_gives_the_certificate(run, tmp_path):
    ended = run("init", tmp_path / "abri", "--listen", "0.0.0.0:9443")
    assert ended.code == 0
    assert f"put a certificate for its name into {tmp_path}/abri/keys/tls.crt" in ended.out
    assert names(tmp_path / "abri" / "keys") == {"keyring"}
    config = tmp_path / "abri" / "config.yaml"
    served = run("--config", config, "serve")
    assert served.code == 3
    assert f"listen.certificate: there is no file {tmp_path}/abri/keys/tls.crt" in served.err
    assert f"listen.key: there is no file {tmp_path}/abri/keys/tls.key" in served.err
    renewed = run("--config", config, "certificate", "renew")
    assert renewed.code == 2
    assert "0.0.0.0 is reached by others" in renewed.err
    assert names(tmp_path / "abri" / "keys") == {"keyring"}


def test_an_empty_folder_that_is_there_is_filled(run, tmp_path: Path):
    target = tmp_path / "abri"
    target.mkdir()
    inode = target.stat().st_ino
    assert run("init", ".", folder=target).code == 0
    assert target.stat().st_ino == inode
    assert names(target) == {"config.yaml", "keys", "data", "policies"}
    assert names(tmp_path) == {"abri"}


@pytest.mark.parametrize("content", ["config.yaml", "anything"])
def test_a_folder_with_anything_in_it_is_left_as_it_is(run, tmp_path: Path, content):
    target = tmp_path / "abri"
    target.mkdir()
    (target / content).write_text("mine")
    for _ in range(2):
        ended = run("init", target)
        assert ended.code == 6
        assert ended.err.startswith(f"abri: {target} is not empty: choose another folder; ")
    assert (target / content).read_text() == "mine"
    assert names(target) == {content}
    assert names(tmp_path) == {"abri"}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--listen", "nonsense"], 2, "--listen nonsense: write HOST:PORT"),
        (["--listen", "localhost:99999"], 2, "a port is a number from 1 to 65535"),
        (["--listen", "0.0.0.0:8080", "--plain-http"], 2, "passwords would cross the network"),
        (["--listen", "abri.example.org:8080", "--plain-http"], 2, "passwords would cross the"),
        (["--lisen", "localhost:1"], 2, "No such option"),
    ],
)
def test_a_wrong_word_makes_nothing(run, tmp_path: Path, words, code, says):
    ended = run("init", tmp_path / "abri", *words)
    assert ended.code == code
    assert says in ended.err
    assert names(tmp_path) == set()


def test_a_file_or_a_missing_parent_is_told_and_left(run, tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    assert run("init", tmp_path / "file").code == 6
    ended = run("init", tmp_path / "no" / "where")
    assert ended.code == 4
    assert f"there is no folder {tmp_path}/no: make it first" in ended.err
    assert names(tmp_path) == {"file"}


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path):
    """No file may grow beyond 100 KiB: the keys are made by then, the database is not."""
    limited = ["bash", "-c", 'ulimit -f 100; exec "$@"', "limited"]
    done = subprocess.run(
        [*limited, ABRI, "init", str(tmp_path / "abri")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 8
    assert done.stderr.startswith("abri: ")
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == set()
