"""Where a key or a word stands in a TOML file: tomllib tells that of syntax errors only."""

import re
from itertools import pairwise

_HEADER = re.compile(r"\s*\[\[?\s*([^\]\s]+)\s*\]")
_KEY = re.compile(r"\s*(?:([A-Za-z0-9_-]+)|\"([^\"]*)\"|'([^']*)')\s*=")
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")

Place = tuple[int, int]
"""Line and column from 1; 0 where the file as a whole is meant."""


class TomlPlaces:
    """The lines of one file, cut into its `[[name]]` tables. A key inside of a text of several
    lines would be taken for one; its place is then a line too early, and nothing else is wrong.
    """

    def __init__(self, text: str, table: str) -> None:
        self._lines = text.split("\n")
        starts = [
            number
            for number, line in enumerate(self._lines)
            if (found := _HEADER.match(line)) and found[1] == table
        ]
        self._tables = list(pairwise([*starts, len(self._lines)]))

    def table(self, index: int) -> Place:
        """Of the header of the table with that number, from 0."""
        if index >= len(self._tables):
            return 0, 0
        line = self._tables[index][0]
        return line + 1, self._lines[line].index("[") + 1

    def key(self, index: int, key: str) -> Place:
        """Of a key of that table; of the table where the key cannot be found."""
        start, end = self._tables[index] if index < len(self._tables) else (0, 0)
        for number in range(start, end):
            place = self._key_in(number, key)
            if place:
                return place
        return self.table(index)

    def top(self, key: str) -> Place:
        """Of a key or table outside of those tables."""
        for number, line in enumerate(self._lines):
            header = _HEADER.match(line)
            place = self._key_in(number, key)
            if header and header[1] == key:
                place = number + 1, line.index("[") + 1
            if place:
                return place
        return 0, 0

    def word(self, index: int, key: str, word: str) -> Place:
        """Of a text among the values of a key; of the key where it cannot be found."""
        line, column = self.key(index, key)
        end = self._tables[index][1] if index < len(self._tables) else line
        for number in range(line - 1, end):
            after = self._lines[number].find("=") + 1 if number == line - 1 else 0
            if number >= line and _KEY.match(self._lines[number]):
                break
            for quote in ('"', "'"):
                found = self._lines[number].find(f"{quote}{word}{quote}", after)
                if found >= 0:
                    return number + 1, found + 2
        return line, column

    def _key_in(self, number: int, key: str) -> Place | None:
        found = _KEY.match(self._lines[number])
        if found and key in found.groups():
            return number + 1, self._lines[number].index(key) + 1
        return None


def place_of_error(message: str, text: str) -> tuple[str, Place]:
    """What tomllib said, without the place, and the place."""
    found = _POSITION.search(message)
    if found is None:
        return message, (0, 0)
    said = message[: found.start()]
    if found[1]:
        return said, (int(found[1]), int(found[2]))
    return said, (text.rstrip("\n").count("\n") + 1, 1)
