"""Files in forms obey what a PUT obeys: whole or not at all, quota, rights; and names that nobody
could choose are no reason to lose a document.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.browser import BOUNDARY, Browser, multipart
from tests.support.cast import EITHER, Casts
from tests.support.dav import Drive
from tests.support.http import Answer, Connection, Cut, chunked
from tests.support.instance import Server, password_of, serving
from tests.support.patience import until

pytestmark = pytest.mark.server

KIB = 1 << 10
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
THREE = (("a.bin", b"a" * 100 * KIB), ("b.bin", b"b" * 900 * KIB), ("c.bin", b"c" * 100 * KIB))

CUT = 700 * KIB
"""In the middle of the second; a server reads some hundred KiB at a time."""


@pytest.fixture(scope="module")
def signed_in(served: Server) -> Iterator[Browser]:
    made = Browser(served.instance.port)
    made.sign_in("amina", password_of("amina"))
    yield made
    made.caller.close()


@pytest.fixture
def browser(signed_in: Browser, folder: str) -> Browser:
    """Looking at an empty folder."""
    signed_in.go(f"/documents{folder}")
    return signed_in


def head(browser: Browser, folder: str, **headers: str) -> bytes:
    jar = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.caller.head(
        "POST", f"/upload{folder}", {"Cookie": jar, "Content-Type": TYPE, **named}
    )


def sent(browser: Browser, data: bytes, *, finish: bool = True) -> Answer | None:
    """What the server makes of exactly that."""
    with Connection(browser.port) as connection:
        connection.send(data)
        if finish:
            connection.finish_sending()
        try:
            return connection.answer("POST")
        except (Cut, ConnectionError):
            return None


def _cut_by_fin(browser: Browser, folder: str, body: bytes, at: int) -> Answer | None:
    return sent(browser, head(browser, folder, Content_Length=str(len(body))) + body[:at])


def _announced_too_short(browser: Browser, folder: str, body: bytes, at: int) -> Answer | None:
    return sent(browser, head(browser, folder, Content_Length=str(at)) + body[:at], finish=False)


def _chunks_end_early(browser: Browser, folder: str, body: bytes, at: int) -> Answer | None:
    return sent(
        browser, head(browser, folder, Transfer_Encoding="chunked") + chunked(body[:at], end=False)
    )


def _fewer_chunks(browser: Browser, folder: str, body: bytes, at: int) -> Answer | None:
    return sent(browser, head(browser, folder, Transfer_Encoding="chunked") + chunked(body[:at]))


Send = Callable[[Browser, str, bytes, int], Answer | None]
CUTS = [_cut_by_fin, _announced_too_short, _chunks_end_early, _fewer_chunks]


@pytest.mark.parametrize("cut", CUTS, ids=[one.__name__.strip("_") for one in CUTS])
def test_what_is_cut_in_its_second_file_has_the_first_and_says_so(
    browser: Browser, amina: Drive, folder: str, cut: Send
) -> None:
    body = multipart(browser.form(f"/upload{folder}"), THREE)
    answer = cut(browser, folder, body, CUT)
    assert amina.names(folder) == {"a.bin"}
    assert amina.get(f"{folder}/a.bin").body == THREE[0][1]
    assert answer is not None
    assert answer.status == 400
    assert "a.bin" in answer.text()
    assert "Not put in: “b.bin”" in answer.text()
    assert "The connection was cut" in answer.text()


def test_a_reset_in_the_second_file_leaves_nothing_of_it(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    body = multipart(browser.form(f"/upload{folder}"), THREE)
    connection = Connection(browser.port)
    connection.send(head(browser, folder, Content_Length=str(len(body))) + body[:CUT])
    until(lambda: amina.names(folder) == {"a.bin"})
    connection.reset()
    until(lambda: not served.staged())
    assert amina.names(folder) == {"a.bin"}


def test_a_form_in_chunks_arrives(browser: Browser, amina: Drive, folder: str) -> None:
    body = multipart(browser.form(f"/upload{folder}"), THREE)
    data = head(browser, folder, Transfer_Encoding="chunked") + chunked(
        body[:70_000], body[70_000:]
    )
    answer = sent(browser, data)
    assert answer is not None
    assert answer.status == 303
    assert {name: amina.get(f"{folder}/{name}").body for name, _ in THREE} == dict(THREE)


def test_the_vault_is_clean_after_all_of_it(served: Server, browser: Browser, folder: str) -> None:
    body = multipart(browser.form(f"/upload{folder}"), THREE)
    for cut in CUTS:
        cut(browser, folder, body, CUT)
    served.instance.abri("vault", "check", "--deep")


@pytest.mark.parametrize(
    ("sent_as", "kept_as"),
    [
        ("C:\\fakepath\\scan.pdf", "scan.pdf"),
        ("/etc/passwd", "passwd"),
        ("..", "document.pdf"),
        ("../../up.pdf", "up.pdf"),
        (".", "document.pdf"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
        ("  ", "document.pdf"),
        ("", "document.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("é" * 200 + ".pdf", "é" * 125 + ".pdf"),
        ("x" * 400, "x" * 255),
        (".DS_Store", "_.DS_Store"),
        ("~$lettre.docx", "_~$lettre.docx"),
        ("Thumbs.db", "_Thumbs.db"),
        (".goutputstream-AB12", "_.goutputstream-AB12"),
        ('"quoted" & <b>.pdf', '"quoted" & <b>.pdf'),
    ],
)
def test_no_document_is_lost_for_its_name(
    browser: Browser, amina: Drive, folder: str, sent_as: str, kept_as: str
) -> None:
    body = multipart(browser.form(f"/upload{folder}"), ((sent_as, b"x"),))
    body = body.replace(b"application/octet-stream", b"application/pdf")
    answer = sent(browser, head(browser, folder, Content_Length=str(len(body))) + body)
    assert answer is not None
    assert answer.status == 303, answer
    assert amina.names(folder) == {kept_as}
    assert amina.get(f"{folder}/{kept_as}").body == b"x"


def test_a_field_without_a_file_is_none_and_one_without_a_name_is_one(
    browser: Browser, amina: Drive, folder: str
) -> None:
    answer = browser.upload(f"/upload{folder}", ("", b""))
    assert answer.status == 400
    assert "Choose at least one document first." in browser.text
    browser.go(f"/documents{folder}")
    body = multipart(browser.form(f"/upload{folder}"), (("gone", b"nameless"),))
    body = body.replace(b'; filename="gone"', b"")
    bare = sent(browser, head(browser, folder, Content_Length=str(len(body))) + body)
    assert bare is not None
    assert bare.status == 303
    (name,) = amina.names(folder)
    assert amina.get(f"{folder}/{name}").body == b"nameless"


def test_photos_of_one_name_are_as_many_documents(
    browser: Browser, amina: Drive, folder: str
) -> None:
    """In one form, in the next, and beside what was there: a folder too."""
    amina.put(f"{folder}/image.jpg", b"there before")
    amina.mkcol(f"{folder}/scan")
    amina.put(f"{folder}/image (2).jpg", b"there, too")
    photos = [b"%d" % number for number in range(5)]
    browser.upload(
        f"/upload{folder}", *(("image.jpg", one) for one in photos[:3]), ("scan", b"no folder")
    )
    browser.go(f"/documents{folder}")
    browser.upload(f"/upload{folder}", *(("image.jpg", one) for one in photos[3:]), ("empty", b""))
    contents = {name: amina.get(f"{folder}/{name}") for name in amina.names(folder)}
    images = sorted(one.body for name, one in contents.items() if name.startswith("image"))
    assert images == sorted([b"there before", b"there, too", *photos])
    assert contents["image.jpg"].body == b"there before"
    assert contents["scan (2)"].body == b"no folder"
    assert contents["empty"].body == b""


def test_two_telephones_at_once_lose_nothing(
    served: Server, browser: Browser, amina: Drive, folder: str
) -> None:
    """Both begin while the name is free, and end one after the other."""
    bodies = [multipart(browser.form(f"/upload{folder}"), (("image.jpg", one * 600_000),))
              for one in (b"1", b"2")]  # fmt: skip
    with closing(Connection(browser.port)) as first, closing(Connection(browser.port)) as second:
        for connection, body in zip((first, second), bodies, strict=True):
            length = str(len(body))
            connection.send(head(browser, folder, Content_Length=length) + body[:-10])
        until(lambda: len(served.staged()) == 2)
        for connection, body in zip((first, second), bodies, strict=True):
            connection.send(body[-10:])
            assert connection.answer("POST").status == 303
    found = {amina.get(f"{folder}/{name}").body[:1] for name in amina.names(folder)}
    assert found == {b"1", b"2"}


def test_a_quota_that_is_reached_in_the_second_file_keeps_the_first(served: Server) -> None:
    instance = served.instance
    before = instance.config.read_text()
    instance.set("vaults.quota", "1 MB")
    instance.add_person("noor", "beneficiary", "Noor Haddad")
    instance.config.write_text(before)
    noor = Browser(instance.port)
    noor.sign_in("noor", password_of("noor"))
    answer = noor.upload("/upload/", ("fits", b"x" * 400_000), ("does not", b"y" * 2_000_000))
    assert answer.status == 507
    assert "Not put in: “does not”" in noor.text
    assert "There is not enough room" in noor.text
    drive = instance.drive("noor")
    assert drive.names("/") == {"fits"}
    noor.go("/documents/")
    assert noor.upload("/upload/", ("does not", b"y" * 2_000_000)).status == 507
    assert drive.names("/") == {"fits"}
    drive.caller.close()
    noor.caller.close()


def test_a_share_that_ends_during_an_upload_ends_it(
    served: Server, amina: Drive, folder: str
) -> None:
    """What was whole before is there, and there is a receipt for it."""
    instance = served.instance
    grant = instance.grant("amina", "karim", folder, "deposit")
    seen = instance.seen_at(grant)
    karim = Browser(instance.port)
    karim.sign_in("karim", password_of("karim"))
    karim.go(f"/documents{seen}".replace(" ", "%20"))
    there = Drive(karim.caller).url(seen).removeprefix("/dav")
    body = multipart(karim.form(f"/upload{there}"), THREE)
    with closing(Connection(karim.port)) as connection:
        connection.send(head(karim, there, Content_Length=str(len(body))) + body[:CUT])
        until(lambda: amina.names(folder) == {"a.bin"})
        instance.abri("grant", "end", grant)
        connection.send(body[CUT:])
        answer = connection.answer("POST")
    assert answer.status == 409, "as a PUT"
    assert "Not put in: “b.bin”" in answer.text()
    assert amina.names(folder) == {"a.bin"}
    karim.caller.close()


@pytest.fixture(params=EITHER)
def two_workers(casts: Casts, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    copied = casts.copy(request.param, tmp_path / "abri")
    with copied as instance, serving(instance, workers=2) as server:
        yield server


def test_a_killed_worker_leaves_the_first_and_nothing_half_written(two_workers: Server) -> None:
    instance = two_workers.instance
    browser = Browser(instance.port)
    browser.sign_in("amina", password_of("amina"))
    body = multipart(browser.form("/upload/"), THREE)
    browser.caller.close()
    amina = instance.drive("amina")
    with closing(Connection(browser.port)) as connection:
        connection.send(head(browser, "/", Content_Length=str(len(body))) + body[:CUT])
        until(lambda: amina.names("/") == {"a.bin"})
        amina.caller.close()
        for worker in two_workers.workers():
            os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises((Cut, ConnectionError)):
            connection.answer("POST")
    deadline = time.monotonic() + 180
    while True:
        try:
            assert amina.names("/") == {"a.bin"}
            break
        except (Cut, OSError):
            assert time.monotonic() < deadline
    browser.go("/documents/")
    browser.upload("/upload/", *THREE)
    assert amina.names("/") == {"a.bin", "a (2).bin", "b.bin", "c.bin"}
    amina.caller.close()
    browser.caller.close()
    instance.abri("vault", "check", "--deep")
