"""A drive as a plain dictionary: what RFC 4918 says that the real one must do."""

from dataclasses import dataclass, field

Place = tuple[str, ...]
FOLDER = None


def path_of(place: Place) -> str:
    return "/" + "/".join(place)


@dataclass
class Model:
    """Places below a root folder that always exists. A file is its bytes, a folder is None.

    Every verb returns the status that a server must answer, and changes the tree only for a 2xx.
    """

    tree: dict[Place, bytes | None] = field(default_factory=dict)

    def is_folder(self, place: Place) -> bool:
        return place == () or (place in self.tree and self.tree[place] is FOLDER)

    def exists(self, place: Place) -> bool:
        return place == () or place in self.tree

    def below(self, place: Place) -> list[Place]:
        """Everything inside a folder, at any depth."""
        return [p for p in self.tree if len(p) > len(place) and p[: len(place)] == place]

    def children(self, place: Place) -> set[str]:
        return {p[-1] for p in self.tree if p[:-1] == place}

    def put(self, place: Place, body: bytes) -> int:
        if self.is_folder(place):
            return 405
        if not self.is_folder(place[:-1]):
            return 409
        new = place not in self.tree
        self.tree[place] = body
        return 201 if new else 204

    def mkcol(self, place: Place) -> int:
        if self.exists(place):
            return 405
        if not self.is_folder(place[:-1]):
            return 409
        self.tree[place] = FOLDER
        return 201

    def delete(self, place: Place) -> int:
        if place not in self.tree:
            return 404
        self._remove(place)
        return 204

    def move(self, place: Place, to: Place, *, overwrite: bool) -> int:
        status = self._may_land(place, to, overwrite=overwrite)
        if status < 300:
            moved = self._subtree(place)
            self._remove(to)
            self._remove(place)
            self.tree |= {to + rest: what for rest, what in moved.items()}
        return status

    def copy(self, place: Place, to: Place, *, overwrite: bool, deep: bool = True) -> int:
        status = self._may_land(place, to, overwrite=overwrite, into_itself=not deep)
        if status < 300:
            copied = self._subtree(place)
            self._remove(to)
            self.tree |= {to + rest: what for rest, what in copied.items() if deep or not rest}
        return status

    def _may_land(
        self, place: Place, to: Place, *, overwrite: bool, into_itself: bool = False
    ) -> int:
        """A folder alone may be copied into itself; nothing may replace what it lies in."""
        if place not in self.tree:
            return 404
        inside = to[: len(place)] == place and self.is_folder(place)
        around = place[: len(to)] == to
        if to == place or around or (inside and not into_itself):
            return 403
        if not self.is_folder(to[:-1]):
            return 409
        if not self.exists(to):
            return 201
        return 204 if overwrite else 412

    def _subtree(self, place: Place) -> dict[Place, bytes | None]:
        return {p[len(place) :]: self.tree[p] for p in (place, *self.below(place))}

    def _remove(self, place: Place) -> None:
        for one in (place, *self.below(place)):
            self.tree.pop(one, None)
