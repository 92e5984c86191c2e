"""curl over HTTPS, with the certificate checked: the rules that clients rely on, as a table."""

import re

import pytest

from tests.support.instance import Server
from tests.support.outside import Outside, program

pytestmark = pytest.mark.interop

FILE = "/curl/note.txt"
BODY = "0123456789"
PROPFIND = ["-X", "PROPFIND", "-H", "Depth: 1"]


@pytest.fixture(scope="module")
def note(drive: Server) -> str:
    """The ETag of a file of ten bytes."""
    amina = drive.instance.drive("amina")
    amina.mkcol("/curl")
    answer = amina.put(FILE, BODY.encode())
    assert answer.status == 201, answer
    return answer.header("ETag") or ""


@pytest.fixture
def curl(drive: Server, outside: Outside):
    """Asks for a path, signed in as amina; the head of the last answer, in lower case."""
    instance = drive.instance

    def ask(path: str, *arguments: str, login: str | None = "amina") -> str:
        who = ["-u", f"{login}:{instance.passwords[login]}"] if login else []
        return outside.must(
            program("curl"), "-sS", "-o", "/dev/null", "-D", "-", "--http1.1",
            "--cacert", str(instance.folder / "keys/tls.crt"), *who, *arguments,
            f"{instance.url}{path}",
        ).lower()  # fmt: skip

    return ask


def _status(head: str) -> int:
    return int(re.findall(r"^http/1\.1 (\d+)", head, re.MULTILINE)[-1])


@pytest.mark.parametrize("path", ["/dav/", "/dav/curl/", f"/dav{FILE}", "/dav/not-there", "/"])
def test_options_says_on_every_path_that_this_is_webdav(curl, note: str, path: str) -> None:
    head = curl(path, "-X", "OPTIONS")
    assert _status(head) == 200, head
    assert re.search(r"^dav: 1, ?2, ?3", head, re.MULTILINE), head
    assert "ms-author-via: dav" in head
    assert "content-length: 0" in head
    assert re.search(r"^allow: .*propfind", head, re.MULTILINE), head


@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND", "MKCOL", "DELETE", "LOCK", "MOVE"])
def test_a_request_without_credentials_is_asked_for_them(curl, note: str, method: str) -> None:
    head = curl(f"/dav{FILE}", "-X", method, login=None)
    assert _status(head) == 401, head
    assert 'www-authenticate: basic realm="abri"' in head, head
    assert "charset" in head.partition("www-authenticate")[2].split("\r\n")[0], head


CONDITIONS = [
    ("a whole file", [], 200),
    ("the version that the reader has", ["-H", "If-None-Match: {etag}"], 304),
    ("another version", ["-H", 'If-None-Match: "other"'], 200),
    ("any version, when reading", ["-H", "If-None-Match: *"], 304),
    ("only that version", ["-H", "If-Match: {etag}"], 200),
    ("a version that is gone", ["-H", 'If-Match: "other"'], 412),
    ("a weak tag where a strong one is needed", ["-H", "If-Match: W/{etag}"], 412),
    ("a range", ["-H", "Range: bytes=2-4"], 206),
    ("an open range", ["-H", "Range: bytes=8-"], 206),
    ("the last bytes", ["-H", "Range: bytes=-3"], 206),
    ("a range beyond the end", ["-H", "Range: bytes=10-"], 416),
    ("a range of this version", ["-H", "Range: bytes=2-4", "-H", "If-Range: {etag}"], 206),
    ("a range of another version", ["-H", "Range: bytes=2-4", "-H", 'If-Range: "other"'], 200),
    ("a range in another unit", ["-H", "Range: pages=1-2"], 200),
    ("its head", ["-I"], 200),
    ("a listing", PROPFIND, 207),
    ("writing a version that is gone", ["-T", "-", "-H", 'If-Match: "other"'], 412),
    ("writing only where nothing is", ["-T", "-", "-H", "If-None-Match: *"], 412),
    ("part of a file", ["-X", "PUT", "-d", "x", "-H", "Content-Range: bytes 1-1/10"], 400),
    ("a method that nobody knows", ["-X", "BREW"], 501),
]


@pytest.mark.parametrize(
    ("arguments", "status"), [row[1:] for row in CONDITIONS], ids=[row[0] for row in CONDITIONS]
)
def test_a_condition_is_answered_as_the_standards_say(
    curl, note: str, arguments: list[str], status: int
) -> None:
    head = curl(f"/dav{FILE}", *(part.format(etag=note) for part in arguments))
    assert _status(head) == status, head


def test_a_read_carries_what_caches_and_viewers_need(curl, note: str) -> None:
    head = curl(f"/dav{FILE}")
    assert f"etag: {note.lower()}" in head
    assert not note.startswith("W/")
    for line in ("content-length: 10", "accept-ranges: bytes", "content-type: text/plain"):
        assert line in head, head
    assert re.search(r"^last-modified: .* gmt\r?$", head, re.MULTILINE), head


@pytest.mark.parametrize("depth", [["-H", "Depth: infinity"], []], ids=["said", "unsaid"])
def test_a_listing_of_infinite_depth_is_refused_with_the_standard_reason(
    drive: Server, outside: Outside, note: str, depth: list[str]
) -> None:
    instance = drive.instance
    answer = outside.must(
        program("curl"), "-sS", "-k", "-X", "PROPFIND", *depth, "-w", "%{http_code}",
        "-u", f"amina:{instance.passwords['amina']}", f"{instance.url}/dav/curl/",
    )  # fmt: skip
    assert "propfind-finite-depth" in answer
    assert answer.endswith("403")


def test_a_head_of_a_folder_is_a_yes_because_office_programs_ask(curl, note: str) -> None:
    assert _status(curl("/dav/curl/", "-I")) == 200
    assert _status(curl("/dav/", "-I")) == 200


def test_a_large_upload_waits_for_a_go_ahead_and_a_refused_one_is_never_sent(
    curl, note: str, outside: Outside
) -> None:
    large = outside.home / "large.bin"
    large.write_bytes(bytes(3_000_000))
    expecting = ["-T", str(large), "-H", "Expect: 100-continue"]
    assert "http/1.1 100" in curl("/dav/curl/large.bin", *expecting)
    refused = curl("/dav/curl/large.bin", *expecting, login=None)
    assert _status(refused) == 401
    assert "http/1.1 100" not in refused


def test_a_chunked_upload_is_kept_whole(curl, note: str, drive: Server, outside: Outside) -> None:
    body = outside.home / "body.bin"
    body.write_bytes(bytes(range(256)) * 1000)
    chunked = ["-T", str(body), "-H", "Transfer-Encoding: chunked"]
    assert _status(curl("/dav/curl/chunked.bin", *chunked)) == 201
    assert drive.instance.drive("amina").get("/curl/chunked.bin").body == body.read_bytes()


def test_the_server_does_not_say_what_it_is_made_of(curl, note: str) -> None:
    head = curl(f"/dav{FILE}") + curl("/nothing-here", login=None)
    for word in ("cheroot", "wsgidav", "python"):
        assert word not in head
