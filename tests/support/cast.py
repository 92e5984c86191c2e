"""The people of the tests: whoever reads a test meets the same few everywhere.

amina owns a vault; karim and zoe are professionals, of different structures; mireille is the
manager of karim's structure. Nobody has a grant until a test gives one.
"""

from pathlib import Path

from tests.support.instance import Instance, new_instance

CCAS = "ccas-lyon"
OTHER_STRUCTURE = "asso-rhone"


def cast_instance(folder: Path) -> Instance:
    """An instance with the whole cast and a certificate; amina's vault is empty."""
    instance = new_instance(folder, tls=True)
    instance.add_structure(CCAS, "CCAS de Lyon")
    instance.add_structure(OTHER_STRUCTURE, "Association du Rhône", "association")
    instance.add_person("amina", "beneficiary", "Amina Benali", "--template", "none")
    instance.add_person("karim", "professional", "Karim Roux", "--structure", CCAS)
    instance.add_person("zoe", "professional", "Zoé Petit", "--structure", OTHER_STRUCTURE)
    instance.add_person("mireille", "manager", "Mireille Blanc", "--structure", CCAS)
    return instance
