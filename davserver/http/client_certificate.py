"""A client's certificate as a reverse proxy names it in a header field.

Two forms are read, whatever the field is called: RFC 9440 (`Client-Cert: :MIIC…:`, a byte sequence
of RFC 8941 §3.3.5 with the certificate in DER), and PEM in percent-encoding, which nginx has as
`$ssl_client_escaped_cert`. Anything else counts as no certificate: two that were joined, too.
"""

import base64
import binascii
import re
from urllib.parse import unquote

LONGEST = 32 * 1024
"""Characters. A certificate of RSA 4096 takes some 3000."""

_BYTES = re.compile(r":([A-Za-z0-9+/]*={0,2}):", re.ASCII)
_PEM = re.compile(
    r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*", re.ASCII
)


def parse_client_certificate(field: str) -> bytes | None:
    """The DER inside, which nobody has looked at yet."""
    text = field.strip(" \t")
    if len(text) > LONGEST:
        return None
    found = _BYTES.fullmatch(text) or _PEM.fullmatch(unquote(text, errors="replace"))
    return None if found is None else _decoded("".join(found[1].split()))


def _decoded(text: str) -> bytes | None:
    # RFC 8941 §4.2.7: padding may be missing.
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.b64decode(padded, validate=True) or None
    except (binascii.Error, ValueError):
        return None
