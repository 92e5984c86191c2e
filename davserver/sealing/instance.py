"""The instance's own keys: what is authenticated or sealed across vaults (FORMAT.md §6, §8, §9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from davserver.domain.errors import Damaged
from davserver.domain.ids import (
    CredentialId,
    GrantId,
    NoticeId,
    OfferId,
    PersonId,
    RequestId,
    SharingCodeId,
    StructureId,
)
from davserver.domain.secret import Secret
from davserver.sealing.fields import id16, u64
from davserver.sealing.index import folded, nfc
from davserver.sealing.kek import KeyPurpose
from davserver.sealing.keys import MacKey, Sealer
from davserver.sealing.labels import Purpose
from davserver.sealing.scratch import ScratchKeys
from davserver.sealing.trail import TrailKeys
from davserver.sealing.values import Part, Value, encode_list, encode_row


@dataclass(frozen=True, slots=True)
class Display:
    """How a grant's root is shown to the other side: /folder/name."""

    folder: str
    name: str

    def __post_init__(self) -> None:
        if "/" in self.folder or "/" in self.name:
            raise ValueError("a name holds no slash")

    def encode(self) -> bytes:
        return f"{self.folder}/{self.name}".encode()

    @classmethod
    def decode(cls, raw: bytes) -> "Display":
        """Raises Damaged."""
        folder, slash, name = raw.decode().partition("/")
        if not slash or "/" in name:
            raise Damaged("a grant's sealed name cannot be read")
        return cls(folder, name)


