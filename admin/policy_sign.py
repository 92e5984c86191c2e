"""`abri policy sign`: signing policy files, and making the key for it."""

from pathlib import Path
from typing import Annotated

import typer

from admin.output import AsJson, say, show_json, utc
from admin.settings_of import settings_of
from admin.speaking import _
from davserver.domain.errors import BadInput
from davserver.wiring.opening import clock
from davserver.wiring.signing import make_key, sign_policy


def sign(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="The files; the folder of config.yaml if left out.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The key that signs, readable by you only.")
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option("--make-key", metavar="FILE", help="Make a key there, and FILE.pub."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Sign policy files as they are now: `policy.sig` beside them says when, and with which key.

    Where `policy.signers` names public keys, only files that one of them signed come into force.
    """
    if new_key is not None and key is None and folder is None:
        _make(new_key, as_json=as_json)
    elif key is not None and new_key is None:
        _sign(folder or settings_of(context).policies, key, as_json=as_json)
    else:
        raise BadInput("say either --key FILE, to sign, or --make-key FILE alone, to make a key")


def _make(file: Path, *, as_json: bool) -> None:
    made = make_key(file)
    if as_json:
        plain = {"private": str(made.private), "public": str(made.public)}
        show_json(plain | {"key": made.fingerprint})
        return
    say(_("Key %(fingerprint)s", fingerprint=made.fingerprint))
    say(_("%(private)s signs: keep it to yourself, not on the server.", private=made.private))
    say(_("%(public)s is for policy.signers in config.yaml.", public=made.public))


def _sign(folder: Path, key: Path, *, as_json: bool) -> None:
    done = sign_policy(folder, key, clock())
    if as_json:
        plain = {"file": str(done.file), "digest": done.digest, "key": done.key}
        show_json(plain | {"signed": done.signed})
        return
    say(
        _(
            "%(file)s: signed at %(signed)s with key %(key)s",
            file=done.file,
            signed=utc(done.signed),
            key=done.key,
        )
    )
    say(
        _(
            "The files are set %(digest)s, as `abri policy status` will show it.",
            digest=done.digest[:12],
        )
    )
