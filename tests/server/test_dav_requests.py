"""The drive over HTTP: paths, ranges, uploads, COPY, MOVE and DELETE.

Most of these are faults of stock WsgiDAV (marked W; docs/webdav.md has a table of them), so each
test says what a client would lose by them. Conditions have a file of their own.
"""

import hashlib

import pytest

from tests.support.dav import Drive
from tests.support.http import Answer, chunked

pytestmark = pytest.mark.server


# ── paths ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["semi;colon.txt", "q?mark.txt", "100%.txt", "a#b&c+d é日本.txt"])
def test_a_name_survives_every_way_in(amina: Drive, folder: str, note: str, name: str) -> None:
    """W: the Destination is unquoted before it is split, so `semi;colon.txt` becomes `semi`."""
    assert amina.copy(note, f"{folder}/{name}").status == 201
    assert amina.move(f"{folder}/{name}", f"{folder}/moved {name}").status == 201
    assert amina.put(f"{folder}/{name}", b"new").status == 201
    assert amina.names(folder) == {"note.txt", name, f"moved {name}"}


def test_composed_and_decomposed_names_are_one(amina: Drive, folder: str) -> None:
    """W: Finder writes `é` as two characters, and would not find what others wrote as one."""
    assert amina.put(f"{folder}/e\u0301te\u0301", b"one").status == 201
    assert amina.put(f"{folder}/été", b"two").status == 204
    assert amina.get(f"{folder}/e\u0301te\u0301").body == b"two"
    assert amina.names(folder) == {"été"}


@pytest.mark.parametrize("name", ["%FF", "%00", "%C3%28", "a%2Fb", "%0A", "x" * 300, "..", "%zz"])
def test_a_name_that_cannot_be_is_answered(amina: Drive, folder: str, name: str) -> None:
    """W: invalid UTF-8 drops the connection, NUL and long names are errors 500."""
    for method in ("GET", "PUT", "MKCOL", "PROPFIND", "DELETE"):
        answer = amina.caller.ask(method, f"/dav{folder}/{name}", {"Depth": "0"})
        assert answer.status == 400, (method, answer)
    answer = amina.caller.ask("MOVE", f"/dav{folder}", {"Destination": f"/dav/{name}"})
    assert answer.status == 400


@pytest.mark.parametrize("target", ["/DAV/", "/Dav/x", "/davx/", "/dav2"])
def test_a_drive_has_one_spelling(amina: Drive, target: str) -> None:
    """W: compares without case on one side only, so that `/DAV/` is the same drive."""
    assert amina.caller.ask("PROPFIND", target, {"Depth": "0"}).status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PROPFIND"])
def test_an_address_may_be_written_whole_or_encoded(amina: Drive, note: str, method: str) -> None:
    """As programs behind a proxy ask (RFC 9112 §3.2.2); beside the pages, GET was one of theirs."""
    port = amina.caller.connection.port
    for begin in (f"http://localhost:{port}/dav", "/d%61v"):
        answer = amina.caller.ask(method, begin + note, {"Depth": "0"})
        assert answer.status in {200, 204, 207}, answer


def test_a_destination_elsewhere_is_refused_and_nothing_moves(amina: Drive, note: str) -> None:
    for elsewhere in ("http://other.example/dav/x", "/elsewhere/x", "https://localhost:1/dav/x"):
        headers = {"Destination": elsewhere}
        assert amina.ask("MOVE", note, headers).status == 502
        assert amina.ask("COPY", note, headers).status == 502
    assert amina.ask("MOVE", note).status == 400
    assert amina.get(note).status == 200


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def test_several_ranges_are_the_whole(amina: Drive, note: str) -> None:
    """W: sends one of them and drops the others."""
    answer = amina.get(note, Range="bytes=0-1,4-5")
    assert (answer.status, answer.body) == (200, b"0123456789")


def test_a_range_is_a_range(amina: Drive, note: str) -> None:
    got = amina.get(note, Range="bytes=2-4")
    assert (got.status, got.body) == (206, b"234")
    assert got.header("Content-Range") == "bytes 2-4/10"
    beyond = amina.get(note, Range="bytes=10-")
    assert (beyond.status, beyond.header("Content-Range")) == (416, "bytes */10")


