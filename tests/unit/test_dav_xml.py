"""What clients ask for in XML."""

from datetime import UTC, datetime

import pytest
from lxml import etree

from davserver.dav.multistatus import empty_element
from davserver.dav.patching import Wrong, outcome, plan_of
from davserver.dav.properties import ABRI, CATEGORY, LIVE
from davserver.dav.xmlbody import (
    Asked,
    Wish,
    parse_lockinfo,
    parse_propfind,
    parse_proppatch,
    text_of,
)
from davserver.domain.actions import Category
from davserver.domain.drive import Classify, PropertyChange
from davserver.domain.errors import TooLarge
from davserver.http.malformed import Malformed

D = "{DAV:}"


def _propfind(inner: str) -> bytes:
    return f'<D:propfind xmlns:D="DAV:" xmlns:x="urn:x">{inner}</D:propfind>'.encode()


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (b"", Asked(Wish.ALL)),
        (b" \r\n", Asked(Wish.ALL)),
        (_propfind("<D:allprop/>"), Asked(Wish.ALL)),
        (_propfind("<D:propname/>"), Asked(Wish.NAMES)),
        (
            _propfind("<D:prop><D:getetag/><x:a/></D:prop>"),
            Asked(Wish.SOME, (D + "getetag", "{urn:x}a")),
        ),
        (_propfind("<D:prop/>"), Asked(Wish.SOME)),
        (_propfind("<D:prop><x:a/><x:a/></D:prop>"), Asked(Wish.SOME, ("{urn:x}a",))),
        (_propfind('<D:prop><a xmlns=""/></D:prop>'), Asked(Wish.SOME, ("a",))),
        (_propfind("<D:allprop/><D:include><x:a/></D:include>"), Asked(Wish.ALL, ("{urn:x}a",))),
        (_propfind("<x:new/><!-- - --><?pi ?><D:allprop/>"), Asked(Wish.ALL)),
    ],
)
def test_what_a_propfind_asks_for(body: bytes, asked: Asked) -> None:
    assert parse_propfind(body) == asked


@pytest.mark.parametrize(
    "body",
    [
        *(b"<", b"x", b"<D:propfind/>", b'<propfind xmlns="urn:x"><allprop/></propfind>'),
        *(_propfind(""), _propfind("<D:allprop/><D:propname/>"), _propfind("<x:y/>")),
        _propfind("<D:propname/><D:include><x:a/></D:include>"),
        _propfind("<D:prop><y:a/></D:prop>"),
        _propfind('<D:prop><b:a xmlns:b=""/></D:prop>'),
        _propfind("<D:allprop/>") + b"<more/>",
        b"\xff\xfe" + b"<a/>",
        b"<" * 100_000,
        b"<a>" * 100_000,
    ],
)
def test_what_is_no_propfind_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_propfind(body)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE propfind>",
        '<!DOCTYPE a [<!ENTITY e "x">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>',
    ],
)
def test_a_doctype_never_comes_in(doctype: str, coding: str) -> None:
    body = doctype + '<propfind xmlns="DAV:"><allprop/></propfind>'
    with pytest.raises(Malformed, match="DOCTYPE"):
        parse_propfind(body.encode(coding))


def test_too_many_names_are_too_much() -> None:
    names = "".join(f"<x:a{n}/>" for n in range(301))
    with pytest.raises(TooLarge):
        parse_propfind(_propfind(f"<D:prop>{names}</D:prop>"))


def _update(inner: str) -> bytes:
    return f'<D:propertyupdate xmlns:D="DAV:" xmlns:x="urn:x">{inner}</D:propertyupdate>'.encode()


def test_changes_keep_the_order_of_the_document() -> None:
    changes = parse_proppatch(
        _update(
            "<D:set><D:prop><x:a>1</x:a></D:prop></D:set><D:remove><D:prop><x:a/><x:b/></D:prop>"
            "</D:remove><D:set><D:prop><x:b/></D:prop></D:set>"
        )
    )
    names = [(change.name, change.xml is not None) for change in changes]
    assert names == [
        ("{urn:x}a", True),
        ("{urn:x}a", False),
        ("{urn:x}b", False),
        ("{urn:x}b", True),
    ]


def test_a_stored_property_means_the_same_on_its_own() -> None:
    (change,) = parse_proppatch(
        _update(
            '<D:set xml:lang="fr"><D:prop><x:a xmlns:y="urn:y" k="v">é<y:b/><![CDATA[<>]]> t</x:a>'
            "</D:prop></D:set>"
        )
    )
    assert change.xml is not None
    element = etree.fromstring(change.xml)
    assert element.tag == "{urn:x}a"
    assert element.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert element.get("k") == "v"
    assert [child.tag for child in element] == ["{urn:y}b"]
    assert text_of(change.xml) == "é<> t"


@pytest.mark.parametrize("inner", ["", "<D:set/>", "<D:set><D:prop/></D:set>", "<x:set/>"])
def test_a_proppatch_that_changes_nothing_is_refused(inner: str) -> None:
    with pytest.raises(Malformed):
        parse_proppatch(_update(inner))


