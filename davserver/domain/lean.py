"""Frozen dataclasses that every request makes, or of which an answer takes thousands.

Python's `frozen=True` sets each field by a call: 2.5 µs for a value of twenty fields, where plain
slots take 0.3. Here the type checker alone keeps them frozen; equality, hash and `replace` are the
same. For everything else there is `dataclass(frozen=True, slots=True)`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as lean
else:
    from dataclasses import dataclass

    def lean(*, frozen: bool, **others: bool):  # noqa: ANN201 — the checker sees `dataclass`
        """As `dataclass`; `frozen` is said so that the checker reads it."""
        assert frozen  # noqa: S101 — what changes is no value
        return dataclass(unsafe_hash=True, **others)


__all__ = ["lean"]
