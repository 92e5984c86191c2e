"""Records, their contexts, indexes, instance keys and the trail: what opens, and what does not."""

import unicodedata
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from davserver.domain.actions import Category
from davserver.domain.errors import Damaged
from davserver.domain.nodes import Kind, NodeState
from davserver.domain.secret import Secret
from davserver.sealing.index import UNICODE_VERSION, VaultIndex, folded
from davserver.sealing.instance import Display, InstanceKeys
from davserver.sealing.kek import KeyPurpose
from davserver.sealing.record import Record
from davserver.sealing.space import (
    CategoryReader,
    RecordContext,
    SpaceKeys,
    VersionContext,
)
from davserver.sealing.trail import FIRST_LINK, entry_hash
from davserver.sealing.values import encode, encode_list, encode_row
from tests.support.sealed import columns_of, opened

KEY = Secret(b"k" * 32)
NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
A, B, C = b"a" * 16, b"b" * 16, b"c" * 16
ROW = RecordContext(
    vault=A,
    space=B,
    epoch=1,
    node=C,
    parent=b"p" * 16,
    kind=Kind.FILE,
    state=NodeState.LIVE,
    blob=b"B" * 16,
    row_version=1,
    etag=b"e" * 16,
    created=NOW,
    modified=NOW,
    made_at=NOW,
    author=b"x" * 16,
    maker=b"m" * 16,
    idx=b"i" * 16,
    ci_idx=b"j" * 16,
    twin=0,
)
VERSION = VersionContext(A, B, 1, C, 1, b"B" * 16, b"e" * 16, b"x" * 16, NOW)
RECORD = Record(
    "Carte d’identité.pdf", Category.IDENTITY, 10, b"d" * 32, "application/pdf", b"m" * 16, "", KEY
)


def space():
    return SpaceKeys.from_secret(KEY, A, B, 1)


def instance(**changed):
    secrets = {purpose: Secret(bytes([number]) * 32) for number, purpose in enumerate(KeyPurpose)}
    return InstanceKeys.from_secrets(secrets | changed)


def altered(value):
    """Another value of the same kind."""
    match value:
        case Kind():
            return Kind.FOLDER
        case NodeState():
            return NodeState.TRASH
        case int():
            return value + 1
        case datetime():
            return value + timedelta(microseconds=1)
    return bytes([value[0] ^ 1]) + value[1:]


@pytest.mark.parametrize("name", [field.name for field in fields(RecordContext)])
def test_a_record_does_not_open_when_its_row_was_changed(name):
    sealed = space().seal_record(ROW, RECORD)
    assert opened(KEY, ROW, sealed) == RECORD
    with pytest.raises(Damaged):
        opened(KEY, replace(ROW, **{name: altered(getattr(ROW, name))}), sealed)


@pytest.mark.parametrize("name", [field.name for field in fields(RecordContext)])
def test_its_category_alone_does_not_open_either(name):
    found = CategoryReader(KEY, A, B, 1)
    for record in (RECORD, replace(RECORD, category=None)):
        sealed = space().seal_record(ROW, record)
        assert found.category(columns_of(ROW, sealed)) is record.category
    changed = replace(ROW, **{name: altered(getattr(ROW, name))})
    keys = SpaceKeys.from_secret(KEY, changed.vault, changed.space, changed.epoch)
    with pytest.raises(Damaged):
        found.category(columns_of(ROW, keys.seal_record(changed, RECORD)))


@pytest.mark.parametrize("name", ["parent", "blob"])
def test_a_record_does_not_open_when_a_reference_was_emptied_or_zeroed(name):
    sealed = space().seal_record(ROW, RECORD)
    zeroed = space().seal_record(replace(ROW, **{name: bytes(16)}), RECORD)
    for other in (None, bytes(16)):
        with pytest.raises(Damaged):
            opened(KEY, replace(ROW, **{name: other}), sealed)
    with pytest.raises(Damaged):
        opened(KEY, replace(ROW, **{name: None}), zeroed)


@pytest.mark.parametrize(
    "name", ["node", "etag", "author", "maker", "idx", "ci_idx", "parent", "blob"]
)
@pytest.mark.parametrize("end", [b"", b"\0\0"])
def test_a_record_does_not_open_in_a_row_with_longer_or_shorter_values(name, end):
    row = replace(ROW, **{name: b"v" * 15 + b"\0"})
    sealed = space().seal_record(row, RECORD)
    assert opened(KEY, row, sealed) == RECORD
    with pytest.raises(Damaged):
        opened(KEY, replace(row, **{name: b"v" * 15 + end}), sealed)


