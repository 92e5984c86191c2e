"""`abri certificate`: the one of a machine that serves only itself."""

import typer
from cryptography import x509

from admin.certificate import make_certificate
from admin.output import AsJson, local, say, show_json
from admin.settings_of import settings_of
from admin.speaking import _
from davserver.domain.disks import DISK_ERRORS
from davserver.domain.errors import Unavailable
from davserver.wiring.certificates import read_certificate
from davserver.wiring.opening import clock

app = typer.Typer(help="The TLS certificate of a machine that serves itself.", no_args_is_help=True)


@app.command()
def renew(context: typer.Context) -> None:
    """Make a new certificate and key for localhost. A running server shows it within seconds.

    Programs that were told to trust the old one must be told again.
    """
    listen = settings_of(context).listen
    new = [file.with_name(f"{file.name}.new") for file in (listen.certificate, listen.key)]
    for file in new:
        file.unlink(missing_ok=True)
    try:
        make_certificate(new[0], new[1], listen.address, clock())
        # The key first: a server that starts in between refuses a pair that does not fit.
        new[1].rename(listen.key)
        new[0].rename(listen.certificate)
    except OSError as error:
        for file in new:
            file.unlink(missing_ok=True)
        kind = DISK_ERRORS.get(error.errno or 0, Unavailable)
        folder = listen.certificate.parent
        raise kind(f"{folder} cannot be written: {error.strerror}") from error
    until = read_certificate(listen.certificate).not_valid_after_utc
    say(
        _(
            "Made %(certificate)s, good until %(until)s.",
            certificate=listen.certificate,
            until=local(until),
        )
    )


@app.command()
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Names and dates of the certificate that the server shows."""
    file = settings_of(context).listen.certificate
    one = read_certificate(file)
    names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [str(name.value) for name in names]
    if as_json:
        show_json(
            {
                "file": str(file),
                "names": found,
                "from": one.not_valid_before_utc,
                "until": one.not_valid_after_utc,
            }
        )
    else:
        say(
            _(
                "%(file)s: %(names)s, good until %(until)s",
                file=file,
                names=", ".join(found),
                until=local(one.not_valid_after_utc),
            )
        )