@dataclass(frozen=True, slots=True)
class InstanceKeys:
    """Built once per process by `from_secrets`; shared between threads. Every `open_…` raises
    Damaged.
    """

    trail: TrailKeys
    _rows: MacKey = field(repr=False)
    _profile: Sealer = field(repr=False)
    _display: Sealer = field(repr=False)
    _purpose: Sealer = field(repr=False)
    _offer: Sealer = field(repr=False)
    _request_login: Sealer = field(repr=False)
    _notice: Sealer = field(repr=False)
    _lookup: MacKey = field(repr=False)
    _grant_name: MacKey = field(repr=False)
    _pseudonym: MacKey = field(repr=False)
    _sharing_code: Sealer = field(repr=False)
    _sharing_code_index: MacKey = field(repr=False)
    _password: Sealer = field(repr=False)
    _label: Sealer = field(repr=False)
    _code: MacKey = field(repr=False)
    _etag: MacKey = field(repr=False)
    _scratch: Secret = field(repr=False)

    @classmethod
    def from_secrets(cls, keys: Mapping[KeyPurpose, Secret]) -> "InstanceKeys":
        """One 32-byte key for every KeyPurpose. Raises ValueError when one is missing."""
        missing = [purpose.value for purpose in KeyPurpose if purpose not in keys]
        if missing:
            raise ValueError(f"no instance key for: {', '.join(missing)}")
        credential = keys[KeyPurpose.CREDENTIAL]
        directory, index = keys[KeyPurpose.DIRECTORY], keys[KeyPurpose.DIRECTORY_INDEX]
        return cls(
            trail=TrailKeys(keys[KeyPurpose.TRAIL_SEAL], keys[KeyPurpose.TRAIL_MAC]),
            _rows=MacKey(keys[KeyPurpose.ROW_MAC], Purpose.ROW_MAC),
            _profile=Sealer(directory, Purpose.DIRECTORY_PROFILE),
            _display=Sealer(directory, Purpose.DIRECTORY_DISPLAY),
            _purpose=Sealer(directory, Purpose.DIRECTORY_PURPOSE),
            _offer=Sealer(directory, Purpose.DIRECTORY_OFFER),
            _request_login=Sealer(directory, Purpose.DIRECTORY_REQUEST_LOGIN),
            _notice=Sealer(directory, Purpose.DIRECTORY_NOTICE),
            _lookup=MacKey(index, Purpose.DIRECTORY_LOOKUP),
            _grant_name=MacKey(index, Purpose.DIRECTORY_GRANT_NAME),
            _pseudonym=MacKey(index, Purpose.DIRECTORY_PSEUDONYM),
            _sharing_code=Sealer(directory, Purpose.DIRECTORY_SHARING_CODE),
            _sharing_code_index=MacKey(index, Purpose.DIRECTORY_SHARING_CODE_INDEX),
            _password=Sealer(credential, Purpose.CREDENTIAL_PASSWORD),
            _label=Sealer(credential, Purpose.CREDENTIAL_LABEL),
            _code=MacKey(credential, Purpose.AFFILIATION_CODE),
            _etag=MacKey(keys[KeyPurpose.ETAG], Purpose.ETAG_FOLDER),
            _scratch=keys[KeyPurpose.SCRATCH],
        )

    def row_mac(self, table: str, columns: Mapping[str, Value]) -> bytes:
        """32 bytes for a row that carries authority; `columns` by name, the MAC itself left out."""
        return self._rows.mac(encode_row(table, columns))

    def row_is_genuine(self, table: str, columns: Mapping[str, Value], mac: bytes) -> bool:
        """Whether `mac` was made for exactly this row. False means: treat the row as absent."""
        try:
            return self._rows.matches(encode_row(table, columns), mac)
        except (TypeError, ValueError):
            # SQLite keeps any type in any column, and whoever can write there may choose.
            return False

    def seal_profile(self, person: PersonId, version: int, plain: bytes) -> bytes:
        return self._profile.seal(plain, _versioned(person, version))

    def open_profile(self, person: PersonId, version: int, sealed: bytes) -> bytes:
        return self._profile.open(sealed, _versioned(person, version))

    def seal_display(self, grant: GrantId, row_version: int, display: Display) -> bytes:
        return self._display.seal(display.encode(), _versioned(grant, row_version))

    def open_display(self, grant: GrantId, row_version: int, sealed: bytes) -> Display:
        return Display.decode(self._display.open(sealed, _versioned(grant, row_version)))

    def seal_purpose(self, grant: GrantId, row_version: int, purpose: str) -> bytes:
        """What a grant is for, in its giver's words."""
        return self._purpose.seal(purpose.encode(), _versioned(grant, row_version))

    def open_purpose(self, grant: GrantId, row_version: int, sealed: bytes) -> str:
        return self._purpose.open(sealed, _versioned(grant, row_version)).decode()

    def seal_offer(self, offer: OfferId, row_version: int, plain: bytes) -> bytes:
        """What an offer says in words: its purpose, and who made it."""
        return self._offer.seal(plain, _versioned(offer, row_version))

    def open_offer(self, offer: OfferId, row_version: int, sealed: bytes) -> bytes:
        return self._offer.open(sealed, _versioned(offer, row_version))

    def seal_request_login(self, request: RequestId, typed: str) -> bytes:
        """Whom a request for an affiliation is for, as it was typed: there may be nobody."""
        return self._request_login.seal(typed.encode(), id16(request))

    def open_request_login(self, request: RequestId, sealed: bytes) -> str:
        return self._request_login.open(sealed, id16(request)).decode()

    def code_mac(self, request: RequestId, code: str) -> bytes:
        """32 bytes that know a request's code; `code` is its eight digits."""
        return self._code.mac(id16(request) + code.encode())

    def is_code(self, request: RequestId, code: str, mac: bytes) -> bool:
        return self._code.matches(id16(request) + code.encode(), mac)

    def seal_notice(self, notice: NoticeId, person: PersonId, plain: bytes) -> bytes:
        """Bound to whom it is for: it may hold a code that nobody else may see."""
        return self._notice.seal(plain, id16(notice) + id16(person))

    def open_notice(self, notice: NoticeId, person: PersonId, sealed: bytes) -> bytes:
        return self._notice.open(sealed, id16(notice) + id16(person))

    def seal_sharing_code(self, code: SharingCodeId, person: PersonId, letters: str) -> bytes:
        """Whoever made it is shown it again while it lives."""
        return self._sharing_code.seal(letters.encode(), id16(code) + id16(person))

    def open_sharing_code(self, code: SharingCodeId, person: PersonId, sealed: bytes) -> str:
        return self._sharing_code.open(sealed, id16(code) + id16(person)).decode()

    def sharing_code_index(self, letters: str) -> bytes:
        """16 bytes that find a code by its eight letters."""
        return self._sharing_code_index.index(letters.encode())

    def seal_password_hash(self, credential: CredentialId, generation: int, phc: str) -> bytes:
        return self._password.seal(phc.encode(), _versioned(credential, generation))

    def open_password_hash(self, credential: CredentialId, generation: int, sealed: bytes) -> str:
        return self._password.open(sealed, _versioned(credential, generation)).decode()

    def seal_label(self, credential: CredentialId, generation: int, label: str) -> bytes:
        """What a person calls one of their app passwords, such as the device it is on."""
        return self._label.seal(label.encode(), _versioned(credential, generation))

    def open_label(self, credential: CredentialId, generation: int, sealed: bytes) -> str:
        return self._label.open(sealed, _versioned(credential, generation)).decode()

    def directory_index(self, attribute: str, value: str) -> bytes:
        """16 bytes that find a person by a login identifier, in whatever case it is typed."""
        return self._lookup.index(encode_list((attribute, folded(value))))

    def grant_name_index(self, grantee: PersonId | StructureId, name: str) -> bytes:
        """16 bytes; unique per grantee, so that no two things on a drive have one name."""
        return self._grant_name.index(encode_list((grantee, nfc(name))))

    def pseudonym(self, kind: str, one: bytes) -> bytes:
        """16 bytes in place of a person's or a vault's id, for reports that may leave the house."""
        return self._pseudonym.index(encode_list((kind, one)))

    def folder_etag(self, parts: Iterable[Part]) -> bytes:
        """16 bytes that change when any of `parts` does: the viewer, the folder, their live
        grants, the counters of what they may list. Nested tuples keep groups apart.
        """
        return self._etag.index(encode_list(parts))

    def scratch(self, person: PersonId) -> ScratchKeys:
        return ScratchKeys(self._scratch, person)


def _versioned(one: bytes, version: int) -> bytes:
    return id16(one) + u64(version)
