"""One question to a directory, counted before and acted on afterwards.

Whom it speaks of is brought up to date in Abri at once: who came, changed, left or is back.
"""

from dataclasses import dataclass, field
from datetime import datetime

from authn.arrivals import Arrivals, Heard
from authn.directories import AskedDirectory
from authn.directory_accounts import DirectoryAccount
from authn.guesses import Guesses, Limit, Spot
from authn.ldap.port import Absent, Entry, EntryState, Present, Wrong
from authn.login_name import key_to_look_up
from authn.staff_names import StaffName
from davserver.domain.errors import BadInput, NoSpace, Unavailable
from davserver.domain.events import Events
from davserver.domain.secret import Secret

_log = Events("abri.authn")


@dataclass(frozen=True, slots=True)
class Answered:
    """`key`: that of the login of whoever may come in, None for nobody. `entry`: their id.

    `said`: None where their password was not tried, after too many wrong ones.
    """

    said: Present | Absent | Wrong | None
    key: str | None = None
    entry: str | None = None


class TooMany(Exception):
    """Raised before a password would be tried."""


@dataclass(slots=True)
class _Trying:
    """Counts a try when it is clear whose password it is, and not yet tried."""

    guesses: Guesses
    directory: str
    limit: Limit
    address: str | None
    now: datetime
    spot: Spot | None = field(default=None)

    def before(self, entry: Entry) -> None:
        self.take(entry.id)

    def take(self, who: str) -> None:
        spot = self.guesses.spot(self.directory, who, self.address)
        if not self.guesses.take(spot, self.limit, self.now):
            raise TooMany
        self.spot = spot

    def wrong(self) -> None:
        if self.spot is not None:
            self.guesses.wrong(self.spot, self.limit, self.now)

    def right(self) -> None:
        if self.spot is not None:
            self.guesses.right(self.spot, self.now)

    def unanswered(self) -> None:
        if self.spot is not None:
            self.guesses.unanswered(self.spot)


class StaffAsk:
    """Shared between threads."""

    def __init__(self, guesses: Guesses, arrivals: Arrivals) -> None:
        self._guesses = guesses
        self._arrivals = arrivals

    def password(
        self,
        directory: AskedDirectory,
        name: StaffName,
        secret: Secret,
        known: DirectoryAccount | None,
        address: str | None,
        now: datetime,
    ) -> Answered:
        """`known`: whose login this is in Abri so far. Raises Unavailable."""
        settings = directory.settings
        limit = Limit(settings.wrong_passwords, settings.wrong_within)
        trying = _Trying(self._guesses, directory.name, limit, address, now)
        groups = self._arrivals.groups(directory.name)
        try:
            said = directory.authenticate(name.account, secret, groups, trying.before)
            if said is Absent.ABSENT:
                # A name that nobody has is counted like one that somebody has.
                trying.take(f"name:{name.key}")
            match said:
                case Wrong() | Absent():
                    trying.wrong()
                case Present(entry=entry) if entry.state is EntryState.ACTIVE:
                    trying.right()
                case Present():
                    # Blocked, which says nothing about the password.
                    trying.unanswered()
        except TooMany:
            return Answered(None)
        except Unavailable:
            trying.unanswered()
            raise
        return self._acted_on(directory, said, known, groups, now)

    def about(self, directory: AskedDirectory, entry: str, now: datetime) -> None:
        """Acts on what the directory says of them now. Raises Unavailable."""
        groups = self._arrivals.groups(directory.name)
        self._hear(directory, entry, directory.fetch(entry, groups), now)

    def _acted_on(
        self,
        directory: AskedDirectory,
        said: Present | Absent | Wrong,
        known: DirectoryAccount | None,
        groups: frozenset[str],
        now: datetime,
    ) -> Answered:
        if isinstance(said, Wrong):
            return Answered(said)
        entry = said.entry.id if isinstance(said, Present) else None
        if known is not None and known.directory == directory.name and known.entry != entry:
            # The name is no longer theirs: they were renamed, or are gone.
            self._hear(directory, known.entry, directory.fetch(known.entry, groups), now)
        if not isinstance(said, Present):
            return Answered(said)
        heard = self._hear(directory, said.entry.id, said, now)
        if not heard or said.entry.state is not EntryState.ACTIVE or not said.groups:
            return Answered(said)
        login = f"{said.entry.account}@{directory.settings.domain}"
        return Answered(said, key_to_look_up(login), entry)

    def _hear(
        self, directory: AskedDirectory, entry: str, said: Present | Absent, now: datetime
    ) -> bool:
        """False for somebody who cannot be one of Abri's people, whatever the directory says."""
        try:
            self._arrivals.heard(Heard(directory.name, entry, said, now))
        except BadInput:
            _log.warning("staff-not-added", directory=directory.name, entry=entry)
            return False
        except NoSpace as error:
            raise Unavailable("what a directory said cannot be written") from error
        return True
