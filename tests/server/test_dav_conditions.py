"""The drive over HTTP: If-Match and its kin (RFC 9110 §13), If (RFC 4918 §10.4).

W: stock WsgiDAV 4.4.0 fails this (docs/webdav.md).
"""

from collections.abc import Callable

import pytest

from tests.support.dav import Drive, token_of
from tests.support.http import Answer

pytestmark = pytest.mark.server

TEN = b"0123456789"


# ── RFC 9110 ────────────────────────────────────────────────────────────────────────────────────


def test_the_etag_of_a_listing_is_the_one_of_the_header(amina: Drive, note: str) -> None:
    """W: without quotes in the listing, so an If-Match made of it never holds."""
    shown = amina.listing(note, "0")[note].etag
    assert shown == amina.get(note).header("ETag")
    assert amina.put(note, b"new", If_Match=shown or "").status == 204
    assert amina.put(note, b"newer", If_Match=shown or "").status == 412
    assert amina.get(note).body == b"new"


@pytest.mark.parametrize("condition", ['"x"', "*"])
def test_if_match_on_a_missing_file_makes_none(amina: Drive, folder: str, condition: str) -> None:
    """W: answers 201, so what another program deleted comes back."""
    assert amina.put(f"{folder}/gone", b"x", If_Match=condition).status == 412
    assert amina.names(folder) == set()


CHANGES: dict[str, Callable[..., Answer]] = {
    "PUT": lambda drive, path, **held: drive.put(path, b"lost", **held),
    "DELETE": lambda drive, path, **held: drive.delete(path, **held),
    "COPY": lambda drive, path, **held: drive.copy(path, f"{path}-2", **held),
    "MOVE": lambda drive, path, **held: drive.move(path, f"{path}-2", **held),
    "LOCK": lambda drive, path, **held: drive.lock(path, **held),
    "PROPPATCH": lambda drive, path, **held: drive.ask(
        "PROPPATCH",
        path,
        {name.replace("_", "-"): value for name, value in held.items()},
        b'<propertyupdate xmlns="DAV:"><remove><prop><x xmlns="urn:x"/></prop></remove>'
        b"</propertyupdate>",
    ),
}


@pytest.mark.parametrize("method", CHANGES)
@pytest.mark.parametrize(
    "held",
    [
        {"If_Match": '"other"'},
        {"If_None_Match": "*"},
        {"If_Unmodified_Since": "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"If": '(["other"])'},
        {"If": "(<urn:uuid:none>)"},
    ],
    ids=str,
)
def test_no_method_passes_over_a_condition(
    amina: Drive, folder: str, note: str, method: str, held: dict[str, str]
) -> None:
    assert CHANGES[method](amina, note, **held).status == 412
    assert amina.names(folder) == {"note.txt"}
    assert amina.put(note, b"free").status == 204


@pytest.mark.parametrize("method", CHANGES)
def test_every_method_goes_on_where_its_condition_holds(
    amina: Drive, note: str, method: str
) -> None:
    etag = amina.get(note).header("ETag") or ""
    done = CHANGES[method](amina, note, If_Match=etag, If=f'(["other"]) ([{etag}])')
    assert done.status in {200, 201, 204, 207}


def test_a_lock_is_refreshed_only_while_its_condition_holds(amina: Drive, note: str) -> None:
    token = token_of(amina.lock(note))
    etag = amina.get(note).header("ETag")
    assert amina.ask("LOCK", note, {"If": f'(<{token}> ["other"])'}).status == 412
    assert amina.ask("LOCK", note, {"If": f"(<{token}> [{etag}])"}).status == 200
    assert amina.unlock(note, token).status == 204


def test_a_date_condition_holds_to_the_second(amina: Drive, note: str) -> None:
    """W: sends the file again to whoever has it, and answers 304 to an upload."""
    date = amina.get(note).header("Last-Modified") or ""
    for method in ("GET", "HEAD"):
        assert amina.ask(method, note, {"If-Modified-Since": date}).status == 304
        assert amina.ask(method, note, {"If-Unmodified-Since": date}).status == 200
        old = "Sun, 06 Nov 1994 08:49:37 GMT"
        assert amina.ask(method, note, {"If-Unmodified-Since": old}).status == 412
    for since in (date, "Wed, 01 Jan 2098 00:00:00 GMT"):
        assert amina.put(note, b"new", If_Modified_Since=since).status == 204


@pytest.mark.parametrize("value", ["unquoted", '"open', "(", "(Not)"])
def test_a_condition_that_cannot_be_read_is_refused(amina: Drive, note: str, value: str) -> None:
    name = "If" if value.startswith("(") else "If-Match"
    assert amina.ask("PUT", note, {name: value}, b"lost").status == 400
    assert amina.get(note).body == b"0123456789"


# ── RFC 4918 ────────────────────────────────────────────────────────────────────────────────────


def test_a_tagged_if_header_is_obeyed(amina: Drive, note: str) -> None:
    """W: ignored when tagged."""
    for tag in (f"<{amina.url(note)}>", f"<http://localhost:{amina.caller.port}{amina.url(note)}>"):
        assert amina.put(note, b"lost", If=f'{tag} (["other"])').status == 412
    etag = amina.get(note).header("ETag")
    assert amina.put(note, b"kept", If=f"<{amina.url(note)}> ([{etag}])").status == 204
    assert amina.put(note, b"lost", If='<http://other.example/x> (["e"])').status == 412
    assert amina.get(note).body == b"kept"


def test_one_list_that_holds_is_enough_wherever_it_points(
    amina: Drive, folder: str, note: str
) -> None:
    """W: 412, because only lists about the request's own address are looked at."""
    file, inside = f"<{amina.url(note)}>", f"<{amina.url(folder)}/>"
    assert amina.put(note, TEN, If=f'{file} (["other"]) (Not ["other"])').status == 204
    assert amina.put(note, TEN, If=f'{file} (["other"]) {inside} (Not ["other"])').status == 204
    assert amina.put(note, b"lost", If=f'{file} (["other"]) {inside} (["other"])').status == 412
    assert amina.get(note).body == TEN


def test_a_token_counts_where_its_lock_is(amina: Drive, folder: str, note: str) -> None:
    """W: a token is believed at another address; beside a right entity tag it is not."""
    token = token_of(amina.lock(note))
    etag = amina.get(note).header("ETag")
    elsewhere = f"<{amina.url(folder)}/> (<{token}>)"
    assert amina.put(note, b"lost", If=elsewhere).status == 412
    assert amina.put(note, b"lost", If="(<urn:uuid:none>) (Not <DAV:no-lock>)").status == 423
    assert amina.put(note, TEN, If=f"<{amina.url(note)}> (<{token}> [{etag}])").status == 204
    assert amina.put(note, b"lost", If=f"(<{token}> [{etag}])").status == 412
    assert amina.get(note).body == TEN
    assert amina.unlock(note, token).status == 204


def test_an_if_header_counts_for_looking_too(amina: Drive, note: str) -> None:
    etag = amina.get(note).header("ETag")
    for method in ("GET", "HEAD", "PROPFIND"):
        headers = {"Depth": "0", "If": f"([{etag}])"}
        assert amina.ask(method, note, headers).status in {200, 207}
        assert amina.ask(method, note, {**headers, "If": '(["other"])'}).status == 412
        assert amina.ask(method, note, {**headers, "If": "(Not <urn:x:y>)"}).status in {200, 207}
