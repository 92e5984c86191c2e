"""A refusal of something visible, on its way out: it is recorded, then told with its reason."""

from collections.abc import Iterator
from contextlib import contextmanager

from davserver.domain.decisions import Denial
from davserver.domain.errors import Refused
from davserver.domain.ids import VaultId
from davserver.gate.places import Place
from davserver.gate.tools import Tools
from davserver.trail import Event, What


class Denied(Exception):
    """Raised inside a transaction, which it undoes; never leaves the gate. `by_drive`: the drive
    itself refuses, and no rule was asked, or one that said yes.
    """

    def __init__(self, place: Place, denial: Denial, *, by_drive: bool = False) -> None:
        super().__init__(denial.reason.value)
        self.place = place
        self.denial = denial
        self.by_drive = by_drive


@contextmanager
def refusals_recorded(tools: Tools) -> Iterator[None]:
    """For what begins transactions by itself, as `change` and `look` do. Raises Refused, once the
    entry is durable.
    """
    try:
        yield
    except Denied as denied:
        raise recorded(tools, denied) from None


def recorded(tools: Tools, denied: Denied) -> Refused:
    """The refusal as fronts know it, once its entry is durable."""
    event = _event(denied)
    if event is not None:
        now = tools.clock()
        tools.db.write(lambda tx: tools.trail.record(tx, event, now))
    return Refused(denied.denial.reason, denied.denial.remedy)


def _event(denied: Denied) -> Event | None:
    """None where no vault is concerned: the refusal of a whole drive goes to the log only."""
    place, denial = denied.place, denied.denial
    if place.vault is None:
        return None
    node = place.node or place.parent
    return Event(
        vault=VaultId(place.vault.id),
        what=What.REFUSED,
        who=place.who,
        node=node.id if node else None,
        path=owners_path(place),
        grant=place.grants[0].id if place.grants else None,
        rule=denial.rule or "",
        reason=denial.reason,
        details={"action": denial.action.value},
    )


def owners_path(place: Place) -> str:
    """How the owner spells the place, whoever looks at it."""
    names = [node.name for node in place.above[1:]]
    if place.node is not None and place.above:
        names.append(place.node.name)
    elif place.node is None:
        names.append(place.path.name)
    return "/" + "/".join(names)
