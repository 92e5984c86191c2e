"""What a child costs in a listing, whether a folder has ten of them or fifty thousand.

    .venv/bin/python -m benchmarks.listing [--sizes 10 1000] [--folder DIR] [--profile 1000]

One beneficiary with a folder of each size, of files with true rows; each is asked for by PROPFIND
as file managers, rclone and Nextcloud's client do it, in this process, without a server around it.
Figures are processor time of the thread, the least of several; `first`: nothing of the folder is
remembered yet. `--folder` keeps the instance; `--profile`: where the time goes in a folder of N.
"""

import argparse
import base64
import cProfile
import gc
import io
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from benchmarks.scale_rows import opened, staging_of
from davserver.dav.app import make_app
from davserver.db import tables
from davserver.domain.ids import VaultId
from davserver.wiring.services import Services
from tests.support.crowd import blob_row, put
from tests.support.instance import Instance, new_instance, password_of
from tests.support.ports import free_port

AMINA = "amina"
SIZES = (10, 100, 1_000, 10_000, 50_000)
ROUNDS = 12
LISTS = {
    "gvfs": "<creationdate/><displayname/><getcontentlength/><getcontenttype/><getetag/>"
    "<getlastmodified/><resourcetype/>",
    "rclone": "<displayname/><getlastmodified/><getcontentlength/><resourcetype/>",
    "Nextcloud": "<resourcetype/><getlastmodified/><getcontentlength/><getetag/>"
    + "".join(
        f'<o:{name} xmlns:o="http://owncloud.org/ns"/>'
        for name in (
            "size", "id", "fileid", "downloadURL", "dDC", "permissions", "checksums",
            "data-fingerprint", "share-types",
        )
    ),
}  # fmt: skip
"""What these programs ask for, as they were seen to."""

Ask = Callable[[], int]
"""One PROPFIND: how many bytes the answer has."""


def fill(instance: Instance, sizes: list[int]) -> None:
    with opened(instance.config) as (found, crowd):
        staging = staging_of(found, instance.folder)

        def one(tx: Connection, size: int) -> None:
            owned = VaultId(tx.execute(select(tables.vault.c.id)).scalar_one())
            vault = crowd.vaults.open(tx, owned, 0, crowd.now)
            folder = crowd.node(vault, vault.root, str(size))
            staged = [
                staging.take_bytes(vault.id, b"un papier " * 10, "text/plain", crowd.now)
                for _ in range(size)
            ]
            files = [
                crowd.node(vault, folder.id, f"papier {number:05}.txt", each.content)
                for number, each in enumerate(staged)
            ]
            put(tx, tables.blob, [blob_row(each) for each in staged])
            put(tx, tables.node, crowd.node_rows(vault, [folder, *files]))

        for size in sizes:
            found.db.write(lambda tx, s=size: one(tx, s))


def asking(services: Services, size: int, names: str) -> Ask:
    app = make_app(services)
    login = base64.b64encode(f"{AMINA}:{password_of(AMINA)}".encode()).decode()
    body = f'<?xml version="1.0"?><propfind xmlns="DAV:"><prop>{names}</prop></propfind>'.encode()
    path = f"/dav/{size}/"

    def ask() -> int:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "PROPFIND", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
            "REQUEST_URI": path, "RAW_URI": path, "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "wsgi.url_scheme": "http", "HTTP_HOST": "localhost", "HTTP_DEPTH": "1",
            "HTTP_AUTHORIZATION": f"Basic {login}", "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr, "abri.request_id": "listing",
        }  # fmt: skip
        said: list[str] = []
        answer = app(environ, lambda status, *_: said.append(status))
        length = sum(map(len, answer))
        if said != ["207 Multi-Status"]:
            raise SystemExit(f"{path}: {said}")
        return length

    return ask


def spent(ask: Ask) -> float:
    """Milliseconds."""
    start = time.thread_time()
    ask()
    return (time.thread_time() - start) * 1000


def measure(instance: Instance, sizes: list[int]) -> None:
    print("| children | list | MB | first, ms | µs a child | again, ms | µs a child |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    for size in sizes:
        for name, names in LISTS.items():
            with instance.opened() as services:
                # Whatever is made once for a process is made before.
                asking(services, min(sizes), LISTS["gvfs"])()
                ask = asking(services, size, names)
                first = spent(ask)
                rounds = max(3, min(ROUNDS, 100_000 // size))
                again = min(spent(ask) for _ in range(rounds))
                megabytes = ask() / 1e6
            each = [f"{ms:.1f} | {ms * 1000 / size:.1f}" for ms in (first, again)]
            print(f"| {size} | {name} | {megabytes:.2f} | {each[0]} | {each[1]} |", flush=True)


def profile(instance: Instance, size: int) -> None:
    with instance.opened() as services:
        ask = asking(services, size, LISTS["gvfs"])
        ask()
        profiler = cProfile.Profile()
        profiler.runcall(ask)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


def instance_in(folder: Path, sizes: list[int]) -> Instance:
    """Made before, or made now."""
    if (folder / "config.yaml").exists():
        return Instance(folder, free_port(), passwords={AMINA: password_of(AMINA)})
    instance = new_instance(folder, tls=False)
    instance.add_person(AMINA, "beneficiary", "Amina Benali")
    fill(instance, sizes)
    return instance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--folder", type=Path, help="keeps the instance, to measure again")
    parser.add_argument("--profile", type=int, metavar="N")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "abri"
        instance = instance_in(folder, chosen.sizes)
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000)  # as in `davserver.serving.workers`
        measure(instance, chosen.sizes)
        if chosen.profile:
            profile(instance, chosen.profile)


if __name__ == "__main__":
    main()