@pytest.mark.parametrize("wanted", ["bytes=2-4", "bytes=10-"])
def test_a_head_is_about_the_whole(amina: Drive, note: str, wanted: str) -> None:
    """W: 206 and 416, where RFC 9110 §14.2 knows ranges for GET alone."""
    head, whole = amina.ask("HEAD", note, {"Range": wanted}), amina.get(note)
    same = ("Content-Length", "ETag", "Last-Modified", "Content-Type", "Accept-Ranges")
    assert (head.status, head.header("Content-Range")) == (200, None)
    assert [head.header(name) for name in same] == [whole.header(name) for name in same]


def test_an_empty_file_is_a_file(amina: Drive, folder: str) -> None:
    assert amina.put(f"{folder}/empty", b"").status == 201
    answer = amina.get(f"{folder}/empty")
    assert (answer.status, answer.body, answer.header("Content-Length")) == (200, b"", "0")


def test_a_folder_can_be_asked_for_because_office_does(amina: Drive, folder: str) -> None:
    """W: 403, and Office gives up."""
    for path in (folder, f"{folder}/", "/"):
        assert amina.get(path).status == 200
        assert amina.ask("HEAD", path).status == 200
        assert (
            amina.get(path).header("ETag") == amina.listing(path, "0")[path.rstrip("/") or "/"].etag
        )


def test_a_document_is_no_page_of_ours(amina: Drive, folder: str) -> None:
    amina.put(f"{folder}/evil.html", b"<script>1</script>", Content_Type="text/html")
    answer = amina.get(f"{folder}/evil.html")
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Content-Disposition") == "attachment"
    assert "sandbox" in (answer.header("Content-Security-Policy") or "")


# ── uploads ─────────────────────────────────────────────────────────────────────────────────────


def test_a_part_is_never_taken_for_the_whole(amina: Drive, note: str) -> None:
    assert amina.put(note, b"x", Content_Range="bytes 1-1/10").status == 400
    assert amina.put(note, b"x", Content_Encoding="gzip").status == 415
    assert amina.get(note).body == b"0123456789"


