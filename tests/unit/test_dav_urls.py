"""URLs are decoded once, and only ours are places on the drive."""

import pytest

from davserver.dav.destination import Here, destination
from davserver.dav.errors import Declined
from davserver.dav.urls import Mount, raw_path
from davserver.domain.errors import BadInput, BadPath
from davserver.domain.paths import DrivePath
from davserver.http.malformed import Malformed

DAV = Mount(("dav",))
FILES = Mount(("remote.php", "dav", "files", "amina"))
HERE = Here(DAV, "abri.example:8443")


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("/dav/", ()),
        ("/dav", ()),
        ("/dav/a", ("a",)),
        ("/dav//a///b/", ("a", "b")),
        ("/d%61v/a", ("a",)),
        ("/dav/semi;colon.txt", ("semi;colon.txt",)),
        ("/dav/q%3Fmark.txt", ("q?mark.txt",)),
        ("/dav/100%25.txt", ("100%.txt",)),
        ("/dav/%2541", ("%41",)),
        ("/dav/e%CC%81te%CC%81", ("été",)),
        ("/dav/a+b", ("a+b",)),
        ("/dav/a?x=/dav/b", ("a",)),
        ("https://abri.example/dav/a", ("a",)),
        ("/dav/\xc3\xa9t\xc3\xa9", ("été",)),
    ],
)
def test_a_target_is_decoded_exactly_once(target: str, parts: tuple[str, ...]) -> None:
    assert DAV.inside(raw_path(target)) == DrivePath(parts)


@pytest.mark.parametrize("target", ["/", "/davx", "/DAV/a", "/other/dav/a", "https://abri.example"])
def test_a_place_elsewhere_is_on_no_drive(target: str) -> None:
    assert DAV.inside(raw_path(target)) is None


@pytest.mark.parametrize(
    "target",
    [
        *("/dav/a%2Fb", "/dav/a%2fb", "/dav/%00", "/dav/%FF", "/dav/%C3", "/dav/../etc"),
        *("/dav/./a", "/dav/%2e%2E/a", "/dav/%0A", "/dav/" + "x" * 256, "/dav/" + "x/" * 65),
        *("/dav/a#b", "/dav/a b", "/dav/%zz", "/dav/%4", "/dav/\x01", "dav/a", "", "/dav/\u0142"),
    ],
)
def test_a_target_that_is_no_place_is_refused(target: str) -> None:
    with pytest.raises(BadInput):
        DAV.inside(raw_path(target))


@pytest.mark.parametrize(
    ("path", "folder", "href"),
    [
        ("/", True, "/dav/"),
        ("/a", False, "/dav/a"),
        ("/a", True, "/dav/a/"),
        (
            "/l'été & <b>/50%;?#.txt",
            False,
            "/dav/l%27%C3%A9t%C3%A9%20%26%20%3Cb%3E/50%25%3B%3F%23.txt",
        ),
    ],
)
def test_an_href_is_encoded_and_safe_in_xml(path: str, *, folder: bool, href: str) -> None:
    made = DAV.href(DrivePath.parse(path), folder=folder)
    assert made == href
    assert not set(made) & set("<>&'\" ")


def test_hrefs_begin_with_the_prefix_of_their_own_mount() -> None:
    assert FILES.inside("/remote.php/dav/files/amina/x") == DrivePath(("x",))
    assert FILES.href(DrivePath(("x",)), folder=False) == "/remote.php/dav/files/amina/x"
    assert FILES.is_below(DrivePath(("remote.php", "dav")))
    assert FILES.is_below(DrivePath())
    assert not FILES.is_below(DrivePath(("remote.php", "webdav")))
    assert not FILES.is_below(DrivePath(("remote.php", "dav", "files", "amina")))


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("/dav/b", ("b",)),
        ("http://abri.example:8443/dav/b", ("b",)),
        ("https://ABRI.example:8443/dav/b/", ("b",)),
        ("https://abri.example:8443/dav/semi;colon.txt", ("semi;colon.txt",)),
        ("/dav/q%3Fmark.txt", ("q?mark.txt",)),
        (" /dav/c ", ("c",)),
    ],
)
def test_a_destination_on_this_drive_is_a_place(header: str, parts: tuple[str, ...]) -> None:
    assert destination(header, HERE) == DrivePath(parts)


@pytest.mark.parametrize(
    ("host", "header"),
    [
        ("abri.example", "https://abri.example:443/dav/b"),
        ("abri.example:443", "https://abri.example/dav/b"),
        ("abri.example:80", "http://abri.example/dav/b"),
        ("[::1]:8443", "http://[::1]:8443/dav/b"),
    ],
)
def test_the_usual_port_may_be_left_out(host: str, header: str) -> None:
    assert destination(header, Here(DAV, host)) == DrivePath(("b",))


@pytest.mark.parametrize("who", ["karim@", "karim:s%40cret@", "@", "a@b@"])
def test_a_destination_may_say_who_asks(who: str) -> None:
    """As KDE's programs and lftp do; who asks is told by Authorization alone."""
    assert destination(f"https://{who}abri.example:8443/dav/b", HERE) == DrivePath(("b",))


@pytest.mark.parametrize(
    "header",
    [
        *("https://other.example/dav/b", "https://abri.example/dav/b", "/elsewhere/b", "/"),
        *("https://abri.example:8443@other.example/dav/b", "https://abri.example:8443", "/DAV/b"),
    ],
)
def test_a_destination_elsewhere_is_a_bad_gateway(header: str) -> None:
    with pytest.raises(Declined) as no:
        destination(header, HERE)
    assert no.value.status == 502


@pytest.mark.parametrize(
    "header", [None, "", "b", "//dav/b", "/dav/b?x=1", "/dav/b#c", "/dav/a b", "/dav/%GG"]
)
def test_a_destination_that_is_no_url_is_refused(header: str | None) -> None:
    with pytest.raises(Malformed):
        destination(header, HERE)


def test_a_destination_cannot_climb_out() -> None:
    with pytest.raises(BadPath):
        destination("/dav/../dav/b", HERE)
