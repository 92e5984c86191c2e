"""The mass-change guard: whoever changes many of somebody else's things within a minute is stopped.

What is counted are overwrites of what somebody else wrote, renames of what somebody else made, and
changes of such things' properties. One's own fresh files never count, owners are never counted
(docs/decisions/2026-11-26-owners-are-not-paced.md). The change that is one too many still happens,
and pauses its person in the same transaction: no second one that could be lost.
"""

from davserver.domain.alarms import Alarm, sound
from davserver.domain.ids import PersonId
from davserver.gate.people.notices import NoticeKind, tell
from davserver.gate.places import Place
from davserver.gate.sight import Sight
from davserver.trail import Event, What
from davserver.vault import pace
from davserver.vault.locks import locks


def count_overwrite(sight: Sight, place: Place) -> None:
    """What is at `place` gets another content or other properties: at most one statement."""
    if place.node is not None:
        _count(sight, place, place.node.author)


def count_rename(sight: Sight, place: Place) -> None:
    """What is at `place` gets another place: at most one statement."""
    if place.node is not None:
        _count(sight, place, place.node.maker)


def _count(sight: Sight, place: Place, whose: PersonId) -> None:
    if place.vault is None or place.owned or whose == sight.who.id:
        return
    most = sight.tools.limits.changes_per_minute
    counted = pace.count(sight.tx, sight.who.id, place.vault.id, most, sight.now)
    if counted.pause is None:
        return
    # Whoever may not write holds nobody up.
    locks.end_all_of(sight.tx, place.vault, sight.who.id)
    sound(Alarm.CHANGES_PAUSED, person=sight.who.id.hex(), vault=place.vault.id.hex())
    event = Event(
        vault=place.vault.id,
        what=What.PAUSE,
        who=sight.who,
        rule="guard/changes-per-minute",
        details={"changes": str(counted.changes), "from": counted.pause.batch.isoformat()},
    )
    sight.tools.trail.record(sight.tx, event, sight.now)
    says = {"who": sight.who.id.hex(), **event.details}
    owner = {place.vault.owner}
    tell(sight.tx, sight.tools, NoticeKind.CHANGES_PAUSED, owner, says, sight.now)
