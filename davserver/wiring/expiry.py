"""That a certificate nears its end: told by a serving process, once a day."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from davserver.config.settings import Listen
from davserver.domain.alarms import Alarm, is_over, sound
from davserver.domain.errors import BadInput

EARLY = timedelta(days=14)
"""Programs renew 15 to 30 days before: by then they have failed more than once."""

LOOKED_AT_EVERY = timedelta(minutes=1)

_STATES: Mapping[Alarm | None, str] = {
    None: "good",
    Alarm.CERTIFICATE_ENDS: "ends",
    Alarm.CERTIFICATE_OVER: "over",
}

Told = tuple[Alarm, int]
"""With how many days are left, which is why it is told again on the next day."""


class Expiry:
    """That of the server, and those of whoever signs the certificates of clients."""

    def __init__(self, listen: Listen) -> None:
        named = {"server": listen.certificate, "client_ca": listen.client_ca}
        self._files = {
            of: file for of, file in named.items() if file is not None and not listen.plain_http
        }
        self._told: dict[str, Told] = {}
        self._states = dict.fromkeys(self._files, "unseen")

    def states(self) -> Mapping[str, str]:
        """Of each, at the last look: good, ends, over, or unusable."""
        return self._states

    def look(self, now: datetime) -> None:
        """A file that does not open changes nothing: whoever serves it tells that
        (`davserver.serving.renewal`).
        """
        for of, file in self._files.items():
            try:
                found = _ending(file, now)
            except BadInput:
                self._states[of] = "unusable"
            else:
                self._tell(of, found)
                self._states[of] = _STATES[found[0] if found else None]

    def _tell(self, of: str, found: Told | None) -> None:
        before = self._told.pop(of, None)
        if before is not None and (found is None or found[0] is not before[0]):
            is_over(before[0], of)
        if found is None:
            return
        self._told[of] = found
        if found != before:
            alarm, days = found
            sound(alarm, of=of, days=days)


def _ending(file: Path, now: datetime) -> Told | None:
    """Raises BadInput."""
    from davserver.wiring import certificates  # noqa: PLC0415 — X.509 is 1 MiB in each worker

    one = certificates.first_to_end(certificates.read_certificates(file))
    left = one.not_valid_after_utc - now
    if left < timedelta():
        return Alarm.CERTIFICATE_OVER, left.days
    return (Alarm.CERTIFICATE_ENDS, left.days) if certificates.is_near(one, now, EARLY) else None
