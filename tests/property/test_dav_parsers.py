"""Whatever arrives, a parser understands it or says that it does not."""

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, unquote

from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from davserver.dav import fields
from davserver.dav.destination import Here, destination
from davserver.dav.errors import Declined
from davserver.dav.ifheader import parse_if
from davserver.dav.multistatus import Propstat, empty_element, multistatus, response
from davserver.dav.patching import plan_of
from davserver.dav.preconditions import parse_etags
from davserver.dav.urls import Mount, raw_path
from davserver.dav.xmlbody import parse_lockinfo, parse_propfind, parse_proppatch
from davserver.dav.xmltext import quoted, xml_text
from davserver.db.clock import from_us, to_us
from davserver.domain.conditions import ETagTerm, IfList, StateTerm
from davserver.domain.errors import BadInput, BadPath, ConditionFailed, TooLarge, Truncated
from davserver.domain.paths import MAX_SEGMENTS, DrivePath, clean_name, quoted_all
from davserver.http.dates import from_unix, http_date, iso_date, parsed_http_date
from davserver.http.ranges import Unsatisfiable, asked_span
from davserver.http.streams import Body

MOUNT = Mount(("dav",))
HERE = Here(MOUNT, "abri.example")

header_text = st.binary(max_size=200).map(lambda raw: raw.decode("latin-1"))
if_like = st.lists(
    st.sampled_from(
        [
            *("(", ")", "Not", " ", "<urn:a>", "</dav/x>", "<http://other/x>", '["e"]', '[W/"e"]'),
            *("<", ">", "[", "]", '"', "*", ",", "\t", "é", "(<urn:b>)"),
        ]
    ),
    max_size=20,
).map("".join)


def _names() -> st.SearchStrategy[str]:
    def is_name(text: str) -> bool:
        with suppress(BadInput):
            return clean_name(text) == text
        return False

    return st.text(min_size=1, max_size=30).filter(is_name)


paths = st.lists(_names(), max_size=5).map(lambda parts: DrivePath(tuple(parts)))


@given(header_text | if_like)
def test_an_if_header_is_understood_or_refused(value: str) -> None:
    with suppress(BadInput, ConditionFailed):
        assert parse_if(value, HERE.place)


tokens = st.from_regex(r"[a-z]{1,8}:[A-Za-z0-9/.#-]{1,20}", fullmatch=True)
etags = st.builds(ETagTerm, st.from_regex(r"[!#-~]{0,12}", fullmatch=True), st.booleans())
terms = st.builds(StateTerm, tokens, st.none(), st.booleans()) | st.builds(
    StateTerm, st.none(), etags, st.booleans()
)


def _written(term: StateTerm) -> str:
    if term.etag is None:
        state = f"<{term.token}>"
    else:
        state = f'[{"W/" if term.etag.weak else ""}"{term.etag.value}"]'
    return f"Not {state}" if term.negated else state


@given(st.lists(st.tuples(paths, st.lists(terms, min_size=1, max_size=4)), min_size=1, max_size=4))
def test_an_if_header_that_was_written_is_read_back(
    lists: list[tuple[DrivePath, list[StateTerm]]],
) -> None:
    value = " ".join(
        f"<{MOUNT.href(place, folder=False)}> ({' '.join(map(_written, inner))})"
        for place, inner in lists
    )
    assert parse_if(value, HERE.place) == tuple(IfList(p, tuple(inner)) for p, inner in lists)


@given(header_text)
def test_entity_tags_are_understood_or_refused(value: str) -> None:
    with suppress(BadInput):
        parse_etags(value)


@given(st.lists(etags, min_size=1, max_size=5))
def test_entity_tags_that_were_written_are_read_back(tags: list[ETagTerm]) -> None:
    value = ", ".join(f'{"W/" if tag.weak else ""}"{tag.value}"' for tag in tags)
    assert parse_etags(value) == tuple(tags)


@given(header_text.map(lambda text: "/dav/" + text) | header_text | st.text(max_size=50))
def test_a_target_is_a_place_or_refused(target: str) -> None:
    with suppress(BadInput):
        place = MOUNT.inside(raw_path(target))
        if place is not None:
            assert MOUNT.inside(raw_path(MOUNT.href(place, folder=False))) == place


@given(paths)
def test_an_href_leads_back_to_its_place(place: DrivePath) -> None:
    for folder in (True, False):
        href = MOUNT.href(place, folder=folder)
        assert href.isascii()
        assert MOUNT.inside(raw_path(href)) == place
        assert destination(f"https://abri.example{href}", HERE) == place


odd_names = st.text(max_size=6) | st.sampled_from(
    [
        ".",
        "..",
        "...",
        "e\u0301",
        "\u0338=",
        "x" * 255,
        "é" * 127,
        "é" * 128,
        "\U0001f600" * 64,
        "\x85",
    ]
)


@given(st.lists(odd_names.map(lambda name: name.replace("/", "")), max_size=MAX_SEGMENTS + 1))
@example(["x"] * MAX_SEGMENTS)
@example(["x"] * (MAX_SEGMENTS + 1))
def test_a_path_is_what_its_names_are_one_by_one(names: list[str]) -> None:
    together = "/" + "//".join(names)
    for path in ("/".join(names), together):
        assert _told(lambda path=path: DrivePath.parse(path).parts) == _told(lambda: _each(names))
    assert _told(lambda: DrivePath.from_url(quote(together)).parts) == _told(lambda: _each(names))


