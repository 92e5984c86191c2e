"""Encodings that are sealed or authenticated have one meaning, and one spelling."""

from dataclasses import astuple, fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davserver.domain.actions import Category
from davserver.domain.errors import Damaged
from davserver.domain.nodes import Kind, NodeState
from davserver.domain.secret import Secret
from davserver.sealing.instance import InstanceKeys
from davserver.sealing.kek import KeyPurpose
from davserver.sealing.keys import SIV_KEY_BYTES, Sealer, Siv, derive, unpadded
from davserver.sealing.labels import Purpose
from davserver.sealing.record import Record
from davserver.sealing.space import RecordContext, SpaceKeys, VersionContext
from davserver.sealing.values import encode_list, encode_row
from tests.support.sealed import opened

BOUNDED = settings(max_examples=150, deadline=None)
KEY = Secret(b"k" * 32)
INSTANCE = InstanceKeys.from_secrets(dict.fromkeys(KeyPurpose, KEY))

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ids = st.binary(min_size=16, max_size=16)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))
u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    text,
    st.binary(max_size=40),
    moments,
)
parts = st.recursive(values, lambda one: st.lists(one, max_size=4).map(tuple), max_leaves=8)


@st.composite
def records(draw):
    content = draw(st.booleans())
    return Record(
        name=draw(text),
        category=draw(st.one_of(st.none(), st.sampled_from(Category))),
        size=draw(u64) if content else 0,
        sha256=draw(st.binary(min_size=32, max_size=32)) if content else b"",
        media_type=draw(text),
        maker=draw(ids),
        origin=draw(text),
        file_key=Secret(draw(st.binary(min_size=32, max_size=32))) if content else None,
        properties=draw(st.dictionaries(text, text, max_size=4)),
    )


node_rows = st.builds(
    RecordContext,
    vault=ids,
    space=ids,
    epoch=u32,
    node=ids,
    parent=st.one_of(st.none(), ids),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(NodeState),
    blob=st.one_of(st.none(), ids),
    row_version=u64,
    etag=ids,
    created=moments,
    modified=moments,
    made_at=moments,
    author=ids,
    maker=ids,
    idx=ids,
    ci_idx=ids,
    twin=u32,
)
version_rows = st.builds(
    VersionContext,
    vault=ids,
    space=ids,
    epoch=u32,
    node=ids,
    version=u64,
    blob=st.one_of(st.none(), ids),
    etag=ids,
    author=ids,
    time=moments,
)


def typed(value):
    """Python takes True for 1 and b"" for nothing in particular; rows do not."""
    if isinstance(value, tuple):
        return tuple(typed(one) for one in value)
    return (type(value).__name__, value)


@BOUNDED
@given(records())
def test_a_record_comes_back_from_its_one_encoding(record):
    raw = record.encode()
    assert Record.decode(raw) == record
    assert Record.decode(raw).encode() == raw


@BOUNDED
@given(records(), st.data())
def test_bytes_that_decode_are_the_encoding_of_what_they_say(record, data):
    raw = bytearray(record.encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        read = Record.decode(bytes(raw))
    except Damaged:
        return
    assert read.encode() == raw
    assert read != record


@BOUNDED
@given(st.binary(max_size=120))
def test_arbitrary_bytes_are_a_record_in_its_one_spelling_or_damage(raw):
    try:
        read = Record.decode(raw)
    except Damaged:
        return
    assert read.encode() == raw


@BOUNDED
@given(records(), st.integers(1, 40))
def test_a_record_with_its_end_missing_or_doubled_is_damage(record, length):
    raw = record.encode()
    for bad in (raw[: -min(length, len(raw))], raw + bytes(length)):
        with pytest.raises(Damaged):
            Record.decode(bad)


@BOUNDED
@given(node_rows, records())
def test_a_sealed_record_opens_in_its_row_and_shows_its_length_class_only(row, record):
    keys = SpaceKeys.from_secret(KEY, row.vault, row.space, row.epoch)
    sealed = keys.seal_record(row, record)
    assert opened(KEY, row, sealed) == record
    assert len(sealed) % 32 == 16


@pytest.mark.slow
@BOUNDED
@given(node_rows, node_rows, st.data())
def test_two_node_rows_have_one_context_only_if_they_are_equal(one, other, data):
    name = data.draw(st.sampled_from([field.name for field in fields(RecordContext)]))
    mixed = replace(one, **{name: getattr(other, name)})
    assert len(one.encode()) == 204
    assert (mixed.encode() == one.encode()) == (astuple(mixed) == astuple(one))


@BOUNDED
@given(version_rows, version_rows, st.data())
def test_two_version_rows_have_one_context_only_if_they_are_equal(one, other, data):
    name = data.draw(st.sampled_from([field.name for field in fields(VersionContext)]))
    mixed = replace(one, **{name: getattr(other, name)})
    assert len(one.encode()) == 117
    assert (mixed.encode() == one.encode()) == (astuple(mixed) == astuple(one))


@pytest.mark.slow
@BOUNDED
@given(st.lists(parts, max_size=5), st.lists(parts, max_size=5))
def test_two_lists_have_one_encoding_only_if_they_are_equal(one, other):
    same = typed(tuple(one)) == typed(tuple(other))
    assert (encode_list(one) == encode_list(other)) == same


@BOUNDED
@given(
    st.tuples(text, st.dictionaries(text, values, max_size=5)),
    st.tuples(text, st.dictionaries(text, values, max_size=5)),
)
def test_two_rows_have_one_encoding_only_if_they_are_equal(one, other):
    def told(row):
        return row[0], {name: typed(value) for name, value in row[1].items()}

    assert (encode_row(*one) == encode_row(*other)) == (told(one) == told(other))


@BOUNDED
@given(text, st.dictionaries(text, values, min_size=1, max_size=5), values, st.data())
def test_a_row_mac_fails_for_any_changed_column(table, columns, value, data):
    name = data.draw(st.sampled_from(sorted(columns)))
    mac = INSTANCE.row_mac(table, columns)
    assert INSTANCE.row_is_genuine(table, columns, mac)
    same = typed(value) == typed(columns[name])
    assert INSTANCE.row_is_genuine(table, columns | {name: value}, mac) == same


@BOUNDED
@given(st.binary(max_size=200))
def test_padding_comes_off_again_and_has_one_spelling(plain):
    framed = len(plain).to_bytes(4, "big") + plain
    framed += bytes(-len(framed) % 32)
    sealer, purpose = Sealer(KEY, Purpose.DIRECTORY_PROFILE), Purpose.DIRECTORY_PROFILE
    siv = Siv(derive(KEY, purpose, b"", SIV_KEY_BYTES))
    assert siv.open(sealer.seal(plain, b"for it"), [purpose.label, b"for it"]) == framed
    assert unpadded(framed) == plain
    for bad in (framed[:-1], framed + b"\0", framed + bytes(32)):
        with pytest.raises(Damaged):
            unpadded(bad)


@BOUNDED
@given(st.binary(max_size=100), st.binary(max_size=40), st.data())
def test_a_sealed_value_with_any_flipped_bit_is_refused(plain, context, data):
    sealer = Sealer(KEY, Purpose.DIRECTORY_PROFILE)
    bad = bytearray(sealer.seal(plain, context))
    bad[data.draw(st.integers(0, len(bad) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Damaged):
        sealer.open(bytes(bad), context)
