"""A folder of a served drive, read back whole and compared with a model."""

from tests.support.dav import Drive
from tests.support.model import FOLDER, Model, Place, path_of


def served_tree(drive: Drive, root: str) -> dict[Place, bytes | None]:
    """Everything below `root`: listed folder by folder, every file read."""
    found: dict[Place, bytes | None] = {}
    folders: list[Place] = [()]
    while folders:
        folder = folders.pop()
        here = (root + path_of(folder)).rstrip("/")
        for path, listed in drive.listing(here).items():
            if path == here:
                continue
            place = (*folder, path.rpartition("/")[2])
            found[place] = FOLDER if listed.folder else drive.get(path).body
            if listed.folder:
                folders.append(place)
    return found


def assert_same(drive: Drive, root: str, model: Model) -> None:
    found = served_tree(drive, root)
    assert _short(found) == _short(model.tree)
    assert found == model.tree


def _short(tree: dict[Place, bytes | None]) -> dict[str, str]:
    """Readable when it differs."""
    return {
        path_of(place): "folder" if body is FOLDER else f"{len(body)} bytes {body[:12]!r}"
        for place, body in sorted(tree.items())
    }
