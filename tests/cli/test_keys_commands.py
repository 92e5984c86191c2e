"""`abri keys`: what each command says and ends with, and what `abri doctor` says when keyring and
database do not fit.
"""

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from admin.doctor_keys import OLD
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.sealing.keyring import LocalKeyring
from tests.support.instance import Instance

NOW = datetime.now(UTC)


@pytest.fixture
def file(fresh: Instance) -> Path:
    return fresh.folder / "keys" / "keyring"


@pytest.fixture
def ring(fresh: Instance, file: Path) -> LocalKeyring:
    return LocalKeyring(file, fresh.folder / "data")


def doctor(on_fresh) -> tuple[int, list[tuple[str, str]]]:
    """What it says of the key, and how it ends."""
    ended = on_fresh("doctor")
    lines = [line.partition(" ")[::2] for line in ended.out.splitlines() if "  keys: " in line]
    return ended.code, [(state, says.strip().removeprefix("keys: ")) for state, says in lines]


def listed(on_fresh) -> list[tuple[str, int, int]]:
    found = on_fresh("keys", "list", "--json").json
    return [(one["is"], one["vaults"], one["instance"]) for one in found]


def test_a_new_instance_has_one_key_that_opens_everything(
    on_fresh, fresh: Instance, ring: LocalKeyring
):
    fresh.add_person("amina", "beneficiary", "Amina")
    (one,) = on_fresh("keys", "list", "--json").json
    assert one == {
        "id": ring.generations()[0].kek_id,
        "provider": "local",
        "is": "current",
        "created": one["created"],
        "destroyed": None,
        "vaults": 1,
        "instance": 8,
        "in_keyring": True,
    }
    assert "1 of vaults, 8 of the instance" in on_fresh("keys", "list").out
    code, says = doctor(on_fresh)
    assert (code, says) == (0, [("ok", f"generation {one['id']} opens everything")])


def test_a_key_is_made_copied_and_used(on_fresh, ring: LocalKeyring, file: Path):
    (first,) = (one.kek_id for one in ring.generations())
    added = on_fresh("keys", "add", "--json").json["id"]
    assert on_fresh("keys", "add", "--json").json["id"] == added, "one waits at a time"
    assert listed(on_fresh) == [("current", 0, 8), ("waiting", 0, 0)]
    code, says = doctor(on_fresh)
    assert code == 0
    assert says[0][0] == "warning"
    assert says[0][1].startswith(f"generation {added} waits since ")
    done = on_fresh("keys", "rotate")
    assert (done.code, done.out.splitlines()) == (
        0,
        [
            f"Key generation {added} is in use.",
            "Wrapped anew: 0 keys of vaults, 8 of the instance.",
            f"Copy {file} to its backup now, and to every other machine: without it nothing opens.",
            f"Older backups still need generation {first}. When they are gone:",
            f"abri keys destroy {first} --yes",
        ],
    )
    assert listed(on_fresh) == [("old", 0, 0), ("current", 0, 8)]
    code, says = doctor(on_fresh)
    assert (code, {state for state, _ in says}) == (0, {"ok"})


def test_where_other_machines_may_serve_the_key_is_copied_first(on_fresh, fresh: Instance):
    ended = on_fresh("keys", "rotate")
    if fresh.database == "sqlite":
        assert ended.code == 0
        return
    assert ended.code == 5
    assert "`abri keys add`, copy the keyring to each, then `abri keys rotate`" in ended.err
    assert listed(on_fresh) == [("current", 0, 8)]
    assert on_fresh("keys", "rotate", "--one-machine").code == 0


def test_destroying_asks_and_spares_what_is_needed(on_fresh, ring: LocalKeyring, file: Path):
    (first,) = (one.kek_id for one in ring.generations())
    assert on_fresh("keys", "destroy", first, "--yes").code == 5
    assert on_fresh("keys", "destroy", "local-0", "--yes").code == 4
    on_fresh("keys", "rotate", "--one-machine")
    before = file.read_bytes()
    unsure = on_fresh("keys", "destroy", first)
    assert (unsure.code, "can never be opened again" in unsure.err) == (2, True)
    assert file.read_bytes() == before
    done = on_fresh("keys", "destroy", first, "--yes")
    assert (done.code, f"erased from {file}" in done.out) == (0, True)
    (gone, _) = on_fresh("keys", "list", "--json").json
    assert (gone["is"], gone["in_keyring"]) == ("destroyed", False)
    assert gone["destroyed"] is not None
    assert on_fresh("keys", "destroy", first, "--yes").code == 0
    assert on_fresh("keys", "list", "--json").json[0] == gone
    assert doctor(on_fresh)[0] == 0


def test_a_generation_that_was_added_in_vain_can_be_destroyed(on_fresh):
    added = on_fresh("keys", "add", "--json").json["id"]
    assert on_fresh("keys", "destroy", added, "--yes").code == 0
    assert listed(on_fresh) == [("current", 0, 8), ("destroyed", 0, 0)]
    again = on_fresh("keys", "add", "--json").json["id"]
    assert on_fresh("keys", "rotate", "--json").json["id"] == again != added


