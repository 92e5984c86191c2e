"""`abri init`: a folder with everything that an instance needs, or nothing at all."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from admin.certificate import make_certificate
from admin.listen import address_of, parse_listen
from admin.output import say
from admin.speaking import _
from davserver.config import is_loopback, load, written
from davserver.config.setting import Plain
from davserver.domain.disks import DISK_ERRORS
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, Unavailable
from davserver.wiring.opening import clock
from davserver.wiring.policy import copy_shipped_policies
from davserver.wiring.setting_up import first_policy, set_up

CONFIG = "config.yaml"


def run(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to make; it may exist if it is empty.")
    ],
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to serve the drive.")
    ] = "localhost:8443",
    *,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="No TLS: only for a loopback address.")
    ] = False,
) -> None:
    """Make a new instance in DIR: settings, keys, database, policies and a TLS certificate.

    For an address that other machines reach, no certificate is made: put one for the server's name
    into DIR/keys/tls.crt and its key into DIR/keys/tls.key.
    """
    host, port = parse_listen(listen)
    if plain_http and not is_loopback(host):
        raise BadInput(
            f"--plain-http: passwords would cross the network of {host} in clear; "
            "leave it out, or listen on 127.0.0.1"
        )
    target = folder.absolute()
    _require_free(target)
    _make(target, host, port, plain_http=plain_http)
    _tell(folder, host, port, plain_http=plain_http)


def _tell(folder: Path, host: str, port: int, *, plain_http: bool) -> None:
    say(_("Made an instance in %(folder)s.", folder=folder))
    if not plain_http and not is_loopback(host):
        say(
            _(
                "Before you serve it, put a certificate for its name into %(folder)s/keys/tls.crt",
                folder=folder,
            )
        )
        say(_("and its key into %(folder)s/keys/tls.key.", folder=folder))
    say(
        _(
            "Back up %(folder)s/keys apart from %(folder)s/data: together they open every vault.",
            folder=folder,
        )
    )
    say(_("Serve it with: abri --config %(file)s serve", file=folder / CONFIG))
    say(
        _(
            "The drive will be at %(address)s",
            address=address_of(host, port, plain_http=plain_http),
        )
    )


def _require_free(target: Path) -> None:
    if not target.parent.is_dir():
        raise NotFound(f"there is no folder {target.parent}: make it first")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise AlreadyThere(f"{target} is not a folder: choose another name")
    if target.exists() and any(target.iterdir()):
        raise AlreadyThere(
            f"{target} is not empty: choose another folder; an instance is never overwritten"
        )


def _make(target: Path, host: str, port: int, *, plain_http: bool) -> None:
    """Everything is made beside `target` and then moved there, so that no half is ever left."""
    try:
        half = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        kind = DISK_ERRORS.get(error.errno or 0, Unavailable)
        raise kind(f"{target.parent} cannot be written: {error.strerror}") from error
    try:
        _fill(half, host, port, plain_http=plain_http)
        half.chmod(0o755)
        if target.exists():
            # Replacing it would take the folder away from shells that are in it.
            for one in sorted(half.iterdir(), key=lambda path: path.name == CONFIG):
                one.rename(target / one.name)
        else:
            half.rename(target)
    except OSError as error:
        kind = DISK_ERRORS.get(error.errno or 0, Unavailable)
        raise kind(f"{target} cannot be made: {error.strerror}") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _fill(half: Path, host: str, port: int, *, plain_http: bool) -> None:
    now = clock()
    for name in ("keys", "data"):
        (half / name).mkdir(mode=0o700)
    changes: dict[str, Plain] = {
        "listen.address": host,
        "listen.port": port,
        "listen.plain_http": plain_http,
    }
    (half / CONFIG).write_text(written(changes), encoding="utf-8")
    settings = load(half / CONFIG)
    copy_shipped_policies(settings.policies)
    if not plain_http and is_loopback(host):
        make_certificate(settings.listen.certificate, settings.listen.key, host, now)
    set_up(settings, now)
    first_policy(settings)
