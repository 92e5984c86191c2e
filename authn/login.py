"""Signing in: from a credential to the principal of one request, in one statement."""

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, update

from authn.certificate_check import CertificateCheck, Holder
from authn.credentials import AppPassword, Credential, CredentialKind, Password
from authn.facts import Asked, Facts, Genuine, facts_of_login, facts_of_person
from authn.notes import note_if_possible
from authn.password_check import Aside, Attempt, PasswordCheck
from authn.passwords import HashingTurn
from authn.rows import CredentialRow, verifier_of
from authn.staff_names import NO_DIRECTORIES, StaffNames
from authn.throttle import Throttle
from authn.verifiers import app_password_phc, is_app_password
from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.db.database import Database
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn, SlowDown
from davserver.domain.ids import Entropy
from davserver.domain.people import AccountState, Person, Principal
from davserver.domain.secret import Secret
from davserver.domain.tallies import Tally
from davserver.sealing.instance import InstanceKeys

_DAY_US = timedelta(days=1) // timedelta(microseconds=1)
STRENGTH = {
    CredentialKind.PASSWORD: Strength.PASSWORD,
    CredentialKind.APP_PASSWORD: Strength.APP_PASSWORD,
    CredentialKind.DIRECTORY: Strength.PASSWORD,
    CredentialKind.CERTIFICATE: Strength.CERT,
}
_NOBODYS = app_password_phc(Secret(bytes(20)))

_BEAT = 0.05
"""Seconds. Refusals leave at whole multiples of it after they came: whether there was a row to
authenticate takes some 100 µs, which would else tell who has an account here.
"""