def test_two_who_replace_it_at_once_lose_nothing(on_fresh, fresh: Instance):
    fresh.add_person("amina", "beneficiary", "Amina")
    ended: list[Any] = []

    def replaces() -> None:
        ended.append(on_fresh("keys", "rotate", "--one-machine", "--json"))

    both = [threading.Thread(target=replaces) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert {one.code for one in ended} <= {0, 6}, ended
    done = {one.json["id"] for one in ended if one.code == 0}
    on_fresh("keys", "rewrap")
    found = on_fresh("keys", "list", "--json").json
    (current,) = (one for one in found if one["is"] == "current")
    assert current["id"] in done
    assert (current["vaults"], current["instance"]) == (1, 8)
    assert on_fresh("doctor").code == 0


def test_a_database_that_is_older_than_the_keyring(on_fresh, ring: LocalKeyring):
    first = ring.generations()[0].kek_id
    ring.use_generation(ring.add_generation(os.urandom, NOW).kek_id)
    code, ((state, says), *_) = doctor(on_fresh)
    assert (code, state) == (0, "warning")
    assert says.startswith(f"the keyring is ahead of the database, which still uses {first}")
    person = ("person", "add", "amina", "--role", "beneficiary", "--name", "Amina")
    refused = on_fresh(*person)
    assert (refused.code, "wraps nothing under" in refused.err) == (8, True)
    assert on_fresh("person", "list", "--json").json == []
    assert on_fresh("keys", "rotate").code == 0
    assert on_fresh(*person).code == 0
    assert listed(on_fresh) == [("old", 0, 0), ("current", 1, 8)]


def test_a_database_that_is_older_than_the_end_of_its_key(on_fresh, ring: LocalKeyring):
    first = ring.generations()[0].kek_id
    ring.use_generation(ring.add_generation(os.urandom, NOW).kek_id)
    ring.destroy(first, NOW)
    code, ((state, says), *_) = doctor(on_fresh)
    assert (code, state) == (7, "PROBLEM")
    assert says.startswith(f"generation {first} was erased from ")
    assert says.endswith("only a backup of the keyring from before opens it")
    assert listed(on_fresh)[0] == ("current", 0, 8)


def test_a_keyring_that_is_older_than_the_database(on_fresh, file: Path):
    before = file.read_bytes()
    on_fresh("keys", "rotate", "--one-machine")
    after = file.read_bytes()
    file.write_bytes(before)
    assert on_fresh("serve").code == 8
    code, ((state, says), *_) = doctor(on_fresh)
    assert (code, state, "copy the keyring" in says) == (7, "PROBLEM", True)
    assert on_fresh("keys", "list", "--json").json[1]["in_keyring"] is False
    assert on_fresh("keys", "rotate", "--one-machine").code == 8
    assert file.read_bytes() == before
    file.write_bytes(after)
    assert doctor(on_fresh)[0] == 0


def test_a_keyring_that_still_has_what_was_destroyed(on_fresh, ring: LocalKeyring, file: Path):
    first = ring.generations()[0].kek_id
    on_fresh("keys", "rotate", "--one-machine")
    before = file.read_bytes()
    on_fresh("keys", "destroy", first, "--yes")
    file.write_bytes(before)
    _, ((state, says), *_) = doctor(on_fresh)
    assert (state, says) == (
        "warning",
        f"{first} was destroyed, but is still in this keyring: `abri keys destroy {first} --yes`",
    )
    assert on_fresh("keys", "destroy", first, "--yes").code == 0
    assert {state for state, _ in doctor(on_fresh)[1]} == {"ok"}


def test_a_key_that_is_used_for_long(on_fresh, fresh: Instance):
    made = NOW - OLD - timedelta(days=1)
    fresh.tamper(update(t.kek).values(created=to_us(made)))
    code, ((state, says),) = doctor(on_fresh)
    assert (code, state) == (0, "warning")
    assert says.endswith("`abri keys rotate` replaces it")


def test_what_is_left_of_a_replacement_is_said_and_done(on_fresh, fresh: Instance):
    fresh.add_person("amina", "beneficiary", "Amina")
    with fresh.opened() as services, services.db.read() as tx:
        before = dict(tx.execute(select(t.key_wrap)).mappings().one())
    on_fresh("keys", "rotate", "--one-machine")
    fresh.tamper(update(t.key_wrap).values(before))
    assert listed(on_fresh) == [("old", 1, 0), ("current", 0, 8)]
    first = before["kek_id"]
    code, ((state, says),) = doctor(on_fresh)
    assert (code, state) == (0, "warning")
    assert says == f"1 key still needs generation {first}: `abri keys rewrap`"
    refused = on_fresh("keys", "destroy", first, "--yes")
    assert (refused.code, "still opens 1 vaults and 0 keys" in refused.err) == (5, True)
    done = on_fresh("keys", "rewrap", "--json").json
    assert (done["vaults"], done["instance"], done["older"]) == (1, 0, [first])
    assert on_fresh("keys", "destroy", first, "--yes").code == 0


def test_a_damaged_wrap_is_told_and_left(on_fresh, fresh: Instance):
    fresh.add_person("amina", "beneficiary", "Amina")
    fresh.tamper(update(t.key_wrap).values(alg="?"))
    with fresh.opened() as services, services.db.read() as tx:
        before = tx.execute(select(t.key_wrap)).one()
    ended = on_fresh("keys", "rotate", "--one-machine")
    assert ended.code == 7
    assert "its key is damaged and stays as it was (`abri vault check`)" in ended.err
    with fresh.opened() as services, services.db.read() as tx:
        assert tx.execute(select(t.key_wrap)).one() == before
        assert tx.execute(select(func.count()).select_from(t.kek)).scalar() == 2
    assert on_fresh("keys", "destroy", before.kek_id, "--yes").code == 5


def test_a_folder_that_cannot_be_written_changes_nothing(on_fresh, file: Path):
    before = file.read_bytes()
    (file.parent / "keyring.new").mkdir()
    ended = on_fresh("keys", "rotate", "--one-machine")
    assert (ended.code, "cannot be written: Is a directory" in ended.err) == (8, True)
    assert file.read_bytes() == before
    assert listed(on_fresh) == [("current", 0, 8)]
