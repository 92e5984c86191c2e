"""The If header and its relatives, as RFC 4918 §10.4 and RFC 9110 §13 write them."""

from datetime import UTC, datetime

import pytest

from davserver.dav.destination import Here
from davserver.dav.ifheader import parse_if
from davserver.dav.preconditions import parse_conditions, parse_etags
from davserver.dav.urls import Mount
from davserver.domain.conditions import NONE, Any, ETagTerm, IfList, StateTerm
from davserver.domain.errors import ConditionFailed
from davserver.domain.paths import DrivePath
from davserver.http.malformed import Malformed

PLACING = Here(Mount(("dav",)), "abri.example").place
TOKEN = "urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2"


def _token(name: str, *, negated: bool = False) -> StateTerm:
    return StateTerm(name, None, negated)


def _etag(value: str, *, weak: bool = False, negated: bool = False) -> StateTerm:
    return StateTerm(None, ETagTerm(value, weak), negated)


def _only(*terms: StateTerm, resource: DrivePath | None = None) -> tuple[IfList, ...]:
    return (IfList(resource, terms),)


@pytest.mark.parametrize(
    ("value", "lists"),
    [
        (f"(<{TOKEN}>)", _only(_token(TOKEN))),
        (f'(<{TOKEN}> ["I am an ETag"])', None),
        (f'(<{TOKEN}>["etag"])', _only(_token(TOKEN), _etag("etag"))),
        ('([W/"weak"])', _only(_etag("weak", weak=True))),
        ("(Not <DAV:no-lock>)", _only(_token("DAV:no-lock", negated=True))),
        ('(not ["x"])', _only(_etag("x", negated=True))),
        ("(<a:b>) (<c:d>)", (*_only(_token("a:b")), *_only(_token("c:d")))),
        ("(<a:b>)(Not<c:d>)", (*_only(_token("a:b")), *_only(_token("c:d", negated=True)))),
        ("</dav/x> (<a:b>)", _only(_token("a:b"), resource=DrivePath(("x",)))),
        (
            "<http://abri.example/dav/x>(<a:b>)(<c:d>) </dav/y%20z>(<e:f>)",
            (
                IfList(DrivePath(("x",)), (_token("a:b"),)),
                IfList(DrivePath(("x",)), (_token("c:d"),)),
                IfList(DrivePath(("y z",)), (_token("e:f"),)),
            ),
        ),
    ],
)
def test_the_whole_grammar_is_understood(value: str, lists: tuple[IfList, ...] | None) -> None:
    if lists is None:
        with pytest.raises(Malformed):  # an entity tag has no spaces (RFC 9110 §8.8.3)
            parse_if(value, PLACING)
    else:
        assert parse_if(value, PLACING) == lists


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "()", "(Not)", "(Not Not <a:b>)", "<a:b>", "(<a:b>", "<a:b>)", "((<a:b>))"),
        *(
            "(<a:b>) x",
            "(a:b)",
            '("etag")',
            "([etag])",
            "(<>)",
            "(<a b>)",
            "(<a:b>) </dav/x> (<c:d>)",
        ),
        *("</dav/x>", "</dav/x> </dav/y> (<a:b>)", "</dav/x> (<a:b>) </dav/y>", "(<a:b>)" * 300),
    ],
)
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(Malformed):
        parse_if(value, PLACING)


@pytest.mark.parametrize("tag", ["http://other.example/dav/x", "/elsewhere/x"])
@pytest.mark.parametrize("terms", ["(<a:b>)", "(Not <a:b> <c:d>)"])
def test_a_list_about_somebody_elses_resource_cannot_hold(tag: str, terms: str) -> None:
    with pytest.raises(ConditionFailed):
        parse_if(f"<{tag}> {terms}", PLACING)


def test_what_is_not_true_elsewhere_holds_there() -> None:
    (one,) = parse_if("<http://other.example/x> (Not <a:b>)", PLACING)
    assert one == IfList(None, (_token("DAV:no-lock", negated=True),))


def test_other_lists_still_count_when_one_is_about_elsewhere() -> None:
    lists = parse_if("<http://other.example/x> (<a:b>) </dav/y> (<c:d>)", PLACING)
    assert lists == _only(_token("c:d"), resource=DrivePath(("y",)))


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ("*", Any.ANY),
        (" * ", Any.ANY),
        ('"a"', (ETagTerm("a"),)),
        ('W/"a"', (ETagTerm("a", weak=True),)),
        ('"a", "b,c" ,W/"d"', (ETagTerm("a"), ETagTerm("b,c"), ETagTerm("d", weak=True))),
        ('"a",,"b",', (ETagTerm("a"), ETagTerm("b"))),
        ('""', (ETagTerm(""),)),
    ],
)
def test_entity_tags_are_read(value: str, tags: object) -> None:
    assert parse_etags(value) == tags


@pytest.mark.parametrize("value", ["", ",", "a", '"a', 'a"', '"a" "b"', "*, *", 'w/"a"', '"a"x'])
def test_what_is_no_entity_tag_is_refused_rather_than_passed_over(value: str) -> None:
    with pytest.raises(Malformed):
        parse_etags(value)


def test_no_header_is_no_condition() -> None:
    assert parse_conditions((None,) * 5, PLACING) is NONE


def test_a_date_gives_way_to_an_entity_tag() -> None:
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    found = parse_conditions(('"a"', '"b"', date, date, None), PLACING)
    assert found.modified_since is None
    assert found.unmodified_since is None


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_the_three_forms_of_a_date_are_read(date: str) -> None:
    found = parse_conditions((None, None, date, date, None), PLACING)
    assert found.modified_since == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert found.unmodified_since == found.modified_since


def test_a_date_that_is_none_is_passed_over() -> None:
    found = parse_conditions(
        (None, None, "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", None), PLACING
    )
    assert found.modified_since is None
    assert found.unmodified_since is None


def test_every_token_counts_as_submitted() -> None:
    found = parse_conditions((None, None, None, None, "(<a:b>) (Not <c:d>)"), PLACING)
    assert found.tokens == {"a:b", "c:d"}