class Login:
    """One per process, thread-safe. Knows nobody by heart: state, revocation and memberships come
    from the database at every request.
    """

    def __init__(
        self,
        db: Database,
        keys: InstanceKeys,
        entropy: Entropy,
        *,
        names: StaffNames = NO_DIRECTORIES,
        patience: float = 5.0,
        counted: bool = True,
    ) -> None:
        """`patience`: seconds that a sign-in waits for its turn to compute a hash. `counted`:
        whether what the policy answers to those who signed in is counted.
        """
        self._counted = counted
        self._names = names
        self._db = db
        self._keys = keys
        self._genuine = Genuine(keys)
        self._certificates = CertificateCheck(db, keys, self._genuine)
        self._throttle = Throttle(db, keys)
        self._passwords = PasswordCheck(db, keys, self._throttle, entropy, HashingTurn(patience))

    def sign_in(
        self,
        credential: Credential | None,
        address: str | None,
        now: datetime,
        aside: Aside = nullcontext,
        certificate: bytes | None = None,
    ) -> Principal:
        """Who this is. One statement for an app password, and for a password that this process
        proved within the last minute; a first use on a day adds a note of that day.

        `certificate`: the client's, in DER, where TLS has proved its key. It lets its person in
        alone, or beside a credential of theirs, which must be right too; one statement more.

        `aside` is entered while nothing but waiting or hashing goes on, so that a server can let
        other requests compute meanwhile.

        Raises NotSignedIn (unknown, wrong, revoked, expired and blocked are all alike), SlowDown
        after too many wrong passwords, Unavailable when the database is away or too many people
        sign in at once.
        """
        begun = time.monotonic()
        try:
            holder = self._certificates.holder(certificate, now)
            if credential is None:
                return self._by_certificate(holder, address, now)
            return self._beside(self._sign_in(credential, address, now, aside), holder, now)
        except (NotSignedIn, SlowDown):
            with aside():
                time.sleep(_BEAT - (time.monotonic() - begun) % _BEAT)
            raise

    def _sign_in(
        self, credential: Credential, address: str | None, now: datetime, aside: Aside
    ) -> Principal:
        login_key = self._names.read(credential.login).local
        source = self._throttle.source(login_key, address)
        asked = Asked(
            login_key=login_key,
            credential=credential.id if isinstance(credential, AppPassword) else None,
            pair=source.pair,
            address=source.address,
        )
        with self._db.read() as tx:
            facts = facts_of_login(tx, self._genuine, asked, now)
        row = _usable(facts, now)
        match credential:
            case AppPassword():
                self._check_app_password(row, credential)
            case Password():
                self._passwords.check(Attempt(credential.secret, row, source, facts, now), aside)
        if facts.person is None or row is None:
            raise NotSignedIn
        self._note_use(row, now)
        tally = Tally() if self._counted else None
        return _principal(facts, facts.person, row, address, tally)

    def _by_certificate(
        self, holder: Holder | None, address: str | None, now: datetime
    ) -> Principal:
        facts = holder.facts if holder else None
        row = _usable(facts, now) if facts else None
        if holder is None or row is None or holder.facts.person is None:
            raise NotSignedIn
        self._note_use(row, now)
        tally = Tally() if self._counted else None
        who = _principal(holder.facts, holder.facts.person, row, address, tally)
        return replace(who, certificate=holder.shown)

    def _beside(self, who: Principal, holder: Holder | None, now: datetime) -> Principal:
        """Raises NotSignedIn where the certificate is somebody else's."""
        if holder is None:
            return who
        if holder.row.person != who.id:
            raise NotSignedIn
        self._note_use(holder.row, now)
        read_only = who.read_only or holder.row.read_only
        return replace(who, strength=Strength.CERT, read_only=read_only, certificate=holder.shown)

    def still(self, tx: Connection, who: Principal, now: datetime) -> Principal:
        """The same person with all facts as `tx` sees them; one statement, two for a password with
        a certificate beside it.

        Raises NotSignedIn when the account is blocked, or the credential revoked, expired or
        replaced since. An operator stays who they are; the facts of whom they act for are fresh.
        """
        facts = facts_of_person(tx, self._genuine, who.id, who.credential, now)
        if who.operator is not None:
            return replace(
                who,
                person=facts.person or who.person,
                memberships=facts.memberships,
                vault=facts.vault,
                epoch=facts.epoch,
                paused=facts.paused,
            )
        row = _usable(facts, now)
        if facts.person is None or row is None or row.generation != who.generation:
            raise NotSignedIn
        fresh = _principal(facts, facts.person, row, who.address, who.tally)
        self._certificates.require(tx, who, now)
        return replace(
            fresh,
            strength=who.strength,
            read_only=who.read_only or fresh.read_only,
            certificate=who.certificate,
        )

    def _check_app_password(self, row: CredentialRow | None, credential: AppPassword) -> None:
        phc = verifier_of(self._keys, row) if row else None
        if not is_app_password(phc or _NOBODYS, credential.secret) or phc is None:
            raise NotSignedIn

    def _note_use(self, row: CredentialRow, now: datetime) -> None:
        """The day, once a day: people find devices that they no longer use, and no more."""
        today = to_us(now) // _DAY_US
        if row.last_used_day is not None and row.last_used_day >= today:
            return
        column = t.credential.c.last_used_day
        stale = or_(column.is_(None), column < today)
        statement = (
            update(t.credential)
            .where(t.credential.c.id == row.id, stale)
            .values(last_used_day=today)
        )
        note_if_possible(self._db, statement, "last-use")


def _usable(facts: Facts, now: datetime) -> CredentialRow | None:
    """The credential, if its owner may sign in with it now."""
    row, person = facts.credential, facts.person
    if row is None or person is None or person.state is not AccountState.ACTIVE:
        return None
    return row if row.holds(now) else None


def _principal(
    facts: Facts, person: Person, row: CredentialRow, address: str | None, tally: Tally | None
) -> Principal:
    return Principal(
        person=person,
        credential=row.id,
        strength=STRENGTH[row.kind],
        read_only=row.read_only,
        memberships=facts.memberships,
        vault=facts.vault,
        epoch=facts.epoch,
        address=address,
        generation=row.generation,
        paused=facts.paused,
        tally=tally,
    )
