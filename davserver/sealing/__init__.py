"""The sealing layer: every byte that leaves memory is sealed or authenticated by FORMAT.md."""

import cryptography

from davserver.sealing.floor import require_cryptography

require_cryptography(cryptography.__version__)
