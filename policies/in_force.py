"""From the number that a request's epoch names to the judge that decides it, in every process.

Nothing is told from one process to another: each request reads the number in its first statement,
and whoever meets a new one loads that set before deciding (DESIGN §6).
"""

from collections import OrderedDict
from functools import cache
from threading import Lock

from sqlalchemy import Connection

from davserver.db.query_cache import is_writing
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged, NotFound
from davserver.sealing.instance import InstanceKeys
from policies import generations
from policies.decider import Judge
from policies.loader import load_bytes, read_files, shipped
from policies.problems import PolicyProblems, Report
from policies.snapshot import Snapshot

_KEPT = 4
"""Requests that began before a change finish by the set they began with."""


@cache
def owners_only() -> Snapshot:
    """What is in force while no set can be used: owners are served, and nobody else."""
    return load_bytes(read_files(shipped() / "owners-only", Report()))


class InForce:
    """One per process; shared between threads.

    A number is known by what a look showed: what stands in a transaction that writes may be undone
    yet, and another set come into force under the same number.
    """

    def __init__(self, keys: InstanceKeys) -> None:
        self._keys = keys
        self._judges: OrderedDict[int, Judge] = OrderedDict()
        self._latest: tuple[bytes, Judge] | None = None
        """The one made last, by the MAC of its row: the same row need not be made a judge again."""
        self._lock = Lock()

    def current(self, tx: Connection) -> Judge:
        """The judge of what is in force now, met before a request needs it."""
        return self.judge(tx, generations.number_in_force(tx))

    def meet(self, tx: Connection, number: int) -> None:
        """The number in force, by whoever looks at it all the time. Where it is lower than one that
        was met, the database was put back to what it was: those to come under these numbers will
        be others.
        """
        with self._lock:
            for later in [one for one in self._judges if one > number]:
                del self._judges[later]
        self.judge(tx, number)

    def judge(self, tx: Connection, number: int) -> Judge:
        """The judge of that generation: one statement where this process has not met it yet."""
        known = self._judges.get(number)
        return known if known is not None else self._met(tx, number)

    def _met(self, tx: Connection, number: int) -> Judge:
        with self._lock:
            known = self._judges.get(number)
            if known is None:
                known = self._made(tx, number)
                if not is_writing(tx):
                    self._judges[number] = known
                    while len(self._judges) > _KEPT:
                        self._judges.popitem(last=False)
            return known

    def _made(self, tx: Connection, number: int) -> Judge:
        if number == 0:
            return Judge(owners_only(), number)
        try:
            row = generations.fetch(tx, self._keys, number)
            if self._latest is None or self._latest[0] != row.mac:
                self._latest = row.mac, Judge(load_bytes(row.files), number)
        except (NotFound, Damaged, PolicyProblems) as error:
            sound(Alarm.POLICY_UNUSABLE, number=number, error=type(error).__name__)
            return Judge(owners_only(), number)
        return self._latest[1]
