"""Is this the person's password? Cached, throttled, and one Argon2 computation at a time."""

from datetime import datetime, timedelta

from sqlalchemy import update

from authn.counts import Count
from authn.facts import Facts
from authn.memory import ShortMemory
from authn.notes import note_if_possible
from authn.passwords import HashingTurn, hash_password, is_outdated, is_password, nobodys_hash
from authn.rows import CredentialRow, verifier_of
from authn.throttle import Source, Throttle, is_free, seconds_to_wait
from davserver.db import tables as t
from davserver.db.aside import Aside
from davserver.db.database import Database
from davserver.domain.errors import NotSignedIn, SlowDown
from davserver.domain.ids import ID_BYTES, Entropy
from davserver.domain.lean import lean
from davserver.domain.secret import Secret
from davserver.sealing.instance import InstanceKeys

PROVED_FOR = timedelta(seconds=60)
WRONG_FOR = timedelta(hours=1)
AT_HOME_FOR = timedelta(hours=12)
_MOST = 8192


@lean(frozen=True, slots=True)
class Attempt:
    """One try. `row` None: nobody, or nobody who may sign in; that costs the same."""

    secret: Secret
    row: CredentialRow | None
    source: Source
    facts: Facts
    now: datetime

    @property
    def tried(self) -> tuple[bytes, bytes, bytes]:
        """Credential id, generation, secret: zeros for nobody."""
        if self.row is None:
            return bytes(ID_BYTES), bytes(8), self.secret.reveal()
        return self.row.id, self.row.generation.to_bytes(8, "big"), self.secret.reveal()


class PasswordCheck:
    """Thread-safe. It has three memories, of HMACs under keys that never leave the process.

    * proved: these 60 seconds, this very credential in this generation, with this password. Only
      successes, and only worth something beside a row that was read in the same request.
    * wrong: this password was tried here and counted already; a forgotten device that repeats it
      neither computes nor counts again.
    * at home: somebody signed in to this account from this address lately, so that failures of
      others at a shared address do not stop them.
    """

    def __init__(
        self,
        db: Database,
        keys: InstanceKeys,
        throttle: Throttle,
        entropy: Entropy,
        turn: HashingTurn,
    ) -> None:
        self._db = db
        self._keys = keys
        self._throttle = throttle
        self._entropy = entropy
        self._turn = turn
        self._proved = ShortMemory(Secret(entropy(32)), PROVED_FOR, _MOST)
        self._wrong = ShortMemory(Secret(entropy(32)), WRONG_FOR, _MOST)
        self._at_home = ShortMemory(Secret(entropy(32)), AT_HOME_FOR, _MOST)
        self._dummy = nobodys_hash(entropy)

    def check(self, attempt: Attempt, aside: Aside) -> datetime:
        """Returns when it is the password: up to when that counts as proved. Raises NotSignedIn,
        SlowDown, Unavailable.
        """
        now = attempt.now
        _wait(seconds_to_wait(attempt.facts.pair, now))
        until = self._known_until(attempt)
        if until is not None:
            return until
        if not self._at_home.has(now, attempt.source.pair):
            _wait(seconds_to_wait(attempt.facts.address, now))
        with aside():
            return self._computed(attempt)

    def _computed(self, attempt: Attempt) -> datetime:
        row, secret = attempt.row, attempt.secret
        phc = (verifier_of(self._keys, row) if row else None) or self._dummy
        with self._turn.taken():
            # Whoever waited here may find the answer: one computation serves a whole burst.
            until = self._known_until(attempt)
            if until is not None:
                return until
            pair, address = self._throttle.counts(attempt.source)
            self._require_turn(attempt, pair, address)
            right = is_password(phc, secret) and row is not None
            stronger = hash_password(secret, self._entropy) if right and is_outdated(phc) else None
            self._remember(attempt, right=right)
            if not right and is_free(pair):
                # Before the next one may look: a burst finds what its first has left.
                self._throttle.failed(attempt.source, attempt.now)
        if row is None or not right:
            raise NotSignedIn
        if pair is not None:
            self._throttle.forget(attempt.source)
        if stronger is not None:
            self._replace(row, stronger)
        return attempt.now + PROVED_FOR

    def _require_turn(self, attempt: Attempt, pair: Count | None, address: Count | None) -> None:
        """Raises SlowDown. After mistakes that cost a wait the try counts before it is made:
        several processes compute at once.
        """
        now = attempt.now
        _wait(seconds_to_wait(pair, now))
        if not self._at_home.has(now, attempt.source.pair):
            _wait(seconds_to_wait(address, now))
        if not is_free(pair):
            _wait(self._throttle.claim(attempt.source, now))

    def _known_until(self, attempt: Attempt) -> datetime | None:
        """Proved up to then. None: must be computed. Raises NotSignedIn when known to be wrong."""
        tried = attempt.tried
        until = self._proved.until(attempt.now, *tried)
        if until is None and self._wrong.has(attempt.now, attempt.source.pair, *tried):
            raise NotSignedIn
        return until

    def _remember(self, attempt: Attempt, *, right: bool) -> None:
        if right:
            self._proved.add(attempt.now, *attempt.tried)
            self._at_home.add(attempt.now, attempt.source.pair)
        else:
            self._wrong.add(attempt.now, attempt.source.pair, *attempt.tried)

    def _replace(self, row: CredentialRow, phc: str) -> None:
        """Keeps the generation: it is the same password, and whoever is signed in stays so."""
        sealed = self._keys.seal_password_hash(row.id, row.generation, phc)
        same = (t.credential.c.id == row.id, t.credential.c.verifier_ct == row.sealed)
        stronger = update(t.credential).where(*same).values(verifier_ct=sealed)
        note_if_possible(self._db, stronger, "stronger-hash")


def _wait(seconds: int) -> None:
    if seconds:
        raise SlowDown(seconds)
