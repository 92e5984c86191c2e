"""Values that no rule tells apart, taken together: what makes the whole space small enough to walk.

A hundred structures that no rule names are one class; so are all the addresses of one zone. Whoever
walks classes instead of values misses nothing: every rule matches all of a class or none of it.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Class(Generic[Value]):
    """`masks`: for each table that was asked, the rules that accept these values. Never empty."""

    values: tuple[Value, ...]
    masks: tuple[int, ...]


def classes(
    values: Iterable[Value],
    masks_of: Callable[[Value], tuple[int, ...]],
    apart: Callable[[Value], Hashable] = lambda _: None,
) -> tuple[Class[Value], ...]:
    """In the order of the first value of each. What `apart` tells apart is never put together."""
    found: dict[tuple[tuple[int, ...], Hashable], list[Value]] = {}
    for value in values:
        found.setdefault((masks_of(value), apart(value)), []).append(value)
    return tuple(Class(tuple(those), masks) for (masks, _), those in found.items())
