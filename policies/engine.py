"""Casbin, and nothing else: the only module of Abri that knows it.

What stock Casbin does and this does not (docs/policy.md has the list with measurements): it parses
the matcher anew for every question, keeps every name that it is asked about, reads lines that it
does not understand as nothing, and lets an empty policy match.
"""

import logging
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

import casbin

from policies.rules import Rule
from policies.vocabulary import ANY, Column, Point, Vocabulary

_CASBIN: Any = casbin  # it has no types

GROUPINGS: dict[str, Column] = {
    "g": Column.ACTION,
    "g2": Column.CATEGORY,
    "g3": Column.STRUCTURE,
    "g4": Column.AUTH,
}
"""Which grouping of model.conf holds the groups of which column."""


_PARSED = "parsed"
_PLAIN = tuple(
    2 + tuple(Column).index(column)
    for column in (Column.ROLE, Column.RELATION, Column.ZONE, Column.SLOT)
)
"""Where the words that no group stands for are in a line: after its id and effect."""


class Engine:
    """One immutable set of rules, asked one question at a time."""

    def __init__(
        self,
        model: str,
        rules: tuple[Rule, ...],
        groups: Mapping[Column, Iterable[tuple[str, str]]],
        vocabulary: Vocabulary,
    ) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._vocabulary = vocabulary
        self._rows = [[rule.id, rule.effect, *rule.words] for rule in rules]
        self._shelves: dict[tuple[str, ...], list[list[str]]] = {}
        # The evaluator holds the names of the question that it is working on.
        self._one_at_a_time = Lock()
        self._enforcer = _enforcer(model, rules, groups)
        self._policy = self._enforcer.model["p"]["p"]

    def ask(self, point: Point) -> tuple[bool, Rule | None]:
        """(allowed, the deciding rule). A yes always names an allow rule; whatever else Casbin
        answers, raises or has never heard of is a no.
        """
        if not self._vocabulary.knows(point):
            return False, None
        shelf = self._shelf((point.role, point.relation, point.zone, point.slot))
        if not shelf:  # of no rule at all stock Casbin asks whether empty words match
            return False, None
        try:
            with self._one_at_a_time:
                self._policy.policy = shelf
                answer, explained = self._enforcer.enforce_ex(*point)
        except Exception:  # noqa: BLE001 — a question that breaks the engine is refused
            return False, None
        rule = self._rules.get(explained[0]) if explained else None
        if answer is True and rule is not None and rule.allows:
            return True, rule
        return False, rule if rule is not None and not rule.allows else None

    def _shelf(self, words: tuple[str, ...]) -> list[list[str]]:
        """The rules that can match such a question, in file order: Casbin weighs each line that it
        is given, and most lines are about other people. The matcher compares these words as they
        are, so nothing is decided here. As many as there are combinations of such words, at most.
        """
        shelf = self._shelves.get(words)
        if shelf is None:
            shelf = [
                row
                for row in self._rows
                if all(row[at] in {ANY, word} for at, word in zip(_PLAIN, words, strict=True))
            ]
            self._shelves[words] = shelf
        return shelf

    @property
    def names_held(self) -> int:
        """How many names Casbin's role managers keep: bounded by the vocabulary."""
        return sum(len(manager.all_roles) for manager in self._enforcer.rm_map.values())


def _enforcer(
    text: str, rules: tuple[Rule, ...], groups: Mapping[Column, Iterable[tuple[str, str]]]
) -> Any:
    model = _CASBIN.Enforcer.new_model(text=text)
    enforcer = _CASBIN.Enforcer(model)
    _silence()
    for rule in rules:
        model.add_policy("p", "p", [rule.id, rule.effect, *rule.words])
    for name, column in GROUPINGS.items():
        for member, group in groups.get(column, ()):
            model.add_policy("g", name, [member, group])
    enforcer.build_role_links()
    _keep_matcher(enforcer)
    return enforcer


_PARSING = Lock()


def _keep_matcher(enforcer: Any) -> None:
    """Parses the matcher now, once. Per question it costs half of the time, and in several threads
    at once CPython up to 3.11.7 can fail in it (cpython issue 106905): so one after the other, as
    a request may meet a policy while another is examined.
    """
    functions = enforcer.fm.get_functions()
    for name, assertion in enforcer.model["g"].items():
        functions[name] = _CASBIN.util.generate_g_function(assertion.rm)
    matcher = enforcer.model["m"]["m"].value
    with _PARSING:
        kept = enforcer._get_expression(matcher, functions)  # noqa: SLF001 — Casbin has no public hook
    enforcer._get_expression = lambda *_: kept  # noqa: SLF001 — likewise
    # Its text is only searched for `eval(` now, with every question: a third of the time.
    enforcer.model["m"]["m"].value = _PARSED


def _silence() -> None:
    """Casbin writes each question to its log; the trail is where decisions are recorded.
    Configuring a program's log may lift `disabled` again, so the level forbids it too.
    """
    for name in ("casbin", "casbin.enforcer", "casbin.policy", "casbin.role"):
        logger = logging.getLogger(name)
        logger.disabled = True
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
