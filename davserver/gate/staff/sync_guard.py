"""Too many endings at once wait for a person: a slip in a directory, or half an answer that passed
for a whole one, must not empty a structure.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from authn.directory_syncs import DIGEST_LENGTH
from davserver.domain.errors import Damaged
from davserver.domain.ids import PersonId, StructureId

MOST_PER_CENT = 20
"""Of a structure's people from one directory, as many may lose their place there by one run."""

FEW = 2
"""So many may whatever that makes in per cent: of three people one is a third. They are each asked
about by name before anything happens.
"""


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """Somebody's place that would end. `structure` None: somebody who has none in any, such as an
    administrator, would be blocked.
    """

    person: PersonId
    structure: StructureId | None

    @property
    def words(self) -> tuple[str, str]:
        return self.person.hex(), self.structure.hex() if self.structure else ""


@dataclass(frozen=True, slots=True)
class Held:
    """What waits: `losses` in structures of so many `people` each. It holds no names."""

    losses: tuple[Loss, ...]
    people: Mapping[StructureId | None, int]

    @property
    def digest(self) -> str:
        """Of who would lose what: another plan has another one."""
        words = json.dumps([one.words for one in self.losses])
        return sha256(words.encode()).hexdigest()

    @property
    def by_structure(self) -> dict[StructureId | None, int]:
        return dict(Counter(one.structure for one in self.losses))

    @property
    def persons(self) -> frozenset[PersonId]:
        return frozenset(one.person for one in self.losses)

    def encode(self) -> bytes:
        people = [
            [structure.hex() if structure else "", count]
            for structure, count in sorted(self.people.items(), key=lambda one: one[0] or b"")
        ]
        fields = {"losses": [one.words for one in self.losses], "people": people}
        return self.digest.encode() + json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, raw: bytes) -> "Held":
        """Raises Damaged."""
        try:
            fields = json.loads(raw[DIGEST_LENGTH:])
            losses = tuple(
                Loss(PersonId(bytes.fromhex(who)), _structure(where))
                for who, where in fields["losses"]
            )
            people = {_structure(where): int(count) for where, count in fields["people"]}
        except (ValueError, KeyError, TypeError):
            raise Damaged("the plan that waits cannot be read: synchronise again") from None
        return cls(losses, people)


def too_many(losses: Iterable[Loss], places: Collection[Loss]) -> Held | None:
    """`losses` in structures that would lose too many; None where there is none. `places`: all that
    people have by this directory now.
    """
    theirs = sorted(set(losses))
    lost = Counter(one.structure for one in theirs)
    people = Counter(one.structure for one in places)
    over = {where for where, count in lost.items() if _is_over(count, people[where])}
    if not over:
        return None
    held = tuple(one for one in theirs if one.structure in over)
    return Held(held, {where: people[where] for where in over})


def _is_over(lost: int, people: int) -> bool:
    return lost > FEW and lost * 100 > people * MOST_PER_CENT


def _structure(text: str) -> StructureId | None:
    return StructureId(bytes.fromhex(text)) if text else None
