"""The sealing layer: every byte that leaves memory is sealed or authenticated by FORMAT.md.

Read FORMAT.md, whose sections these files follow. Nothing here knows a row or a person.

In reading order:
    keys      deriving keys, sealing small things, MACs (§2)
    labels    every purpose of a key (§2.2)
    fields    fixed-width parts of what a seal is bound to (§2.1)
    values    typed values as bytes for a MAC (§6.1)
    format    a blob's header and the arithmetic of its chunks (§3)
    digests   digests of what is stored, which need no key (§3.8)
    chunks    a blob's content key, and the seal of each chunk (§3)
    stream    a blob sealed as it arrives, opened in any range (§3)
    space     the keys of one space, and what they seal (§4)
    record    what is sealed of a node or version (§4.4)
    index     keyed look-ups within a vault (§5)
    instance  keys across vaults: row MACs, ETags, credentials (§6, §8)
    kek       what a provider of key-encryption keys does (§7.1)
    keyring   the provider of a single machine (§7.3)
    keyfile   the text of its file (§7.4)
    trail     the keys of the trail (§9)
    scratch   those of side files (§10)
    floor     the oldest `cryptography` that will do
"""

import cryptography

from davserver.sealing.floor import require_cryptography

require_cryptography(cryptography.__version__)
