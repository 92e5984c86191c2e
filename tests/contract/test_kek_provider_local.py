"""The keyring file: the promises of every provider, then where it may lie and who may read it."""

import itertools
import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from davserver.domain.errors import AlreadyThere, Damaged, NoSpace, Unavailable
from davserver.sealing.kek import GenerationState
from davserver.sealing.keyring import LocalKeyring
from tests.contract.kek_provider import KEY, NOW, KekProviderContract, replace_key, states
from tests.support.outside import as_root, small_disk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path):
    (tmp_path / "keys").mkdir()
    return tmp_path / "keys" / "keyring"


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def provider(file, data):
    return LocalKeyring.create(file, data, os.urandom, NOW)


class TestLocalKeyring(KekProviderContract):
    """The keyring file keeps what every provider promises."""


def test_the_file_is_for_the_server_alone(provider, file):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    provider.add_generation(os.urandom, NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["keyring"]


def test_an_existing_keyring_is_never_replaced(provider, file, data):
    before = file.read_bytes()
    with pytest.raises(AlreadyThere, match="keyring"):
        LocalKeyring.create(file, data, os.urandom, NOW)
    assert file.read_bytes() == before


def test_another_process_opens_what_this_one_wrapped(provider, file, data):
    wrapped = provider.wrap(KEY, b"context")
    assert LocalKeyring(file, data).unwrap(wrapped, b"context") == KEY


def test_a_generation_that_another_process_added_is_found(provider, file, data):
    other = LocalKeyring(file, data)
    added = replace_key(other)
    wrapped = other.wrap(KEY, b"context")
    assert provider.unwrap(wrapped, b"context") == KEY
    assert provider.wrap(KEY, b"context").kek_id == added.kek_id


def test_two_processes_that_replace_the_key_lose_none(provider, file, data):
    other = LocalKeyring(file, data)
    ids = {replace_key(one).kek_id for one in (provider, other, provider)}
    provider.reload()
    assert ids < {one.kek_id for one in provider.generations()}
    assert len(provider.generations()) == 4


def test_a_destroyed_key_is_no_longer_in_the_file(provider, file):
    first = provider.generations()[0].kek_id
    replace_key(provider)
    key = file.read_text().split(first, 1)[1].split('"key": "', 1)[1][:64]
    assert key in file.read_text()
    provider.destroy(first, NOW)
    assert key not in file.read_text()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o601, 0o644])
def test_a_keyring_that_others_may_touch_is_refused(provider, file, data, mode):
    file.chmod(mode)
    with pytest.raises(Unavailable, match="chmod 600"):
        LocalKeyring(file, data)


@pytest.mark.parametrize("place", [".", "deep/down"])
def test_a_keyring_under_the_data_folder_is_refused(data, place):
    folder = data / place
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.raises(Unavailable, match="data folder"):
        LocalKeyring.create(folder / "keyring", data, os.urandom, NOW)
    assert not (folder / "keyring").exists()


def test_a_link_out_of_the_data_folder_hides_nothing(provider, file, data, tmp_path):
    inside = data / "keyring"
    file.rename(inside)
    file.symlink_to(inside)
    with pytest.raises(Unavailable, match="data folder"):
        LocalKeyring(file, data)
    (tmp_path / "other-name").symlink_to(data)
    with pytest.raises(Unavailable, match="data folder"):
        LocalKeyring(inside, tmp_path / "other-name")


def test_a_missing_keyring_or_one_that_is_no_file_is_said_as_such(file, data):
    with pytest.raises(Unavailable, match="No such file"):
        LocalKeyring(file, data)
    file.mkdir()
    with pytest.raises(Unavailable, match="keyring"):
        LocalKeyring(file, data)


def test_a_keyring_that_cannot_be_written_is_said_as_such(tmp_path, data):
    with pytest.raises(Unavailable, match="No such file"):
        LocalKeyring.create(tmp_path / "nowhere" / "keyring", data, os.urandom, NOW)


