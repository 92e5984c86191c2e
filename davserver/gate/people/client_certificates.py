"""Client certificates of people, in one transaction each: looked at, changed, recorded."""

from authn.credentials import CredentialKind
from authn.known_key import Certificate
from authn.register import NewDevice, bump_revocation
from authn.rows import CredentialRow
from davserver.domain.errors import AlreadyThere
from davserver.domain.ids import CredentialId
from davserver.gate.people.desk import Change, Desk
from davserver.trail import What

KIND = CredentialKind.CERTIFICATE


def add(desk: Desk, login: str, certificate: Certificate, device: NewDevice) -> CredentialId:
    """For administrators only: it makes the strongest sign-in, which nobody may give themselves.

    Raises AlreadyThere for a key that was ever registered: it is one person's, and one that was
    taken back may be in other hands.
    """
    rule = desk.allow()
    person = desk.registered.find_person(desk.tx, login)
    if desk.register.is_registered(desk.tx, certificate):
        raise AlreadyThere(
            "the key of this certificate is registered already, or was taken back once; "
            "a certificate that was renewed for the same key goes on by itself, "
            "any other needs a new key"
        )
    made, stamp = desk.register.add_certificate(desk.tx, person.id, certificate, device, desk.now)
    details = {"credential": made.hex(), "read-only": "yes" if device.read_only else "no"}
    desk.record(Change(What.CERTIFICATE_ADD, rule, (stamp,), details), person)
    return made


def every(desk: Desk, login: str) -> list[CredentialRow]:
    person, _ = desk.account(login)
    return desk.registered.devices(desk.tx, person.id, KIND)


def revoke(desk: Desk, credential: CredentialId) -> None:
    """Nothing happens, and nothing is recorded, when it is revoked already."""
    row, person, rule = desk.device(credential, KIND)
    if row.revoked is not None:
        return
    stamp = desk.register.revoke(desk.tx, row, desk.now)
    bump_revocation(desk.tx)
    details = {"credential": row.id.hex()}
    desk.record(Change(What.CERTIFICATE_REVOKE, rule, (stamp,), details), person)
