"""What each software says of an account, row by row."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from authn.ldap.answers import Raw
from authn.ldap.kinds import (
    KINDS,
    Unreadable,
    active_directory_state,
    freeipa_state,
    generalized,
    google_state,
    openldap_state,
)  # fmt: skip
from authn.ldap.port import EntryState
from davserver.config.directory_settings import DirectorySettings
from davserver.config.setting import declared

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LOCKED_FOR = timedelta(minutes=30)
State = Callable[[Raw, datetime, timedelta], EntryState]

_EPOCH_1601 = datetime(1601, 1, 1, tzinfo=UTC)
_DAY = (NOW - datetime(1970, 1, 1, tzinfo=UTC)).days


def _ticks(at: datetime) -> str:
    return str((at - _EPOCH_1601) // timedelta(microseconds=1) * 10)


YESTERDAY, TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=1)
A, D, E, L, M = (
    EntryState.ACTIVE, EntryState.DISABLED, EntryState.EXPIRED, EntryState.LOCKED,
    EntryState.MUST_CHANGE,
)  # fmt: skip

ROWS: list[tuple[State, dict[str, str], EntryState]] = [
    (openldap_state, {}, A),
    (openldap_state, {"pwdAccountLockedTime": "000001010000Z"}, D),
    (openldap_state, {"pwdAccountLockedTime": "20261126115900Z"}, L),
    (openldap_state, {"pwdAccountLockedTime": "20261126115900.123456Z"}, L),
    (openldap_state, {"pwdAccountLockedTime": "20261126105900Z"}, A),
    (openldap_state, {"pwdReset": "TRUE"}, M),
    (openldap_state, {"pwdReset": "FALSE"}, A),
    (openldap_state, {"pwdEndTime": "20261125000000Z"}, E),
    (openldap_state, {"pwdEndTime": "20261127000000Z"}, A),
    (openldap_state, {"shadowExpire": "0"}, E),
    (openldap_state, {"shadowExpire": "-1"}, A),
    (openldap_state, {"shadowExpire": str(_DAY)}, E),
    (openldap_state, {"shadowExpire": str(_DAY + 1)}, A),
    (openldap_state, {"shadowExpire": "0", "pwdAccountLockedTime": "000001010000Z"}, D),
    (active_directory_state, {"userAccountControl": "512"}, A),
    (active_directory_state, {"userAccountControl": "514"}, D),
    (active_directory_state, {"userAccountControl": "66050"}, D),
    (active_directory_state, {"userAccountControl": "512", "accountExpires": "0"}, A),
    (
        active_directory_state,
        {"userAccountControl": "512", "accountExpires": "9223372036854775807"},
        A,
    ),
    (
        active_directory_state,
        {"userAccountControl": "512", "accountExpires": "9223372036854775806"},
        A,
    ),
    (active_directory_state, {"userAccountControl": "512", "accountExpires": _ticks(YESTERDAY)}, E),
    (active_directory_state, {"userAccountControl": "512", "accountExpires": _ticks(TOMORROW)}, A),
    (active_directory_state, {"userAccountControl": "512", "pwdLastSet": "0"}, M),
    (active_directory_state, {"userAccountControl": "66048", "pwdLastSet": "0"}, A),
    (active_directory_state, {"userAccountControl": "512", "pwdLastSet": _ticks(YESTERDAY)}, A),
    (
        active_directory_state,
        {"userAccountControl": "512", "msDS-User-Account-Control-Computed": "16"},
        L,
    ),
    (
        active_directory_state,
        {"userAccountControl": "512", "msDS-User-Account-Control-Computed": "8388608"},
        M,
    ),
    (freeipa_state, {}, A),
    (freeipa_state, {"nsAccountLock": "TRUE"}, D),
    (freeipa_state, {"nsAccountLock": "true"}, D),
    (freeipa_state, {"nsAccountLock": "FALSE"}, A),
    (freeipa_state, {"krbPrincipalExpiration": "20261126110000Z"}, E),
    (freeipa_state, {"krbPrincipalExpiration": "20261126130000Z"}, A),
    (freeipa_state, {"krbPasswordExpiration": "20261126110000Z"}, M),
    (freeipa_state, {"krbPasswordExpiration": "20270126110000Z"}, A),
    (google_state, {}, A),
]


def _raw(stored: dict[str, str]) -> Raw:
    return Raw("cn=x", {name.lower(): [of.encode()] for name, of in stored.items()})


@pytest.mark.parametrize(("state", "stored", "expected"), ROWS)
def test_what_is_stored_means(state: State, stored: dict[str, str], expected: EntryState) -> None:
    assert state(_raw(stored), NOW, LOCKED_FOR) is expected


@pytest.mark.parametrize(
    ("state", "stored"),
    [
        (openldap_state, {"pwdAccountLockedTime": "soon"}),
        (openldap_state, {"shadowExpire": "never"}),
        (active_directory_state, {}),
        (active_directory_state, {"userAccountControl": "0x200"}),
        (freeipa_state, {"krbPrincipalExpiration": "20261399999999Z"}),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_active(state: State, stored: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        state(_raw(stored), NOW, LOCKED_FOR)


def test_times_have_zones() -> None:
    assert generalized("20261126130000+0100") == NOW
    assert generalized("20261126120000,5Z") == NOW


def test_every_software_that_the_settings_know_has_its_table_and_no_other() -> None:
    (kind,) = [one.kind for one in declared(DirectorySettings) if one.name == "kind"]  # type: ignore[union-attr]
    for name in KINDS:
        assert kind.read(name, None) == name  # type: ignore[arg-type]
    assert kind.right == " or ".join(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_state_is_told_by_what_is_read(kind: object) -> None:
    assert set(kind.state_from) <= set(kind.attributes)  # type: ignore[attr-defined]


def test_every_state_but_active_is_told_by_somebody() -> None:
    assert {expected for _, _, expected in ROWS} == set(EntryState)


@pytest.mark.parametrize(
    ("kind", "stored", "text"),
    [
        (
            "openldap",
            b"8AC9C392-7E1D-1041-9A82-A36B00A67D62",
            "8ac9c392-7e1d-1041-9a82-a36b00a67d62",
        ),
        ("google", b"8ac9c392-7e1d-1041-9a82-a36b00a67d62", "8ac9c392-7e1d-1041-9a82-a36b00a67d62"),
        ("active-directory", bytes(range(16)), "03020100-0504-0706-0809-0a0b0c0d0e0f"),
        ("freeipa", b"1AF0B3C5-aaaaaaaa-bbbbbbbb-cccccccc", "1af0b3c5-aaaaaaaa-bbbbbbbb-cccccccc"),
    ],
)
def test_an_id_is_read_and_asked_for_again(kind: str, stored: bytes, text: str) -> None:
    ids = KINDS[kind].ids
    assert ids.read(stored) == text
    assert ids.read(ids.filtered(text)) == text


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("stored", [b"", b"*", b"x" * 17, b"\xff" * 15])
def test_an_id_that_is_none_is_unreadable(kind: object, stored: bytes) -> None:
    with pytest.raises(Unreadable):
        kind.ids.read(stored)  # type: ignore[attr-defined]
