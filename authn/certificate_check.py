"""Whose client certificate is this? TLS has proved its key, here or at a listed proxy."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from authn.facts import Facts, Genuine, facts_of_holder
from authn.known_key import Certificate
from authn.rows import CredentialRow, credential_from, fetch, verifier_of
from authn.verifiers import is_certificate
from davserver.db import tables as t
from davserver.db.database import Database
from davserver.domain.errors import NotSignedIn
from davserver.domain.people import Principal, ShownCertificate
from davserver.sealing.instance import InstanceKeys


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody whose certificate was shown, in whatever state their account is."""

    certificate: Certificate
    facts: Facts
    row: CredentialRow

    @property
    def shown(self) -> ShownCertificate:
        return ShownCertificate(self.row.id, self.row.generation, self.certificate.ends)


class CertificateCheck:
    """One per process, thread-safe, without a memory."""

    def __init__(self, db: Database, keys: InstanceKeys, genuine: Genuine) -> None:
        self._db = db
        self._keys = keys
        self._genuine = genuine

    def holder(self, der: bytes | None, now: datetime) -> Holder | None:
        """One statement; none where no certificate was shown, or one that is over.

        None for whatever counts as not shown: nobody's, revoked, unreadable.
        """
        certificate = _read(der) if der is not None else None
        if certificate is None or not certificate.holds(now):
            return None
        with self._db.read() as tx:
            known = certificate.credential(self._keys)
            facts = facts_of_holder(tx, self._genuine, known, now)
        row = facts.credential
        if row is None or not row.holds(now):
            return None
        # Its verifier also says what kind of credential it is.
        phc = verifier_of(self._keys, row)
        if phc is None or not is_certificate(phc, certificate.key):
            return None
        return Holder(certificate, facts, row)

    def require(self, tx: Connection, who: Principal, now: datetime) -> None:
        """That the certificate of an earlier moment still counts. Whoever it alone has let in has
        had its row looked at already; beside a password it takes a statement.

        Raises NotSignedIn.
        """
        shown = who.certificate
        if shown is None:
            return
        if now > shown.until:
            raise NotSignedIn
        if shown.id == who.credential:
            return
        rows = fetch(tx, select(t.credential).where(t.credential.c.id == shown.id))
        row = credential_from(self._keys, rows[0]) if rows else None
        same = row is not None and (row.person, row.generation) == (who.id, shown.generation)
        if row is None or not same or not row.holds(now):
            raise NotSignedIn


def _read(der: bytes) -> Certificate | None:
    from authn.certificates import certificate_of  # noqa: PLC0415 — most servers are shown none

    return certificate_of(der)
