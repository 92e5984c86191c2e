"""What can be wrong in the policy files: one stable code each, explained in docs/policy.md."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum

from davserver.domain.errors import BadInput

MOST_PROBLEMS = 200
"""Of one file: whoever saved something quite different is not helped by thousands."""
LONGEST_WORD = 120
"""How much of a word from a file is shown in a message."""
LAST_LATIN = 0x24F
"""The last letter of Latin alphabets in Unicode."""

_QUOTED = re.compile("“([^”]*)”")


class Code(StrEnum):
    """Stable: a code is never given another meaning. P0xx files, then one block per file."""

    FILE_MISSING = "P001"
    FILE_UNREADABLE = "P002"
    FILE_UNEXPECTED = "P003"
    NOT_UTF8 = "P004"
    BYTE_ORDER_MARK = "P005"
    CONTROL_CHARACTER = "P006"
    ODD_SPACE = "P007"
    QUOTE = "P008"
    TRAILING_COMMENT = "P009"
    SEMICOLONS = "P010"
    MODEL_CHANGED = "P011"
    LINE_TOO_LONG = "P012"
    TOO_MANY_PROBLEMS = "P013"

    UNKNOWN_KEY = "P020"
    FIELD_COUNT = "P021"
    EMPTY_FIELD = "P022"
    UNKNOWN_EFFECT = "P023"
    UNKNOWN_WORD = "P024"
    BAD_ID = "P025"
    DUPLICATE_ID = "P026"
    SAME_RULE = "P027"
    LIST_DEPENDS = "P028"
    TOO_MANY_RULES = "P029"
    NOTHING_ALLOWED = "P030"
    NEVER_HONOURED = "P031"
    DENY_STRENGTH = "P032"
    WIDENS_SHARING_ON = "P033"

    UNKNOWN_GROUP_KIND = "P040"
    UNKNOWN_MEMBER = "P041"
    DUPLICATE_MEMBER = "P042"
    GROUP_CYCLE = "P043"
    GROUP_TOO_DEEP = "P044"
    BAD_GROUP_NAME = "P045"
    GROUP_UNUSED = "P046"
    CATEGORY_CLASS = "P047"
    STRENGTH_ORDER = "P048"
    STRUCTURE_KIND = "P049"

    BAD_NETWORK = "P060"
    HOST_BITS = "P061"
    DUPLICATE_NETWORK = "P062"
    UNKNOWN_ZONE = "P063"
    NETWORK_TOO_WIDE = "P064"
    MAPPED_NETWORK = "P065"
    NETWORK_CHANGES_NOTHING = "P066"

    BAD_SLOT_NAME = "P080"
    BAD_DAYS = "P081"
    BAD_TIME = "P082"
    IMPOSSIBLE_SLOT = "P083"
    OVERLAPPING_SLOTS = "P084"
    BAD_TIME_ZONE = "P085"
    BAD_TERRITORY = "P086"
    SAME_HOLIDAYS = "P087"
    NEVER_HOLDS = "P088"
    BAD_DATE = "P089"
    IMPOSSIBLE_CLOSING = "P090"
    CLOSED_ALREADY = "P091"
    BAD_SLUG = "P092"

    NOT_TOML = "P100"
    UNKNOWN_CASE_KEY = "P101"
    MISSING_CASE_KEY = "P102"
    BAD_CASE_VALUE = "P103"
    UNKNOWN_CASE_WORD = "P104"
    DUPLICATE_CASE = "P105"
    CLASHING_KEYS = "P106"
    BAD_CASE_MOMENT = "P107"
    NO_CASE = "P108"
    CASE_TOO_WIDE = "P109"

    UNSIGNED = "P120"
    SIGNATURE_UNREADABLE = "P121"
    SIGNER_UNKNOWN = "P122"
    SIGNATURE_WRONG = "P123"
    SIGNED_EARLIER = "P124"
    SIGNED_AHEAD = "P125"

    BAD_DIRECTORY = "P130"
    UNKNOWN_ROLE = "P131"
    BAD_PLACE = "P132"
    BAD_GROUP = "P133"
    DUPLICATE_PLACE = "P134"
    TWO_ROLES = "P135"


WARNINGS = frozenset(
    {
        Code.SAME_RULE,
        Code.TOO_MANY_RULES,
        Code.NOTHING_ALLOWED,
        Code.DENY_STRENGTH,
        Code.NETWORK_CHANGES_NOTHING,
        Code.CLOSED_ALREADY,
    }
)
"""These are reported and the set still loads; every other code refuses the whole set."""

ONE_CHARACTER = frozenset(
    {
        Code.NOT_UTF8,
        Code.BYTE_ORDER_MARK,
        Code.CONTROL_CHARACTER,
        Code.ODD_SPACE,
        Code.QUOTE,
        Code.SEMICOLONS,
        Code.FIELD_COUNT,
        Code.MODEL_CHANGED,
    }
)
"""These are about a place in a line rather than about the word that begins there."""

LONGEST_SOURCE = 400
"""Longer lines are not shown beside what is wrong with them."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. `line` and `column` count from 1; 0 means the file as a whole.

    `nearest` is the valid word that was probably meant, if there is one; `source` the line itself,
    fit to be printed, empty where there is none or where it is too long.
    """

    file: str
    line: int
    column: int
    code: Code
    message: str
    nearest: str | None = None
    source: str = ""

    @property
    def is_error(self) -> bool:
        return self.code not in WARNINGS

    @property
    def place(self) -> str:
        """rules.csv:12:8, or the file alone where it is about the file as a whole."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @property
    def hint(self) -> str:
        return f" Did you mean “{self.nearest}”?" if self.nearest else ""

    @property
    def length(self) -> int:
        """How many characters of `source`, from `column` on, it is about."""
        if self.code in ONE_CHARACTER:
            return 1
        field = self.source[self.column - 1 :].partition(",")[0]
        return max(1, len(field.rstrip()))

    def __str__(self) -> str:
        return f"{self.place}: {self.code.value} {self.message}{self.hint}"


