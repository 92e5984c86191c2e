"""What the guard lets in, and what it answers itself. Behind it is a function that says what
arrived.
"""

import io
import ipaddress
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from authn.credentials import AppPassword, Password
from davserver.config import Listen, defaults
from davserver.dav.environ import Request
from davserver.dav.guard import Guard
from davserver.dav.login import parse_basic
from davserver.dav.reply import Reply, empty
from davserver.dav.urls import Mount
from davserver.domain.errors import NotSignedIn
from davserver.domain.paths import DrivePath

LISTEN = defaults(Path("abri")).listen
BEHIND_PROXY = replace(LISTEN, proxies=(ipaddress.ip_network("10.0.0.0/8"),))
PLAIN = replace(LISTEN, plain_http=True)
MOUNTS = (Mount(("dav",)), Mount(("remote.php", "webdav")))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    arrived: Request | None


def ask(
    method: str,
    target: str,
    *,
    listen: Listen = LISTEN,
    body: bytes = b"",
    scheme: str = "https",
    peer: str = "192.0.2.1",
    **headers: str,
) -> Answer:
    """Header names with `_` for `-`."""
    source = io.BytesIO(body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": target,
        "PATH_INFO": "/what/the/server/made/of/it",
        "SCRIPT_NAME": "",
        "REMOTE_ADDR": peer,
        "wsgi.url_scheme": scheme,
        "wsgi.input": source,
        **{
            name if name in {"CONTENT_LENGTH", "CONTENT_TYPE"} else f"HTTP_{name}": value
            for name, value in ((key.upper(), value) for key, value in headers.items())
        },
    }
    if body:
        environ.setdefault("CONTENT_LENGTH", str(len(body)))
    arrived: list[Request] = []
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def inside(request: Request) -> Reply:
        arrived.append(request)
        return empty(HTTPStatus.ACCEPTED)

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        started.append((status, headers))

    text = b"".join(Guard(MOUNTS, listen, inside)(environ, start_response))
    ((status, sent),) = started
    return Answer(int(status[:3]), dict(sent), text, arrived[0] if arrived else None)


@pytest.mark.parametrize(
    ("target", "mount", "parts"),
    [
        ("/dav/", "/dav", ()),
        ("/dav/a//b/", "/dav", ("a", "b")),
        ("/dav/e%CC%81", "/dav", ("é",)),
        ("/dav/\xc3\xa9", "/dav", ("é",)),
        ("/remote.php/webdav/x", "/remote.php/webdav", ("x",)),
        ("https://abri.example/dav/x?y", "/dav", ("x",)),
        ("/dav/x?y", "/dav", ("x",)),
        ("/d%61v/x", "/dav", ("x",)),
    ],
)
def test_the_path_comes_from_the_raw_target(
    target: str, mount: str, parts: tuple[str, ...]
) -> None:
    request = ask("GET", target).arrived
    assert request is not None
    assert (request.mount.prefix, request.path) == (mount, DrivePath(parts))


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/dav/a%2Fb", {}),
        ("/dav/%00", {}),
        ("/dav/\x01", {}),
        ("/dav/%FF", {}),
        ("/dav/" + "x" * 300, {}),
        ("/dav/..", {}),
        ("/dav/a#b", {}),
        ("/other/%2e%2e/dav", {}),
        ("/dav/a", {"content_length": "-1"}),
        ("/dav/a", {"content_length": "1e3"}),
        ("/dav/a", {"content_length": "5", "transfer_encoding": "chunked"}),
        ("/dav/a", {"transfer_encoding": "gzip, chunked"}),
    ],
)
def test_what_is_not_clear_is_refused(target: str, headers: dict[str, str]) -> None:
    answer = ask("PUT", target, **headers)
    assert answer.status == 400
    assert answer.arrived is None


def test_a_certificate_that_a_proxy_names_comes_in_and_a_strangers_does_not() -> None:
    listen = replace(BEHIND_PROXY, certificate_header="X-Client-Cert")
    for peer, certificate in (("10.0.0.1", b"\x01\x02"), ("192.0.2.1", None)):
        request = ask("GET", "/dav/", listen=listen, peer=peer, x_client_cert=":AQI=:").arrived
        assert request is not None
        assert request.certificate == certificate
        assert "HTTP_X_CLIENT_CERT" not in request.environ


@pytest.mark.parametrize(
    "headers",
    [
        {"content_length": "-1"},
        {"content_length": "5", "transfer_encoding": "chunked"},
    ],
)
def test_a_connection_whose_next_request_cannot_be_found_is_closed(
    headers: dict[str, str],
) -> None:
    assert ask("PUT", "/dav/a", **headers).headers["Connection"] == "close"


def test_an_early_answer_to_a_long_body_closes_the_connection() -> None:
    answer = ask("PROPFIND", "/dav/", body=b"x" * (64 * 1024 + 1))
    assert answer.status == 413
    assert answer.headers["Connection"] == "close"
    assert "Connection" not in ask("PROPFIND", "/other", body=b"x").headers
    assert ask("PUT", "/other", transfer_encoding="chunked").headers["Connection"] == "close"


@pytest.mark.parametrize(("method", "status"), [("PROPPATCH", 413), ("MKCOL", 413), ("BREW", 413)])
def test_a_body_is_as_long_as_its_method_allows(method: str, status: int) -> None:
    assert ask(method, "/dav/a", body=b"x" * 300_000).status == status


def test_an_upload_may_be_of_any_length() -> None:
    assert ask("PUT", "/dav/a", content_length=str(10**12)).arrived is not None


