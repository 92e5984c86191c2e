"""Where a connection is in its life, and what follows for it."""

from enum import Enum, auto


class Stage(Enum):
    GREETING = auto()
    HANDSHAKE = auto()
    HEADS = auto()
    LINGERING = auto()


class Step(Enum):
    GO_ON = auto()
    PARK = auto()
    CLOSE = auto()
