"""XML that clients send, parsed into what it asks for. Entities and DOCTYPE never come in."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from lxml import etree

from davserver.domain.drive import PropertyChange
from davserver.domain.errors import TooLarge
from davserver.domain.lean import lean
from davserver.http.malformed import Malformed

_DAV = "{DAV:}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MOST_NAMES = 300
_MOST_OWNER = 4096
_USUAL = 2048
_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)


class Wish(Enum):
    """What a PROPFIND asks for (RFC 4918 §14.20)."""

    ALL = "allprop"
    NAMES = "propname"
    SOME = "prop"


@lean(frozen=True, slots=True)
class Asked:
    """`names` are Clark names: the wanted ones, or those to include besides all."""

    wish: Wish
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LockInfo:
    """`owner` is a DAV:owner element as XML, "" when none was sent."""

    exclusive: bool
    owner: str


def parse_propfind(body: bytes) -> Asked:
    """An empty body means allprop (RFC 4918 §9.1). Raises Malformed, TooLarge."""
    return _usual(body) if len(body) <= _USUAL else _propfind(body)


def _propfind(body: bytes) -> Asked:
    if not body.strip():
        return Asked(Wish.ALL)
    parts = {child.tag: child for child in _root(body, "propfind")}
    kinds = [wish for wish in Wish if _DAV + wish.value in parts]
    if len(kinds) != 1:
        raise Malformed("A PROPFIND must hold one of allprop, propname and prop.")
    include = parts.get(_DAV + "include")
    if include is not None and kinds != [Wish.ALL]:
        raise Malformed("In a PROPFIND, include goes with allprop only.")
    listed = parts.get(_DAV + "prop") if kinds == [Wish.SOME] else include
    return Asked(kinds[0], () if listed is None else _names(listed))


_usual = lru_cache(maxsize=64)(_propfind)
"""Programs send the same few bodies all the time, and those are small."""


def parse_proppatch(body: bytes) -> tuple[PropertyChange, ...]:
    """The changes in the order of the document (RFC 4918 §9.2). Raises Malformed, TooLarge."""
    changes: list[PropertyChange] = []
    for instruction in _root(body, "propertyupdate"):
        if instruction.tag not in {_DAV + "set", _DAV + "remove"}:
            continue  # RFC 4918 §17: what is not known is passed over
        setting = instruction.tag == _DAV + "set"
        for prop in instruction.findall(_DAV + "prop"):
            changes.extend(
                PropertyChange(one.tag, _standalone(one) if setting else None) for one in prop
            )
    if not changes:
        raise Malformed("A PROPPATCH must set or remove something.")
    if len(changes) > _MOST_NAMES:
        raise TooLarge
    return tuple(changes)


def parse_lockinfo(body: bytes) -> LockInfo:
    """RFC 4918 §14.11. Raises Malformed, TooLarge."""
    # The first of each; `find` takes ten times as long.
    parts = {child.tag: child for child in reversed(_root(body, "lockinfo"))}
    scope, kind = parts.get(_DAV + "lockscope"), parts.get(_DAV + "locktype")
    if scope is None or kind is None or _DAV + "write" not in [one.tag for one in kind]:
        raise Malformed("A LOCK must name its scope, and its type must be write.")
    scopes = [one.tag for one in scope]
    exclusive = _DAV + "exclusive" in scopes
    if exclusive is (_DAV + "shared" in scopes):
        raise Malformed("A lock is either exclusive or shared.")
    owner = parts.get(_DAV + "owner")
    text = "" if owner is None else _standalone(owner)
    if len(text) > _MOST_OWNER:
        raise TooLarge
    return LockInfo(exclusive, text)


def _root(body: bytes, name: str) -> etree._Element:
    if _DOCTYPE.search(body):
        raise Malformed("A DOCTYPE is not allowed.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as wrong:
        raise Malformed("The body is not well-formed XML.") from wrong
    # The look at the bytes misses a DOCTYPE in UTF-16.
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed("A DOCTYPE is not allowed.")
    if root.tag != _DAV + name:
        raise Malformed("The body must be a DAV: {} element.", name)
    return root


def _names(listed: etree._Element) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(str(child.tag) for child in listed))
    if len(names) > _MOST_NAMES:
        raise TooLarge
    return names


def _standalone(element: etree._Element) -> str:
    """The element as XML that means the same anywhere: with the namespaces and the language that
    it has from its parents (RFC 4918 §4.3).
    """
    language = next(
        (one.get(_LANG) for one in (element, *element.iterancestors()) if one.get(_LANG)), None
    )
    if language is not None:
        element.set(_LANG, language)
    return etree.tostring(element, encoding="unicode", with_tail=False)


def text_of(xml: str) -> str:
    """The text inside an element of ours, without its markup."""
    return str(etree.fromstring(xml).xpath("string()")).strip()