def test_a_method_that_is_not_ours_is_for_those_who_signed_in() -> None:
    for method in ("POST", "REPORT", "BREW"):
        assert ask(method, "/dav/a").arrived is not None
        assert ask(method, "/").status == 405


@pytest.mark.parametrize("method", ["get", "G T", "", "X" * 40])
def test_a_method_that_is_none_is_refused(method: str) -> None:
    assert ask(method, "/dav/a").status == 400


@pytest.mark.parametrize("target", ["*", "/", "/remote.php", "/remote.php/", "/nowhere/at/all"])
def test_options_is_answered_everywhere(target: str) -> None:
    answer = ask("OPTIONS", target)
    assert answer.status == 200
    assert answer.headers["DAV"] == "1, 2, 3"
    assert answer.headers["MS-Author-Via"] == "DAV"
    assert answer.headers["Content-Length"] == "0"
    assert "LOCK" in answer.headers["Allow"]
    assert answer.body == b""


def test_the_root_says_where_the_drive_is() -> None:
    assert b"/dav/" in ask("GET", "/").body
    head = ask("HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0
    assert ask("DELETE", "/").status == 405
    assert ask("GET", "/nowhere").status == 404


def _listed(answer: Answer) -> list[str]:
    return [str(one.text) for one in etree.fromstring(answer.body).iter("{DAV:}href")]


def test_a_client_finds_the_way_down_from_the_root() -> None:
    assert _listed(ask("PROPFIND", "/", depth="1")) == ["/", "/dav/", "/remote.php/"]
    assert _listed(ask("PROPFIND", "/", depth="0")) == ["/"]
    assert _listed(ask("PROPFIND", "/remote.php/", depth="1")) == [
        *("/remote.php/", "/remote.php/webdav/")
    ]
    assert ask("PROPFIND", "/nowhere", depth="0").status == 404
    assert ask("PROPFIND", "/").status == 403


@pytest.mark.parametrize(
    "wish", ["<D:allprop/>", "<D:propname/>", "<D:prop><D:resourcetype/></D:prop>"]
)
def test_the_root_is_a_collection_however_it_is_asked(wish: str) -> None:
    body = f'<D:propfind xmlns:D="DAV:">{wish}</D:propfind>'.encode()
    root = etree.fromstring(ask("PROPFIND", "/", body=body, depth="0").body)
    assert root.find(".//{DAV:}prop/{DAV:}resourcetype") is not None


def test_the_root_has_no_other_properties() -> None:
    body = b'<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
    root = etree.fromstring(ask("PROPFIND", "/", body=body, depth="0").body)
    assert [one.text for one in root.iter("{DAV:}status")] == ["HTTP/1.1 404 Not Found"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("target", ["/dav/", "/"])
def test_plain_http_is_refused_and_never_asks_for_a_password(method: str, target: str) -> None:
    answer = ask(method, target, scheme="http", authorization="Basic eDp5", depth="0")
    assert answer.status == 403
    assert "WWW-Authenticate" not in answer.headers
    assert b"https" in answer.body
    assert answer.arrived is None


def test_plain_http_is_served_where_the_listener_is_for_this_machine_only() -> None:
    assert ask("GET", "/dav/", scheme="http", listen=PLAIN).arrived is not None


@pytest.mark.parametrize(("proto", "served"), [("https", True), ("http", False), (None, False)])
def test_a_listed_proxy_is_believed_about_the_line_of_its_client(
    proto: str | None, *, served: bool
) -> None:
    headers = {"x_forwarded_proto": proto} if proto else {}
    answer = ask("GET", "/dav/", listen=BEHIND_PROXY, scheme="http", peer="10.1.2.3", **headers)
    assert (answer.arrived is not None) is served


@pytest.mark.parametrize(
    ("field", "value"),
    [("x_forwarded_for", "198.51.100.7"), ("forwarded", "for=198.51.100.7;proto=https")],
)
@pytest.mark.parametrize(("proxy", "address"), [("10.1.2.3", "198.51.100.7"), ("192.0.2.1",) * 2])
def test_the_request_carries_the_address_that_a_listed_proxy_says(
    field: str, value: str, proxy: str, address: str
) -> None:
    request = ask("GET", "/dav/", listen=BEHIND_PROXY, peer=proxy, **{field: value}).arrived
    assert request is not None
    assert request.address == address


@pytest.mark.parametrize(
    ("header", "login", "secret"),
    [
        ("Basic YW1pbmE6cGFzczp3b3Jk", "amina", b"pass:word"),
        ("basic  YW1pbmE6cGFzczp3b3Jk ", "amina", b"pass:word"),
        ("Basic Q0NBU1xhbWluYTp4", "CCAS\\amina", b"x"),
        ("Basic YW1pbmE6w6k=", "amina", "é".encode()),
        ("Basic YW1pbmE66Q==", "amina", "é".encode()),
        ("Basic YW1pbmE6", "amina", b""),
    ],
)
def test_a_password_is_read(header: str, login: str, secret: bytes) -> None:
    found = parse_basic(header)
    assert isinstance(found, Password)
    assert found.login == login
    assert found.secret.reveal() == secret


def test_an_app_password_is_known_by_its_shape() -> None:
    import base64

    text = base64.b64encode(f"amina:abri_{'0' * 32}_{'a' * 32}".encode()).decode()
    assert isinstance(parse_basic(f"Basic {text}"), AppPassword)


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic", "Basic !", "Basic YW1pbmE=", "Basic OnBhc3M=", "Bearer YTpi", "Digest a=b"],
)
def test_anything_else_is_nobody(header: str | None) -> None:
    with pytest.raises(NotSignedIn):
        parse_basic(header)
