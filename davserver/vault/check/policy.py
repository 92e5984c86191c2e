"""The policy in force: its rows, and that the number in force is the one last told of."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from davserver.db import tables
from davserver.db.authority import covered
from davserver.sealing.instance import InstanceKeys
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.check.trail import Present, Stamps, compared

_GENERATION = tables.policy_generation
_WITH_MAC = (_GENERATION, tables.policy_proposal, tables.policy_approval)


def check_policy(tx: Connection, keys: InstanceKeys, stamps: Stamps | None) -> Iterator[Finding]:
    """`stamps`: those of the instance's own trail; None: it is unreadable, which is told of
    elsewhere.
    """
    present: list[Present] = []
    for table in _WITH_MAC:
        for row in map(dict, tx.execute(select(table)).mappings()):
            if not keys.row_is_genuine(table.name, covered(table, row), row["row_mac"]):
                yield Finding(Flaw.FORGED, None, table.name, shown(row["id"]))
            if table is _GENERATION:
                present.append(Present(table.name, row["id"], row["number"], row["row_mac"]))
    if stamps is not None:
        told = {key: one for key, one in stamps.items() if key[0] == _GENERATION.name}
        yield from compared(None, present, told)
        yield from _number(tx, max((one.version for one in told.values()), default=0))


def _number(tx: Connection, told: int) -> Iterator[Finding]:
    """An older number brings back older rules, which are genuine."""
    for one in tx.execute(select(tables.epoch.c.policy)).scalars():
        if one != told:
            yield Finding(Flaw.OLD_ROW, None, "epoch", shown(one), "policy")
