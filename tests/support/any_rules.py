"""Whole sets of policy files as Hypothesis writes them: sound, else as foolish as may be."""

from collections.abc import Mapping

from hypothesis import assume
from hypothesis import strategies as st

from davserver.domain.actions import Action
from policies.groups import FILE as GROUPS
from policies.loader import load, load_bytes, shipped
from policies.problems import PolicyProblems
from policies.rules import FILE as RULES
from policies.vocabulary import ANY, FIXED, KNOWN_GROUPS, Column
from tests.support.cast import CCAS, OTHER_STRUCTURE

Files = Mapping[str, bytes]
THOROUGH = "thorough"
"""The profile of Hypothesis that plays as many sets as it can (tests/conftest.py)."""

EVERYTHING = (
    *(
        f"p, all-{action}, allow, *, *, {action}, *, *, *, *, *"
        for action in Action
        if action is not Action.REGRANT
    ),
    "p, all-regrant, allow, professional, grantee, regrant, ordinary, *, *, password, *",
)
"""All that the loader lets a file allow: sharing on has bounds of its own."""

_ATTEMPTS = 4
_SHIPPED = load(shipped()).files
_PAPERS, _DEEDS = "papers", "deeds"
_GROUPS = {
    f"structure, {CCAS}, ccas": (Column.STRUCTURE, CCAS),
    f"structure, {OTHER_STRUCTURE}, association": (Column.STRUCTURE, OTHER_STRUCTURE),
    **{
        f"category, {word}, {_PAPERS}": (Column.CATEGORY, _PAPERS)
        for word in FIXED[Column.CATEGORY]
    },
    **{f"action, {word}, {_DEEDS}": (Column.ACTION, _DEEDS) for word in FIXED[Column.ACTION]},
}
"""Lines for groups.csv, each with the word that it adds to a column of rules."""


def _words(added: dict[Column, set[str]]) -> st.SearchStrategy[tuple[str, ...]]:
    def column(one: Column) -> st.SearchStrategy[str]:
        known = {*FIXED[one], *KNOWN_GROUPS.get(one, ()), *added.get(one, ())}
        # Mostly `*`, or hardly any two rules would ever speak of the same thing.
        return st.one_of(*[st.just(ANY)] * 3, st.sampled_from(sorted(map(str, known))))

    return st.tuples(*map(column, Column))


@st.composite
def policy_files(draw: st.DrawFn) -> Files:
    """A set that the loader takes; half of them allow everybody everything, as far as files can."""
    lines = draw(st.lists(st.sampled_from(sorted(_GROUPS)), unique=True, max_size=6))
    added: dict[Column, set[str]] = {}
    for line in lines:
        column, word = _GROUPS[line]
        added.setdefault(column, set()).add(word)
    effects = st.sampled_from(["allow", "allow", "allow", "deny"])
    drawn = draw(st.lists(st.tuples(effects, _words(added)), max_size=10))
    rules = [f"p, r{n}, {effect}, {', '.join(words)}" for n, (effect, words) in enumerate(drawn)]
    rules += _uses(added)
    if draw(st.booleans()):
        rules += EVERYTHING
    zone = draw(st.sampled_from(FIXED[Column.ZONE]))
    return _sound(
        {
            **_SHIPPED,
            GROUPS: _SHIPPED[GROUPS] + "\n".join(["", *lines, ""]).encode(),
            "networks.csv": f"127.0.0.0/8, {zone}\n".encode(),
        },
        rules,
    )


def allowing_everything() -> Files:
    return {**_SHIPPED, RULES: "\n".join(EVERYTHING).encode()}


def _uses(added: dict[Column, set[str]]) -> list[str]:
    """A group that no rule names is a mistake."""
    found = []
    for column, words in added.items():
        for word in sorted(words):
            fields = [word if one is column else ANY for one in Column]
            found.append(f"p, use-{word}, allow, {', '.join(fields)}")
    return found


def _sound(files: Files, rules: list[str]) -> Files:
    """Without the rules that the loader refuses: what it refuses no server ever sees."""
    for _ in range(_ATTEMPTS):
        whole = {**files, RULES: "\n".join(rules).encode()}
        try:
            load_bytes(whole)
        except PolicyProblems as found:
            wrong = {one.line for one in found.problems if one.is_error and one.file == RULES}
            rules = [rule for number, rule in enumerate(rules, 1) if number not in wrong]
        else:
            return whole
    assume(False)
    raise AssertionError("not reached")