@pytest.mark.parametrize("name", [field.name for field in fields(VersionContext)])
def test_a_version_does_not_open_when_its_row_was_changed(name):
    sealed = space().seal_version(VERSION, RECORD.fields())
    assert space().open_version(VERSION, sealed) == RECORD
    with pytest.raises(Damaged):
        space().open_version(replace(VERSION, **{name: altered(getattr(VERSION, name))}), sealed)


def test_a_version_never_opens_as_a_node_nor_a_node_as_a_version():
    keys = space()
    with pytest.raises(Damaged):
        opened(KEY, ROW, keys.seal_version(VERSION, RECORD.fields()))
    with pytest.raises(Damaged):
        keys.open_version(VERSION, keys.seal_record(ROW, RECORD))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("node", b"short"),
        ("node", "text of 16 chars"),
        ("node", 7),
        ("etag", b""),
        ("epoch", -1),
        ("epoch", 2**32),
        ("row_version", -1),
        ("row_version", "1"),
        ("twin", 2**32),
        ("twin", None),
    ],
)
def test_a_row_that_no_row_can_be_is_damage_when_read_and_a_mistake_when_written(name, value):
    odd = replace(ROW, **{name: value})
    with pytest.raises(Damaged):
        opened(KEY, odd, space().seal_record(ROW, RECORD))
    with pytest.raises(ValueError, match=r"bytes|own space"):
        space().seal_record(odd, RECORD)


def test_a_record_is_sealed_under_the_keys_of_its_own_place_only():
    for name in ("vault", "space", "epoch"):
        with pytest.raises(ValueError, match="own space and epoch"):
            space().seal_record(replace(ROW, **{name: altered(getattr(ROW, name))}), RECORD)
        other = replace(VERSION, **{name: altered(getattr(ROW, name))})
        with pytest.raises(ValueError, match="own space and epoch"):
            space().seal_version(other, RECORD.fields())


def test_the_same_moment_in_another_time_zone_is_the_same_context():
    summer = timezone(timedelta(hours=2))
    assert replace(ROW, created=NOW.astimezone(summer)).encode() == ROW.encode()
    with pytest.raises(TypeError):
        replace(ROW, created=NOW.replace(tzinfo=None)).encode()


def test_index_keys_and_lock_owners_open_in_their_own_place_only():
    keys, other = space(), SpaceKeys.from_secret(KEY, A, B, 2)
    index_key = Secret(b"i" * 32)
    sealed = keys.seal_index_key(1, index_key)
    assert keys.open_index_key(1, sealed) == index_key
    owner = keys.seal_lock_owner(A, B, "Léa")
    assert keys.open_lock_owner(A, B, owner) == "Léa"
    for attempt in (
        lambda: keys.open_index_key(2, sealed),
        lambda: other.open_index_key(1, sealed),
        lambda: keys.open_lock_owner(B, A, owner),
        lambda: keys.open_lock_owner(A, C, owner),
        lambda: other.open_lock_owner(A, B, owner),
    ):
        with pytest.raises(Damaged):
            attempt()


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_key": None},
        {"sha256": b""},
        {"sha256": b"d" * 31},
        {"file_key": None, "sha256": b""},
        {"file_key": Secret(b"k" * 16)},
        {"maker": b"m" * 15},
    ],
)
def test_a_record_that_contradicts_itself_cannot_be_made(wrong):
    with pytest.raises(ValueError, match=r"record|person id"):
        replace(RECORD, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 65536},
        {"size": 2**64},
        {"size": -1},
        {"properties": {"k" * 65536: "v"}},
        {"properties": {str(number): "" for number in range(65536)}},
    ],
)
def test_a_record_that_is_too_large_cannot_be_written(wrong):
    with pytest.raises(ValueError, match="too long"):
        replace(RECORD, **wrong).encode()


def patched(raw, at, new):
    return raw[:at] + new + raw[at + len(new) :]


def test_a_record_that_is_not_as_written_is_damage():
    good = RECORD.encode()
    category_at = good.index(b"identity")
    bad = [
        b"",
        good[:-1],
        good + b"\0",
        patched(good, 0, b"\2"),
        patched(good, 1, b"\7"),
        patched(good, 1, b"\2"),
        patched(good, 1, b"\1"),
        patched(good, category_at, b"identitx"),
        patched(good, category_at - 1, b"\xff"),
    ]
    for raw in bad:
        with pytest.raises(Damaged):
            Record.decode(raw)
    assert Record.decode(good) == RECORD


def test_properties_stand_in_one_order_only():
    one = replace(RECORD, properties={"b": "2", "a": "1"})
    other = replace(RECORD, properties={"a": "1", "b": "2"})
    assert one.encode() == other.encode()
    raw = one.encode()
    first, second = raw[-16:-8], raw[-8:]
    for pairs in (second + first, first + first):
        with pytest.raises(Damaged):
            Record.decode(raw[:-16] + pairs)


