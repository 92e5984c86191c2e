"""The drive over HTTP: PROPFIND, PROPPATCH, LOCK and UNLOCK."""

import time

import pytest
from lxml import etree

from tests.support.dav import DAV, OC, Drive, multistatus, token_of
from tests.support.http import Answer, chunked

pytestmark = pytest.mark.server

MICROSOFT = "{urn:schemas-microsoft-com:}"


def _find(drive: Drive, path: str, inner: str, **headers: str) -> Answer:
    body = f'<D:propfind xmlns:D="DAV:" xmlns:x="urn:x">{inner}</D:propfind>'.encode()
    sent = {"Depth": "0", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return drive.ask("PROPFIND", path, sent, body)


def _names_by_status(answer: Answer) -> dict[str, set[str]]:
    return {
        str(stat.findtext(f"{DAV}status")).split(" ")[1]: {
            str(one.tag) for prop in stat.iterfind(f"{DAV}prop") for one in prop
        }
        for stat in etree.fromstring(answer.body).iter(f"{DAV}propstat")
    }


# ── PROPFIND ────────────────────────────────────────────────────────────────────────────────────


def test_propname_gives_names(amina: Drive, note: str) -> None:
    """W: no propstat at all; cadaver needs it."""
    found = _names_by_status(_find(amina, note, "<D:propname/>"))
    assert set(found) == {"200"}
    assert {f"{DAV}getetag", f"{DAV}resourcetype", f"{OC}id"} <= found["200"]


def test_more_can_be_included_and_less_asked_for(amina: Drive, note: str) -> None:
    """W: neither `include` nor `Prefer` is known."""
    include = f"<D:allprop/><D:include><id xmlns='{OC[1:-1]}'/><x:none/></D:include>"
    found = _names_by_status(_find(amina, note, include))
    assert found.get("404") == {"{urn:x}none"}
    assert f"{OC}id" in found["200"]
    brief = _find(amina, note, "<D:prop><D:getetag/><x:none/></D:prop>", Prefer="return=minimal")
    assert _names_by_status(brief) == {"200": {f"{DAV}getetag"}}
    assert brief.header("Preference-Applied") == "return=minimal"


@pytest.mark.parametrize("headers", [{"Depth": "infinity"}, {}])
def test_a_whole_tree_is_not_listed(amina: Drive, folder: str, headers: dict[str, str]) -> None:
    """W: builds it in memory. Without a Depth, infinity is meant (RFC 4918 §9.1)."""
    answer = amina.ask("PROPFIND", folder, headers)
    assert answer.status == 403
    assert etree.fromstring(answer.body).find(f"{DAV}propfind-finite-depth") is not None
    assert amina.ask("PROPFIND", folder, {"Depth": "2"}).status == 400


@pytest.mark.parametrize("headers", [{"Depth": "infinity"}, {}])
def test_a_file_has_no_depth(amina: Drive, folder: str, note: str, headers: dict[str, str]) -> None:
    """Python's webdav4 leaves Depth out where it asks whether something is there."""
    answer = amina.ask("PROPFIND", note, headers)
    assert answer.status == 207
    assert len(list(etree.fromstring(answer.body).iter(f"{DAV}response"))) == 1
    assert amina.ask("PROPFIND", f"{folder}/absent", headers).status == 404


def test_a_chunked_body_is_read(amina: Drive, note: str) -> None:
    """W: ignored, so the answer is allprop, and a LOCK becomes a refresh."""
    body = chunked(b'<propfind xmlns="DAV:"><prop>', b"<getetag/></prop></propfind>")
    sent = {"Depth": "0", "Transfer-Encoding": "chunked"}
    assert _names_by_status(amina.ask("PROPFIND", note, sent, body)) == {"200": {f"{DAV}getetag"}}
    lock = (
        b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype>'
        b"</lockinfo>"
    )
    answer = amina.ask("LOCK", note, sent, chunked(lock))
    assert answer.status == 200
    amina.unlock(note, token_of(answer))


def test_an_empty_body_asks_for_all(amina: Drive, note: str) -> None:
    """Windows sends none."""
    answer = amina.ask("PROPFIND", note, {"Depth": "0"})
    assert {f"{DAV}getetag", f"{DAV}getcontentlength"} <= _names_by_status(answer)["200"]


@pytest.mark.parametrize(
    "body", [b"<a/>", b"<", b'<propfind xmlns="DAV:"><prop><x:y/></prop></propfind>']
)
def test_xml_that_is_wrong_is_refused(amina: Drive, folder: str, body: bytes) -> None:
    assert amina.ask("PROPFIND", folder, {"Depth": "0"}, body).status == 400


def test_a_listing_begins_with_the_folder_and_folders_end_with_a_slash(
    amina: Drive, folder: str
) -> None:
    amina.mkcol(f"{folder}/é & <b>")
    amina.put(f"{folder}/a b.txt", b"")
    answer = amina.propfind(folder, "1")
    assert answer.header("Content-Type") == "application/xml; charset=utf-8"
    hrefs = [str(one.text) for one in etree.fromstring(answer.body).iter(f"{DAV}href")]
    assert hrefs[0] == f"/dav{folder}/"
    assert set(hrefs[1:]) == {*(f"/dav{folder}/a%20b.txt", f"/dav{folder}/%C3%A9%20%26%20%3Cb%3E/")}


def test_a_long_listing_is_whole(amina: Drive, folder: str) -> None:
    for number in range(150):
        amina.put(f"{folder}/{number}", b"")
    answer = amina.propfind(folder, "1")
    assert answer.header("Content-Length") is None
    assert len(multistatus(answer)) == 151
    assert amina.get(f"{folder}/149").status == 200


def test_office_and_sync_clients_find_what_they_ask_for(amina: Drive, note: str) -> None:
    names = (
        *(f"{DAV}getcontentlength", f"{DAV}getlastmodified", f"{DAV}creationdate"),
        *(f"{DAV}supportedlock", f"{DAV}lockdiscovery", f"{DAV}current-user-privilege-set"),
        *(f"{OC}id", f"{OC}fileid", f"{OC}permissions", f"{OC}checksums"),
        "{http://ucb.openoffice.org/dav/props/}IsReadOnly",
    )
    shown = amina.listing(note, "0", *names)[note]
    assert set(shown.properties) == set(names)
    assert shown.text(f"{DAV}getcontentlength") == "10"
    assert set("GWDNV") <= set(shown.text(f"{OC}permissions") or "")


def test_an_owner_sees_the_room_that_is_left(amina: Drive) -> None:
    shown = amina.listing("/", "0", f"{DAV}quota-used-bytes", f"{DAV}quota-available-bytes")["/"]
    assert int(shown.text(f"{DAV}quota-available-bytes") or "-1") > 0
    assert int(shown.text(f"{DAV}quota-used-bytes") or "-1") >= 0


# ── PROPPATCH ───────────────────────────────────────────────────────────────────────────────────


def test_properties_of_windows_are_kept(amina: Drive, note: str) -> None:
    name = f"{MICROSOFT}Win32LastModifiedTime"
    value = "Tue, 14 Nov 2023 22:13:20 GMT"
    assert amina.proppatch(note, name, value).status == 207
    assert amina.property(note, name) == value
    assert amina.proppatch(note, name, None).status == 207
    assert amina.property(note, name) is None


def test_a_date_can_be_set(amina: Drive, note: str) -> None:
    for value in ("1700000000", "Tue, 14 Nov 2023 22:13:20 GMT"):
        amina.proppatch(note, f"{DAV}getlastmodified", "1600000000")
        answer = amina.proppatch(note, f"{DAV}lastmodified", value)
        assert _names_by_status(answer) == {"200": {f"{DAV}lastmodified"}}
        assert amina.get(note).header("Last-Modified") == "Tue, 14 Nov 2023 22:13:20 GMT"
    wrong = amina.proppatch(note, f"{DAV}getlastmodified", "tomorrow")
    assert _names_by_status(wrong) == {"409": {f"{DAV}getlastmodified"}}


def test_all_changes_or_none(amina: Drive, note: str) -> None:
    body = (
        b'<D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x"><D:set><D:prop><x:a>1</x:a>'
        b"<D:getetag>mine</D:getetag></D:prop></D:set></D:propertyupdate>"
    )
    answer = amina.ask("PROPPATCH", note, {}, body)
    assert answer.status == 207
    assert _names_by_status(answer) == {"403": {f"{DAV}getetag"}, "424": {"{urn:x}a"}}
    assert (
        etree.fromstring(answer.body).find(f".//{DAV}cannot-modify-protected-property") is not None
    )
    assert amina.property(note, "{urn:x}a") is None


def test_what_is_not_there_has_no_protected_properties(amina: Drive, folder: str) -> None:
    assert amina.proppatch(f"{folder}/none", f"{DAV}getetag", "x").status == 404
    assert amina.proppatch(f"{folder}/none", "{urn:x}a", "x").status == 404


def test_a_property_stays_with_its_file(amina: Drive, folder: str, note: str) -> None:
    amina.proppatch(note, "{urn:x}colour", "<b xmlns='urn:y'>é</b>")
    amina.put(note, b"new")
    amina.move(note, f"{folder}/moved.txt")
    assert amina.property(f"{folder}/moved.txt", "{urn:x}colour") == "é"


# ── LOCK ────────────────────────────────────────────────────────────────────────────────────────


def _timeout(answer: Answer) -> int:
    return int(
        str(etree.fromstring(answer.body).findtext(f".//{DAV}timeout")).removeprefix("Second-")
    )


@pytest.mark.parametrize("wish", ["Infinite", "Second-4100000000", "Infinite, Second-9"])
def test_a_crashed_laptop_does_not_block_a_document_for_a_month(
    amina: Drive, note: str, wish: str
) -> None:
    """W: four weeks."""
    answer = amina.lock(note, Timeout=wish)
    assert 3500 <= _timeout(answer) <= 3600
    amina.unlock(note, token_of(answer))


def test_an_expired_lock_is_gone(amina: Drive, folder: str, note: str) -> None:
    """W: 500, because a list of locks changes while it is walked."""
    others = [f"{folder}/{number}" for number in range(3)]
    for path in (note, *others):
        amina.put(path, b"")
        assert amina.lock(path, Timeout="Second-1").status == 200
    time.sleep(1.1)
    token = token_of(amina.lock(folder, depth="infinity"))
    assert amina.unlock(folder, token).status == 204
    assert amina.propfind(folder, "1").status == 207
    assert amina.put(note, b"new").status == 204


def test_a_lock_keeps_out_whoever_does_not_show_its_token(amina: Drive, note: str) -> None:
    """W: says `no-conflicting-lock` to a PUT, which is for LOCK alone (RFC 4918 §16)."""
    token = token_of(amina.lock(note))
    refused = amina.put(note, b"x")
    assert refused.status == 423
    root = etree.fromstring(refused.body)
    assert root.findtext(f"{DAV}lock-token-submitted/{DAV}href") == amina.url(note)
    assert token not in refused.text()
    assert amina.put(note, b"x", If=f"(<{token}>)").status == 204
    again = amina.lock(note)
    assert again.status == 423
    assert etree.fromstring(again.body).find(f"{DAV}no-conflicting-lock") is not None
    assert amina.unlock(note, token).status == 204
    assert amina.put(note, b"y").status == 204


def test_locking_a_free_name_makes_an_empty_file(amina: Drive, folder: str) -> None:
    answer = amina.lock(f"{folder}/new.odt")
    assert answer.status == 201
    assert amina.get(f"{folder}/new.odt").body == b""
    amina.unlock(f"{folder}/new.odt", token_of(answer))


def test_a_refused_lock_makes_nothing(amina: Drive, folder: str) -> None:
    """W: leaves a file of 0 bytes behind."""
    token = token_of(amina.lock(folder, depth="infinity"))
    assert amina.lock(f"{folder}/new.odt").status == 423
    assert amina.names(folder) == set()
    assert amina.lock(f"{folder}/none/new.odt").status == 409
    amina.unlock(folder, token)


def test_a_folder_can_be_moved_with_ones_own_lock_inside(
    amina: Drive, folder: str, note: str
) -> None:
    """W: 423 although the token is shown; and the old place stays locked after a move."""
    token = token_of(amina.lock(note))
    condition = f"<{amina.url(note)}> (<{token}>)"
    assert amina.move(folder, f"{folder}-moved").status == 423
    assert amina.move(folder, f"{folder}-moved", If=condition).status == 201
    assert amina.mkcol(folder).status == 201
    assert amina.put(note, b"free").status == 201


def test_a_lock_is_refreshed_by_its_token(amina: Drive, note: str) -> None:
    token = token_of(amina.lock(note, Timeout="Second-60"))
    answer = amina.ask("LOCK", note, {"If": f"(<{token}>)", "Timeout": "Second-1200"})
    assert answer.status == 200
    assert _timeout(answer) > 1000
    assert amina.ask("LOCK", note).status == 400
    assert amina.ask("LOCK", note, {"If": "(<urn:uuid:none>)"}).status == 412
    amina.unlock(note, token)


def test_a_lock_is_given_back_with_or_without_brackets(amina: Drive, note: str) -> None:
    """Windows leaves them out."""
    token = token_of(amina.lock(note))
    assert amina.ask("UNLOCK", note).status == 400
    wrong = amina.ask("UNLOCK", note, {"Lock-Token": "<urn:uuid:none>"})
    assert wrong.status == 409
    assert etree.fromstring(wrong.body).find(f"{DAV}lock-token-matches-request-uri") is not None
    assert amina.ask("UNLOCK", note, {"Lock-Token": token}).status == 204
    assert amina.put(note, b"x").status == 204


def test_shared_locks_stand_beside_each_other(amina: Drive, note: str) -> None:
    """W: 423 to who shows one of the tokens, where RFC 4918 §7 asks for one."""
    first = token_of(amina.lock(note, scope="shared"))
    second = token_of(amina.lock(note, scope="shared"))
    assert amina.lock(note).status == 423
    shown = amina.listing(note, "0", f"{DAV}lockdiscovery")[note].properties
    assert len(shown[f"{DAV}lockdiscovery"]) == 2
    assert amina.put(note, b"x", If=f"(<{first}>)").status == 204
    for token in (first, second):
        assert amina.unlock(note, token).status == 204


def test_a_lock_shows_who_has_it_and_where_it_was_taken(
    amina: Drive, folder: str, note: str
) -> None:
    answer = amina.lock(folder, "Amina &amp; <i xmlns='urn:y'>son</i>", depth="infinity")
    token = token_of(answer)
    shown = amina.listing(note, "0", f"{DAV}lockdiscovery")[note].properties[f"{DAV}lockdiscovery"][
        0
    ]
    assert shown.findtext(f"{DAV}locktoken/{DAV}href") == token
    assert shown.findtext(f"{DAV}lockroot/{DAV}href") == f"/dav{folder}/"
    assert shown.findtext(f"{DAV}depth") == "infinity"
    assert "".join(shown.find(f"{DAV}owner").itertext()) == "Amina & son"
    amina.unlock(folder, token)


def test_windows_saves_a_document(amina: Drive, folder: str) -> None:
    path = f"{folder}/Lettre.docx"
    assert amina.put(path, b"").status == 201
    token = token_of(amina.lock(path, Timeout="Second-3600"))
    held = {"If": f"(<{token}>)"}
    assert amina.ask("PUT", path, {**held, "translate": "f"}, b"docx").status == 204
    name = f"{MICROSOFT}Win32FileAttributes"
    body = (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>'
        "<Z:Win32FileAttributes>00000020</Z:Win32FileAttributes></D:prop></D:set></D:propertyupdate>"
    )
    answer = amina.ask("PROPPATCH", path, held, body.encode())
    assert _names_by_status(answer) == {"200": {name}}
    assert amina.ask("UNLOCK", path, {"Lock-Token": token}).status == 204
    assert amina.get(path).body == b"docx"
