"""A 2 GiB file goes in and comes out of a server whose memory stays flat.

Its bytes go to the disk whatever the database is, and take half a minute: SQLite alone.
"""

import hashlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.http import basic
from tests.support.instance import Instance, Server, serving

SIZE = 2 * 1024**3
PIECE = hashlib.shake_128(b"a large file").digest(1024**2)
PIECES = SIZE // len(PIECE)
MOST_ADDED = 64 * 1024**2


def body() -> Iterator[bytes]:
    return (PIECE for _ in range(PIECES))


def peak(server: Server) -> int:
    """The most resident memory that the worker ever had, in bytes (VmHWM)."""
    status = Path(f"/proc/{server.workers()[0].pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.mark.slow
@pytest.mark.parametrize("instance", ["sqlite"], indirect=True)
def test_two_gibibytes_add_less_than_64_mebibytes_of_memory(instance: Instance) -> None:
    instance.set("vaults.quota", "10 GB")
    instance.add_person("grande", "beneficiary", "Grande")
    headers = {"Authorization": basic("grande", instance.passwords["grande"])}
    with serving(instance) as server:
        client = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=300)
        client.request("PUT", "/dav/small.bin", PIECE, headers)
        assert client.getresponse().read() == b""
        before = peak(server)

        client.request("PUT", "/dav/big.bin", body(), {**headers, "Content-Length": str(SIZE)})
        answer = client.getresponse()
        answer.read()
        assert answer.status == 201
        assert peak(server) - before < MOST_ADDED

        client.request("GET", "/dav/big.bin", headers=headers)
        answer = client.getresponse()
        assert answer.getheader("Content-Length") == str(SIZE)
        assert all(answer.read(len(PIECE)) == PIECE for _ in range(PIECES))
        assert answer.read() == b""
        assert peak(server) - before < MOST_ADDED
        client.close()
