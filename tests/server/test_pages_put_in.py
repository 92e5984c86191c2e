"""What I put in, on the pages: what may be taken back, what not and why, and taking it back."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Browser
from tests.support.dav import Drive
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def karim(served: Server) -> Iterator[Browser]:
    browser = Browser(served.instance.port)
    browser.sign_in("karim", password_of("karim"))
    yield browser
    browser.caller.close()


def listed(browser: Browser) -> dict[str, tuple[str, str]]:
    """By name: what is said of it, and the value of its button."""
    browser.go("/put-in")
    rows = browser.page.xpath('//ul[@class="entries"]/li')
    return {
        row.xpath("string(.//bdi)"): (
            " ".join(row.text_content().split()),
            row.xpath("string(.//button/@value)"),
        )
        for row in rows
    }


def test_what_was_put_in_is_listed_and_taken_back_after_a_sentence(
    served: Server, amina: Drive, karim: Browser, folder: str
) -> None:
    at = served.instance.seen_at(served.instance.grant("amina", "karim", folder, "write"))
    drive = served.instance.drive("karim")
    names = {f"scan{folder[1:]}.pdf", f"read{folder[1:]}.pdf"}
    scan, read = sorted(names, reverse=True)
    for name in names:
        assert drive.put(f"{at}/{name}", b"misfiled").status == 201
    assert amina.get(f"{folder}/{read}").status == 200
    found = listed(karim)
    assert names <= set(found)
    assert "It can be taken back until" in found[scan][0]
    assert f"in {at[1:].replace('/', ' › ')}, on" in found[scan][0]
    assert "somebody else has opened or copied it" in found[read][0]
    assert found[read][1] == ""

    karim.submit("/put-in", node=found[scan][1])
    assert f"“{scan}” in" in karim.text
    assert scan in amina.names(folder)
    karim.submit("/put-in")
    assert "It is erased." in karim.text
    assert amina.get(f"{folder}/{scan}").status == 404
    assert scan not in listed(karim)
    again = {"mark": karim.form("/sign-out")["mark"], "node": found[scan][1]}
    assert karim.post("/put-in", again).status == 404
    assert karim.post("/put-in", again | {"sure": "1"}).status == 404

    node = karim.post("/put-in", again | {"node": "x"})
    assert node.status == 400
    assert "Choose one of the documents." in karim.text


def test_what_was_opened_meanwhile_or_is_out_of_reach_stays(
    served: Server, amina: Drive, karim: Browser, folder: str
) -> None:
    grant = served.instance.grant("amina", "karim", folder, "write")
    name = f"late{folder[1:]}.pdf"
    path = f"{served.instance.seen_at(grant)}/{name}"
    assert served.instance.drive("karim").put(path, b"misfiled").status == 201
    node = listed(karim)[name][1]
    karim.submit("/put-in", node=node)
    assert amina.get(f"{folder}/{name}").body == b"misfiled"
    answer = karim.submit("/put-in")
    assert answer.status == 403
    assert "Somebody else has opened this document" in karim.text
    served.instance.abri("grant", "end", grant)
    assert name not in listed(karim)
    mark = karim.form("/sign-out")["mark"]
    hidden, absent = (
        karim.post("/put-in", {"mark": mark, "sure": "1", "node": one}) for one in (node, "00" * 16)
    )
    assert hidden.status == absent.status == 404
    ours = (hidden.header("X-Request-Id") or "", absent.header("X-Request-Id") or "")
    assert hidden.text().replace(ours[0], "") == absent.text().replace(ours[1], "")
    assert amina.get(f"{folder}/{name}").body == b"misfiled"


def test_nothing_is_told_where_nothing_was_put_in(served: Server) -> None:
    zoe = Browser(served.instance.port)
    zoe.sign_in("zoe", password_of("zoe"))
    zoe.go("/put-in")
    assert "You put in nothing lately" in zoe.text
