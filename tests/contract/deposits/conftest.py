"""Karim puts things into a folder of Amina's without seeing what is in it."""

import pytest

from davserver.domain.actions import Right
from tests.support.drive import Drive
from tests.support.safekeeping import Safekeeping


@pytest.fixture
def amina(world: Safekeeping) -> Drive:
    made = world.beneficiary("amina", "fr")
    made.put("/Logement/bail.pdf", b"the owner's")
    made.mkcol("/Logement/2025")
    made.put("/Logement/2025/quittance.pdf", b"the owner's too")
    return made


@pytest.fixture
def karim(world: Safekeeping, amina: Drive) -> Drive:
    """May put into /Logement."""
    made = world.professional("karim", world.accounts.add_structure("ccas-lyon"))
    world.grant(amina, made, "/Logement", Right.DEPOSIT)
    return made
