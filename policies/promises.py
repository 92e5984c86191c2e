"""What Abri promises whatever the rules say, asked of the real judge for each candidate set.

No file can take a promise out. Rules could break one only by an `allow`; so everything is asked in
the circumstances in which the rules of the candidate do allow it, if there are any. That makes a
few thousand questions as good as all of them. What the promises say is written here once more, and
not taken from policies/invariants.py, which keeps them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

from davserver.domain.actions import Action, Category, Relation, Right, Strength, Zone
from davserver.domain.decisions import Denial, Permit
from davserver.domain.people import AccountState, Role
from policies import spoiling
from policies.decider import Judge
from policies.snapshot import Snapshot
from policies.space import WHERE, Space, Tie, Where
from policies.stage import VAULT, Question, Stage
from policies.table import bits_of
from policies.vocabulary import CLOSED, NO_STRUCTURE, Column, Point

GRANTED = (Relation.GRANTEE, Relation.VIA_STRUCTURE)
STAFF = (Role.MANAGER, Role.ADMINISTRATOR)
OTHERS = (Role.BENEFICIARY, Role.PROFESSIONAL, Role.MANAGER)
ON_PEOPLE = (Action.AUDIT, Action.ACCOUNT)
ON_DOCUMENTS = tuple(action for action in Action if action not in ON_PEOPLE)
FOR_OWNERS = (Action.DELETE, Action.GRANT, Action.REVOKE, *ON_PEOPLE)
WRITES = (Action.PUT, Action.MKCOL, Action.LOCK, Action.MOVE, Action.RECALL)
READS = (Action.LIST, Action.GET)


class Asking:
    """Questions that have everything going for them."""

    def __init__(self, snapshot: Snapshot, judge: type[Judge]) -> None:
        self.stage = Stage(snapshot, judge)
        self.slots = snapshot.vocabulary.values[Column.SLOT]
        self._snapshot = snapshot
        self._widest = cache(self._find)

    def question(self, tie: Tie, right: Right = Right.WRITE) -> Question:
        return self.stage.question(self._widest(tie), right)

    def _find(self, tie: Tie) -> Point:
        """The words with which the rules allow this, if there are any."""
        table, space = self._snapshot.table, Space(self._snapshot, [tie])
        allows = table.allows
        for column, word in zip((Column.ROLE, Column.RELATION, Column.ACTION), tie, strict=True):
            allows &= table.mask(column, word)
        for allow in bits_of(allows):
            found = space.find(allow, table.denies)
            if found is not None:
                return found
        where = NO_STRUCTURE if WHERE[tie[1]] is Where.NOWHERE else "ccas"
        return Point(*tie, Category.HOUSING, where, Zone.OFFICE, Strength.CERT, CLOSED)


@dataclass(frozen=True, slots=True)
class Promise:
    """`holds` must be true of every one of the `questions`."""

    name: str
    sentence: str
    questions: Callable[[Asking], Iterator[Question]]
    holds: Callable[[Judge, Question], bool]


@dataclass(frozen=True, slots=True)
class Kept:
    """How one promise came out for a candidate. `broken`: questions of which it did not hold."""

    name: str
    sentence: str
    asked: int
    broken: tuple[Question, ...]


def ask_all(snapshot: Snapshot, judge: type[Judge] = Judge) -> tuple[Kept, ...]:
    """How every promise comes out when a `judge` of these rules is asked."""
    asking = Asking(snapshot, judge)
    return tuple(_ask(one, asking) for one in PROMISES)


def _ask(promise: Promise, asking: Asking) -> Kept:
    questions = tuple(promise.questions(asking))
    judge = asking.stage.judge
    broken = tuple(one for one in questions if not promise.holds(judge, one))
    return Kept(promise.name, promise.sentence, len(questions), broken)


def _allowed(judge: Judge, one: Question) -> bool:
    return isinstance(judge.decide(one.who, one.action, one.target, one.now), Permit)


def _refused(judge: Judge, one: Question) -> bool:
    return isinstance(judge.decide(one.who, one.action, one.target, one.now), Denial)


def _unknown(judge: Judge, one: Question) -> bool:
    """Refused, and nothing tells that it exists."""
    seen = judge.may_see(one.who, one.target, one.now)
    listed = judge.visible_categories(one.who, one.target, one.now)
    return _refused(judge, one) and not seen and not listed


def _without_a_grant(asking: Asking) -> Iterator[Question]:
    for role, action in product(Role, ON_DOCUMENTS):
        yield asking.question((role, Relation.NONE, action))
        yield spoiling.of_another_vault(asking.question((role, Relation.OWNER, action)))
        for relation in GRANTED:
            yield from spoiling.no_live_grant(asking.question((role, relation, action)))


def _by_staff(asking: Asking) -> Iterator[Question]:
    for role, relation, action, right in product(STAFF, Relation, ON_DOCUMENTS, Right):
        yield asking.question((role, relation, action), right)


def _own_revoke(asking: Asking) -> Iterator[Question]:
    for read_only, *words in product((False, True), Category, Zone, Strength, asking.slots):
        category, *circumstances = words
        tie = (Role.BENEFICIARY, Relation.OWNER, Action.REVOKE)
        point = Point(*tie, category, NO_STRUCTURE, *circumstances)
        one = asking.stage.question(point)
        yield replace(one, who=replace(one.who, read_only=read_only))


def _through_grants(
    asking: Asking, actions: tuple[Action, ...], rights: tuple[Right, ...]
) -> Iterator[Question]:
    roles = (Role.BENEFICIARY, Role.PROFESSIONAL)
    for role, relation, action, right in product(roles, GRANTED, actions, rights):
        yield asking.question((role, relation, action), right)


def _regrant_by_a_team(asking: Asking) -> Iterator[Question]:
    for role, right in product((Role.BENEFICIARY, Role.PROFESSIONAL), Right):
        yield asking.question((role, Relation.VIA_STRUCTURE, Action.REGRANT), right)


def _on_a_read_only_device(asking: Asking) -> Iterator[Question]:
    harmless = {*READS, Action.REVOKE, Action.AUDIT}
    for role, relation, action in product(Role, Relation, Action):
        if action not in harmless:
            one = asking.question((role, relation, action))
            yield replace(one, who=replace(one.who, read_only=True))


def _by_a_blocked_account(asking: Asking) -> Iterator[Question]:
    states = (AccountState.ADMINISTRATOR_BLOCKED, AccountState.DIRECTORY_BLOCKED)
    for state, role, relation, action in product(states, Role, Relation, Action):
        one = asking.question((role, relation, action))
        person = replace(one.who.person, state=state)
        yield replace(one, who=replace(one.who, person=person))


def _while_paused(asking: Asking) -> Iterator[Question]:
    changes = tuple(action for action in Action if action not in READS)
    for one in _through_grants(asking, changes, tuple(Right)):
        yield replace(one, who=replace(one.who, paused=frozenset({VAULT})))


def _accounts_of_others(asking: Asking) -> Iterator[Question]:
    """An administrator's answer needs no tie, so theirs is no question here."""
    for role, action in product(OTHERS, ON_PEOPLE):
        managed = asking.question((role, Relation.MANAGES, action))
        yield asking.question((role, Relation.NONE, action))
        yield spoiling.of_somebody_else(asking.question((role, Relation.OWNER, action)))
        yield from spoiling.no_membership(managed)
        if role is not Role.MANAGER:
            yield managed


