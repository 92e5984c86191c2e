"""What can be wrong in the policy files: one stable code each, explained in docs/policy.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from davserver.domain.errors import BadInput


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


WARNINGS = frozenset(
    {
        Code.SAME_RULE,
        Code.TOO_MANY_RULES,
        Code.NOTHING_ALLOWED,
        Code.DENY_STRENGTH,
        Code.CLOSED_ALREADY,
    }
)
"""These are reported and the set still loads; every other code refuses the whole set."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. `line` and `column` count from 1; 0 means the file as a whole.

    `nearest` is the valid word that was probably meant, if there is one.
    """

    file: str
    line: int
    column: int
    code: Code
    message: str
    nearest: str | None = None

    @property
    def is_error(self) -> bool:
        return self.code not in WARNINGS

    def __str__(self) -> str:
        hint = f" Did you mean “{self.nearest}”?" if self.nearest else ""
        return f"{self.file}:{self.line}:{self.column}: {self.code.value} {self.message}{hint}"


class PolicyProblems(BadInput):
    """The files do not make a policy. `problems` holds all of them, warnings too, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Report:
    """Collects problems while the files are read, so that all are told at once."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self._found: list[Problem] = list(found)

    def add(
        self,
        file: str,
        place: tuple[int, int],
        code: Code,
        message: str,
        nearest: str | None = None,
    ) -> None:
        """`place` is (line, column)."""
        self._found.append(Problem(file, *place, code, message, nearest))

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(sorted(self._found, key=lambda p: (p.file, p.line, p.column, p.code)))


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The choice that looks most like `word`, or None when none is close."""
    close = get_close_matches(word.strip().lower(), sorted(choices), n=1, cutoff=cutoff)
    return str(close[0]) if close else None
