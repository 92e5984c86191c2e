"""config.yaml: what is read from it, and how its mistakes are told."""

import re
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from davserver.config import Settings, WrongSettings, defaults, is_loopback, load, written
from davserver.config.setting import DeclaredNamed, DeclaredSection, declared
from davserver.domain.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config(tmp_path: Path):
    file = tmp_path / "config.yaml"

    def write(text: str) -> Path:
        file.write_text(text)
        return file

    return write


def problems(file: Path) -> list[str]:
    with pytest.raises(WrongSettings) as caught:
        load(file)
    return [str(one).removeprefix(f"{file}:").strip() for one in caught.value.problems]


def test_the_shipped_file_lists_every_setting_with_its_default():
    assert (ROOT / "config.yaml").read_text() == written()
    assert load(ROOT / "config.yaml") == defaults(ROOT)


def test_every_field_of_every_section_is_a_declared_setting():
    sections = [Settings]
    for section in sections:
        assert is_dataclass(section)
        listed = declared(section)
        assert [one.name for one in listed] == [one.name for one in fields(section)]
        inner = (DeclaredSection, DeclaredNamed)
        sections += [one.of for one in listed if isinstance(one, inner)]
        assert all(one.why.endswith(".") and "\n" not in one.why for one in listed)


def test_the_documentation_lists_every_setting_with_its_default():
    text = (ROOT / "docs" / "configuration.md").read_text()
    listed = re.findall(r"^\| `([a-z_.]+)` \| `(.+?)` \| ", text, re.MULTILINE)
    lines = [line for line in written().splitlines() if ": " in line and "#" not in line]
    plain = [tuple(line.strip().split(": ", 1)) for line in lines]
    assert [(name.split(".")[-1], default) for name, default in listed] == plain


def test_an_empty_file_means_the_defaults(config, tmp_path: Path):
    assert load(config("")) == defaults(tmp_path)
    assert load(config("listen:\n")) == defaults(tmp_path)


def test_relative_paths_start_from_the_folder_of_the_file(config, tmp_path: Path):
    settings = load(config("data: ../elsewhere\npolicies: /etc/abri/policies\n"))
    assert settings.data == tmp_path / ".." / "elsewhere"
    assert settings.policies == Path("/etc/abri/policies")
    assert settings.database.url == f"sqlite:///{tmp_path}/data/abri.db"


def test_values_come_in_their_own_units(config):
    settings = load(
        config(
            "vaults: {quota: 2 GB, allowance: 64 MiB, recall: 90 min}\n"
            "serving: {workers: 3}\n"
            "listen: {proxies: [10.0.0.5, 'fd00::/8', '::ffff:10.9.0.0/112', '::ffff:10.8.0.1']}\n"
        )
    )
    assert settings.vaults.quota == 2_000_000_000
    assert settings.vaults.allowance == 64 * 2**20
    assert settings.vaults.recall == timedelta(minutes=90)
    assert settings.serving.workers == 3
    assert [str(one) for one in settings.listen.proxies] == [
        *("10.0.0.5/32", "fd00::/8", "10.9.0.0/16", "10.8.0.1/32")
    ]


