"""A refusal comes before conditions and locks (RFC 9110 §13.2.1): whoever may not do it at all is
told so, whatever else stands in the way.
"""

from collections.abc import Callable

import pytest

from davserver.domain.conditions import Conditions, ETagTerm
from davserver.domain.errors import ConditionFailed, Locked, Reason, Refused
from tests.support.drive import Drive, World

STALE = Conditions(if_match=(ETagTerm("of-yesterday"),))
FOLDER = "/Name of amina/Logement"
Change = Callable[[Drive], object]

CHANGES: dict[str, Change] = {
    "removing": lambda drive: drive.delete(f"{FOLDER}/bail.pdf", STALE),
    "moving over it": lambda drive: drive.move(
        f"{FOLDER}/mine", f"{FOLDER}/bail.pdf", conditions=STALE
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_refusal_comes_before_conditions_and_locks(world: World, change: Change) -> None:
    amina = world.beneficiary("amina", "fr")
    karim = world.professional("karim", world.accounts.add_structure("ccas-lyon"))
    amina.put("/Logement/bail.pdf", b"x")
    amina.lock("/Logement/bail.pdf")
    world.grant(amina, karim, "/Logement")
    karim.mkcol(f"{FOLDER}/mine")
    with pytest.raises(Refused) as refused:
        change(karim)
    assert refused.value.reason is Reason.NOT_YOURS


def test_conditions_come_before_locks(world: World) -> None:
    amina = world.beneficiary("amina", "fr")
    amina.put("/Logement/bail.pdf", b"x")
    amina.lock("/Logement/bail.pdf")
    with pytest.raises(ConditionFailed):
        amina.delete("/Logement/bail.pdf", STALE)
    with pytest.raises(Locked):
        amina.delete("/Logement/bail.pdf")
