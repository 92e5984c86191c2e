"""Mistakes in policy files: in English as their reader says them, else as the pages do."""

from admin.speaking import language
from davserver.wiring.policy import PolicyProblem


def mistake(one: PolicyProblem) -> str:
    """What is wrong, and what would be right. Its place and code are told before."""
    if language() == "en":
        return f"{one.message}{one.hint}"
    return problem_told(str(one)).removeprefix(f"{one.place}: {one.code.value} ")


def problem_told(line: str) -> str:
    """A mistake with its place and code, or what else keeps a set out of force."""
    if language() == "en":
        return line
    # Babel takes a tenth of a second to load.
    from zoneinfo import ZoneInfo  # noqa: PLC0415 — only where there is a mistake to tell

    from davserver.web.languages import SHIPPED  # noqa: PLC0415 — likewise
    from davserver.web.mistakes import in_words  # noqa: PLC0415 — likewise
    from davserver.web.texts import Texts  # noqa: PLC0415 — likewise

    spoken = next(one for one in SHIPPED if one.code == language())
    return in_words(line, Texts(spoken, ZoneInfo("UTC")))
