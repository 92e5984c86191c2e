"""`abri client-certificate`: whose card or device a TLS client certificate is."""

from pathlib import Path
from typing import Annotated

import typer

from admin.app_passwords import show_credentials
from admin.ids import parse_id
from admin.instants import parse_end
from admin.output import AsJson, say, show_json, warn
from admin.session import opened
from admin.settings_of import settings_of
from admin.speaking import N_, _
from davserver.domain.errors import BadInput
from davserver.domain.ids import CredentialId
from davserver.gate.people.people import CertificateToAdd

app = typer.Typer(
    help="TLS client certificates: the strongest sign-in, for a card or a device.",
    no_args_is_help=True,
)

Login = Annotated[str, typer.Argument(help="Whose certificates.")]


@app.command()
def add(
    context: typer.Context,
    login: Login,
    file: Annotated[Path, typer.Argument(help="The certificate, PEM or DER; no key is needed.")],
    name: Annotated[
        str | None, typer.Option(help="What its owner calls it; else the name inside of it.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Until when; a date alone means the end of that day.")
    ] = None,
    *,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Whoever comes by it alone may change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let somebody sign in with the key of this certificate, and with renewed ones of the same key.

    It counts while the certificate shown is good; `--until` ends it earlier, `revoke` at once.
    """
    device = CertificateToAdd(name, read_only, parse_end("--until", until))
    raw = _read(file)
    with opened(context) as session:
        made = session.services.people.add_certificate(session.who, login, raw, session.now, device)
    if as_json:
        show_json({"id": made.hex()})
    else:
        say(_("Client certificate %(id)s is %(login)s's.", id=made.hex(), login=login))
    listen = settings_of(context).listen
    if listen.client_ca is None and listen.certificate_header is None:
        warn(
            _(
                "Nobody is asked for certificates yet: set listen.client_ca, or behind a proxy "
                "listen.certificate_header"
            )
        )


@app.command("list")
def show_all(context: typer.Context, login: Login, *, as_json: AsJson = False) -> None:
    """Somebody's client certificates, oldest first, those that are over too."""
    with opened(context) as session:
        found = session.services.people.certificates(session.who, login, session.now)
        now = session.now
    show_credentials(
        found, now, _("%(login)s has no client certificate.", login=login), as_json=as_json
    )


@app.command()
def revoke(
    context: typer.Context,
    identity: Annotated[str, typer.Argument(metavar="ID", help="As listed.")],
) -> None:
    """Take a client certificate back: its key is out at the next request, and never comes back."""
    credential = CredentialId(parse_id(N_("client certificate"), identity))
    with opened(context) as session:
        session.services.people.revoke_certificate(session.who, credential, session.now)
    say(_("Client certificate %(identity)s opens nothing any more.", identity=identity))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
