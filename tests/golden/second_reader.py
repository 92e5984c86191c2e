"""A second reader of everything that Abri stores, written from davserver/sealing/FORMAT.md alone.

It shares no line with davserver.sealing. Each function cites its paragraph. HKDF, AES-SIV, BLAKE3
and all encodings are spelled out; only AES, CMAC, GCM, HMAC and SHA-256 come from libraries.
"""

import hashlib
import hmac
import unicodedata
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.cmac import CMAC

from tests.golden.second_blake3 import blake3

CHUNK = 65536
KINDS = {"folder": 1, "file": 2}
STATES = {"live": 1, "trash": 2}
CATEGORIES = {
    *("identity", "housing", "income", "work"),
    *("health", "justice", "family", "unclassified"),
}


class Refused(Exception):
    """§1.4."""


def require(condition, why):
    if not condition:
        raise Refused(why)


# ── §1, §2 ──────────────────────────────────────────────────────────────────────────────────────


def hkdf(key, salt, info, length):
    """RFC 5869."""
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    block, out, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        out += block
        counter += 1
    return out[:length]


def label(purpose):
    """§2.2."""
    return b"abri/v1/" + purpose.encode()


def derive(key, purpose, context, length):
    """§2.3."""
    return hkdf(key, b"", label(purpose) + b"\0" + context, length)


def cmac(key, message):
    state = CMAC(AES(key))
    state.update(message)
    return state.finalize()


def doubled(block):
    """RFC 5297 §2.3."""
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number ^= (1 << 128) | 0x87
    return number.to_bytes(16, "big")