def _each(names: list[str]) -> tuple[str, ...]:
    parts = tuple(clean_name(name) for name in names if name)
    if len(parts) > MAX_SEGMENTS:
        raise BadPath(f"more than {MAX_SEGMENTS} folders deep")
    return parts


def _told(ask: Callable[[], tuple[str, ...]]) -> tuple[str, ...] | str:
    try:
        return ask()
    except BadPath as wrong:
        return str(wrong)


def test_a_path_may_be_as_deep_below_any_mount() -> None:
    deep = DrivePath(("x",) * MAX_SEGMENTS)
    for mount in (MOUNT, Mount(("remote.php", "dav", "files", "amina"))):
        assert mount.inside(mount.href(deep, folder=True)) == deep


@given(header_text | st.text(max_size=50))
def test_a_destination_is_a_place_or_refused(value: str) -> None:
    with suppress(BadInput, Declined):
        assert isinstance(destination(value, HERE), DrivePath)


@given(header_text, st.sampled_from([parse_propfind, parse_proppatch, parse_lockinfo]))
def test_any_bytes_are_xml_or_refused(text: str, parse: object) -> None:
    with suppress(BadInput, TooLarge):
        parse(text.encode("latin-1"))  # type: ignore[operator]


xml_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,10}", fullmatch=True)
spaces = st.sampled_from(["DAV:", "urn:x", "http://owncloud.org/ns", "urn:a&b'c", ""])
values = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff\r").filter(
        lambda c: c in "\t\n" or ord(c) >= 0x20
    ),
    max_size=50,
)


@given(st.lists(st.tuples(spaces, xml_names, values), min_size=1, max_size=5))
def test_a_property_that_was_set_is_stored_as_it_was(
    props: list[tuple[str, str, str]],
) -> None:
    root = etree.Element("{DAV:}propertyupdate")
    holder = etree.SubElement(etree.SubElement(root, "{DAV:}set"), "{DAV:}prop")
    for space, name, value in props:
        etree.SubElement(holder, f"{{{space}}}{name}" if space else name).text = value
    changes = parse_proppatch(etree.tostring(root))
    for change, (space, name, value) in zip(changes, props, strict=True):
        assert change.name == (f"{{{space}}}{name}" if space else name)
        stored = etree.fromstring(change.xml or "")
        assert (stored.tag, stored.text or "") == (change.name, value)
        body = b"".join(multistatus([response("/", [Propstat("200 OK", change.xml or "")])]).body)
        (shown,) = etree.fromstring(body).iter(change.name)
        assert (shown.text or "") == value
    assert set(plan_of(changes).names) == {change.name for change in changes}


@given(spaces, xml_names)
def test_an_empty_element_has_the_name_that_it_stands_for(space: str, name: str) -> None:
    clark = f"{{{space}}}{name}" if space else name
    body = b"".join(multistatus([response("/", [Propstat("200 OK", empty_element(clark))])]).body)
    assert etree.fromstring(body).find(f".//{clark}") is not None


@given(_names())
def test_every_name_that_a_drive_may_hold_can_be_listed(name: str) -> None:
    (element,) = etree.fromstring(f"<a><b>{xml_text(name)}</b></a>")
    assert element.text == name.translate({0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD})


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], min_codepoint=0x20) | st.sampled_from("\t\n\r")
    )
)
def test_every_text_can_be_an_attribute(text: str) -> None:
    text = text.translate({0xFFFE: None, 0xFFFF: None})
    assert etree.fromstring(f"<a b={quoted(text)}/>".encode()).get("b") == text


@given(header_text)
@example("\x1c0")
def test_small_fields_are_understood_or_refused(value: str) -> None:
    depth = partial(fields.depth, allowed=fields.ANY_DEPTH)
    for parse in (depth, fields.overwrite, fields.lock_token, fields.length):
        with suppress(BadInput, Declined):
            parse(value)
    assert 1 <= fields.timeout(value, usual=600, longest=3600) <= 3600
    with suppress(BadInput):
        fields.digests(checksum=value, content_md5=value, dictionaries=(value,))
    from_unix(value)
    parsed_http_date(value)


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
def test_a_date_that_was_written_is_read_back(at: datetime) -> None:
    if at.year >= 1000:
        assert parsed_http_date(http_date(at)) == at.replace(microsecond=0)
    assert iso_date(at) == f"{at.isoformat()[:19]}Z"
    assert from_us(to_us(at)) == at


@given(
    st.lists(
        _names() | st.from_regex(r"[a-z0-9 ._~-]{1,9}", fullmatch=True), min_size=1, max_size=5
    )
)
def test_many_names_are_encoded_as_each_of_them_is(names: list[str]) -> None:
    quoted = [quote(name, safe="") for name in names]
    assert quoted_all(names) == quoted
    assert [*map(unquote, quoted)] == names


@given(st.from_regex(r"bytes=\d{0,3}-\d{0,3}", fullmatch=True) | header_text, st.integers(0, 200))
def test_a_range_lies_within_the_file(value: str, size: int) -> None:
    with suppress(Unsatisfiable):
        span = asked_span(value, None, etag="e", size=size)
        if span is not None:
            assert span.length > 0
            assert 0 <= span.offset <= span.offset + span.length <= size


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(1, 100))
def test_a_body_gives_exactly_what_was_announced_or_an_error(
    sent: bytes, announced: int, size: int
) -> None:
    body = Body(io.BytesIO(sent), announced)
    got = b""
    try:
        while piece := body.read(size):
            got += piece
    except Truncated:
        assert len(sent) < announced
    else:
        assert got == sent[:announced]
        assert len(got) == announced
