"""What a person may not see does not exist for them on the pages either (DESIGN §2.2): each page is
asked about hidden places, and about places of the same shape where there is nothing at all.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from urllib.parse import quote

import pytest

from davserver.web.routes import ROUTES, Route
from tests.support.browser import Browser
from tests.support.dav import Drive
from tests.support.hidden_places import (
    DEPOSITOR,
    SECRET,
    Place,
    Scene,
    farahs,
    first_difference,
    masked,
)
from tests.support.http import Answer
from tests.support.instance import Server, password_of

pytestmark = [pytest.mark.server, pytest.mark.slow]

PLACE = "<path:place>"
WHERE = {
    "karim": (
        "a private file in a shared folder",
        "below a private folder in a shared folder",
        "beside the shared folder",
    ),
    "zoe": ("beside the shared folder", "at the root, by its true name"),
    "bilal": ("at the root, by its true name", "below the root, by its true name"),
    DEPOSITOR: ("a file in a deposit folder", "below a folder in a deposit folder"),
}
ON_POSTGRESQL = 5
"""Every fifth question: a change takes ten times as long there, and the gate is the same."""

_numbers = count()

# Each gets a browser, the place, something that the person may see, and a name for something new.
Request = Callable[[Browser, str, str, str], Answer]


def to(page: str, path: str) -> str:
    return f"/{page}{quote(path, safe='/')}"


def about(route: Route) -> Request:
    """A row about a place, with all that any form of ours says."""
    page = route.rule.removesuffix(PLACE).strip("/")

    def ask(browser: Browser, path: str, _mine: str, new: str) -> Answer:
        if route.method == "GET":
            return browser.send("GET", to(page, path))
        if route.has_files:
            return browser.send_files(to(page, path), (new, b"new"))
        above = path.rpartition("/")[0]
        fields = {"name": new, "to": above or "/", "number": "1", "right": "read", "sure": "1"}
        return browser.send_form(to(page, path), fields)

    return ask


def folder_of(mine: str) -> str:
    return mine.rpartition("/")[0]


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


REQUESTS: dict[str, Request] = {
    **{f"{one.method} {one.rule}": about(one) for one in ROUTES if PLACE in one.rule},
    "HEAD of a download": lambda b, path, _m, _n: b.send("HEAD", to("download", path)),
    "a page of a folder": lambda b, path, _m, _n: b.send("GET", to("documents", path) + "?page=2"),
    "moving into it": lambda b, path, mine, _n: b.send_form(to("move", mine), {"to": path}),
    "looking into it to move": lambda b, path, mine, _n: b.send(
        "GET", to("move", mine) + "?in=" + quote(path)
    ),
    "a file of its name": lambda b, path, mine, _n: b.send_files(
        to("upload", folder_of(mine)), (name_of(path), b"mine")
    ),
    "a folder of its name": lambda b, path, mine, _n: b.send_form(
        to("new-folder", folder_of(mine)), {"name": name_of(path)}
    ),
    "renaming to its name": lambda b, path, mine, _n: b.send_form(
        to("rename", mine), {"name": name_of(path)}
    ),
    "signing in towards it": lambda b, path, _m, _n: b.send(
        "GET", "/?next=" + quote(to("documents", path))
    ),
}


@pytest.fixture(scope="module")
def scene(served: Server) -> Iterator[Scene]:
    with farahs(served.instance) as made:
        yield made


@pytest.mark.parametrize(
    ("viewer", "kind"), [(viewer, kind) for viewer, kinds in WHERE.items() for kind in kinds]
)
def test_every_page_answers_as_if_the_hidden_were_absent(
    scene: Scene, viewer: str, kind: str
) -> None:
    place = scene.places(viewer)[kind]
    with ExitStack() as closing:
        drive = scene.instance.drive(viewer)
        closing.callback(drive.caller.close)
        browser = Browser(scene.instance.port)
        closing.callback(browser.caller.close)
        browser.sign_in(viewer, password_of(viewer))
        names = hidden_and_absent(scene, place)
        on_sqlite = scene.instance.database == "sqlite"
        found = [
            f"{title}: {difference}"
            for title, request in list(REQUESTS.items())[:: 1 if on_sqlite else ON_POSTGRESQL]
            if (difference := difference_of(scene, browser, drive, place, names, request))
        ]
        assert not found, "\n".join(found)
        assert scene.owner.get(place.kept.format(names[0])).body == SECRET


def hidden_and_absent(scene: Scene, place: Place) -> tuple[str, str]:
    number = next(_numbers)
    names = f"cache-{number:05}.txt", f"vides-{number:05}.txt"
    place.make(scene.owner, names[0])
    return names


def difference_of(
    scene: Scene,
    browser: Browser,
    drive: Drive,
    place: Place,
    names: tuple[str, str],
    request: Request,
) -> str:
    """How the answers differ; empty when they do not."""
    number, seen = next(_numbers), []
    for side, name in enumerate(names):
        mine = f"{scene.home(str(drive.caller.login))}/mine-{number:05}-{side}"
        drive.put(mine, b"mine")
        path, new = f"{place.folder}/{name}{place.below}", f"new-{number:05}-{side}"
        answer = request(browser, path, mine, new)
        words = (path, name, mine, new, answer.header("X-Request-Id") or new)
        after = masked(drive.propfind(path, "0"), path, name, mine, new)
        seen.append((masked(answer, *words, varying=()), after))
        for left in (path, mine, f"{folder_of(mine)}/{name_of(path)}"):
            drive.delete(left)
    return first_difference(*map(str, seen))
