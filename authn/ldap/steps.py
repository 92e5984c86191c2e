"""What is looked at to find out whether a directory's settings work, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum


class Looked(StrEnum):
    """At what, in this order."""

    SETTINGS = "settings"
    ADDRESS = "address"
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    SIGN_IN = "sign-in"
    SOFTWARE = "software"
    PEOPLE = "people"
    GROUPS = "groups"
    MAPPED = "mapped group"
    PERSON = "person"


class Verdict(StrEnum):
    GOOD = "good"
    DOUBTFUL = "doubtful"
    """It works, and may not go on working, or not as meant."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Step:
    """`says` is a whole sentence; so is `change`, which is empty when nothing is to be changed."""

    looked: Looked
    verdict: Verdict
    says: str
    change: str = ""
