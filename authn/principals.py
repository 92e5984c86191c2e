"""From the facts of a sign-in to who that is for one request, and what of it can be kept."""

from dataclasses import dataclass

from authn.credentials import CredentialKind
from authn.facts import Facts
from authn.rows import CredentialRow
from davserver.domain.actions import Strength
from davserver.domain.ids import CredentialId, PersonId
from davserver.domain.people import Person, Principal
from davserver.domain.tallies import Tally

STRENGTH = {
    CredentialKind.PASSWORD: Strength.PASSWORD,
    CredentialKind.APP_PASSWORD: Strength.APP_PASSWORD,
    CredentialKind.DIRECTORY: Strength.PASSWORD,
    CredentialKind.CERTIFICATE: Strength.CERT,
}


@dataclass(frozen=True, slots=True)
class Seat:
    """A sign-in that goes on: who, by which credential in which generation, and how strong."""

    person: PersonId
    credential: CredentialId
    generation: int
    strength: Strength


def principal_of(
    facts: Facts, person: Person, row: CredentialRow, address: str | None, tally: Tally | None
) -> Principal:
    """Whom those facts are of, who proved `row`. `tally` counts for one request."""
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
