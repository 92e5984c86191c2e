"""What differs between directories: names of attributes, ids, blocked accounts, groups in groups.

One literal table per software. A state is read from what the directory stores, at sign-in and
whenever somebody is looked at again.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from authn.ldap.answers import Raw
from authn.ldap.port import EntryState


class Unreadable(Exception):
    """An entry lacks what every entry has, or says what cannot be understood."""


class Nesting(Enum):
    """How somebody is found to be in a group through another one."""

    MEMBERS = auto()
    """Members of groups are read and followed: right whatever the server maintains."""
    RULE = auto()
    """The server follows them itself, asked with a matching rule of Active Directory."""
    FLAT = auto()
    """memberOf names the groups of groups already."""
    BACK = auto()
    """memberOf is always right, but names direct groups only."""


@dataclass(frozen=True, slots=True)
class Ids:
    """`attribute` in an entry, as text for Abri, and as the bytes that a filter needs."""

    attribute: str
    read: Callable[[bytes], str]
    filtered: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Kind:
    """`refusals`: results of a bind, and `details` of one with wrong credentials, that are about
    the account and not about the password.
    """

    person: str
    account: str
    ids: Ids
    state: Callable[[Raw, datetime, timedelta], EntryState]
    state_from: tuple[str, ...]
    group: str
    members: tuple[str, ...]
    nesting: Nesting
    aliases: tuple[str, ...] = ()
    refusals: Mapping[int, EntryState] = field(default_factory=dict)
    details: Mapping[str, EntryState] = field(default_factory=dict)

    @property
    def attributes(self) -> tuple[str, ...]:
        """All that is read of a person, and nothing else."""
        own = (self.ids.attribute, self.account, "displayName", "cn", *self.aliases)
        flat = ("memberOf",) if self.nesting is Nesting.FLAT else ()
        return (*own, *self.state_from, *flat)

    def id_of(self, raw: Raw) -> str:
        stored = raw.bytes(self.ids.attribute)
        if stored is None:
            raise Unreadable(f"an entry shows no {self.ids.attribute}")
        return self.ids.read(stored)


def _plain_uuid(stored: bytes) -> str:
    try:
        return str(uuid.UUID(stored.decode("ascii")))
    except ValueError:
        raise Unreadable("an entryUUID is none") from None


def _guid(stored: bytes) -> str:
    """Microsoft's order of bytes (MS-DTYP §2.3.4.2)."""
    try:
        return str(uuid.UUID(bytes_le=stored))
    except ValueError:
        raise Unreadable("an objectGUID is none") from None


def _guid_bytes(text: str) -> bytes:
    return _id(text).bytes_le


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Unreadable("an id is not one of this kind of directory") from None


_NS_UNIQUE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){3}")


def _ns_unique_id(text: str) -> str:
    if not _NS_UNIQUE_ID.fullmatch(text.lower()):
        raise Unreadable("an id is not one of this kind of directory")
    return text.lower()


_ENTRY_UUID = Ids("entryUUID", _plain_uuid, lambda text: str(_id(text)).encode())
_OBJECT_GUID = Ids("objectGUID", _guid, _guid_bytes)
_NS_ID = Ids(
    "nsUniqueId",
    lambda stored: _ns_unique_id(stored.decode(errors="replace")),
    lambda text: _ns_unique_id(text).encode(),
)


def generalized(text: str) -> datetime:
    """A GeneralizedTime (RFC 4517 §3.3.13), as far as directories write them."""
    found = re.fullmatch(r"(\d{14})(?:[.,](\d+))?(Z|[+-]\d{4})", text)
    if found is None:
        raise Unreadable("a date cannot be read")
    zone = found[3].replace("Z", "+0000")
    try:
        return datetime.strptime(f"{found[1]}{zone}", "%Y%m%d%H%M%S%z")
    except ValueError:
        raise Unreadable("a date cannot be read") from None