def test_all_mistakes_are_told_at_once_with_their_places(config):
    file = config(
        "data: data\n"
        "listne:\n"
        "  port: 1\n"
        "listen:\n"
        "  prot: 8443\n"
        "  port: 99999\n"
        "  plain_http: maybe\n"
        "vaults:\n"
        "  quota: lots\n"
        "  recall: 2 weeks\n"
        "serving: 12\n"
    )
    spans = "a duration such as 30 s, 10 min, 24 h or 30 d, from 1 min to 30 d"
    assert [line.split(": ", 1) for line in problems(file)] == [
        ["2:1", "listne: no such setting; did you mean “listen”?"],
        ["5:3", "listen.prot: no such setting; did you mean “port”?"],
        ["6:9", "listen.port: “99999” must be a whole number from 1 to 65535"],
        ["7:15", "listen.plain_http: “maybe” must be true or false"],
        [
            "9:10",
            "vaults.quota: “lots” must be a size such as 600 MB or 64 KiB, from 1 MB to 100 TB",
        ],
        ["10:11", f"vaults.recall: “2 weeks” must be {spans}"],
        ["11:10", "serving: this must be “name: value” lines"],
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("data: a\ndata: b\n", "2:1: data: set twice"),
        ("data: [a\n", "2:1: is not YAML here: expected ',' or ']', but got '<stream end>'"),
        ("- data\n", "1:1: the file: this must be “name: value” lines"),
        ("data: ''\n", "1:7: data: “” must be a path"),
        ("data: [a]\n", "1:7: data: must be a path"),
        ("listen: {port: true}\n", "1:16: listen.port: “true” must be a whole number"),
        ("listen: {port: 0}\n", "1:16: listen.port: “0” must be a whole number"),
        ("listen: {address: 'a b'}\n", "1:19: listen.address: “a b” must be an IP address"),
        ("listen: {proxies: everyone}\n", "1:19: listen.proxies: “everyone” must be a list"),
        ("listen: {proxies: [10.0.0.1/8]}\n", "1:19: listen.proxies: must be a list"),
        (
            "listen: {proxies: [10.0.0.5], certificate_header: Authorization}\n",
            "1:51: listen.certificate_header: “Authorization” must be a header name with “cert”",
        ),
        (
            "listen: {proxies: [10.0.0.5], certificate_header: 'X_Cert'}\n",
            "1:51: listen.certificate_header: “X_Cert” must be a header name with “cert” in it",
        ),
        ("serving: {workers: 0}\n", "1:20: serving.workers: “0” must be a whole number"),
        ("log: {file: ''}\n", "1:13: log.file: “” must be a path, or none"),
        ("data: !!python/name:os.system x\n", "1:7: data: “x” must be a path"),
    ],
)
def test_each_kind_of_mistake_has_its_place_and_what_would_be_right(config, text, says):
    (told,) = problems(config(text))
    assert told.startswith(says)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://abri:secret@db/abri",
        "postgresql://abri@db/abri?password=secret",
        "postgresql://db",
        "mysql://db/abri",
        "sqlite://",
        "sqlite:///",
        "abri.db",
    ],
)
def test_a_database_url_without_a_name_or_with_a_password_is_refused(config, url):
    (told,) = problems(config(f"database: {{url: '{url}'}}\n"))
    assert "without a password (put it in a file and name that in password_file)" in told


@pytest.mark.parametrize(
    "url", ["postgresql://abri@db:5432/abri", "postgresql:///abri?host=/run/postgresql"]
)
def test_a_postgresql_url_is_kept_as_it_is(config, url):
    assert load(config(f"database: {{url: '{url}'}}\n")).database.url == url


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("listen: {address: 0.0.0.0, plain_http: true}\n", "1:40: listen.plain_http: with 0.0.0.0"),
        (
            "listen: {address: example.org, plain_http: true}\n",
            "1:44: listen.plain_http: with exam",
        ),
        (
            "listen: {plain_http: true, client_ca: ca.pem}\n",
            "1:39: listen.client_ca: plain HTTP has no certificates",
        ),
        (
            "listen: {certificate_header: Client-Cert}\n",
            "1:30: listen.certificate_header: without listen.proxies nobody is believed",
        ),
        ("keys: {keyring: data/keyring}\n", "1:17: keys.keyring: the keyring must not lie in the"),
        (
            "keys: {keyring: keys/../data/k}\n",
            "1:17: keys.keyring: the keyring must not lie in the",
        ),
        ("policy: {decisions: data/x}\n", "1:21: policy.decisions: not in the data folder"),
        ("policy: {signers: policies/k}\n", "1:19: policy.signers: not in the folder of policies"),
        (
            "data: .\npolicy: {decisions: none}\n",
            "keys.keyring: the keyring must not lie in the data folder",
        ),
        ("locks: {usual: 2 h}\n", "1:16: locks.usual: a usual lock cannot last longer"),
        (
            "serving: {threads: 2, computing: 3}\n",
            "1:34: serving.computing: no more threads can compute",
        ),
        ("database: {password_file: p}\n", "1:27: database.password_file: SQLite has no password"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(config, text, says):
    (told,) = problems(config(text))
    assert told.startswith(says)


def test_a_file_that_is_missing_or_not_text_is_told_in_one_line(tmp_path: Path):
    missing = tmp_path / "nothing.yaml"
    assert problems(missing) == ["cannot be read: No such file or directory"]
    binary = tmp_path / "config.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    assert problems(binary) == ["is not UTF-8 text"]
    binary.write_bytes(b"# " + b"x" * 300_000)
    assert problems(binary) == ["is too large for a configuration"]


def test_wrong_settings_are_bad_input_whose_message_is_all_the_lines(config):
    with pytest.raises(BadInput) as caught:
        load(config("a: 1\nb: 2\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_changes_are_written_where_the_defaults_would_stand(config, tmp_path: Path):
    text = written({"listen.port": 9000, "listen.plain_http": True, "data": 'with # and "quotes"'})
    settings = load(config(text))
    assert settings.listen.port == 9000
    assert settings.listen.plain_http is True
    assert settings.data == tmp_path / 'with # and "quotes"'
    with pytest.raises(ValueError, match=r"no such settings: listen\.prot"):
        written({"listen.prot": 1})


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_addresses_are_known(address):
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", ""])
def test_everything_else_is_not_loopback(address):
    assert not is_loopback(address)
