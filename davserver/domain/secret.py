"""Bytes that must not be printed, logged or compared by accident."""

import hmac


class Secret:
    """Key material or a password. Shows nothing; compares in constant time."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        # `bytes` of bytes is the same object, but takes a call; thousands are made for one listing.
        self._raw = raw if type(raw) is bytes else bytes(raw)

    def reveal(self) -> bytes:
        """The bytes themselves: call this only where they are used."""
        return self._raw

    def __len__(self) -> int:
        return len(self._raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._raw, other._raw)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        message = "a Secret is never pickled"
        raise TypeError(message)
