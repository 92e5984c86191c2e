"""Whether a password is what a structure's directory knows, and the person still there.

What a directory said counts for a while, never longer than its `term`; what it did not say changes
nothing (DESIGN §7.1). However many requests come at once, one of them asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from authn.credentials import CredentialKind
from authn.directories import AskedDirectory, Directories
from authn.directory_accounts import DirectoryAccount
from authn.facts import Facts
from authn.guesses import Guesses
from authn.ldap.port import Wrong
from authn.memory import GrowingMemory, KeyedMemory, tag_of
from authn.single_flight import SingleFlight
from authn.staff_ask import Answered, StaffAsk
from authn.staff_names import StaffName
from authn.standing import usable
from authn.throttle import Source, Throttle, seconds_to_wait
from davserver.db.aside import Aside
from davserver.domain.errors import NotSignedIn, SlowDown, Unavailable
from davserver.domain.ids import Entropy
from davserver.domain.secret import Secret

PROVED_FOR = timedelta(seconds=60)
"""A password that the directory accepted needs no second bind; while it is away, for its `term`."""

WRONG_GROWS, WRONG_AT_MOST = 6, timedelta(hours=4)
"""A device with an old password: tried again after the term, then six times as late each time."""

_MOST = 8192
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class StaffAttempt:
    """One try. `read` asks for the facts of whoever has a login, as they are by then."""

    name: StaffName
    secret: Secret
    source: Source
    address: str | None
    facts: Facts
    now: datetime
    read: Callable[[str], Facts]

    @property
    def tried(self) -> tuple[bytes, bytes, bytes]:
        name = self.name
        return name.directory.encode(), name.key.encode(), self.secret.reveal()


class StaffCheck:
    """One per process, thread-safe. It remembers HMACs under keys that never leave the process.

    * proved: this credential and account, in these generations, with this password, from this
      address; so that guessing from elsewhere is not answered from memory.
    * wrong: this password is none of this account's.
    * the account that another spelling of its name stands for (Active Directory knows two).
    """

    def __init__(
        self,
        directories: Directories,
        ask: StaffAsk,
        guesses: Guesses,
        throttle: Throttle,
        entropy: Entropy,
    ) -> None:
        self._directories = directories
        self._ask = ask
        self._guesses = guesses
        self._throttle = throttle
        self._key = Secret(entropy(32))
        self._proved: KeyedMemory[datetime] = KeyedMemory(Secret(entropy(32)), _MOST)
        self._wrong = GrowingMemory(Secret(entropy(32)), WRONG_GROWS, WRONG_AT_MOST, _MOST)
        self._called: KeyedMemory[str] = KeyedMemory(Secret(entropy(32)), _MOST)
        self._binds: SingleFlight[Facts] = SingleFlight(_PATIENCE)
        self._looks: SingleFlight[None] = SingleFlight(_PATIENCE)

    def key_of(self, name: StaffName) -> str:
        """The key of their login in Abri, as far as this process knows."""
        known = self._called.get(name.directory.encode(), name.key.encode())
        return known or name.key

    def password(self, attempt: StaffAttempt, aside: Aside) -> Facts:
        """The facts of whoever it is the password of, as they are after the directory said so.

        Raises NotSignedIn, SlowDown, Unavailable.
        """
        _wait(seconds_to_wait(attempt.facts.pair, attempt.now))
        if self._is_proved(attempt, attempt.facts, PROVED_FOR):
            return attempt.facts
        with aside():
            self._require_worth_asking(attempt)
            tried = tag_of(self._key, *attempt.tried)
            return self._binds.run(tried, lambda: self._verify(attempt))

    def confirmed(
        self, facts: Facts, now: datetime, read: Callable[[], Facts], aside: Aside
    ) -> Facts:
        """For credentials that Abri checks itself: facts of somebody of whom their directory spoke
        within its term. Theirs who come from none are as they are.

        Raises Unavailable, also for a directory whose settings are gone.
        """
        account = facts.account
        if account is None:
            return facts
        directory = self._directories.named(account.directory)
        if _is_fresh(account, directory, now):
            return facts
        asked = tag_of(self._key, account.directory.encode(), account.entry.encode())
        with aside():
            self._looks.run(asked, lambda: self._look(directory, now, read))
        return read()

    def require_there(self, directory: str, aside: Aside) -> None:
        """Raises Unavailable while that directory is away."""
        with aside():
            self._directories.named(directory).require_there()

    def _require_worth_asking(self, attempt: StaffAttempt) -> None:
        if self._wrong.has(attempt.now, *attempt.tried):
            raise NotSignedIn
        if not attempt.name.key or not len(attempt.secret):
            self._fail(attempt)
        wait = seconds_to_wait(attempt.facts.address, attempt.now)
        account = attempt.facts.account
        if wait and account is not None:
            spot = self._guesses.spot(account.directory, account.entry, attempt.address)
            wait = 0 if self._guesses.is_at_home(spot, attempt.now) else wait
        _wait(wait)

    def _verify(self, attempt: StaffAttempt) -> Facts:
        """Whoever comes late finds here what was found out meanwhile."""
        facts = attempt.read(self.key_of(attempt.name))
        if self._is_proved(attempt, facts, PROVED_FOR):
            return facts
        if self._wrong.has(attempt.now, *attempt.tried):
            raise NotSignedIn
        directory = self._directories.named(attempt.name.directory)
        try:
            answer = self._ask.password(
                directory, attempt.name, attempt.secret, facts.account, attempt.address, attempt.now
            )
        except Unavailable:
            if self._is_proved(attempt, facts, directory.settings.term):
                return facts
            raise
        return self._let_in(attempt, directory, answer)

    def _let_in(self, attempt: StaffAttempt, directory: AskedDirectory, answer: Answered) -> Facts:
        if answer.said is Wrong.WRONG:
            self._wrong.add(attempt.now, directory.settings.term, *attempt.tried)
        if answer.key is None:
            self._fail(attempt)
        if answer.key != attempt.name.key:
            name = attempt.name
            self._called.put(answer.key, name.directory.encode(), name.key.encode())
        facts = attempt.read(answer.key)
        account = facts.account
        if account is None or account.entry != answer.entry or not usable(facts, attempt.now):
            self._fail(attempt)
        self._proved.put(attempt.now, *_proof(attempt, facts))
        if attempt.facts.pair is not None:
            self._throttle.forget(attempt.source)
        return facts

    def _fail(self, attempt: StaffAttempt) -> NoReturn:
        """Counts where it came from."""
        self._throttle.failed(attempt.source, attempt.now)
        raise NotSignedIn

    def _is_proved(self, attempt: StaffAttempt, facts: Facts, lasts: timedelta) -> bool:
        """A clock that was set back forgets."""
        row, account = usable(facts, attempt.now), facts.account
        directory = self._directories.find(attempt.name.directory)
        if row is None or account is None or directory is None:
            return False
        if row.kind is not CredentialKind.DIRECTORY or account.directory != directory.name:
            return False
        since = self._proved.get(*_proof(attempt, facts))
        longest = min(lasts, directory.settings.term)
        return since is not None and timedelta() <= attempt.now - since <= longest

    def _look(self, directory: AskedDirectory, now: datetime, read: Callable[[], Facts]) -> None:
        account = read().account
        if account is not None and not _is_fresh(account, directory, now):
            self._ask.about(directory, account.entry, now)


def _is_fresh(account: DirectoryAccount, directory: AskedDirectory, now: datetime) -> bool:
    """Of another node's clock, a moment may be a little ahead."""
    return abs(now - account.confirmed) < directory.settings.term


def _proof(attempt: StaffAttempt, facts: Facts) -> tuple[bytes, ...]:
    row, account = facts.credential, facts.account
    assert row is not None  # noqa: S101 — `usable` was asked before
    assert account is not None  # noqa: S101 — who is staff has one
    generations = row.generation.to_bytes(8, "big"), account.generation.to_bytes(8, "big")
    return attempt.source.pair, row.id, account.id, *generations, attempt.secret.reveal()


def _wait(seconds: int) -> None:
    if seconds:
        raise SlowDown(seconds)