def test_nothing_of_a_record_or_key_shows_when_printed():
    assert "kkkk" not in repr(RECORD)
    assert "Mac" not in repr(instance())


def test_a_name_is_found_however_it_is_composed():
    index = VaultIndex(KEY, A)
    assert index.name_index("Santé") == index.name_index("Sante\u0301")
    assert index.name_index("Santé") != index.name_index("santé")
    assert index.folded_index("Straße") == index.folded_index("STRASSE")
    assert index.folded_index("SANTÉ") == index.folded_index("sante\u0301")
    assert len(index.name_index("x")) == len(index.folded_index("x")) == 16


def test_folding_ends_in_normal_form():
    name = "\u0390"  # an iota with dialytika and tonos: casefold takes it apart
    assert not unicodedata.is_normalized("NFC", name.casefold())
    assert folded(name) == name


def test_indexes_of_one_name_differ_by_kind_vault_and_key():
    made = {
        VaultIndex(KEY, A).name_index("housing"),
        VaultIndex(KEY, A).folded_index("housing"),
        VaultIndex(KEY, A).category_tag(Category.HOUSING),
        VaultIndex(KEY, B).name_index("housing"),
        VaultIndex(Secret(b"l" * 32), A).name_index("housing"),
    }
    assert len(made) == 5


def test_the_unicode_version_is_known():
    assert UNICODE_VERSION.split(".")[0].isdigit()


def test_every_instance_key_is_needed():
    secrets = dict.fromkeys(KeyPurpose, KEY)
    for purpose in KeyPurpose:
        without = {one: key for one, key in secrets.items() if one is not purpose}
        with pytest.raises(ValueError, match=purpose.value):
            InstanceKeys.from_secrets(without)


def test_a_row_mac_covers_the_table_each_column_and_its_type():
    keys = instance()
    columns = {"id": A, "right": "read", "until": None, "allowance": 1, "live": True}
    mac = keys.row_mac("grant", columns)
    assert keys.row_is_genuine("grant", dict(reversed(columns.items())), mac)
    others = (
        ("grants", columns),
        ("grant", columns | {"right": "write"}),
        ("grant", columns | {"until": NOW}),
        ("grant", columns | {"until": ""}),
        ("grant", columns | {"allowance": True}),
        ("grant", columns | {"live": 1}),
        ("grant", columns | {"right": b"read"}),
        ("grant", columns | {"more": None}),
        ("grant", {name: value for name, value in columns.items() if name != "until"}),
        ("grant", columns | {"right": "read\ud800"}),
        ("grant", columns | {"allowance": 1.0}),
        ("grant", columns | {"allowance": 2**63}),
    )
    for table, row in others:
        assert not keys.row_is_genuine(table, row, mac)
    assert not keys.row_is_genuine("grant", columns, b"")
    assert not keys.row_is_genuine("grant", columns, None)


def test_a_value_without_an_encoding_is_refused():
    for value in (1.5, 2**63, -(2**63) - 1, memoryview(b"x"), [1], {}):
        with pytest.raises(Damaged):
            encode(value)
        with pytest.raises(ValueError, match=r"encoding|64 bits"):
            encode(value)


def test_groups_of_values_do_not_run_together():
    assert encode_list(["ab", "c"]) != encode_list(["a", "bc"])
    assert encode_list([("a",), "b"]) != encode_list([("a", "b")])
    assert encode_row("t", {"a": 1, "b": 2}) != encode_row("t", {"a": 2, "b": 1})


SEALED_FOR_PEOPLE = {
    "profile": (InstanceKeys.seal_profile, InstanceKeys.open_profile, b"plain"),
    "display": (InstanceKeys.seal_display, InstanceKeys.open_display, Display("Léa", "Santé")),
    "password": (InstanceKeys.seal_password_hash, InstanceKeys.open_password_hash, "$argon2id$"),
    "purpose": (InstanceKeys.seal_purpose, InstanceKeys.open_purpose, "Dossier CAF/APL"),
    "label": (InstanceKeys.seal_label, InstanceKeys.open_label, "Téléphone"),
}


@pytest.mark.parametrize("kind", SEALED_FOR_PEOPLE)
def test_what_belongs_to_a_person_opens_for_its_own_row_and_version_only(kind):
    seal, unseal, plain = SEALED_FOR_PEOPLE[kind]
    keys = instance()
    sealed = seal(keys, A, 3, plain)
    assert unseal(keys, A, 3, sealed) == plain
    for one, version in ((B, 3), (A, 4), (A, -1), (b"", 3), (A, None)):
        with pytest.raises(Damaged):
            unseal(keys, one, version, sealed)
    for other, (_, unseal_other, _plain) in SEALED_FOR_PEOPLE.items():
        if other != kind:
            with pytest.raises(Damaged):
                unseal_other(keys, A, 3, sealed)


