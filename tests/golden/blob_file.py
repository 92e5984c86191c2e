"""A golden blob: a text head that says what must happen, an empty line, then the stored bytes."""

from dataclasses import dataclass
from pathlib import Path

MAGIC_LINE = "abri golden blob"


@dataclass(frozen=True, slots=True)
class GoldenBlob:
    """`expect` is "opens" or "refused"; `why` says in a few words what is special."""

    expect: str
    why: str
    file_key: bytes
    vault: bytes
    blob: bytes
    plain_size: int
    plain_sha256: str
    stored: bytes

    def encode(self) -> bytes:
        head = (
            MAGIC_LINE,
            f"expect: {self.expect}",
            f"why: {self.why}",
            f"file-key: {self.file_key.hex()}",
            f"vault: {self.vault.hex()}",
            f"blob: {self.blob.hex()}",
            f"plain-size: {self.plain_size}",
            f"plain-sha256: {self.plain_sha256}",
        )
        return "\n".join(head).encode() + b"\n\n" + self.stored

    @classmethod
    def read(cls, file: Path) -> "GoldenBlob":
        head, _, stored = file.read_bytes().partition(b"\n\n")
        first, *lines = head.decode().split("\n")
        if first != MAGIC_LINE:
            raise ValueError(f"{file} is not a golden blob")
        told = dict(line.split(": ", 1) for line in lines)
        return cls(
            told["expect"],
            told["why"],
            bytes.fromhex(told["file-key"]),
            bytes.fromhex(told["vault"]),
            bytes.fromhex(told["blob"]),
            int(told["plain-size"]),
            told["plain-sha256"],
            stored,
        )