def test_any_damage_to_the_file_is_found(provider, file, data):
    provider.add_generation(os.urandom, NOW)
    good = file.read_bytes()
    step = 7
    bad = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(0, len(good), step)]
    bad += [b"", good[:-1], good + b"\n", good[: len(good) // 2], b"\xff" * 40, good + good]
    for content in bad:
        file.write_bytes(content)
        with pytest.raises(Damaged, match="restore"):
            LocalKeyring(file, data)
    file.write_bytes(good)
    assert len(LocalKeyring(file, data).generations()) == 2


def test_a_rest_of_a_crashed_rotation_does_no_harm(provider, file):
    (file.parent / "keyring.new").write_bytes(b"half")
    provider.add_generation(os.urandom, NOW)
    assert len(provider.generations()) == 2
    assert not (file.parent / "keyring.new").exists()


def test_a_rotation_that_cannot_be_written_leaves_the_keyring_as_it_was(provider, file):
    before = file.read_bytes()
    (file.parent / "keyring.new").mkdir()
    with pytest.raises(Unavailable, match="cannot be written"):
        provider.add_generation(os.urandom, NOW)
    assert file.read_bytes() == before


def test_a_process_that_knew_of_no_replacement_wraps_under_what_the_database_names(
    provider, file, data
):
    first = provider.generations()[0].kek_id
    added = replace_key(LocalKeyring(file, data))
    assert provider.wrap(KEY, b"context", added.kek_id).kek_id == added.kek_id
    with pytest.raises(Unavailable, match="wraps nothing"):
        provider.wrap(KEY, b"context", first)


def test_a_link_to_the_file_stays_one(provider, file, data, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    place = file.rename(tmp_path / "elsewhere" / "ring")
    file.symlink_to(place)
    replace_key(LocalKeyring(file, data))
    assert file.is_symlink()
    assert len(LocalKeyring(place, data).generations()) == 2
    assert [one.name for one in place.parent.iterdir()] == ["ring"]


BY_ROOT = """
import datetime, os, pathlib, sys
from davserver.sealing.keyring import LocalKeyring
file, data = map(pathlib.Path, sys.argv[1:])
os.chown(file, 65534, 65534)
LocalKeyring(file, data).add_generation(os.urandom, datetime.datetime.now(datetime.UTC))
"""


def test_the_file_stays_its_owners_whoever_replaces_it(provider, file, data):
    before = file.stat().st_ino
    root = as_root(sys.executable, "-c", BY_ROOT, str(file), str(data))
    subprocess.run(root, check=True, cwd=ROOT)
    facts = file.stat()
    assert facts.st_ino != before
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (65534, 65534, 0o600)


def test_a_full_disk_leaves_the_keyring_whole(data, tmp_path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        file = disk / "keyring"
        provider = LocalKeyring.create(file, data, os.urandom, NOW)
        before = file.read_bytes()
        filling = disk / "filling"
        with suppress(OSError), filling.open("wb", buffering=0) as full:
            while full.write(bytes(4096)):
                pass
        with pytest.raises(NoSpace, match="room"):
            provider.add_generation(os.urandom, NOW)
        assert file.read_bytes() == before
        assert sorted(one.name for one in disk.iterdir()) == ["filling", "keyring"]
        filling.unlink()
        replace_key(provider)
        assert len(LocalKeyring(file, data).generations()) == 2


WHOLE = [
    [GenerationState.ACTIVE],
    [GenerationState.ACTIVE, GenerationState.DECRYPT_ONLY],
    [GenerationState.DECRYPT_ONLY, GenerationState.ACTIVE],
]
"""A replacement that has not begun, waits, is done."""


def dies_replacing(provider, step):
    """Whether it was killed, before its `step`th call to the system about files."""
    pid = os.fork()
    if pid == 0:
        calls = itertools.count(1)

        def at_each(event, _given):
            if event in {"open", "os.rename", "os.remove"} and next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            sys.addaudithook(at_each)
            replace_key(provider)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def test_a_process_that_dies_at_any_step_leaves_a_whole_keyring(provider, file, data):
    first, seen = file.read_bytes(), []
    for step in itertools.count(1):
        file.write_bytes(first)
        killed = dies_replacing(provider, step)
        again = LocalKeyring(file, data)
        seen.append(states(again))
        replace_key(again)
        assert states(again)[-1] is GenerationState.ACTIVE
        assert [one.name for one in file.parent.iterdir()] == ["keyring"]
        if not killed:
            break
    assert [one for one, _ in itertools.groupby(seen)] == WHOLE
    assert len(seen) > 10


def test_nothing_of_a_key_shows_when_printed(provider):
    assert "key=" not in repr(provider.generations())
    assert "Secret(…)" in repr(KEY)
