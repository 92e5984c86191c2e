"""Rules put in force in a test's world, as the server does it: in the database."""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from sqlalchemy import Connection

from davserver.domain.ids import ID_BYTES, GenerationId
from davserver.gate.policy.rulebook import Rulebook, Terms, Verdict
from davserver.gate.tools import Tools
from davserver.sealing.instance import InstanceKeys
from policies import generations
from policies.decider import Judge
from policies.folder import Folder
from policies.generations import Origin, Proposed
from policies.in_force import InForce
from policies.loader import load, load_bytes, shipped

SHARE_ON = "p, share-on, allow, professional, grantee, regrant, ordinary, *, *, password, *"


class World(Protocol):
    tools: Tools


def shipped_files() -> dict[str, bytes]:
    return dict(_shipped())


@cache
def _check(files: tuple[tuple[str, bytes], ...]) -> None:
    load_bytes(dict(files))


@cache
def _shipped() -> Mapping[str, bytes]:
    return load(shipped()).files


def put_in_force(tools: Tools, files: Mapping[str, bytes], origin: Origin = Origin.FILES) -> int:
    """The number in force then. Raises PolicyProblems: no test runs without its rules."""
    _check(tuple(files.items()))
    found = Rulebook(tools, Terms()).follow(Folder(files, {}, None), origin, tools.clock())
    assert found.verdict is Verdict.IN_FORCE, found
    return found.number


def in_force_from_the_start(tools: Tools) -> None:
    """The shipped rules, without an entry in the trail: for tests that read every entry."""
    new = Proposed(shipped_files(), Origin.SETUP)
    one = GenerationId(tools.entropy(ID_BYTES))
    now = tools.clock()
    tools.db.write(lambda tx: generations.put_in_force(tx, tools.keys, new, 0, one, now))


def force(tools: Tools, files: Mapping[str, bytes]) -> None:
    """As somebody would who gets round every check but the loader's."""
    _check(tuple(files.items()))
    new, now = Proposed(files, Origin.APPLY), tools.clock()
    one = GenerationId(tools.entropy(ID_BYTES))

    def work(tx: Connection) -> None:
        after = generations.number_in_force(tx)
        generations.put_in_force(tx, tools.keys, new, after, one, now)

    tools.db.write(work)


def more_rules(world: World, *lines: str) -> None:
    """The shipped rules and these."""
    files = shipped_files()
    files["rules.csv"] += "\n".join(["", *lines, ""]).encode()
    put_in_force(world.tools, files)


def let_share_on(world: World) -> None:
    """Professionals may share on the ordinary documents that they have by name."""
    more_rules(world, SHARE_ON)


class OneSet(InForce):
    """Decides by one set, whatever is in force: for what was given while other rules held."""

    def __init__(self, keys: InstanceKeys, files: Mapping[str, bytes]) -> None:
        super().__init__(keys)
        one = load_bytes(files)
        self._judge = cache(lambda number: Judge(one, number))

    def judge(self, tx: Connection, number: int) -> Judge:
        del tx  # whatever stands there
        return self._judge(number)