PROMISES = (
    Promise(
        "no-grant",
        "Nobody reaches a document, or learns that it exists, without owning it or holding a live"
        " grant.",
        _without_a_grant,
        _unknown,
    ),
    Promise(
        "staff-reads-nothing",
        "Managers and administrators reach no document, whatever is granted to them or to their"
        " structure.",
        _by_staff,
        _unknown,
    ),
    Promise(
        "own-revoke",
        "A beneficiary can end a share at any hour, from anywhere, with any sign-in.",
        _own_revoke,
        _allowed,
    ),
    Promise(
        "for-owners",
        "Only owners remove for good, share, end shares, read the trail and change the account.",
        partial(_through_grants, actions=FOR_OWNERS, rights=tuple(Right)),
        _refused,
    ),
    Promise(
        "read-grant",
        "A grant to read does not write.",
        partial(_through_grants, actions=WRITES, rights=(Right.READ,)),
        _refused,
    ),
    Promise(
        "deposit-grant",
        "A grant to deposit opens nothing and is not shared on.",
        partial(_through_grants, actions=(Action.GET, Action.REGRANT), rights=(Right.DEPOSIT,)),
        _refused,
    ),
    Promise(
        "team-grant",
        "What was shared with a structure is not shared on.",
        _regrant_by_a_team,
        _refused,
    ),
    Promise(
        "read-only-device",
        "A device that is marked read-only changes nothing.",
        _on_a_read_only_device,
        _refused,
    ),
    Promise("blocked-account", "A blocked account does nothing.", _by_a_blocked_account, _refused),
    Promise(
        "pause",
        "Whoever is paused in somebody's vault only reads there.",
        _while_paused,
        _refused,
    ),
    Promise(
        "accounts",
        "An account is changed by its owner, a manager of the structure or an administrator.",
        _accounts_of_others,
        _refused,
    ),
)
