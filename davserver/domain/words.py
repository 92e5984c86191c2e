"""Words of a closed vocabulary that are looked up all the time."""

from enum import StrEnum


class Word(StrEnum):
    """As StrEnum, whose members are hashed by a function of Python's own in Python: a listing of a
    thousand asked it a hundred thousand times. As text they are hashed where dictionaries are.
    """

    __hash__ = str.__hash__