def xored(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def s2v(key, components, plain):
    """RFC 5297 §2.4."""
    state = cmac(key, bytes(16))
    for component in components:
        state = xored(doubled(state), cmac(key, component))
    if len(plain) >= 16:
        return cmac(key, plain[:-16] + xored(plain[-16:], state))
    padded = plain + b"\x80" + bytes(15 - len(plain))
    return cmac(key, xored(doubled(state), padded))


def siv_counter(key, iv, data):
    start = bytearray(iv)
    start[8] &= 0x7F
    start[12] &= 0x7F
    cipher = Cipher(AES(key), CTR(bytes(start))).encryptor()
    return cipher.update(data) + cipher.finalize()


def siv_open(key, sealed, components):
    """§1.3."""
    require(len(key) == 64 and len(sealed) >= 16, "length")
    plain = siv_counter(key[32:], sealed[:16], sealed[16:])
    require(hmac.compare_digest(s2v(key[:32], components, plain), sealed[:16]), "seal")
    return plain


def unseal(key, purpose, derived_for, sealed, context):
    """§2.4."""
    framed = siv_open(derive(key, purpose, derived_for, 64), sealed, [label(purpose), context])
    end = 4 + int.from_bytes(framed[:4], "big")
    rest = framed[end:]
    require(end <= len(framed) and len(framed) % 32 == 0, "padded length")
    require(len(rest) < 32 and rest == bytes(len(rest)), "padding")
    return framed[4:end]


def unseal_key(key, purpose, derived_for, sealed, context):
    """§2.4."""
    raw = siv_open(derive(key, purpose, derived_for, 64), sealed, [label(purpose), context])
    require(len(raw) == 32, "key length")
    return raw


def mac(key, purpose, derived_for, message):
    """§2.5."""
    return hmac.digest(derive(key, purpose, derived_for, 32), message, "sha256")


def index(key, purpose, derived_for, message):
    """§2.5."""
    return mac(key, purpose, derived_for, message)[:16]


def u32(number):
    return number.to_bytes(4, "big")


def u64(number):
    return number.to_bytes(8, "big")


def i64(number):
    return number.to_bytes(8, "big", signed=True)


def optional_id(one):
    """§2.1."""
    return bytes(17) if one is None else b"\x01" + one


def nfc(text):
    return unicodedata.normalize("NFC", text)


# ── §3 blobs ────────────────────────────────────────────────────────────────────────────────────


def open_blob(file_key, vault, blob, plain_size, stored):
    """§3, whole."""
    chunks = max(1, (plain_size + CHUNK - 1) // CHUNK)
    require(chunks <= 1 << 24 and len(stored) == 128 + plain_size + 16 * chunks, "§3.4 length")
    require(stored[:8] == b"ABRI\x01\x01\x10\x00", "§3.1 fixed bytes")
    require(stored[8:24] == blob, "§3.1 blob id")
    require(stored[88:128] == bytes(40), "§3.1 reserved")
    info = label("content") + b"\0" + stored[:24] + vault
    derived = hkdf(file_key, stored[24:56], info, 64)
    require(hmac.compare_digest(derived[32:], stored[56:88]), "§3.3 commitment")
    cipher, plain = AESGCM(derived[:32]), b""
    for i in range(chunks):
        start = 128 + i * (CHUNK + 16)
        nonce = i.to_bytes(11, "big") + (b"\x01" if i == chunks - 1 else b"\x00")
        try:
            plain += cipher.decrypt(nonce, stored[start : start + CHUNK + 16], None)
        except InvalidTag:
            raise Refused("§3.6 chunk") from None
    return plain


def stored_digest(word, stored):
    """§3.8."""
    by_word = {"sha-256": lambda: hashlib.sha256(stored).digest(), "blake3": lambda: blake3(stored)}
    require(word in by_word, "§3.8 algorithm")
    return by_word[word]()


# ── §4 spaces ───────────────────────────────────────────────────────────────────────────────────


class Cursor:
    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, length):
        require(self.at + length <= len(self.raw), "too short")
        self.at += length
        return self.raw[self.at - length : self.at]

    def number(self, width):
        return int.from_bytes(self.take(width), "big")

    def text(self, length):
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise Refused("text") from None


def read_record(raw) -> dict[str, Any]:
    """§4.4."""
    cursor = Cursor(raw)
    require(cursor.number(1) == 1, "layout")
    flags = cursor.number(1)
    require(flags < 4, "flags")
    record: dict[str, Any] = {"maker": cursor.take(16).hex(), "size": cursor.number(8)}
    lengths = [cursor.number(width) for width in (2, 1, 2, 2)]
    properties = cursor.number(2)
    record["sha256"] = cursor.take(32).hex() if flags & 2 else ""
    record["file_key"] = cursor.take(32).hex() if flags & 2 else None
    require(flags & 2 or record["size"] == 0, "size")
    name, category, media_type, origin = (cursor.text(length) for length in lengths)
    require(bool(category) == bool(flags & 1), "category flag")
    require(not category or category in CATEGORIES, "category")
    record |= {"name": name, "category": category or None}
    record |= {"media_type": media_type, "origin": origin, "properties": {}}
    before = None
    for _ in range(properties):
        key_length, value_length = cursor.number(2), cursor.number(4)
        key = cursor.text(key_length)
        require(before is None or key.encode() > before, "order")
        record["properties"][key] = cursor.text(value_length)
        before = key.encode()
    require(cursor.at == len(raw), "too long")
    return record


def place(row):
    """§4.1."""
    return row["vault"] + row["space"] + u32(row["epoch"])


def node_context(row):
    """§4.5."""
    context = place(row) + row["node"] + optional_id(row["parent"])
    context += bytes([KINDS[row["kind"]], STATES[row["state"]]])
    context += optional_id(row["blob"]) + u64(row["row_version"]) + row["etag"]
    context += i64(row["created"]) + i64(row["modified"]) + i64(row["made_at"])
    context += row["author"] + row["maker"] + row["idx"] + row["ci_idx"] + u32(row["twin"])
    return context


def version_context(row):
    """§4.6."""
    context = place(row) + row["node"] + u64(row["version"]) + optional_id(row["blob"])
    return context + row["etag"] + row["author"] + i64(row["time"])


def open_node(space_key, row, sealed):
    plain = unseal(space_key, "space/record", place(row), sealed, node_context(row))
    return read_record(plain)


def open_version(space_key, row, sealed):
    plain = unseal(space_key, "space/version", place(row), sealed, version_context(row))
    return read_record(plain)


# ── §5, §6 ──────────────────────────────────────────────────────────────────────────────────────


def name_index(index_key, vault, name):
    """§5.2."""
    return index(index_key, "index/name", vault, nfc(name).encode())


def folded(name):
    """§5.3."""
    return nfc(nfc(name).casefold())


def folded_index(index_key, vault, name):
    return index(index_key, "index/folded", vault, folded(name).encode())


def category_tag(index_key, vault, category):
    """§5.5."""
    return index(index_key, "index/category", vault, category.encode())


def encode(value):
    """§6.1; a time is given as ("time", microseconds)."""
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"T", False: b"F"}[value]
    if isinstance(value, int):
        return b"I" + i64(value)
    if isinstance(value, str):
        return b"S" + u32(len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"Y" + u32(len(value)) + value
    if value[:1] == ("time",):
        return b"D" + i64(value[1])
    return b"L" + encode_list(value)


def encode_list(values):
    return u32(len(values)) + b"".join(encode(value) for value in values)


def encode_row(table, columns):
    """§6.2."""
    out = u32(len(table.encode())) + table.encode() + u32(len(columns))
    for name in sorted(columns, key=str.encode):
        out += u32(len(name.encode())) + name.encode() + encode(columns[name])
    return out


# ── §7 ──────────────────────────────────────────────────────────────────────────────────────────


def space_key_context(vault, space, epoch, owner):
    """§7.1."""
    return label("kek/space-key") + b"\0" + vault + space + u32(epoch) + owner


def instance_key_context(purpose, generation):
    """§7.1, §7.2."""
    order = "row-mac directory directory-index credential trail-seal trail-mac etag scratch"
    code = 1 + order.split().index(purpose)
    return label("kek/instance-key") + b"\0" + bytes([code]) + u32(generation)


def local_unwrap(generation, kek, sealed, context):
    """§7.3."""
    return siv_open(derive(kek, "kek/local", generation.encode(), 64), sealed, [context])


def app_password_verifier(secret):
    """§8.1."""
    return hkdf(secret, b"", label("app-password/verify") + b"\0", 32)


def certificate_key(der):
    """§8.13, for an Ed25519 key, whose public key begins as RFC 8410 §4 shows."""
    beginning = bytes.fromhex("302a300506032b6570032100")
    at = der.index(beginning)
    return hashlib.sha256(der[at : at + len(beginning) + 32]).digest()


# ── §9 ──────────────────────────────────────────────────────────────────────────────────────────


def entry_hash(parts):
    """§9.5."""
    return hashlib.sha256(label("trail/entry") + b"\0" + encode_list(parts)).digest()


def link(mac_key, before, vault, seq, payload_hash):
    """§9.6."""
    return mac(mac_key, "trail/link", b"", vault + u64(seq) + before + payload_hash)


def head_mac(mac_key, vault, seq, head):
    """§9.7."""
    return mac(mac_key, "trail/head", b"", vault + u64(seq) + head)
