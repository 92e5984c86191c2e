"""The people of the demonstration, who all are fictional, and what they share."""

from dataclasses import dataclass

from admin.demo_documents import AMINA, JULIEN
from davserver.domain.actions import Right
from davserver.domain.people import Role, StructureKind

STRUCTURE = "ccas-lyon"
STRUCTURE_NAME = "CCAS de Lyon"
STRUCTURE_KIND = StructureKind.CCAS


@dataclass(frozen=True, slots=True)
class Somebody:
    """`in_structure`: works in STRUCTURE. Beneficiaries get the folders of the French template."""

    login: str
    name: str
    role: Role
    in_structure: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """`to` is written as for `abri grant add`."""

    giver: str
    to: str
    path: str
    right: Right
    purpose: str


PEOPLE = (
    Somebody("nora", "Nora Lambert", Role.ADMINISTRATOR),
    Somebody("mireille", "Mireille Blanc", Role.MANAGER, in_structure=True),
    Somebody("karim", "Karim Roux", Role.PROFESSIONAL, in_structure=True),
    Somebody("zoe", "Zoé Petit", Role.PROFESSIONAL, in_structure=True),
    Somebody(AMINA, "Amina Benali", Role.BENEFICIARY),
    Somebody(JULIEN, "Julien Moreau", Role.BENEFICIARY),
)

SHARES = (
    Share(AMINA, "karim", "/Logement", Right.WRITE, "demande de logement"),
    Share(JULIEN, f"structure:{STRUCTURE}", "/Ressources", Right.READ, "accès aux droits"),
)