def _chunked(drive: Drive, path: str, body: bytes, **headers: str) -> Answer:
    sent = {"Transfer-Encoding": "chunked", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return drive.ask("PUT", path, sent, body)


@pytest.mark.parametrize(("expected", "status"), [("7", 204), ("8", 400), ("6", 400), ("x", 400)])
def test_finder_announces_the_length_of_its_chunks(
    amina: Drive, note: str, expected: str, status: int
) -> None:
    body = chunked(b"bon", b"jour")
    answer = _chunked(amina, note, body, X_Expected_Entity_Length=expected)
    assert answer.status == status
    assert amina.get(note).body == (b"bonjour" if status == 204 else b"0123456789")


@pytest.mark.parametrize("kind", ["SHA256", "SHA1", "MD5"])
def test_a_checksum_decides(amina: Drive, note: str, kind: str) -> None:
    right = hashlib.new(kind.lower(), b"bonjour").hexdigest()
    assert amina.put(note, b"bonsoir", OC_Checksum=f"{kind}:{right}").status == 400
    assert amina.get(note).body == b"0123456789"
    assert amina.put(note, b"bonjour", OC_Checksum=f"{kind}:{right}").status == 204
    assert _chunked(amina, note, chunked(b"bonsoir"), OC_Checksum=f"{kind}:{right}").status == 400
    assert amina.get(note).body == b"bonjour"


def test_an_upload_says_what_it_left(amina: Drive, folder: str) -> None:
    made = amina.put(f"{folder}/é.txt", b"x", X_OC_Mtime="1700000000")
    assert made.status == 201
    assert made.header("Location") == amina.url(f"{folder}/é.txt")
    assert made.header("X-OC-Mtime") == "accepted"
    got = amina.get(f"{folder}/é.txt")
    assert got.header("ETag") == made.header("ETag")
    assert got.header("Last-Modified") == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_a_folder_is_not_overwritten_by_a_file(amina: Drive, folder: str, note: str) -> None:
    assert amina.put(folder, b"x").status == 405
    assert amina.put(f"{folder}/", b"x").status == 405
    assert amina.put(f"{folder}/new/", b"x").status == 405
    assert amina.names(folder) == {"note.txt"}


def test_there_must_be_a_folder_to_put_into(amina: Drive, folder: str) -> None:
    assert amina.put(f"{folder}/none/x", b"x").status == 409
    assert amina.mkcol(f"{folder}/none/x").status == 409
    assert amina.names(folder) == set()


def test_a_folder_is_made_once_and_without_a_body(amina: Drive, folder: str) -> None:
    assert amina.mkcol(folder).status == 405
    assert amina.ask("MKCOL", f"{folder}/a", {}, b"x").status == 415
    headers = {"Transfer-Encoding": "chunked"}
    assert amina.ask("MKCOL", f"{folder}/a", headers, chunked(b"x")).status == 415
    assert amina.names(folder) == set()


# ── COPY, MOVE, DELETE ──────────────────────────────────────────────────────────────────────────


def test_a_shallow_copy_leaves_the_members_behind(amina: Drive, folder: str, note: str) -> None:
    """W: copies them, which is more than was asked."""
    assert amina.copy(folder, f"{folder}-shallow", Depth="0").status == 201
    assert amina.names(f"{folder}-shallow") == set()
    assert amina.copy(folder, f"{folder}-deep").status == 201
    assert amina.names(f"{folder}-deep") == {"note.txt"}
    assert amina.get(f"{folder}-deep/note.txt").body == b"0123456789"


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_overwriting_is_told_apart_from_making(
    amina: Drive, folder: str, note: str, method: str
) -> None:
    amina.put(f"{folder}/other.txt", b"other")
    to = {"Destination": amina.url(f"{folder}/other.txt")}
    assert amina.ask(method, note, {**to, "Overwrite": "F"}).status == 412
    assert amina.get(f"{folder}/other.txt").body == b"other"
    assert amina.ask(method, note, {**to, "Overwrite": "perhaps"}).status == 400
    assert amina.ask(method, note, to).status == 204
    assert amina.get(f"{folder}/other.txt").body == b"0123456789"
    assert amina.get(note).status == (200 if method == "COPY" else 404)


def test_a_thing_is_not_put_onto_itself(amina: Drive, folder: str, note: str) -> None:
    for method in ("COPY", "MOVE"):
        for path in (note, folder):
            assert amina.ask(method, path, {"Destination": amina.url(path)}).status == 403
            assert amina.ask(method, path, {"Destination": amina.url(f"{path}/")}).status == 403
    assert amina.move(folder, f"{folder}/inside").status == 403
    assert amina.get(note).body == b"0123456789"


def test_a_folder_is_not_copied_into_itself_but_without_members(
    amina: Drive, folder: str, note: str
) -> None:
    inside = f"{folder}/inside"
    assert amina.copy(folder, inside).status == 403
    assert amina.names(folder) == {"note.txt"}
    assert amina.copy(folder, inside, Depth="0").status == 201
    assert amina.names(folder) == {"note.txt", "inside"}
    assert amina.names(inside) == set()


@pytest.mark.parametrize("method", ["DELETE", "MOVE"])
def test_all_of_a_file_is_depth_0_too(amina: Drive, folder: str, note: str, method: str) -> None:
    headers = {"Depth": "0", "Destination": amina.url(f"{folder}/moved")}
    assert amina.ask(method, note, headers).status in {201, 204}
    assert amina.get(note).status == 404
    assert amina.ask(method, note, headers).status == 404


@pytest.mark.parametrize(
    ("method", "depth"), [("DELETE", "0"), ("DELETE", "1"), ("MOVE", "0"), ("COPY", "1")]
)
def test_a_depth_that_would_mean_less_is_refused(
    amina: Drive, folder: str, note: str, method: str, depth: str
) -> None:
    headers = {"Depth": depth, "Destination": amina.url(f"{folder}-elsewhere")}
    assert amina.ask(method, folder, headers).status == 400
    assert amina.get(note).status == 200
