"""Some of many rows: a page stays light on a telephone, however much there is to list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

AT_ONCE = 100
"""Rows of one page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """`number` of the page, from 1."""

    rows: Sequence[T]
    number: int
    pages: int
    total: int


def sliced(rows: Sequence[T], asked: str, at_once: int = AT_ONCE) -> Slice[T]:
    """The page that was asked for, as far as there is one."""
    pages = max(1, -(-len(rows) // at_once))
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() else 1
    start = (number - 1) * at_once
    return Slice(rows[start : start + at_once], number, pages, len(rows))
