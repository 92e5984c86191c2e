"""What is sent: bytes that nothing makes smaller, and what programs ask for."""

import random
from collections.abc import Iterator

from benchmarks.beside.servers import MIB

_BLOCK = random.Random(11).randbytes(8 * MIB)  # noqa: S311 — nothing secret
SMALL = _BLOCK[:10_000]
TINY = _BLOCK[:100]
_PIECE = memoryview(_BLOCK)

# As these programs send them.
LISTS = {
    "gvfs": (
        '<?xml version="1.0" encoding="utf-8" ?>\n <D:propfind xmlns:D="DAV:">\n  <D:prop>\n'
        "<D:creationdate/>\n<D:displayname/>\n<D:getcontentlength/>\n<D:getcontenttype/>\n"
        "<D:getetag/>\n<D:getlastmodified/>\n<D:resourcetype/>\n  </D:prop>\n </D:propfind>"
    ),
    "rclone": (
        '<?xml version="1.0"?>\n<d:propfind xmlns:d="DAV:">\n <d:prop>\n  <d:displayname/>\n'
        "  <d:getlastmodified/>\n  <d:getcontentlength/>\n  <d:resourcetype/>\n"
        " </d:prop>\n</d:propfind>\n"
    ),
    "Nextcloud": (
        '<?xml version="1.0" ?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
        "<d:prop><d:resourcetype/><d:getlastmodified/><d:getcontentlength/><d:getetag/>"
        "<oc:size/><oc:id/><oc:fileid/><oc:downloadURL/><oc:dDC/><oc:permissions/>"
        "<oc:checksums/><oc:share-types/></d:prop></d:propfind>"
    ),
}

LOCK = (
    b'<?xml version="1.0" encoding="utf-8"?><D:lockinfo xmlns:D="DAV:"><D:lockscope>'
    b"<D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
    b"<D:owner>somebody</D:owner></D:lockinfo>"
)


def pieces(size: int) -> Iterator[memoryview]:
    """So many bytes, always the same ones, a MiB at a time."""
    for start in range(0, size, MIB):
        at = start % len(_PIECE)
        yield _PIECE[at : at + min(MIB, size - start)]


def part(start: int, size: int) -> bytes:
    """The same bytes from `start` on."""
    at = start % len(_BLOCK)
    return (_BLOCK[at : at + size] + _BLOCK[:size])[:size]


def same(found: memoryview) -> bool:
    at = 0
    for piece in pieces(len(found)):
        if found[at : at + len(piece)].tobytes() != piece.tobytes():
            return False
        at += len(piece)
    return True
