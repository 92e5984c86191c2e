"""`abri policy sign`: keys and signatures without an instance, as the page shows it."""

import re
import shlex
import stat
from pathlib import Path

import pytest

from davserver.config import WrongSettings
from davserver.domain.errors import AlreadyThere, BadInput, Unavailable
from davserver.wiring.signers import read_signers
from davserver.wiring.signing import make_key, sign_policy
from tests.cli.conftest import Run
from tests.policy.question import shipped_files
from tests.support.accounts import NOON

PAGE = Path(__file__).parents[2] / "docs/policy/activation.md"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
NAMES = rf"{TIME}|\b[0-9a-f]{{64}}\b|(?<=set )[0-9a-f]{{12}}"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir()
    for name, content in shipped_files().items():
        (folder / name).write_bytes(content)
    return folder


def examples() -> list[tuple[list[str], str]]:
    """Commands of the page's section, with what they print."""
    section = PAGE.read_text().partition("## Signed changes")[2].partition("\n## ")[0]
    blocks = re.findall(r"```\n\$ abri (policy sign .*)\n([^`]*(?:`[^`]+`[^`]*)*)```", section)
    return [(shlex.split(words), out) for words, out in blocks]


def test_the_page_shows_what_the_commands_print(run: Run, policies: Path):
    shown = examples()
    assert len(shown) == 2
    for words, out in shown:
        ended = run(*words, folder=policies.parent)
        assert (ended.code, ended.err) == (0, "")
        assert re.sub(NAMES, "…", ended.out) == re.sub(NAMES, "…", out)
    claire, public = policies.parent / "claire", policies.parent / "claire.pub"
    assert [stat.S_IMODE(one.stat().st_mode) for one in (claire, public)] == [0o600, 0o644]
    text = (policies / "policy.sig").read_text()
    fingerprint = re.search(r"key: (\w+)", text)
    assert fingerprint
    again = run("policy", "sign", policies, "--key", claire, "--json").json
    assert again["key"] == fingerprint[1]
    assert again["signed"] in (policies / "policy.sig").read_text()
    assert not list(policies.glob(".*"))


def test_neither_or_both_of_the_options_is_a_mistake(run: Run, tmp_path: Path):
    ended = run("policy", "sign", tmp_path, "--make-key", tmp_path / "k")
    assert (ended.code, ended.out) == (2, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", ["key", "key.pub"])
def test_no_key_is_replaced(tmp_path: Path, there: str):
    (tmp_path / there).write_text("old")
    with pytest.raises(AlreadyThere, match=there):
        make_key(tmp_path / "key")
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {there: "old"}


def test_a_key_that_others_can_read_signs_nothing(policies: Path):
    made = make_key(policies.parent / "key")
    for mode in (0o640, 0o604, 0o620):
        made.private.chmod(mode)
        with pytest.raises(Unavailable, match="chmod 600"):
            sign_policy(policies, made.private, NOON)
    with pytest.raises(BadInput, match="no private key"):
        sign_policy(policies, made.public, NOON)
    with pytest.raises(Unavailable, match="cannot be read"):
        sign_policy(policies, policies, NOON)
    assert not (policies / "policy.sig").exists()


def test_files_that_cannot_be_used_are_not_signed(policies: Path):
    made = make_key(policies.parent / "key")
    sign_policy(policies, made.private, NOON)
    before = (policies / "policy.sig").read_bytes()
    (policies / "rules.csv").write_text("p, x, dney\n")
    with pytest.raises(WrongSettings, match="P021"):
        sign_policy(policies, made.private, NOON)
    assert (policies / "policy.sig").read_bytes() == before


def test_signers_that_others_can_change_are_refused(tmp_path: Path):
    made = make_key(tmp_path / "key")
    assert read_signers(None) is None
    assert len(read_signers(made.public) or ()) == 1
    for mode in (0o664, 0o646):
        made.public.chmod(mode)
        with pytest.raises(WrongSettings, match="chmod go-w"):
            read_signers(made.public)
    with pytest.raises(WrongSettings, match="nothing in it but"):
        read_signers(made.private)
    with pytest.raises(WrongSettings, match="cannot be read"):
        read_signers(tmp_path / "absent")
