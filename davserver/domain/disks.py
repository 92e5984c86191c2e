"""What a failing disk means to us."""

import errno

from davserver.domain.alarms import Alarm, sound
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
    """To be raised in its place; without the path, which the error names. It is an alarm."""
    kind = DISK_ERRORS.get(error.errno or 0, Unavailable)
    sound_of_disk(error, whose)
    return kind(f"the disk of {whose} failed: {error.strerror}")


def sound_of_disk(error: OSError, whose: str) -> None:
    """For what is not raised as `of_disk` says it."""
    number = error.errno or 0
    is_full = DISK_ERRORS.get(number) is NoSpace
    alarm = Alarm.DISK_FULL if is_full else Alarm.DISK_FAILED
    sound(alarm, of=whose, error=errno.errorcode.get(number, type(error).__name__))
