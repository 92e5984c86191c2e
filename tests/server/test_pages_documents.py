"""My documents on the pages: the same drive, by clicks."""

import hashlib
from urllib.parse import quote

import pytest

from tests.support.browser import Browser, multipart
from tests.support.dav import Drive
from tests.support.http import Answer
from tests.support.instance import Server, password_of

pytestmark = pytest.mark.server

HOSTILE = [
    "<script>alert(1)<!--.txt",
    "a&b \"c\" 'd'.txt",
    "{{ 7*7 }}.txt",
    "\u202egpj.exe",
    "é" * 90,
]


@pytest.fixture
def browser(served: Server) -> Browser:
    made = Browser(served.instance.port)
    made.sign_in("amina", password_of("amina"))
    return made


def test_what_is_put_in_by_a_form_is_on_the_drive(
    browser: Browser, amina: Drive, folder: str
) -> None:
    browser.go(f"/documents{folder}")
    big = bytes(range(256)) * 4096
    browser.upload(f"/upload{folder}", ("scan.pdf", b"%PDF-1"), ("été.jpg", big))
    assert "Your documents are in the safe." in browser.text
    assert amina.get(f"{folder}/scan.pdf").body == b"%PDF-1"
    assert amina.get(f"{folder}/été.jpg").body == big
    browser.go(f"/documents{folder}/{quote('été.jpg')}")
    download = browser.send("GET", f"/download{folder}/{quote('été.jpg')}")
    assert download.body == big
    assert download.header(
        "Content-Disposition",
    ).startswith("attachment;")
    assert "sandbox" in download.header("Content-Security-Policy")


def test_two_scans_of_one_name_are_two_documents(
    browser: Browser, amina: Drive, folder: str
) -> None:
    for content in (b"one", b"two", b"three"):
        browser.go(f"/documents{folder}")
        browser.upload(f"/upload{folder}", ("scan.pdf", content))
    assert amina.names(folder) == {"scan.pdf", "scan (2).pdf", "scan (3).pdf"}
    assert amina.get(f"{folder}/scan (3).pdf").body == b"three"


