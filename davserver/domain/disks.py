"""What a failing disk means to us."""

import errno

from davserver.domain.errors import AbriError, NoSpace, Unavailable

DISK_ERRORS: dict[int, type[AbriError]] = {
    errno.ENOSPC: NoSpace,
    errno.EDQUOT: NoSpace,
    errno.EFBIG: NoSpace,
    errno.EIO: Unavailable,
    errno.EROFS: Unavailable,
    errno.EMFILE: Unavailable,
    errno.ENFILE: Unavailable,
    errno.EACCES: Unavailable,
    errno.EPERM: Unavailable,
    errno.ENOMEM: Unavailable,
    errno.ESTALE: Unavailable,
}
"""By errno. Any other error is Unavailable too."""


def of_disk(error: OSError, whose: str) -> AbriError:
    """To be raised in its place; without the path, which the error names."""
    kind = DISK_ERRORS.get(error.errno or 0, Unavailable)
    return kind(f"the disk of {whose} failed: {error.strerror}")
