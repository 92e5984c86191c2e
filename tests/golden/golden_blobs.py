"""The golden blobs as davserver.sealing makes them: fixed keys and ids, a fixed salt per blob."""

import hashlib
from dataclasses import replace

from davserver.domain.ids import BlobId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.digests import DigestAlg, digesting
from davserver.sealing.format import CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES
from davserver.sealing.stream import seal_small
from tests.golden.blob_file import GoldenBlob

SIZES = (0, 1, 65535, 65536, 65537, 131072)


def fixed(name: str, length: int) -> bytes:
    """Bytes that look random and are the same for everybody."""
    return hashlib.shake_128(f"abri golden {name}".encode()).digest(length)


def golden_blobs() -> dict[str, GoldenBlob]:
    """By file name."""
    good = {size: _sealed(size) for size in SIZES}
    named = {f"good-{size}": one for size, one in good.items()}
    return named | _damaged_heads(good[1]) | _wrong_keys(good[1]) | _damaged_chunks(good)


def stored_digests() -> list[dict[str, str]]:
    """Of some of them, by every algorithm that a row may name."""
    return [
        {"blob": f"good-{size}.blob", "alg": alg.value, "digest": _digest(alg, _sealed(size))}
        for size in (0, 1, 65537)
        for alg in DigestAlg
    ]


def _digest(alg: DigestAlg, blob: GoldenBlob) -> str:
    found = digesting(alg)
    found.update(blob.stored)
    return found.digest().hex()


def _sealed(size: int) -> GoldenBlob:
    file_key, blob = fixed(f"file key {size}", 32), fixed(f"blob {size}", 16)
    vault, plain = fixed("vault", 16), fixed(f"plain {size}", size)
    sealed = seal_small(
        Secret(file_key),
        VaultId(vault),
        BlobId(blob),
        lambda length: fixed(f"salt {size}", length),
        plain,
    )
    digest = hashlib.sha256(plain).hexdigest()
    why = f"{size} bytes"
    return GoldenBlob("opens", why, file_key, vault, blob, size, digest, sealed.stored)


def _refused(good: GoldenBlob, why: str, stored: bytes, size: int | None = None) -> GoldenBlob:
    plain_size = good.plain_size if size is None else size
    return replace(good, expect="refused", why=why, stored=stored, plain_size=plain_size)


def _flipped(good: GoldenBlob, at: int, why: str) -> GoldenBlob:
    stored = bytearray(good.stored)
    stored[at] ^= 1
    return _refused(good, why, bytes(stored))


def _damaged_heads(good: GoldenBlob) -> dict[str, GoldenBlob]:
    places = {
        "magic": (0, "one bit of the magic"),
        "format": (4, "format 0"),
        "suite": (5, "suite 0"),
        "chunk-size": (6, "log2 of the chunk size 17"),
        "flags": (7, "flags 1"),
        "blob-id": (8, "one bit of the blob id"),
        "salt": (24, "one bit of the salt"),
        "commitment": (56, "one bit of the commitment"),
        "commitment-end": (87, "last bit of the commitment"),
        "reserved": (88, "a reserved bit set"),
        "reserved-end": (127, "last reserved bit set"),
        "ciphertext": (128, "one bit of the only chunk"),
        "tag": (-1, "last bit of the tag"),
    }
    return {f"bad-{name}": _flipped(good, at, why) for name, (at, why) in places.items()}


def _wrong_keys(good: GoldenBlob) -> dict[str, GoldenBlob]:
    other = {
        "file-key": replace(good, file_key=fixed("another file key", 32)),
        "vault": replace(good, vault=fixed("another vault", 16)),
        "asked-id": replace(good, blob=fixed("another blob", 16)),
    }
    return {
        f"bad-{name}": _refused(one, f"asked for with another {name}", one.stored)
        for name, one in other.items()
    }


def _damaged_chunks(good: dict[int, GoldenBlob]) -> dict[str, GoldenBlob]:
    head, first, last = _parts(good[131072])
    short, longer = good[65537], good[131072]
    cut = short.stored[: HEADER_BYTES + SEALED_CHUNK_BYTES]
    return {
        "bad-cut": _refused(short, "cut at a chunk boundary", cut),
        "bad-cut-fits": _refused(
            short, "cut at a chunk boundary, and the record says so", cut, CHUNK_BYTES
        ),
        "bad-swapped": _refused(longer, "two chunks swapped", head + last + first),
        "bad-repeated": _refused(longer, "the first chunk twice", head + first + first),
        "bad-first-missing": _refused(
            longer, "the first chunk dropped, and the record says so", head + last, CHUNK_BYTES
        ),
        "bad-one-more": _refused(good[0], "one byte more", good[0].stored + b"\0"),
        "bad-one-less": _refused(good[0], "one byte less", good[0].stored[:-1]),
        "bad-header-only": _refused(good[0], "no chunk at all", good[0].stored[:HEADER_BYTES]),
        "bad-nothing": _refused(good[0], "an empty object", b""),
    }


def _parts(good: GoldenBlob) -> tuple[bytes, bytes, bytes]:
    head, chunks = good.stored[:HEADER_BYTES], good.stored[HEADER_BYTES:]
    return head, chunks[:SEALED_CHUNK_BYTES], chunks[SEALED_CHUNK_BYTES:]