def test_a_form_that_is_cut_leaves_nothing(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    browser.go(f"/documents{folder}")
    body = multipart(browser.form(f"/upload{folder}"), (("cut.bin", b"x" * 300_000),))
    jar = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = browser.caller.head(
        "POST",
        f"/upload{folder}",
        {"Cookie": jar, "Content-Length": str(len(body)),
         "Content-Type": "multipart/form-data; boundary=--------a-boundary-of-tests"},
    )  # fmt: skip
    connection = browser.caller.connection
    connection.send(head + body[: len(body) // 2])
    connection.finish_sending()
    assert connection.answer("POST").status == 400
    connection.close()
    assert amina.names(folder) == set()


def test_a_form_that_ends_too_early_leaves_nothing(
    browser: Browser, amina: Drive, folder: str
) -> None:
    """Complete as HTTP, but the last boundary is missing."""
    browser.go(f"/documents{folder}")
    body = multipart(browser.form(f"/upload{folder}"), (("half.bin", b"x" * 100_000),))[:-60_000]
    kind = {"Content-Type": "multipart/form-data; boundary=--------a-boundary-of-tests"}
    assert browser.send("POST", f"/upload{folder}", kind, body).status == 400
    assert amina.names(folder) == set()


def test_an_upload_needs_the_mark_of_its_page(browser: Browser, amina: Drive, folder: str) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=--------a-boundary-of-tests"}
    body = multipart({}, (("theirs.txt", b"x"),))
    assert browser.send("POST", f"/upload{folder}", kind, body).status == 403
    assert amina.names(folder) == set()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_and_do_nothing(
    browser: Browser, amina: Drive, folder: str, name: str
) -> None:
    assert amina.put(f"{folder}/{name}", b"x").status == 201
    answer = browser.go(f"/documents{folder}")
    seen = name.replace("\u202e", "\ufffd")
    assert seen in browser.page.text_content()
    assert b"<script" not in answer.body
    target = next(one for one in browser.links() if one.startswith(f"/documents{folder}/"))
    assert browser.go(target).status == 200
    assert browser.title == " ".join(seen.split())


def test_folders_are_made_renamed_moved_removed_and_brought_back(
    browser: Browser, amina: Drive, folder: str
) -> None:
    browser.go(f"/documents{folder}")
    browser.submit(f"/new-folder{folder}", name="Reçus")
    browser.go(f"/documents{folder}/{quote('Reçus')}")
    browser.submit(f"/rename{folder}/{quote('Reçus')}", name="Loyers")
    assert amina.names(folder) == {"Loyers"}
    amina.put(f"{folder}/bail.txt", b"x")
    browser.go(f"/move{folder}/bail.txt?in={quote(folder + '/Loyers')}")
    browser.submit(f"/move{folder}/bail.txt")
    assert amina.names(f"{folder}/Loyers") == {"bail.txt"}
    browser.go(f"/documents{folder}/Loyers/bail.txt")
    browser.submit(f"/remove{folder}/Loyers/bail.txt")
    assert amina.names(f"{folder}/Loyers") == set()
    browser.go("/trash")
    node = browser.page.xpath('//button[@name="node"]/@value')[0]
    browser.submit("/trash", node=str(node))
    assert amina.names(f"{folder}/Loyers") == {"bail.txt"}


def test_a_name_that_is_taken_is_told_and_replaces_nothing(
    browser: Browser, amina: Drive, folder: str
) -> None:
    amina.put(f"{folder}/a.txt", b"a")
    amina.put(f"{folder}/b.txt", b"b")
    browser.go(f"/documents{folder}/a.txt")
    answer = browser.submit(f"/rename{folder}/a.txt", name="b.txt")
    assert answer.status == 409
    assert "The name is taken." in browser.text
    assert amina.get(f"{folder}/b.txt").body == b"b"


def test_an_earlier_version_comes_back(browser: Browser, amina: Drive, note: str) -> None:
    assert amina.put(note, b"changed").status == 204
    browser.go(f"/versions{note}")
    number = browser.page.xpath('//button[@name="number"]/@value')[0]
    browser.submit(f"/versions{note}", number=str(number))
    assert amina.get(note).body == b"0123456789"


def test_a_folder_of_many_is_shown_in_pages(browser: Browser, amina: Drive, folder: str) -> None:
    for number in range(105):
        assert amina.put(f"{folder}/{number:03}.txt", b"x").status == 201
    answer = browser.go(f"/documents{folder}")
    assert len(browser.page.xpath('//li[@class="file"]')) == 100
    assert "Page 1 of 2" in browser.text
    assert len(answer.body) < 100_000
    browser.go(f"/documents{folder}?page=2")
    assert len(browser.page.xpath('//li[@class="file"]')) == 5


def test_names_as_long_as_can_be_leave_a_page_light(
    browser: Browser, amina: Drive, folder: str
) -> None:
    """What they are called is in the address of each row, with the folder's."""
    inside = f"{folder}/{'😀' * 63}"
    assert amina.mkcol(inside).status == 201
    for number in range(45):
        assert amina.mkcol(f"{inside}/{'🏠' * 62}{number:03}").status == 201
    answer = browser.go(f"/documents{quote(inside)}")
    assert len(answer.body) < 90_000
    shown = len(browser.page.xpath('//li[@class="folder"]'))
    assert 10 <= shown < 45
    browser.go(browser.page.xpath('//a[@rel="next"]/@href')[0])
    assert len(browser.page.xpath('//li[@class="folder"]')) == min(shown, 45 - shown)
    answer = browser.go(f"/move{folder}?in={quote(inside)}")
    assert answer.status == 200


def test_folders_to_move_to_and_what_is_in_the_trash_are_shown_in_pages(
    browser: Browser, amina: Drive, folder: str
) -> None:
    amina.put(f"{folder}/a.txt", b"x")
    for number in range(101):
        assert amina.mkcol(f"{folder}/{number:03}").status == 201
    browser.go(f"/move{folder}/a.txt?in={folder}")
    assert len(browser.page.xpath('//li[@class="folder"]')) == 100
    browser.go(browser.page.xpath('//a[@rel="next"]/@href')[0])
    assert browser.page.xpath('//li[@class="folder"]//bdi/text()') == ["100"]
    for number in range(101):
        assert amina.delete(f"{folder}/{number:03}").status == 204
    browser.go("/trash")
    assert len(browser.page.xpath('//ul[@class="entries"]/li')) == 100
    assert "Page 1 of" in browser.text


def test_whoever_shares_sees_what_will_happen_then_who_can_see_it_then_ends_it(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    karim = served.instance.drive("karim")
    amina.put(f"{folder}/bail.txt", b"x")
    browser.go(f"/share{folder}")
    browser.submit(f"/share{folder}", to="karim", right="read", until="", purpose="Logement")
    assert "Karim Roux will be able to open and copy it" in browser.text
    assert not grants(served, folder)
    browser.submit(f"/share{folder}")
    assert "It is shared from now on." in browser.text
    assert "Karim Roux" in browser.text
    assert "can read" in browser.text
    seen = grants(served, folder)[0]["seen_at"]
    assert karim.get(f"{seen}/bail.txt").body == b"x"
    grant = browser.page.xpath('//button[@name="grant"]/@value')[0]
    browser.submit("/shares/end", grant=str(grant))
    assert "This share has ended." in browser.text
    assert karim.get(f"{seen}/bail.txt").status == 404
    browser.go("/history?only=looked")
    assert "Opened" in browser.text
    assert "by Karim Roux" in browser.text


def grants(served: Server, folder: str) -> list[dict[str, str]]:
    return [one for one in served.instance.json("grant", "list") if one["path"] == folder]


def test_everything_for_one_side_or_one_purpose_ends_together(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    for name in ("a", "b", "c"):
        amina.mkcol(f"{folder}/{name}")
        browser.go(f"/share{folder}/{name}")
        browser.submit(
            f"/share{folder}/{name}", to="zoe", right="write", purpose="" if name == "a" else "Dalo"
        )
        browser.submit(f"/share{folder}/{name}")
    browser.go("/shares")
    browser.submit("/shares/end-all", purpose="Dalo")
    live = [
        one
        for one in served.instance.json("grant", "list")
        if one["to"] == "zoe" and one["state"] == "live"
    ]
    assert [one["path"] for one in live] == [f"{folder}/a"]
    browser.post("/shares/end-all", {"mark": browser.form("/sign-out")["mark"], "to": "zoe"})
    live = [
        one
        for one in served.instance.json("grant", "list")
        if one["to"] == "zoe" and one["state"] == "live"
    ]
    assert live == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"to": "nobody-at-all", "right": "read"}, "There is nobody with this name or code."),
        ({"to": "bilal", "right": "read"}, "There is nobody with this name or code."),
        ({"to": "", "right": "read"}, "Write with whom you want to share."),
        ({"to": "karim", "right": "everything"}, "Choose what they may do."),
        ({"to": "karim", "right": "read", "until": "2020-01-01"}, "Choose a day to come."),
        ({"to": "karim", "right": "read", "until": "soon"}, "Write the date like this"),
    ],
)
def test_a_share_that_cannot_be_is_told_beside_what_was_filled_in(
    browser: Browser, folder: str, fields: dict[str, str], says: str
) -> None:
    browser.go(f"/share{folder}")
    answer = browser.submit(f"/share{folder}", **fields)
    assert answer.status == 400
    assert says in browser.text
    assert browser.page.xpath('//input[@name="to"]/@value')[0] == fields["to"]


@pytest.mark.parametrize("page", ["documents", "download", "move"])
def test_hidden_and_absent_are_one_page(
    served: Server, amina: Drive, folder: str, page: str
) -> None:
    amina.put(f"{folder}/secret.txt", b"x")
    karim = Browser(served.instance.port)
    karim.sign_in("karim", password_of("karim"))
    hidden, absent = (
        _without_what_is_its_own(karim.send("GET", path), path)
        for path in (f"/{page}{folder}/secret.txt", f"/{page}{folder}/nought.txt")
    )
    assert hidden == absent
    assert hidden[0] == 404


def _without_what_is_its_own(answer: Answer, path: str) -> tuple[int, list[object], bytes]:
    own = {"date", "x-request-id"}
    rest: list[object] = [pair for pair in answer.headers if pair[0].lower() not in own]
    number = (answer.header("X-Request-Id") or "").encode()
    return answer.status, rest, answer.body.replace(number, b"").replace(path.encode(), b"")


def test_professionals_see_who_shares_what_and_get_a_receipt_for_what_they_put_in(
    served: Server, amina: Drive, folder: str
) -> None:
    served.instance.grant("amina", "karim", folder, "deposit")
    karim = Browser(served.instance.port)
    karim.sign_in("karim", password_of("karim"))
    assert karim.path == "/people"
    assert "put documents in" in karim.text
    target = next(one for one in karim.links() if one.endswith(folder))
    karim.go(target)
    karim.upload(target.replace("/documents/", "/upload/"), ("Attestation.pdf", b"%PDF-1.7"))
    assert karim.title == "Receipt"
    assert hashlib.sha256(b"%PDF-1.7").hexdigest() in karim.text
    assert amina.get(f"{folder}/Attestation.pdf").body == b"%PDF-1.7"


def test_what_operators_do_in_somebodys_name_is_at_the_top_of_their_first_page(
    served: Server, folder: str
) -> None:
    served.instance.grant("amina", "zoe", folder, "read")
    browser = Browser(served.instance.port)
    browser.sign_in("amina", password_of("amina"))
    assert "did something in your name" in browser.text
    browser.go("/history?only=in-my-name")
    assert "Shared" in browser.text
    assert "in your name, by the people who run this service" in browser.text
    assert "Opened" not in browser.page.xpath("//ol")[0].text_content()


def test_a_document_may_be_moved_about_in_its_own_vault_alone(
    served: Server, amina: Drive, folder: str
) -> None:
    """A professional's drive has several people's folders: none of the others is offered."""
    assert amina.put(f"{folder}/a.txt", b"a").status == 201
    bilal = served.instance.drive("bilal")
    assert bilal.mkcol("/shared-with-zoe").status == 201
    for owner, shared in (("amina", folder), ("bilal", "/shared-with-zoe")):
        served.instance.grant(owner, "zoe", shared, "write")
    people = served.instance.drive("zoe").names("/")
    hers = "Amina Benali"
    assert people > {hers}
    page = Browser(served.instance.port)
    page.sign_in("zoe", password_of("zoe"))
    page.go(f"/move/{quote(hers)}{folder}/a.txt?in=/")
    assert [name for name in people if name in page.text] == [hers]
