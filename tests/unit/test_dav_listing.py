"""What a listing says of an entry."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from davserver.dav.multistatus import Listing, Plan, Propstat, multistatus, response
from davserver.dav.properties import CATEGORY, LETTERS, LIVE, PRIVILEGES, RIGHTS
from davserver.dav.urls import Mount
from davserver.dav.xmlbody import Asked, Wish
from davserver.dav.xmltext import xml_text
from davserver.domain.actions import Action, Category
from davserver.domain.drive import Detail, Entry, LockView
from davserver.domain.nodes import Kind
from davserver.domain.paths import DrivePath
from davserver.domain.several import OfEntries

D = "{DAV:}"
OC = "{http://owncloud.org/ns}"
MOUNT = Mount(("dav",))
AT = datetime(2024, 2, 29, 7, 5, 9, tzinfo=UTC)
FILE = Entry(
    path=DrivePath.parse("/Santé/a & b.pdf"),
    id=bytes(range(16)),
    kind=Kind.FILE,
    etag="e1",
    size=10,
    media_type="application/pdf",
    created=AT,
    modified=AT,
    may=frozenset(Action),
    sha256=bytes(32),
    category=Category.HEALTH,
    properties={"{urn:x}colour": '<colour xmlns="urn:x">red &amp; blue</colour>'},
)
FOLDER = replace(
    FILE, path=DrivePath.parse("/Santé"), kind=Kind.FOLDER, size=None, sha256=None, media_type="",
    properties={}, used=5, available=7,
)  # fmt: skip
LOCK = LockView(
    root=FILE.path,
    token="urn:uuid:1",
    exclusive=True,
    deep=False,
    owner='<o:owner xmlns:o="DAV:">Amina</o:owner>',
    seconds_left=99,
)


def _listed(
    asked: Asked, entry: Entry, *, minimal: bool = False
) -> dict[str, dict[str, etree._Element]]:
    """Status → name → element."""
    text = Listing(asked, MOUNT, minimal=minimal).response(entry)
    body = b"".join(multistatus([text]).body)
    found: dict[str, dict[str, etree._Element]] = {}
    for stat in etree.fromstring(body).iter(D + "propstat"):
        status = str(stat.findtext(D + "status"))
        assert status not in found
        found[status] = {str(one.tag): one for prop in stat.findall(D + "prop") for one in prop}
    return found


OK, MISSING = "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"


def test_every_live_property_of_the_table_is_a_well_formed_element_of_its_name() -> None:
    for entry in (FILE, FOLDER):
        found = _listed(Asked(Wish.SOME, tuple(LIVE)), entry)
        assert {*found[OK], *found.get(MISSING, {})} == set(LIVE)
        assert not {*found[OK]} & {*found.get(MISSING, {})}


def test_values_of_a_file() -> None:
    found = _listed(Asked(Wish.SOME, (*LIVE, "{urn:x}colour", "{urn:x}none", "bare")), FILE)
    texts = {name: "".join(map(str, one.itertext())) for name, one in found[OK].items()}
    assert texts[D + "getetag"] == '"e1"'
    assert texts[D + "displayname"] == "a & b.pdf"
    assert texts[D + "getcontentlength"] == "10"
    assert texts[D + "getlastmodified"] == "Thu, 29 Feb 2024 07:05:09 GMT"
    assert texts[D + "creationdate"] == "2024-02-29T07:05:09Z"
    assert texts[CATEGORY] == "health"
    assert texts["{urn:x}colour"] == "red & blue"
    assert texts[OC + "permissions"] == "RGDNVW"
    assert texts[OC + "fileid"] == str(0x0001020304050607 >> 1)
    assert texts[OC + "checksums"] == "SHA256:" + "00" * 32
    assert len(found[OK][D + "resourcetype"]) == 0
    assert set(found[MISSING]) == {
        *(D + "quota-used-bytes", D + "quota-available-bytes", "{urn:x}none", "bare")
    }


def test_values_of_a_folder() -> None:
    found = _listed(Asked(Wish.SOME, tuple(LIVE)), FOLDER)
    assert [one.tag for one in found[OK][D + "resourcetype"]] == [D + "collection"]
    assert found[OK][D + "quota-used-bytes"].text == "5"
    assert found[OK][D + "quota-available-bytes"].text == "7"
    assert found[OK][OC + "permissions"].text == "RGDNVCK"
    assert {D + "getcontentlength", D + "getcontenttype"} <= set(found[MISSING])


def test_all_properties_are_those_of_the_standard_and_the_dead_ones() -> None:
    found = _listed(Asked(Wish.ALL), FILE)
    assert set(found) == {OK}
    assert set(found[OK]) == {name for name, live in LIVE.items() if live.in_all} | {
        "{urn:x}colour"
    }


def test_all_properties_and_some_more() -> None:
    asked = Asked(Wish.ALL, (OC + "id", "{urn:x}colour", "{urn:x}none"))
    found = _listed(asked, FILE)
    assert {OC + "id", "{urn:x}colour", D + "getetag"} <= set(found[OK])
    assert set(found[MISSING]) == {"{urn:x}none"}


def test_names_come_without_values() -> None:
    found = _listed(Asked(Wish.NAMES), FILE)
    assert set(found) == {OK}
    assert not any(one.text or len(one) for one in found[OK].values())
    assert {D + "getetag", OC + "id", "{urn:x}colour"} <= set(found[OK])
    assert D + "quota-used-bytes" not in found[OK]


def test_a_minimal_answer_has_no_list_of_what_is_missing() -> None:
    assert _listed(Asked(Wish.SOME, ("{urn:x}none",)), FILE, minimal=True) == {OK: {}}


def test_a_lock_is_shown_with_its_token_to_its_holder_only() -> None:
    asked = Asked(Wish.SOME, (D + "lockdiscovery",))
    mine = _listed(asked, replace(FILE, locks=(LOCK,)))[OK][D + "lockdiscovery"][0]
    assert mine.findtext(f"{D}locktoken/{D}href") == "urn:uuid:1"
    assert mine.findtext(f"{D}lockroot/{D}href") == "/dav/Sant%C3%A9/a%20%26%20b.pdf"
    assert mine.findtext(D + "owner") == "Amina"
    assert mine.findtext(D + "timeout") == "Second-99"
    theirs = _listed(asked, replace(FILE, locks=(replace(LOCK, token=None, owner="A & B"),)))
    assert theirs[OK][D + "lockdiscovery"][0].find(D + "locktoken") is None
    assert theirs[OK][D + "lockdiscovery"][0].findtext(D + "owner") == "A & B"


def test_a_lock_from_above_has_a_folder_as_its_root() -> None:
    lock = replace(LOCK, root=DrivePath.parse("/Santé"), deep=True, owner="")
    shown = _listed(Asked(Wish.SOME, (D + "lockdiscovery",)), replace(FILE, locks=(lock,)))
    active = shown[OK][D + "lockdiscovery"][0]
    assert active.findtext(f"{D}lockroot/{D}href") == "/dav/Sant%C3%A9/"
    assert active.findtext(D + "depth") == "infinity"


@pytest.mark.parametrize(
    "entry", [replace(FILE, lockable=False), replace(FILE, may=frozenset({Action.GET}))]
)
def test_a_lock_is_not_offered_where_it_would_be_refused(entry: Entry) -> None:
    assert (
        len(_listed(Asked(Wish.SOME, (D + "supportedlock",)), entry)[OK][D + "supportedlock"]) == 0
    )


def test_a_reader_has_letters_and_privileges_of_a_reader() -> None:
    asked = Asked(Wish.SOME, (OC + "permissions", D + "current-user-privilege-set"))
    reader = replace(FILE, may=frozenset({Action.LIST, Action.GET}))
    found = _listed(asked, reader)[OK]
    assert found[OC + "permissions"].text == "G"
    checksums = Asked(Wish.SOME, (OC + "checksums",))
    assert OK in _listed(checksums, reader)
    assert OK not in _listed(checksums, replace(FILE, may=frozenset({Action.LIST})))
    privileges = [one[0].tag for one in found[D + "current-user-privilege-set"]]
    assert privileges == [D + "read", D + "read-current-user-privilege-set"]


@pytest.mark.parametrize("table", [LETTERS, PRIVILEGES])
def test_every_action_on_the_drive_has_a_letter_and_a_privilege(table: object) -> None:
    on_the_drive = {Action.LIST, Action.GET, Action.PUT, Action.MKCOL, Action.DELETE, Action.RECALL}
    assert on_the_drive <= {row[0] for row in table}  # type: ignore[attr-defined]


def test_a_name_that_xml_cannot_say_does_not_spoil_the_listing() -> None:
    entry = replace(FILE, path=DrivePath(("\ufffe\uffff<&>]]>\u0085\U0001f600",)))
    shown = _listed(Asked(Wish.SOME, (D + "displayname",)), entry)[OK][D + "displayname"]
    assert shown.text == "\ufffd\ufffd<&>]]>\u0085\U0001f600"
    assert xml_text('"') == '"'


@pytest.mark.parametrize("count", [0, 1, 300, 600, 700, 3000])
def test_a_multistatus_is_whole_whatever_its_length(count: int) -> None:
    reply = multistatus(response(f"/dav/{n}", [Propstat("200 OK", "")]) for n in range(count))
    body = b"".join(reply.body)
    hrefs = [one.text for one in etree.fromstring(body).iter(D + "href")]
    assert hrefs == [f"/dav/{n}" for n in range(count)]
    lengths = [value for name, value in reply.headers if name == "Content-Length"]
    assert lengths == ([str(len(body))] if len(body) < 64 * 1024 else [])


ANY = [
    FILE,
    FOLDER,
    replace(FILE, path=DrivePath.parse("/Santé/100 %s.pdf"), etag="e2", size=0),
    replace(FILE, path=DrivePath.parse("/Santé/none.pdf"), properties={}, sha256=None),
    replace(
        FILE, path=DrivePath.parse("/Santé/x"), properties={}, may=frozenset(), media_type="%d/x"
    ),
    replace(FILE, path=DrivePath.parse("/Santé/locked"), locks=(LOCK,)),
    replace(FILE, path=DrivePath(), kind=Kind.FOLDER, size=None, sha256=None, properties={}),
    replace(FOLDER, used=None, available=None, created=AT.replace(year=999, month=1, day=3)),
]


@pytest.mark.parametrize("minimal", [False, True])
@pytest.mark.parametrize(
    "asked",
    [
        Asked(Wish.ALL),
        Asked(Wish.ALL, ("{urn:x}100%s",)),
        Asked(Wish.NAMES),
        Asked(Wish.SOME, tuple(LIVE)),
        Asked(Wish.SOME, ("{urn:x}colour", "{urn:x}100%s", D + "getetag")),
        Asked(Wish.SOME, (D + "getcontentlength", OC + "checksums")),
    ],
    ids=lambda asked: f"{asked.wish.value}-{len(asked.names)}",
)
def test_each_of_many_looks_as_it_does_alone(asked: Asked, minimal: bool) -> None:  # noqa: FBT001
    one_by_one = [Plan(asked, minimal=minimal)._written("/h", each, MOUNT) for each in ANY]
    assert len(set(one_by_one)) > 1
    plan = Plan(asked, minimal=minimal)
    for some in (ANY, ANY[::-1]):
        assert [*plan.responses(["/h"] * len(some), OfEntries(some), MOUNT)] == [
            one_by_one[ANY.index(each)] for each in some
        ]


def test_a_program_that_says_a_new_type_for_each_file_fills_no_memory() -> None:
    plan = Plan(Asked(Wish.SOME, (D + "getcontenttype",)), minimal=False)
    for number in range(1000):
        plan.responses(["/h"], OfEntries([replace(FILE, media_type=f"a/{number}")]), MOUNT)
    assert len(plan._templates) <= 300


def test_whatever_shows_what_somebody_may_do_asks_for_it() -> None:
    may_not = [replace(one, may=frozenset(), lockable=False) for one in (FILE, FOLDER)]
    shows = {
        name
        for name, live in LIVE.items()
        for one, other in zip((FILE, FOLDER), may_not, strict=True)
        if live.render(one, MOUNT) != live.render(other, MOUNT)
    }
    assert shows == RIGHTS
    for name in LIVE:
        asked = Listing(Asked(Wish.SOME, (name,)), MOUNT, minimal=False).details
        assert (Detail.RIGHTS in asked) == (name in RIGHTS)
