"""The bytes of an entry, before they are sealed (docs/trail.md)."""

import pytest

from davserver.domain.errors import Damaged, Reason
from davserver.domain.ids import CredentialId
from davserver.trail import Event, RowStamp, What
from davserver.trail.entry import Actor, Payload, packed_rows, unpacked_rows, unsealed
from davserver.trail.words import PERSON_DETAILS
from tests.support.trails import KARIM, NODE, SAFE, principal


def test_a_payload_is_json_in_one_spelling_without_what_is_empty() -> None:
    event = Event(SAFE, What.REFUSED, None, NODE, "/é", reason=Reason.READ_ONLY)
    text = f'{{"node":"{NODE.hex()}","path":"/é","reason":"read-only","what":"refused"}}'
    assert unsealed(event).payload == text.encode()


def test_a_folded_payload_keeps_its_count_and_times() -> None:
    payload = Payload("read", path="/a", count=3, first=7, last=9)
    assert payload.encode() == b'{"count":3,"first":7,"last":9,"path":"/a","what":"read"}'
    assert Payload.decode(payload.encode()) == payload


def test_an_actor_keeps_how_they_came() -> None:
    actor = Actor.of(principal(KARIM, operator="root"))
    assert Actor.decode(actor.encode()) == actor
    assert actor.fields() == {
        "strength": "password",
        "credential": "",
        "address": "192.0.2.7",
        "operator": "root",
    }
    assert Actor(credential=CredentialId(bytes(16)).hex()).encode() == (
        b'{"credential":"' + b"0" * 32 + b'"}'
    )


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"what":"read","more":1}', b"\xff", b"{}"])
def test_what_is_no_payload_is_damage(raw: bytes) -> None:
    with pytest.raises(Damaged):
        Payload.decode(raw)


@pytest.mark.parametrize("raw", [b"7", b'{"strange":1}'])
def test_what_is_no_actor_is_damage(raw: bytes) -> None:
    with pytest.raises(Damaged):
        Actor.decode(raw)


def test_rows_are_packed_by_length() -> None:
    assert packed_rows([]) is None
    assert unpacked_rows(None) == []
    stamp = RowStamp("node", b"\1" * 16, 258, b"\2" * 32)
    packed = bytes([4, 16, 0, 0, 0, 0, 0, 0, 1, 2, 32]) + b"node" + b"\1" * 16 + b"\2" * 32
    assert packed_rows([stamp]) == packed
    assert unpacked_rows(packed + packed) == [stamp, stamp]


@pytest.mark.parametrize("cut", [1, 5, 10, 12, 20, 60, 62])
def test_rows_that_are_cut_are_damage(cut: int) -> None:
    packed = packed_rows([RowStamp("node", b"\1" * 16, 1, b"\2" * 32)])
    assert packed is not None
    assert len(packed) == 63
    with pytest.raises(Damaged):
        unpacked_rows(packed[:cut])


def test_people_in_details_go_by_known_keys_only() -> None:
    assert frozenset({"person", "to-person"}) == PERSON_DETAILS


def test_words_of_the_trail_are_stable() -> None:
    assert sorted(What) == [
        "affiliation-confirm", "affiliation-end", "affiliation-refuse", "affiliation-request",
        "app-password-add", "app-password-revoke", "category", "certificate-add",
        "certificate-revoke", "copy",
        "directory-back", "directory-block", "directory-change", "directory-confirm",
        "directory-join",
        "end-grant", "erase",
        "grant", "grant-offer", "grant-rest", "grant-resume", "lock", "lock-break", "make-folder",
        "membership-add", "membership-end",
        "move", "offer-forget", "offer-refuse", "offer-withdraw", "operator",
        "password", "pause", "person-add", "person-disable", "person-enable", "person-forget",
        "policy", "policy-approve", "properties",
        "read", "recall", "refused", "remove", "renew-grant", "report", "restore", "resume",
        "scratch-out", "sharing-code", "sharing-code-end", "structure-add",
        "undo", "unlock",
        "vault-create", "write",
    ]  # fmt: skip
