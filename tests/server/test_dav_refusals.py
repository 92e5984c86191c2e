"""The drive over HTTP: bodies, connections, and what a refusal tells.

W: stock WsgiDAV or the server that it comes with fails this (docs/webdav.md).
"""

import pytest
from lxml import etree

from tests.support.dav import DAV, Drive
from tests.support.http import Caller, chunked
from tests.support.instance import Server

pytestmark = pytest.mark.server


def test_xml_has_a_limit(amina: Drive, folder: str) -> None:
    """W: parses 120 MB of it, in memory."""
    long = b"<propfind xmlns='DAV:'><allprop/><!--" + b"x" * 70_000 + b"--></propfind>"
    assert amina.ask("PROPFIND", folder, {"Depth": "0"}, long).status == 413
    sent = {"Depth": "0", "Transfer-Encoding": "chunked"}
    assert amina.ask("PROPFIND", folder, sent, chunked(long)).status == 413


@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "LOCK"])
def test_a_doctype_is_refused(amina: Drive, folder: str, method: str) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>'
    assert amina.ask(method, folder, {"Depth": "0"}, bomb).status == 400


def test_a_stranger_is_asked_for_a_name_before_anything_is_read(served: Server) -> None:
    """W: reads 80 MB of an upload into memory before it refuses."""
    with Caller(served.instance.port) as stranger:
        head = stranger.head("PUT", "/dav/x", {"Content-Length": str(10**9)})
        stranger.connection.send(head)
        answer = stranger.connection.answer()
    assert answer.status == 401
    assert answer.header("WWW-Authenticate") == 'Basic realm="Abri", charset="UTF-8"'
    assert (answer.header("Connection") or "").lower() == "close"


def test_a_refused_chunked_upload_is_not_taken_for_the_next_request(served: Server) -> None:
    """W: what is left of the body is answered as a request of its own."""
    with Caller(served.instance.port, again=False) as stranger:
        body = chunked(b"GET /dav/ HTTP/1.1\r\n\r\n")
        answer = stranger.ask("PUT", "/dav/x", {"Transfer-Encoding": "chunked"}, body)
        assert answer.status == 401
        assert not stranger.connection.is_open


def test_a_connection_survives_a_refusal_of_something_small(served: Server) -> None:
    with Caller(served.instance.port, again=False) as stranger:
        for _ in range(3):
            assert stranger.ask("PROPFIND", "/dav/", {"Depth": "0"}, b"<a/>").status == 401
            assert stranger.connection.is_open


@pytest.mark.parametrize(
    ("method", "status"), [("POST", 405), ("PATCH", 405), ("BREW", 501), ("VERSION-CONTROL", 501)]
)
def test_a_method_that_is_not_ours_is_told_which_are(
    amina: Drive, served: Server, method: str, status: int
) -> None:
    answer = amina.ask(method, "/anything", body=b"<a/>")
    assert answer.status == status
    assert "PROPFIND" in (answer.header("Allow") or "")
    with Caller(served.instance.port) as stranger:
        assert stranger.ask(method, "/dav/anything").status == 401


def test_a_body_without_a_meaning_is_refused(amina: Drive, note: str) -> None:
    for method in ("GET", "HEAD", "DELETE", "UNLOCK"):
        assert amina.ask(method, note, body=b"x").status == 415
    assert amina.get(note).status == 200


def test_options_needs_nobody_and_tells_nothing(served: Server) -> None:
    with Caller(served.instance.port) as stranger:
        answers = {
            path: stranger.ask("OPTIONS", path)
            for path in ("/", "*", "/dav", "/dav/", "/dav/there/is/nothing", "/other")
        }
    for answer in answers.values():
        assert answer.status == 200
        assert answer.header("DAV") == "1, 2, 3"
        assert answer.header("MS-Author-Via") == "DAV"
        assert answer.header("Content-Length") == "0"
        assert answer.header("Allow") == answers["/"].header("Allow")


def test_an_error_tells_no_more_than_the_request_did(amina: Drive, folder: str, note: str) -> None:
    """W: error pages carry paths and the name of the program."""
    answers = [
        amina.get(f"{folder}/nothing-here"),
        amina.mkcol(folder),
        amina.put(f"{folder}/none/x", b""),
        amina.copy(note, f"{folder}/none/y"),
    ]
    for answer in answers:
        for word in (folder, "nothing-here", "Traceback", "wsgidav", "davserver", "python"):
            assert word not in answer.text()
        assert etree.fromstring(answer.body).tag == f"{DAV}error"
