"""What a client certificate says, and by what it is known again: its public key.

The key and not the certificate: whoever has a certificate can show it, only whoever has the key
can use it. So a certificate that is renewed for the same key (as machines do every day) goes on
without anybody's help, and a key that was taken back stays out, whoever certifies it again. Names
inside of a certificate decide nothing: an authority that errs lets nobody in.
"""

from dataclasses import dataclass
from datetime import datetime

from davserver.domain.ids import CredentialId
from davserver.sealing.instance import InstanceKeys


@dataclass(frozen=True, slots=True)
class Certificate:
    """`key`: SHA-256 of the public key (FORMAT.md §8.13). It is good from `starts` to `ends`, both
    included (RFC 5280 §4.1.2.5). `name`: the common name of its subject, or nothing.
    """

    key: bytes
    starts: datetime
    ends: datetime
    name: str

    def holds(self, now: datetime) -> bool:
        return self.starts <= now <= self.ends

    def credential(self, keys: InstanceKeys) -> CredentialId:
        """The row that knows this key, found without a column of its own."""
        return CredentialId(keys.directory_index("certificate", self.key.hex()))
