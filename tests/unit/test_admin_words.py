"""How `abri` reads its words: --config anywhere, HOST:PORT, and what it prints."""

import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
import typer

from admin.listen import address_of, parse_listen
from admin.main import COMMANDS, command_word, config_first
from admin.output import local, size, utc
from davserver.domain.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "commands.md"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["--config", "c", "serve"], ["--config", "c", "serve"]),
        (["serve", "--config", "c"], ["--config", "c", "serve"]),
        (["person", "list", "--config=c", "--json"], ["--config=c", "person", "list", "--json"]),
        (["serve", "--debug"], ["--debug", "serve"]),
        (["serve", "--config"], ["--config", "serve"]),
        (["trail", "--", "--config", "c"], ["trail", "--", "--config", "c"]),
        ([], []),
    ],
)
def test_the_settings_may_be_named_anywhere(typed, read):
    assert config_first(typed) == read


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["--config", "demo", "serve"], "serve"),
        (["--config=demo", "--debug", "vault", "list"], "vault"),
        (["--help"], ""),
        (["--config"], ""),
    ],
)
def test_a_folder_named_like_a_command_is_not_the_command(words, command):
    assert command_word(words) == command


def test_every_command_of_the_table_has_its_module_and_its_page():
    documented = set(re.findall(r"^### `abri ([a-z-]+)", DOCS.read_text(), re.MULTILINE))
    assert documented == set(COMMANDS)
    for name, command in COMMANDS.items():
        module = import_module(command.module)
        if command.is_group:
            assert isinstance(module.app, typer.Typer), name
        else:
            assert callable(module.run), name


def test_every_verb_is_documented_and_no_other():
    documented = re.findall(r"^\| `abri ([a-z-]+) ([a-z-]+)[^`]*`", DOCS.read_text(), re.MULTILINE)
    verbs = {
        (name, verb.name or verb.callback.__name__)
        for name, command in COMMANDS.items()
        if command.is_group
        for verb in import_module(command.module).app.registered_commands
    }
    assert set(documented) == verbs


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:8443", ("127.0.0.1", 8443)),
        ("0.0.0.0:443", ("0.0.0.0", 443)),
        ("[::1]:8443", ("::1", 8443)),
        ("abri.example.org:65535", ("abri.example.org", 65535)),
    ],
)
def test_an_address_is_read(text, address):
    assert parse_listen(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "8443", ":8443", "localhost", "localhost:", "localhost:0", "localhost:65536", "::1:8443",
     "[::g]:1", "[127.0.0.1]:1", "a b:1", "localhost:8443/dav", "http://localhost:8443"],
)  # fmt: skip
def test_anything_else_is_refused_with_what_was_written(text):
    with pytest.raises(BadInput, match=re.escape(f"--listen {text}: ")):
        parse_listen(text)


@pytest.mark.parametrize(
    ("host", "plain", "url"),
    [
        ("127.0.0.1", False, "https://localhost:1/dav/"),
        ("::1", True, "http://localhost:1/dav/"),
        ("2001:db8::1", False, "https://[2001:db8::1]:1/dav/"),
        ("abri.example.org", False, "https://abri.example.org:1/dav/"),
    ],
)
def test_the_drives_address_carries_the_name_of_the_certificate(host, plain, url):
    assert address_of(host, 1, plain_http=plain) == url


def test_times_are_local_for_people_and_utc_for_scripts():
    instant = datetime(2026, 3, 2, 12, 0, 5, tzinfo=UTC)
    assert utc(instant) == "2026-03-02T12:00:05Z"
    assert datetime.fromisoformat(utc(instant)) == instant
    assert re.fullmatch(r"2026-03-0[123] \d\d:\d\d:05 \S+", local(instant))
    assert local(None) == "-"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (600_000_000, "600.0 MB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_sizes_are_written_as_people_do(number, text):
    assert size(number) == text