class PolicyProblems(BadInput):
    """The files do not make a policy. `problems` holds all of them, warnings too, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Report:
    """Collects problems while the files are read, so that all are told at once."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self._found: list[Problem] = list(found)
        self._counts: Counter[str] = Counter(one.file for one in self._found)
        self._lines: dict[str, Sequence[str]] = {}

    def keep_lines(self, file: str, lines: Sequence[str]) -> None:
        """What the file says, to be shown beside its problems."""
        self._lines[file] = lines

    def add(
        self,
        file: str,
        place: tuple[int, int],
        code: Code,
        message: str,
        nearest: str | None = None,
    ) -> None:
        """`place` is (line, column)."""
        self._counts[file] += 1
        self._found.append(Problem(file, *place, code, _legible(message), nearest))

    def knows(self, file: str) -> bool:
        """Whether something is wrong with the file already."""
        return self._counts[file] > 0

    def is_full(self, file: str) -> bool:
        """Whether so much is wrong that the rest of the file need not be looked at."""
        return self._counts[file] >= MOST_PROBLEMS

    @property
    def problems(self) -> tuple[Problem, ...]:
        told = [*self._found, *(self._not_all_of(file) for file in self._full_files())]
        ordered = sorted(told, key=lambda p: (p.file, p.line, p.column, p.code))
        return tuple(replace(one, source=self._source(one)) for one in ordered)

    def _source(self, one: Problem) -> str:
        lines = self._lines.get(one.file, ())
        line = lines[one.line - 1] if 0 < one.line <= len(lines) else ""
        shown = "" if len(line) > LONGEST_SOURCE else line.rstrip()
        # A terminal would obey some of the characters that do not print.
        return "".join(c if c.isprintable() else "·" for c in shown)

    def _full_files(self) -> list[str]:
        return [file for file in self._counts if self.is_full(file)]

    def _not_all_of(self, file: str) -> Problem:
        last = max(problem.line for problem in self._found if problem.file == file)
        message = f"{self._counts[file]} problems up to here; the rest was not looked at."
        return Problem(file, last + 1, 1, Code.TOO_MANY_PROBLEMS, message)


def _legible(message: str) -> str:
    """Words from the files, which stand in “…”, are cut, and letters of other alphabets named: a
    Cyrillic “а” looks like a Latin one.
    """
    return _QUOTED.sub(lambda found: _shown(found[1]), message)


def _shown(word: str) -> str:
    cut = word if len(word) <= LONGEST_WORD else word[:LONGEST_WORD] + "…"
    strange = [character for character in cut[:LONGEST_WORD] if ord(character) > LAST_LATIN]
    told = f" (with U+{ord(strange[0]):04X}, no Latin letter)" if strange else ""
    return f"“{cut}”{told}"


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The choice that looks most like `word`, or None when none is close."""
    if len(word) > LONGEST_WORD:
        return None
    close = get_close_matches(word.strip().lower(), sorted(choices), n=1, cutoff=cutoff)
    return str(close[0]) if close else None
