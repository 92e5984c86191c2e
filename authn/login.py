"""Signing in: from a credential to the principal of one request, in one statement."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from authn.cached_sign_in import CachedPrincipal, ProvedSignIn, revalidated
from authn.certificate_check import CertificateCheck, Holder
from authn.credentials import AppPassword, Credential, CredentialKind, Password
from authn.facts import Asked, Facts, Genuine, facts_of_login, facts_of_person
from authn.password_check import PROVED_FOR, Attempt, PasswordCheck
from authn.passwords import HashingTurn
from authn.principals import Seat, principal_of
from authn.refusing import Refusing
from authn.rows import CredentialRow, verifier_of
from authn.staff import Staff
from authn.staff_check import StaffAttempt
from authn.staff_names import TypedName
from authn.standing import usable
from authn.throttle import Throttle
from authn.uses import last_of_day, note_use
from authn.verifiers import app_password_phc, is_app_password
from authn.visits import Visit
from davserver.db.aside import Aside
from davserver.db.database import Database
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn
from davserver.domain.ids import Entropy
from davserver.domain.people import AccountState, Principal
from davserver.domain.secret import Secret
from davserver.domain.tallies import Tally
from davserver.sealing.instance import InstanceKeys

_NOBODYS = app_password_phc(Secret(bytes(20)))


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
        staff: Staff | None = None,
        patience: float = 5.0,
        counted: bool = True,
    ) -> None:
        """`staff`: the directories of structures. `patience`: seconds that a sign-in waits for its
        turn to compute a hash. `counted`: whether what the policy answers to those who signed in is
        counted.
        """
        self._counted = counted
        self._db = db
        self._keys = keys
        self._genuine = Genuine(keys)
        self._certificates = CertificateCheck(db, keys, self._genuine)
        self._throttle = Throttle(db, keys)
        self._passwords = PasswordCheck(db, keys, self._throttle, entropy, HashingTurn(patience))
        known = staff or Staff()
        self._names = known.names
        self._staff = known.check(db, keys, self._throttle, entropy)

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
        sign in at once, and for whoever's directory is away.
        """
        if credential is None:
            with Refusing(None, aside):
                return self._by_certificate(certificate, address, now, aside)
        typed = self._names.read(credential.login)
        with Refusing(self._require_there(typed, aside), aside):
            holder = self._certificates.holder(certificate, now)
            proved = self._prove(credential, typed, address, now, aside)
            return self._beside(proved.who, holder, now)

    def prove(
        self,
        credential: Credential,
        address: str | None,
        now: datetime,
        aside: Aside = nullcontext,
    ) -> ProvedSignIn:
        """As `sign_in` without a certificate, and what may be remembered of it: nothing where its
        `until` is not after `now`.
        """
        typed = self._names.read(credential.login)
        with Refusing(self._require_there(typed, aside), aside):
            return self._prove(credential, typed, address, now, aside)

    def _require_there(self, typed: TypedName, aside: Aside) -> Callable[[], None] | None:
        staff = typed.staff
        return None if staff is None else lambda: self._staff.require_there(staff.directory, aside)

    def _visit(
        self, credential: Credential, typed: TypedName, address: str | None, now: datetime
    ) -> Visit:
        """One statement; one more for a name alone that is no local login."""
        app_password = credential.id if isinstance(credential, AppPassword) else None

        def found(key: str) -> tuple[Asked, Facts]:
            source = self._throttle.source(key, address)
            asked = Asked(key, app_password, source.pair, source.address)
            with self._db.read() as tx:
                return asked, facts_of_login(tx, self._genuine, asked, now)

        key = typed.local
        staff = None if typed.staff is None else self._staff.key_of(typed.staff)
        if typed.staff is not None and staff is not None and key in {"", typed.staff.key}:
            key = staff
        asked, facts = found(key)
        if facts.person is None and staff is not None and key != staff:
            asked, facts = found(staff)
        return Visit(typed, asked, facts, address, now, lambda other: found(other)[1])

    def _prove(
        self,
        credential: Credential,
        typed: TypedName,
        address: str | None,
        now: datetime,
        aside: Aside,
    ) -> ProvedSignIn:
        visit = self._visit(credential, typed, address, now)
        if isinstance(credential, AppPassword):
            facts, until = self._by_app_password(visit, credential, aside)
        else:
            facts, until = self._by_password(visit, credential, aside)
        who = self._let_in(facts, address, now)
        # Of those of a directory nothing: what that one said counts by the clock.
        until = now if facts.account else min(until, last_of_day(now))
        return ProvedSignIn(who, visit.asked, now, until)

    def _by_password(
        self, visit: Visit, password: Password, aside: Aside
    ) -> tuple[Facts, datetime]:
        facts, now = visit.facts, visit.now
        if visit.typed.staff is not None and visit.is_staff:
            staff = StaffAttempt(
                visit.typed.staff, password.secret, visit.source, visit.address, facts, now,
                visit.read,
            )  # fmt: skip
            return self._staff.password(staff, aside), now
        row = usable(facts, now)
        if row is not None and row.kind is CredentialKind.DIRECTORY:
            # Nobody can be asked: the settings of their directory are gone.
            row = None
        attempt = Attempt(password.secret, row, visit.source, facts, now)
        return facts, self._passwords.check(attempt, aside)

    def _by_app_password(
        self, visit: Visit, password: AppPassword, aside: Aside
    ) -> tuple[Facts, datetime]:
        facts, now = visit.facts, visit.now
        row = facts.credential
        self._check_app_password(row if row and row.holds(now) else None, password)
        facts = self._confirmed(facts, now, lambda: visit.read(visit.asked.login_key), aside)
        return facts, now + PROVED_FOR

    def _confirmed(
        self, facts: Facts, now: datetime, read: Callable[[], Facts], aside: Aside
    ) -> Facts:
        """Whoever an administrator blocked stays out, whatever a directory says."""
        if facts.person is None or facts.person.state is AccountState.ADMINISTRATOR_BLOCKED:
            raise NotSignedIn
        return self._staff.confirmed(facts, now, read, aside)

    def _let_in(self, facts: Facts, address: str | None, now: datetime) -> Principal:
        row = usable(facts, now)
        if facts.person is None or row is None:
            raise NotSignedIn
        note_use(self._db, row, now)
        tally = Tally() if self._counted else None
        return principal_of(facts, facts.person, row, address, tally)

    def _by_certificate(
        self, certificate: bytes | None, address: str | None, now: datetime, aside: Aside
    ) -> Principal:
        holder = self._holder(certificate, now)
        facts = self._confirmed(
            holder.facts, now, lambda: self._holder(certificate, now).facts, aside
        )
        return replace(self._let_in(facts, address, now), certificate=holder.shown)

    def _holder(self, certificate: bytes | None, now: datetime) -> Holder:
        holder = self._certificates.holder(certificate, now)
        if holder is None:
            raise NotSignedIn
        return holder

    def _beside(self, who: Principal, holder: Holder | None, now: datetime) -> Principal:
        """Raises NotSignedIn where the certificate is somebody else's."""
        if holder is None:
            return who
        if holder.row.person != who.id:
            raise NotSignedIn
        note_use(self._db, holder.row, now)
        read_only = who.read_only or holder.row.read_only
        return replace(who, strength=Strength.CERT, read_only=read_only, certificate=holder.shown)

    def refreshed(self, tx: Connection, who: Principal, now: datetime) -> Principal:
        """The same person with all facts as `tx` sees them; one statement, two for a password with
        a certificate beside it.

        Raises NotSignedIn when the account is blocked, or the credential revoked, expired or
        replaced since; StaleSignIn instead for whoever was let in from the cache. An operator stays
        who they are; the facts of whom they act for are fresh.
        """
        if isinstance(who, CachedPrincipal):
            return revalidated(tx, self._genuine, who, now)
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
        row = usable(facts, now)
        if facts.person is None or row is None or row.generation != who.generation:
            raise NotSignedIn
        fresh = principal_of(facts, facts.person, row, who.address, who.tally)
        self._certificates.require(tx, who, now)
        read_only = who.read_only or fresh.read_only
        shown = who.strength, read_only, who.certificate
        if shown == (fresh.strength, fresh.read_only, None):
            # As nearly always: another one is made for who came in another way than by their row.
            return fresh
        return replace(
            fresh, strength=who.strength, read_only=read_only, certificate=who.certificate
        )

    def resumed(
        self, seat: Seat, address: str | None, now: datetime, aside: Aside = nullcontext
    ) -> Principal:
        """Who signed in before, with all facts as they are now; one statement.

        Raises NotSignedIn as `refreshed` does, Unavailable as `sign_in`.
        """

        def read() -> Facts:
            with self._db.read() as tx:
                return facts_of_person(tx, self._genuine, seat.person, seat.credential, now)

        facts = self._confirmed(read(), now, read, aside)
        row = usable(facts, now)
        if facts.person is None or row is None or row.generation != seat.generation:
            raise NotSignedIn
        tally = Tally() if self._counted else None
        fresh = principal_of(facts, facts.person, row, address, tally)
        return replace(fresh, strength=seat.strength)

    def _check_app_password(self, row: CredentialRow | None, credential: AppPassword) -> None:
        phc = verifier_of(self._keys, row) if row else None
        if not is_app_password(phc or _NOBODYS, credential.secret) or phc is None:
            raise NotSignedIn