def _number(raw: Raw, name: str) -> int | None:
    text = raw.first(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise Unreadable(f"{name} is no number") from None


def _is_past(raw: Raw, name: str, now: datetime) -> bool:
    text = raw.first(name)
    return text is not None and generalized(text) <= now


POLICY: Mapping[int, EntryState] = {
    0: EntryState.MUST_CHANGE,
    1: EntryState.LOCKED,
    2: EntryState.MUST_CHANGE,
}
"""passwordExpired, accountLocked, changeAfterReset: where a server tells them with a bind."""

_FOR_GOOD = "000001010000Z"
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def openldap_state(raw: Raw, now: datetime, locked_for: timedelta) -> EntryState:
    """The password policy's attributes (draft-behera-ldap-password-policy §5.3), and shadow's.

    A lock-out by wrong passwords stays written when it is over, until the next sign-in: it counts
    for `locked_for`.
    """
    locked, shadow = raw.first("pwdAccountLockedTime"), _number(raw, "shadowExpire")
    if locked == _FOR_GOOD:
        return EntryState.DISABLED
    # As pam_unix takes it: 0 is a day long past, -1 is never.
    if shadow is not None and shadow != -1 and _EPOCH + shadow * _DAY <= now:
        return EntryState.EXPIRED
    if _is_past(raw, "pwdEndTime", now):
        return EntryState.EXPIRED
    if locked is not None and generalized(locked) + locked_for > now:
        return EntryState.LOCKED
    if (raw.first("pwdReset") or "").upper() == "TRUE":
        return EntryState.MUST_CHANGE
    return EntryState.ACTIVE


_DISABLED, _NEVER_EXPIRES, _SMART_CARD = 0x2, 0x10000, 0x40000
_LOCKED_OUT, _PASSWORD_EXPIRED = 0x10, 0x800000
_NEVER = (0, 2**63 - 1)
_WINDOWS_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def _windows(ticks: int) -> datetime:
    try:
        return _WINDOWS_EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def active_directory_state(raw: Raw, now: datetime, _: timedelta) -> EntryState:
    """MS-ADTS §2.2.16 and §3.1.1.4.5.17: the flags that are stored, and those worked out."""
    flags = _number(raw, "userAccountControl")
    if flags is None:
        raise Unreadable("an entry shows no userAccountControl")
    worked_out = _number(raw, "msDS-User-Account-Control-Computed") or 0
    expires = _number(raw, "accountExpires") or 0
    if flags & _DISABLED:
        return EntryState.DISABLED
    if expires not in _NEVER and _windows(expires) <= now:
        return EntryState.EXPIRED
    if worked_out & _LOCKED_OUT:
        return EntryState.LOCKED
    must_change = _number(raw, "pwdLastSet") == 0 and not flags & (_NEVER_EXPIRES | _SMART_CARD)
    if must_change or worked_out & _PASSWORD_EXPIRED:
        return EntryState.MUST_CHANGE
    return EntryState.ACTIVE


def freeipa_state(raw: Raw, now: datetime, _: timedelta) -> EntryState:
    if (raw.first("nsAccountLock") or "").upper() == "TRUE":
        return EntryState.DISABLED
    if _is_past(raw, "krbPrincipalExpiration", now):
        return EntryState.EXPIRED
    if _is_past(raw, "krbPasswordExpiration", now):
        return EntryState.MUST_CHANGE
    return EntryState.ACTIVE


def google_state(_: Raw, __: datetime, ___: timedelta) -> EntryState:
    """It tells nobody who is suspended, but refuses their password."""
    return EntryState.ACTIVE


# Whoever has no account name cannot sign in, and is nobody to Abri.
_PEOPLE = "(&(|(objectClass=person)(objectClass=posixAccount))(uid=*))"

KINDS: Mapping[str, Kind] = {
    "openldap": Kind(
        person=_PEOPLE,
        account="uid",
        ids=_ENTRY_UUID,
        state=openldap_state,
        state_from=("pwdAccountLockedTime", "pwdReset", "pwdEndTime", "shadowExpire"),
        group="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
        "(objectClass=groupOfMembers)(objectClass=posixGroup))",
        members=("member", "uniqueMember", "memberUid"),
        nesting=Nesting.MEMBERS,
    ),
    "active-directory": Kind(
        person="(&(objectCategory=person)(objectClass=user))",
        account="sAMAccountName",
        aliases=("userPrincipalName",),
        ids=_OBJECT_GUID,
        state=active_directory_state,
        state_from=(
            "userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires",
            "pwdLastSet",
        ),
        group="(objectClass=group)",
        members=("member",),
        nesting=Nesting.RULE,
        # Win32 codes in the text of a refusal (MS-ERREF §2.2), told to whoever has the password.
        details={
            "530": EntryState.LOCKED,
            "532": EntryState.MUST_CHANGE,
            "533": EntryState.DISABLED,
            "701": EntryState.EXPIRED,
            "773": EntryState.MUST_CHANGE,
            "775": EntryState.LOCKED,
        },
    ),
    "freeipa": Kind(
        person="(objectClass=posixAccount)",
        account="uid",
        ids=_NS_ID,
        state=freeipa_state,
        state_from=("nsAccountLock", "krbPrincipalExpiration", "krbPasswordExpiration"),
        group="(|(objectClass=ipaUserGroup)(objectClass=groupOfNames)(objectClass=nestedGroup))",
        members=("member",),
        nesting=Nesting.FLAT,
        # 389 Directory Server: unwillingToPerform for an inactive account, constraintViolation for
        # too many wrong passwords.
        refusals={53: EntryState.DISABLED, 19: EntryState.LOCKED},
    ),
    "google": Kind(
        person="(&(objectClass=person)(uid=*))",
        account="uid",
        ids=_ENTRY_UUID,
        state=google_state,
        state_from=(),
        group="(|(objectClass=groupOfNames)(objectClass=posixGroup))",
        members=("member",),
        nesting=Nesting.BACK,
    ),
}  # fmt: skip