def test_a_display_has_two_names_without_slash():
    with pytest.raises(ValueError, match="slash"):
        Display("a/b", "c")
    for raw in (b"nothing", b"a/b/c"):
        with pytest.raises(Damaged):
            Display.decode(raw)


def test_a_login_is_found_in_any_case_and_a_grants_name_only_as_it_is():
    keys = instance()
    found = keys.directory_index("login", "Léa.Martin")
    assert found == keys.directory_index("login", "LE\u0301A.MARTIN")
    assert found != keys.directory_index("phone", "Léa.Martin")
    assert keys.grant_name_index(A, "Santé") == keys.grant_name_index(A, "Sante\u0301")
    assert keys.grant_name_index(A, "Santé") != keys.grant_name_index(A, "santé")
    assert keys.grant_name_index(A, "Santé") != keys.grant_name_index(B, "Santé")


def test_a_folders_etag_moves_with_each_part_and_keeps_groups_apart():
    keys = instance()
    parts = (A, B, ((C, 1),), (("health", 3),))
    etag = keys.folder_etag(parts)
    assert len(etag) == 16
    assert etag == keys.folder_etag(parts)
    for other in (
        (A, B, ((C, 2),), (("health", 3),)),
        (A, B, ((C, 1), ("health", 3)), ()),
        (A, B, ((C, 1),), (("health", 4),)),
        (A, B, ((C, 1),)),
    ):
        assert keys.folder_etag(other) != etag


def test_trail_payloads_and_windows_open_at_their_own_place_only():
    trail = instance().trail
    sealed = trail.seal_payload(A, 1, b"read")
    assert trail.open_payload(A, 1, sealed) == b"read"
    window = trail.seal_window(A, B, b"twice")
    assert trail.open_window(A, B, window) == b"twice"
    for attempt in (
        lambda: trail.open_payload(A, 2, sealed),
        lambda: trail.open_payload(B, 1, sealed),
        lambda: trail.open_payload(A, 1, window),
        lambda: trail.open_window(B, A, window),
    ):
        with pytest.raises(Damaged):
            attempt()


def test_an_actor_can_be_forgotten():
    trail = instance().trail
    stored = trail.seal_actor_key(A, Secret(b"y" * 32))
    actor = trail.open_actor_key(A, stored)
    sealed = actor.seal(B, 7, b"Mme Durand")
    assert trail.open_actor_key(A, stored).open(B, 7, sealed) == b"Mme Durand"
    fresh = trail.open_actor_key(A, trail.seal_actor_key(A, Secret(b"z" * 32)))
    for attempt in (
        lambda: fresh.open(B, 7, sealed),
        lambda: actor.open(B, 8, sealed),
        lambda: actor.open(C, 7, sealed),
        lambda: trail.open_actor_key(B, stored),
    ):
        with pytest.raises(Damaged):
            attempt()


def test_a_link_and_a_head_depend_on_all_that_they_tie():
    trail, other = instance().trail, instance(**{KeyPurpose.TRAIL_MAC: KEY}).trail
    digest = entry_hash((b"payload", None))
    made = {
        trail.link(FIRST_LINK, A, 1, digest),
        trail.link(digest, A, 1, digest),
        trail.link(FIRST_LINK, B, 1, digest),
        trail.link(FIRST_LINK, A, 2, digest),
        trail.link(FIRST_LINK, A, 1, entry_hash((b"payload", b""))),
        other.link(FIRST_LINK, A, 1, digest),
        trail.head_mac(A, 1, digest),
        trail.head_mac(A, 2, digest),
        trail.head_mac(B, 1, digest),
        other.head_mac(A, 1, digest),
        trail.row_hash("grant", {"id": A}),
        trail.row_hash("grant", {"id": B}),
        other.row_hash("grant", {"id": A}),
    }
    assert len(made) == 13
    with pytest.raises(Damaged):
        trail.link(b"short", A, 1, digest)


def test_scratch_opens_for_its_person_folder_and_item_only():
    keys = instance()
    mine, theirs = keys.scratch(A), keys.scratch(B)
    sealed = mine.seal_record(C, A, RECORD)
    assert mine.open_record(C, A, sealed) == RECORD
    for attempt in (
        lambda: theirs.open_record(C, A, sealed),
        lambda: mine.open_record(C, None, sealed),
        lambda: mine.open_record(A, A, sealed),
    ):
        with pytest.raises(Damaged):
            attempt()
    indexes = {
        mine.name_index(A, "~$a.docx"),
        mine.name_index(None, "~$a.docx"),
        theirs.name_index(A, "~$a.docx"),
        mine.name_index(A, "~$b.docx"),
    }
    assert len(indexes) == 4
    assert mine.name_index(A, "._Santé") == mine.name_index(A, "._Sante\u0301")
