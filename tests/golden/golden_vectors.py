"""Golden examples of every rule but blobs, as davserver.sealing makes them from fixed inputs.

Each is a JSON object: inputs as text, numbers or hexadecimal, results as hexadecimal.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from authn.certificates import certificate_of
from authn.verifiers import certificate_phc
from davserver.domain.actions import Category
from davserver.domain.ids import (
    BlobId,
    CredentialId,
    GrantId,
    LockId,
    NodeId,
    NoticeId,
    OfferId,
    PersonId,
    RequestId,
    SharingCodeId,
    SpaceId,
    VaultId,
)
from davserver.domain.nodes import Kind, NodeState
from davserver.domain.secret import Secret
from davserver.domain.sharing_codes import letters_from
from davserver.sealing.index import VaultIndex
from davserver.sealing.instance import Display, InstanceKeys
from davserver.sealing.kek import KeyPurpose, instance_key_context, space_key_context
from davserver.sealing.keyring import LocalKeyring
from davserver.sealing.keys import app_password_verifier, derive
from davserver.sealing.labels import Purpose
from davserver.sealing.record import Record
from davserver.sealing.space import RecordContext, SpaceKeys, VersionContext
from davserver.sealing.trail import FIRST_LINK, ActorKey, Unsealed, entry_hash
from davserver.sealing.values import encode_list, encode_row, micros
from davserver.trail.journal import record
from tests.golden.golden_blobs import fixed, stored_digests

Vector = dict[str, Any]

SPACE_KEY, INDEX_KEY = fixed("space key", 32), fixed("index key", 32)
VAULT, SPACE = VaultId(fixed("vault", 16)), SpaceId(fixed("space", 16))
PERSON, OTHER = PersonId(fixed("person", 16)), PersonId(fixed("another person", 16))
NODE, PARENT = NodeId(fixed("node", 16)), NodeId(fixed("parent", 16))
BLOB, ETAG = BlobId(fixed("blob", 16)), fixed("etag", 16)
INSTANCE = {purpose: fixed(f"instance {purpose.value}", 32) for purpose in KeyPurpose}
CREATED = datetime(2026, 2, 28, 9, 30, 0, 123456, tzinfo=UTC)
EPOCH = 3

FILE = Record(
    name="Ordonnance d’été.pdf",
    category=Category.HEALTH,
    size=73211,
    sha256=fixed("content digest", 32),
    media_type="application/pdf",
    maker=OTHER,
    origin="upload",
    file_key=Secret(fixed("file key", 32)),
    properties={"{urn:x}é": "<a/>", "{DAV:}z": "", "{urn:a}b": "value"},
)
FOLDER = Record("Santé", None, 0, b"", "", PERSON, "", None)
ROW = RecordContext(
    vault=VAULT,
    space=SPACE,
    epoch=EPOCH,
    node=NODE,
    parent=PARENT,
    kind=Kind.FILE,
    state=NodeState.LIVE,
    blob=BLOB,
    row_version=7,
    etag=ETAG,
    created=CREATED,
    modified=CREATED + timedelta(hours=1),
    made_at=CREATED + timedelta(days=1),
    author=PERSON,
    maker=OTHER,
    idx=fixed("idx", 16),
    ci_idx=fixed("ci_idx", 16),
    twin=1,
)
ROOT = replace(
    ROW, node=PARENT, parent=None, kind=Kind.FOLDER, state=NodeState.TRASH, blob=None, twin=0
)
VERSION = VersionContext(VAULT, SPACE, EPOCH, NODE, 6, BLOB, ETAG, PERSON, CREATED)
NAMES = ("Santé", "sante\u0301", "Straße", "STRASSE", "日本.txt", "ﬁn", "İ")


def golden_vectors() -> dict[str, list[Vector]]:
    """By kind of rule."""
    makers: tuple[Callable[[], dict[str, list[Vector]]], ...] = (
        _derivations,
        _digests,
        _spaces,
        _indexes,
        _rows,
        _wraps,
        _people,
        _trail,
        _scratch,
    )
    return {kind: vectors for maker in makers for kind, vectors in maker().items()}


def _keys() -> InstanceKeys:
    return InstanceKeys.from_secrets({purpose: Secret(raw) for purpose, raw in INSTANCE.items()})


def _space() -> SpaceKeys:
    return SpaceKeys.from_secret(Secret(SPACE_KEY), VAULT, SPACE, EPOCH)


def shown(value: Any) -> Any:
    """As JSON can hold it: bytes in hexadecimal, times in microseconds, secrets revealed."""
    match value:
        case Secret():
            return value.reveal().hex()
        case bytes():
            return value.hex()
        case datetime():
            return micros(value)
        case dict():
            return {key: shown(one) for key, one in value.items()}
    return value


def _fields(value: Any) -> Vector:
    return {name: shown(getattr(value, name)) for name in value.__dataclass_fields__}


def _derivations() -> dict[str, list[Vector]]:
    key, context = fixed("any key", 32), fixed("any context", 36)
    return {
        "derive": [
            {
                "purpose": purpose.value,
                "key": key.hex(),
                "context": given.hex(),
                "output": derive(Secret(key), purpose, given, length).hex(),
            }
            for purpose in Purpose
            for given, length in ((b"", 32), (context, 64))
        ]
    }


def _digests() -> dict[str, list[Vector]]:
    return {"stored_digest": stored_digests()}


def _spaces() -> dict[str, list[Vector]]:
    keys, lock = _space(), LockId(fixed("lock", 16))
    nodes = (
        (ROW, FILE),
        (ROOT, FOLDER),
        (replace(ROW, blob=None), replace(FOLDER, name="x" * 255)),
    )
    return {
        "node": [
            {
                "space_key": SPACE_KEY.hex(),
                "row": _fields(row),
                "context": row.encode().hex(),
                "record": _fields(record),
                "encoded": record.encode().hex(),
                "sealed": keys.seal_record(row, record).hex(),
            }
            for row, record in nodes
        ],
        "version": [
            {
                "space_key": SPACE_KEY.hex(),
                "row": _fields(VERSION),
                "context": VERSION.encode().hex(),
                "record": _fields(FILE),
                "sealed": keys.seal_version(VERSION, FILE.fields()).hex(),
            }
        ],
        "index_key": [
            {
                "space_key": SPACE_KEY.hex(),
                "vault": VAULT.hex(),
                "space": SPACE.hex(),
                "epoch": EPOCH,
                "generation": 2,
                "index_key": INDEX_KEY.hex(),
                "sealed": keys.seal_index_key(2, Secret(INDEX_KEY)).hex(),
            }
        ],
        "lock_owner": [
            {
                "space_key": SPACE_KEY.hex(),
                "vault": VAULT.hex(),
                "space": SPACE.hex(),
                "epoch": EPOCH,
                "lock": lock.hex(),
                "node": NODE.hex(),
                "owner": "Mme Léa Martin",
                "sealed": keys.seal_lock_owner(lock, NODE, "Mme Léa Martin").hex(),
            }
        ],
    }


def _indexes() -> dict[str, list[Vector]]:
    index = VaultIndex(Secret(INDEX_KEY), VAULT)
    given = {"index_key": INDEX_KEY.hex(), "vault": VAULT.hex()}
    return {
        "name": [
            given
            | {
                "name": name,
                "name_index": index.name_index(name).hex(),
                "folded_index": index.folded_index(name).hex(),
            }
            for name in NAMES
        ],
        "category": [
            given | {"category": category.value, "tag": index.category_tag(category).hex()}
            for category in Category
        ],
    }


def _rows() -> dict[str, list[Vector]]:
    keys = _keys()
    columns = {
        "id": NODE, "right": "write", "until": None, "allowance": 2**40, "used": -1,
        "open": True, "shut": False, "empty": "", "no bytes": b"", "é": CREATED,
    }  # fmt: skip
    parts = (PERSON, NODE, ((fixed("grant", 16), 4), ("health", 17)), (), None, CREATED)
    return {
        "row": [
            {
                "table": "grant",
                "columns": _typed(columns),
                "encoded": encode_row("grant", columns).hex(),
                "mac_key": INSTANCE[KeyPurpose.ROW_MAC].hex(),
                "mac": keys.row_mac("grant", columns).hex(),
                "trail_key": INSTANCE[KeyPurpose.TRAIL_MAC].hex(),
                "hash": keys.trail.row_hash("grant", columns).hex(),
            }
        ],
        "etag": [
            {
                "key": INSTANCE[KeyPurpose.ETAG].hex(),
                "parts": _typed(list(parts)),
                "encoded": encode_list(parts).hex(),
                "etag": keys.folder_etag(parts).hex(),
            }
        ],
    }


def _typed(value: Any) -> Any:
    """JSON that keeps bytes and times apart from text and numbers."""
    match value:
        case bytes():
            return {"bytes": value.hex()}
        case datetime():
            return {"time": micros(value)}
        case dict():
            return {key: _typed(one) for key, one in value.items()}
        case list() | tuple():
            return [_typed(one) for one in value]
    return value


def _wraps() -> dict[str, list[Vector]]:
    contexts = {
        "space key": space_key_context(VAULT, SPACE, EPOCH, PERSON),
        **{purpose.value: instance_key_context(purpose, 2) for purpose in KeyPurpose},
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "keyring"
        ring = LocalKeyring.create(
            file, Path(folder) / "data", lambda n: fixed("generation 1", n), CREATED
        )
        first = ring.generations()[0].kek_id
        for number in (2, 3):
            made = CREATED + timedelta(days=30 * (number - 1))
            added = ring.add_generation(lambda n, of=number: fixed(f"generation {of}", n), made)
            ring.use_generation(added.kek_id)
        ring.destroy(first, CREATED + timedelta(days=90))
        kek_id = ring.generations()[-1].kek_id
        return {
            "wrap": [
                {
                    "of": of,
                    "context": context.hex(),
                    "kek_id": kek_id,
                    "kek": fixed("generation 3", 32).hex(),
                    "key": SPACE_KEY.hex(),
                    "sealed": ring.wrap(Secret(SPACE_KEY), context).sealed.hex(),
                }
                for of, context in contexts.items()
            ],
            "space_key_context": [
                {
                    "vault": VAULT.hex(),
                    "space": SPACE.hex(),
                    "epoch": EPOCH,
                    "owner": PERSON.hex(),
                    "context": contexts["space key"].hex(),
                }
            ],
            "keyring": [
                {
                    "file": file.read_text(),
                    "generations": [
                        {key: shown(value) for key, value in asdict(one).items()}
                        for one in ring.generations()
                    ],
                }
            ],
        }


def _people() -> dict[str, list[Vector]]:
    keys = _keys()
    credential, grant = CredentialId(fixed("credential", 16)), GrantId(fixed("grant", 16))
    phc = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
    secret, display = fixed("app password", 20), Display("Léa Martin", "Santé")
    sealed: tuple[tuple[str, KeyPurpose, bytes, int, bytes, bytes], ...] = (
        ("credential/password", KeyPurpose.CREDENTIAL, credential, 4, phc.encode(),
         keys.seal_password_hash(credential, 4, phc)),
        ("directory/purpose", KeyPurpose.DIRECTORY, grant, 9, b"Dossier CAF/APL",
         keys.seal_purpose(grant, 9, "Dossier CAF/APL")),
        ("credential/label", KeyPurpose.CREDENTIAL, credential, 4, "Téléphone".encode(),
         keys.seal_label(credential, 4, "Téléphone")),
        ("directory/profile", KeyPurpose.DIRECTORY, PERSON, 2, b'{"name": "A"}',
         keys.seal_profile(PERSON, 2, b'{"name": "A"}')),
        ("directory/display", KeyPurpose.DIRECTORY, grant, 9, "Léa Martin/Santé".encode(),
         keys.seal_display(grant, 9, display)),
    )  # fmt: skip
    directory_index = INSTANCE[KeyPurpose.DIRECTORY_INDEX].hex()
    return _affiliations(keys) | {
        "app_password": [
            {"secret": secret.hex(), "verifier": app_password_verifier(Secret(secret)).hex()}
        ],
        "certificate": [_certificate(keys)],
        "versioned": [
            {
                "purpose": purpose,
                "key": INSTANCE[key].hex(),
                "id": one.hex(),
                "version": version,
                "plain": plain.hex(),
                "sealed": result.hex(),
            }
            for purpose, key, one, version, plain, result in sealed
        ],
        "lookup": [
            {
                "key": directory_index,
                "attribute": "login",
                "value": "Léa.MARTIN",
                "index": keys.directory_index("login", "Léa.MARTIN").hex(),
            }
        ],
        "grant_name": [
            {
                "key": directory_index,
                "grantee": OTHER.hex(),
                "name": "Santé",
                "index": keys.grant_name_index(OTHER, "Santé").hex(),
            }
        ],
    }


def _certificate(keys: InstanceKeys) -> Vector:
    """One that signs itself with Ed25519: the same bytes each time."""
    private = Ed25519PrivateKey.from_private_bytes(fixed("certificate", 32))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Léa Martin")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(CREATED.replace(microsecond=0))
        .not_valid_after(CREATED.replace(microsecond=0) + timedelta(days=1))
        .sign(private, None)
    )
    der = made.public_bytes(Encoding.DER)
    found = certificate_of(der)
    assert found is not None
    return {
        "key": INSTANCE[KeyPurpose.DIRECTORY_INDEX].hex(),
        "certificate": der.hex(),
        "id": found.credential(keys).hex(),
        "verifier": certificate_phc(found.key),
    }


def _affiliations(keys: InstanceKeys) -> dict[str, list[Vector]]:
    request, notice = RequestId(fixed("request", 16)), NoticeId(fixed("notice", 16))
    code, letters = SharingCodeId(fixed("sharing code", 16)), letters_from(fixed("letters", 5))
    directory = INSTANCE[KeyPurpose.DIRECTORY].hex()
    told = '{"code":"0042 1337","kind":"affiliation-asked"}'
    offer, says = OfferId(fixed("offer", 16)), '{"operator": "marie", "purpose": "Dossier CAF/APL"}'
    return {
        "offer": [
            {
                "key": directory,
                "offer": offer.hex(),
                "version": 2,
                "plain": says,
                "sealed": keys.seal_offer(offer, 2, says.encode()).hex(),
            }
        ],
        "request": [
            {
                "key": directory,
                "code_key": INSTANCE[KeyPurpose.CREDENTIAL].hex(),
                "request": request.hex(),
                "login": "Léa.MARTIN",
                "sealed": keys.seal_request_login(request, "Léa.MARTIN").hex(),
                "code": "00421337",
                "code_mac": keys.code_mac(request, "00421337").hex(),
            }
        ],
        "sharing_code": [
            {
                "key": directory,
                "index_key": INSTANCE[KeyPurpose.DIRECTORY_INDEX].hex(),
                "code": code.hex(),
                "person": PERSON.hex(),
                "entropy": fixed("letters", 5).hex(),
                "letters": letters,
                "sealed": keys.seal_sharing_code(code, PERSON, letters).hex(),
                "index": keys.sharing_code_index(letters).hex(),
            }
        ],
        "notice": [
            {
                "key": directory,
                "notice": notice.hex(),
                "person": PERSON.hex(),
                "plain": told,
                "sealed": keys.seal_notice(notice, PERSON, told.encode()).hex(),
            }
        ],
    }


def _trail() -> dict[str, list[Vector]]:
    trail, actor = _keys().trail, Secret(fixed("actor key", 32))
    seal_key, mac_key = INSTANCE[KeyPurpose.TRAIL_SEAL].hex(), INSTANCE[KeyPurpose.TRAIL_MAC].hex()
    before, entries = FIRST_LINK, []
    for seq in range(1, 4):
        payload, part = f"payload {seq}".encode(), f"actor {seq}".encode()
        entry = Unsealed(VAULT, payload, PERSON, part, None)
        row = trail.seal_entry(entry, ActorKey(actor, PERSON), seq, before, 1234567)
        digest = entry_hash((1234567, None, row["payload_hash"], row["actor_hash"]))
        entries.append(
            {
                "seal_key": seal_key,
                "mac_key": mac_key,
                "actor_key": actor.reveal().hex(),
                "actor": PERSON.hex(),
                "vault": VAULT.hex(),
                "seq": seq,
                "at": 1234567,
                "payload": payload.hex(),
                "payload_ct": row["payload_ct"].hex(),
                "part": part.hex(),
                "actor_ct": row["actor_ct"].hex(),
                "entry_hash": digest.hex(),
                "before": before.hex(),
                "link": row["link"].hex(),
                "head_mac": row["mac"].hex(),
            }
        )
        before = row["link"]
    return {
        "entry": entries,
        "actor_key": [
            {
                "seal_key": seal_key,
                "actor": PERSON.hex(),
                "actor_key": actor.reveal().hex(),
                "sealed": trail.seal_actor_key(PERSON, actor).hex(),
            }
        ],
        "window": [
            {
                "seal_key": seal_key,
                "person": PERSON.hex(),
                "etag": ETAG.hex(),
                "detail": b"twice".hex(),
                "sealed": trail.seal_window(PERSON, ETAG, b"twice").hex(),
            }
        ],
        "journal": [
            {
                "seal_key": seal_key,
                "journal": fixed("journal", 16).hex(),
                "number": number,
                "reading": b"once".hex(),
                "record": record(trail, fixed("journal", 16), number, b"once").hex(),
            }
            for number in (1, 2**40)
        ],
    }


def _scratch() -> dict[str, list[Vector]]:
    keys, item = _keys().scratch(PERSON), fixed("item", 16)
    return {
        "scratch": [
            {
                "key": INSTANCE[KeyPurpose.SCRATCH].hex(),
                "person": PERSON.hex(),
                "folder": folder and folder.hex(),
                "item": item.hex(),
                "name": FILE.name,
                "record": _fields(FILE),
                "sealed": keys.seal_record(item, folder, FILE).hex(),
                "index": keys.name_index(folder, FILE.name).hex(),
            }
            for folder in (None, PARENT)
        ]
    }
