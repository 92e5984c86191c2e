"""What people do on their drives, with or without the conditions and locks that they know of."""

from datetime import timedelta

from tests.support.http import basic
from tests.support.story import CATEGORIES, ELSEWHERE, Story

LOCK = (
    b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:%s/></D:lockscope>'
    b"<D:locktype><D:write/></D:locktype><D:owner>me</D:owner></D:lockinfo>"
)


def put(story: Story) -> None:
    login = story.anybody()
    size = story.dice.choice((0, 3, 3, 900, 70_000))
    body = story.dice.randbytes(size)
    story.request(login, "PUT", story.path(login, a_file=True), body, **story.conditions(login))


def mkcol(story: Story) -> None:
    login = story.anybody()
    story.request(login, "MKCOL", story.new_path(login), **story.conditions(login))


def delete(story: Story) -> None:
    login = story.anybody()
    path = story.path(login)
    if path != "/dav/":
        story.request(login, "DELETE", path, **story.conditions(login))


def two_ends(story: Story) -> None:
    login, method = story.anybody(), story.dice.choice(("MOVE", "MOVE", "COPY"))
    headers = {"DESTINATION": "http://localhost" + story.path(login)}
    if story.happens(0.3):
        headers["OVERWRITE"] = "F"
    story.request(login, method, story.path(login), **headers, **story.conditions(login))


def lock(story: Story) -> None:
    login = story.anybody()
    scope = story.dice.choice((b"exclusive", b"exclusive", b"shared"))
    depth = story.dice.choice(("0", "infinity"))
    story.request(
        login, "LOCK", story.path(login), LOCK % scope, DEPTH=depth,
        TIMEOUT=story.dice.choice(("Second-20", "Second-600")),
    )  # fmt: skip


def unlock(story: Story) -> None:
    login = story.anybody()
    if story.people[login].locks:
        path, token = story.dice.choice(story.people[login].locks)
        if story.happens(0.3):
            story.request(login, "LOCK", path, IF=f"({token})", TIMEOUT="Second-60")
        else:
            story.request(login, "UNLOCK", path, LOCK_TOKEN=token)


def proppatch(story: Story) -> None:
    login = story.anybody()
    if story.happens(0.4):
        change = b'<z:colour xmlns:z="urn:z">%d</z:colour>' % story.dice.randrange(9)
    else:
        word = story.dice.choice(CATEGORIES).encode()
        change = b'<a:category xmlns:a="urn:x-abri:properties">%s</a:category>' % word
    body = (
        b'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>%s</D:prop></D:set>'
        b"</D:propertyupdate>" % change
    )
    story.request(login, "PROPPATCH", story.path(login), body, **story.conditions(login))


def stranger(story: Story) -> None:
    """From elsewhere, with words that were never right."""
    login = story.anybody()
    said = basic(login, f"faux {story.worlds.chapter}")
    story.told.append(f"a stranger as {login}")
    story.worlds.request(story.dice.randrange(2), said, "GET", "/dav/", address=ELSEWHERE)


def time(story: Story) -> None:
    seconds = story.dice.choices(
        (1, 5, 61, 400, 1900, 4000, 90_000, -2, -90, -3700), (8, 8, 6, 5, 3, 2, 0.7, 1, 1, 0.3)
    )[0]
    story.worlds.given.now += timedelta(seconds=seconds)
    story.told.append(f"{seconds} seconds pass")
