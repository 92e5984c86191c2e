"""What changes in the places that directories give: lines of directory-groups.csv, without their
order and spelling where that means nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from davserver.domain.people import Role
from policies.directory_groups import DirectoryGroups, Place, same_group
from policies.vocabulary import NO_STRUCTURE

_Key = tuple[str, Role, str | None, str]


@dataclass(frozen=True, slots=True)
class PlaceChanges:
    """`reordered`: lines that stay come in another order, which may say another role of somebody
    who is in several groups.
    """

    gained: tuple[Place, ...] = ()
    lost: tuple[Place, ...] = ()
    reordered: bool = False

    @property
    def widens(self) -> bool:
        return bool(self.gained) or self.reordered

    @property
    def narrows(self) -> bool:
        return bool(self.lost) or self.reordered

    def __bool__(self) -> bool:
        return self.widens or self.narrows


NO_PLACES = PlaceChanges()


def place_changes(old: DirectoryGroups | None, new: DirectoryGroups | None) -> PlaceChanges:
    was, now = _by_key(old), _by_key(new)
    before = [key for key in was if key in now]
    after = [key for key in now if key in was]
    return PlaceChanges(
        gained=tuple(one for key, one in now.items() if key not in was),
        lost=tuple(one for key, one in was.items() if key not in now),
        reordered=_roles(before) != _roles(after),
    )


def place_lines(found: PlaceChanges) -> Iterator[str]:
    """`+ people in cn=… (lyon) are professionals of ccas-lyon`."""
    for sign, places, verb in (("+", found.gained, "are now"), ("-", found.lost, "are no longer")):
        for one in places:
            of = "" if one.structure is None else f" of {one.structure}"
            yield f"{sign} people in {one.group} ({one.directory}) {verb} {one.role.value}s{of}"
    if found.reordered:
        yield "± the first line that fits says the role: lines of several roles change places"


def place_as_json(one: Place) -> dict[str, str]:
    return {
        "directory": one.directory,
        "role": one.role.value,
        "structure": one.structure or NO_STRUCTURE,
        "group": one.group,
    }


def _by_key(groups: DirectoryGroups | None) -> dict[_Key, Place]:
    places = groups.places if groups else ()
    return {(one.directory, one.role, one.structure, same_group(one.group)): one for one in places}


def _roles(keys: list[_Key]) -> dict[str, list[tuple[Role, str]]]:
    """Per directory the groups in order; those of one role beside each other have none."""
    found: dict[str, list[tuple[Role, set[str]]]] = {}
    for directory, role, _, group in keys:
        runs = found.setdefault(directory, [])
        if not runs or runs[-1][0] is not role:
            runs.append((role, set()))
        runs[-1][1].add(group)
    return {
        name: [(role, "\n".join(sorted(some))) for role, some in runs]
        for name, runs in found.items()
    }
