"""An entry as each change makes it, without the functions that say how: the very same bytes."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from davserver.db.clock import to_us
from davserver.domain.errors import Reason
from davserver.domain.ids import GrantId, NodeId, PersonId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.trail import ActorKey, TrailKeys, Unsealed, entry_hash
from davserver.trail import Event, What
from davserver.trail.entry import Actor, Payload, packed, unsealed
from davserver.trail.opening import Opening
from davserver.trail.words import PERSON_DETAILS

KEYS = TrailKeys(Secret(b"s" * 32), Secret(b"m" * 32))
ANY_ID = st.binary(min_size=16, max_size=16)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
"""Also what is quoted in JSON, and halves of pairs that no UTF-8 has."""
EVENTS = st.builds(
    Event,
    vault=st.just(VaultId(bytes(16))),
    what=st.sampled_from(What),
    who=st.none(),
    node=st.none() | ANY_ID.map(NodeId),
    path=ANY_TEXT,
    grant=st.none() | ANY_ID.map(GrantId),
    rule=ANY_TEXT,
    reason=st.none() | st.sampled_from(Reason),
    details=st.dictionaries(ANY_TEXT.filter(lambda key: key not in PERSON_DETAILS), ANY_TEXT),
)
ENTRIES = st.builds(
    Unsealed,
    vault=ANY_ID.map(VaultId),
    payload=st.binary(max_size=100),
    person=ANY_ID.map(PersonId),
    part=st.binary(max_size=100),
    rows=st.none() | st.binary(max_size=100),
)
SEQ = st.integers(1, 2**63 - 1)
AT = st.integers(-(2**63), 2**63 - 1)
LINK = st.binary(min_size=32, max_size=32)


OPENINGS = st.builds(
    Opening,
    person=ANY_ID.map(PersonId),
    actor=st.builds(Actor, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT),
    vault=ANY_ID.map(VaultId),
    node=ANY_ID.map(NodeId),
    etag=ANY_ID,
    path=ANY_TEXT,
    grant=st.none() | ANY_ID.map(GrantId),
)


@given(OPENINGS, st.datetimes(timezones=st.just(UTC)))
def test_a_reading_is_noted_in_the_bytes_of_json(opening: Opening, at: datetime) -> None:
    detail = {
        "vault": opening.vault.hex(),
        "node": opening.node.hex(),
        "path": opening.path,
        "grant": (opening.grant or b"").hex(),
        "first": to_us(at),
        "actor": opening.actor.fields(),
    }
    who = {"person": opening.person.hex(), "etag": opening.etag.hex()}
    assert opening.detail(at) == packed(detail)
    assert opening.encode(at) == packed(detail | who)


@given(EVENTS)
def test_what_happened_is_told_in_the_bytes_of_json(event: Event) -> None:
    payload = Payload(
        what=event.what.value,
        node=event.node.hex() if event.node else "",
        path=event.path,
        grant=event.grant.hex() if event.grant else "",
        rule=event.rule,
        reason=event.reason.value if event.reason else "",
        details=event.details,
    )
    assert unsealed(event).payload == payload.encode()


@given(entry=ENTRIES, named=st.booleans(), seq=SEQ, before=LINK, at=AT)
def test_an_entry_is_sealed_and_linked_as_each_part_of_it_would_be(
    *, entry: Unsealed, named: bool, seq: int, before: bytes, at: int
) -> None:
    assert entry.person is not None
    vault = entry.vault
    actor = ActorKey(Secret(b"a" * 32), entry.person) if named else None
    payload = KEYS.seal_payload(vault, seq, entry.payload)
    who: tuple[Any, ...] = (None, None)
    if actor is not None:
        who = (entry.person, actor.seal(vault, seq, entry.part))
    hashes = entry_hash((payload,)), entry_hash(who)
    link = KEYS.link(before, vault, seq, entry_hash((at, entry.rows, *hashes)))
    assert KEYS.seal_entry(entry, actor, seq, before, at) == {
        "vault_id": vault,
        "seq": seq,
        "at": at,
        "prev": before,
        "payload_hash": hashes[0],
        "actor_hash": hashes[1],
        "rows": entry.rows,
        "link": link,
        "payload_ct": payload,
        "actor_id": who[0],
        "actor_ct": who[1],
        "head": link,
        "mac": KEYS.head_mac(vault, seq, link),
    }