def _plan(inner: str):
    return plan_of(parse_proppatch(_update(inner)))


def test_every_live_property_but_the_date_and_the_category_is_protected() -> None:
    for name in set(LIVE) - {CATEGORY}:
        element = empty_element(name).replace("ucb:", "x:").replace("oc:", "x:")
        if element.startswith("<x:"):
            element = f'<a{element[3:-2]} xmlns="{name[1:].partition("}")[0]}"/>'.replace(
                "<a", "<", 1
            )
        plan = _plan(f"<D:remove><D:prop>{element}</D:prop></D:remove>")
        assert plan.wrong == {name: Wrong.PROTECTED}, name


@pytest.mark.parametrize(
    "element",
    [
        "<D:lastmodified>1700000000</D:lastmodified>",
        "<D:getlastmodified>Tue, 14 Nov 2023 22:13:20 GMT</D:getlastmodified>",
    ],
)
def test_the_date_can_be_set_as_clients_do(element: str) -> None:
    plan = _plan(f"<D:set><D:prop>{element}<x:a/></D:prop></D:set>")
    assert plan.patch.modified == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert plan.patch.dead == (PropertyChange("{urn:x}a", plan.patch.dead[0].xml),)
    assert not plan.wrong


def test_a_date_that_is_none_is_a_conflict() -> None:
    plan = _plan("<D:set><D:prop><D:getlastmodified>now</D:getlastmodified></D:prop></D:set>")
    assert plan.wrong == {D + "getlastmodified": Wrong.NO_DATE}


@pytest.mark.parametrize("word", [*Category, ""])
def test_a_category_is_one_of_the_words_or_that_of_the_folder(word: str) -> None:
    element = f'<category xmlns="{ABRI}"> {word}\n</category>'
    plan = _plan(f"<D:set><D:prop>{element}</D:prop></D:set>")
    assert plan.patch.classify == Classify(Category(word) if word else None)
    assert not plan.wrong
    plan = _plan(f"<D:remove><D:prop>{element}</D:prop></D:remove>")
    assert plan.patch.classify == Classify(None)


def test_a_category_that_is_none_is_a_conflict() -> None:
    element = f'<category xmlns="{ABRI}">Housing</category>'
    plan = _plan(f"<D:set><D:prop>{element}</D:prop></D:set>")
    assert plan.wrong == {CATEGORY: Wrong.NO_CATEGORY}
    (stat,) = outcome(plan, "en")
    assert (stat.status, "not a category" in stat.explanation) == ("409 Conflict", True)


def test_a_failure_keeps_the_others_from_happening() -> None:
    plan = _plan("<D:set><D:prop><x:a/><D:getetag>e</D:getetag></D:prop></D:set>")
    stats = {one.status: one for one in outcome(plan, "en")}
    assert set(stats) == {"403 Forbidden", "424 Failed Dependency"}
    assert "cannot-modify-protected-property" in stats["403 Forbidden"].explanation
    assert stats["424 Failed Dependency"].elements == empty_element("{urn:x}a")


def test_properties_of_windows_are_dead_ones() -> None:
    plan = _plan(
        '<D:set><D:prop xmlns:Z="urn:schemas-microsoft-com:"><Z:Win32LastModifiedTime>x'
        "</Z:Win32LastModifiedTime></D:prop></D:set>"
    )
    assert [change.name for change in plan.patch.dead] == [
        "{urn:schemas-microsoft-com:}Win32LastModifiedTime"
    ]


def _lockinfo(inner: str) -> bytes:
    return f'<D:lockinfo xmlns:D="DAV:">{inner}</D:lockinfo>'.encode()


_WRITE = "<D:locktype><D:write/></D:locktype>"


@pytest.mark.parametrize("scope", ["exclusive", "shared"])
def test_a_lock_is_described(scope: str) -> None:
    info = parse_lockinfo(
        _lockinfo(
            f"<D:lockscope><D:{scope}/></D:lockscope>{_WRITE}<D:owner><D:href>é</D:href></D:owner>"
        )
    )
    assert info.exclusive is (scope == "exclusive")
    assert text_of(info.owner) == "é"


def test_an_owner_is_optional_and_limited() -> None:
    scope = "<D:lockscope><D:shared/></D:lockscope>"
    assert parse_lockinfo(_lockinfo(scope + _WRITE)).owner == ""
    with pytest.raises(TooLarge):
        parse_lockinfo(_lockinfo(f"{scope}{_WRITE}<D:owner>{'x' * 5000}</D:owner>"))


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<D:lockscope><D:exclusive/></D:lockscope>",
        "<D:lockscope/>" + _WRITE,
        "<D:lockscope><D:exclusive/><D:shared/></D:lockscope>" + _WRITE,
        "<D:lockscope><D:exclusive/></D:lockscope><D:locktype/>",
    ],
)
def test_a_lock_that_is_not_described_is_refused(inner: str) -> None:
    with pytest.raises(Malformed):
        parse_lockinfo(_lockinfo(inner))
